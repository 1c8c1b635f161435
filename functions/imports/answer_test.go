package main

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"liuke/shared/event"
	"liuke/shared/importfile"
	"liuke/shared/message"
	"liuke/shared/survey"
)

func TestTheErasedDoNotComeBackByTheirAnswers(t *testing.T) {
	w := newWorld(t)
	if err := w.store.Erase(t.Context(), "gone", w.now); err != nil {
		t.Fatal(err)
	}
	file := "customer_id,score,date\ngone,9,2024-01-05\nhere,3,2024-01-05\nhere,many,2024-01-05\ngone,8,2024-01-05\n"
	want := []importfile.Refused{
		{Number: 2, Reason: erasedReason},
		{Number: 4, Column: "score", Reason: "score is a whole number from 0 to 10"},
		{Number: 5, Reason: erasedReason},
	}
	for _, dry := range []bool{true, false} {
		id, notification := w.open(importfile.Request{Kind: importfile.Answers, DryRun: dry}, file)
		w.drain(notification)
		listed, err := w.store.ImportRefused(t.Context(), id)
		if d := cmp.Diff(want, listed); d != "" || err != nil {
			t.Errorf("only a check: %v: refused rows, %v:\n%s", dry, err, d)
		}
		i, err := w.store.Import(t.Context(), id)
		if err != nil || i.State != importfile.Done || i.Progress.Rows != 4 || i.Progress.Accepted != 1 || i.Progress.Refused != 3 {
			t.Errorf("only a check: %v: %+v, %v", dry, i, err)
		}
	}
	if sent := w.sent(); len(sent) != 2 {
		t.Errorf("%d events were sent, want the two of who is still here", len(sent))
	}
	if got := w.answers(map[survey.Hour]bool{{Survey: "nps", Begin: time.Date(2024, time.January, 5, 12, 0, 0, 0, time.UTC)}: true}); len(got) != 1 || got[0].Customer != "here" || got[0].Score != 3 {
		t.Errorf("answers %+v", got)
	}
	if gone, err := w.store.Answers(t.Context(), "gone", 10); len(gone) > 0 || err != nil {
		t.Errorf("%d answers of the erased, %v", len(gone), err)
	}
}

func TestASurveyOfTheOperatorsTakesAnswersAndTheOnesThatAreCountedAreSaid(t *testing.T) {
	w := newWorld(t)
	file := "Response ID,Email,Score,Created at,Survey type\n1,a@example.com,1,2024-01-05,thumbs\n2,,0,2024-01-05,thumbs\n3,a@example.com,9,2024-01-05,nps\n4,a@example.com,9,2024-01-05,enps\n"
	own, err := os.ReadFile("../../testdata/delighted/surveys/thumbs.json")
	if err != nil {
		t.Fatal(err)
	}
	own = bytes.Replace(own, []byte("{"), []byte(`{"version":1,`), 1)
	thumbs, err := survey.Parse(own)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.store.PutSurvey(t.Context(), thumbs, string(own), 0, w.now); err != nil {
		t.Fatal(err)
	}
	w.settings.Surveys["thumbs"] = thumbs // that the world compares with; the handler reads the store's
	r := importfile.Request{Kind: importfile.Delighted}
	id, notification := w.open(r, file)
	w.drain(notification)
	want := w.content(r, file)
	w.expect(id, want)
	i, err := w.store.Import(t.Context(), id)
	if d := cmp.Diff([]importfile.Taken{{Survey: "nps", Type: "nps", Rows: 1}, {Survey: "thumbs", Type: "thumbs", Rows: 2}}, i.Taken); d != "" || err != nil {
		t.Errorf("taken, %v:\n%s", err, d)
	}
	if len(want.answers) != 3 || i.Progress.Refused != 1 {
		t.Errorf("%d answers, %+v: the one of employees has no survey here", len(want.answers), i.Progress)
	}
}

func TestALaterExportChangesWhatWasEditedAndNothingElse(t *testing.T) {
	w := newWorld(t)
	r := importfile.Request{Kind: importfile.Delighted}
	const header = "Response ID,Email,Score,Created at,Survey type,Comment,Updated at,Tags\n"
	first := header + "1,a@example.com,9,2024-01-05 10:00:00 UTC,nps,,,\n2,b@example.com,3,2024-01-05 11:00:00 UTC,nps,slow,,\n3,c@example.com,7,2024-01-05 12:00:00 UTC,nps,,,\n"
	later := header + "3,c@example.com,7,2024-01-05 12:00:00 UTC,nps,,,calm\n2,b@example.com,8,2024-01-05 11:00:00 UTC,nps,better now,2024-01-09 10:00:00 UTC,\n1,a@example.com,9,2024-01-05 10:00:00 UTC,nps,,,\n"
	for _, file := range []string{first, later, first, later} {
		id, notification := w.open(r, file)
		w.drain(notification)
		if i, err := w.store.Import(t.Context(), id); err != nil || i.Progress.Accepted != 3 {
			t.Fatalf("%+v, %v", i, err)
		}
	}
	var got []string
	for _, a := range w.answers(w.marked()) {
		got = append(got, fmt.Sprint(a.Invitation, " ", a.Score, " ", a.Values["comment"].Text, " ", a.Tags, " ", a.Revision, " ", a.Answered.Format(time.DateTime), " ", a.Revised.Format(time.DateTime)))
	}
	if d := cmp.Diff([]string{
		"import-1 9  [] 1 2024-01-05 10:00:00 2024-01-05 10:00:00",
		"import-2 8 better now [] 2 2024-01-05 11:00:00 2024-01-09 10:00:00",
		"import-3 7  [calm] 2 2024-01-05 12:00:00 2024-01-05 12:00:00",
	}, got); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}

func TestHoursAreMarkedThoughNothingChanges(t *testing.T) {
	w := newWorld(t)
	r := importfile.Request{Kind: importfile.Answers}
	const file = "customer_id,score,date,answer_id\na,9,2024-01-05T10:10:00Z,1\nb,9,2024-01-05T10:20:00Z,2\nc,9,2024-01-05T11:00:00Z,3\n"
	want := map[survey.Hour]bool{}
	for hour := range 2 {
		want[survey.Hour{Survey: "nps", Begin: time.Date(2024, time.January, 5, 10+hour, 0, 0, 0, time.UTC)}] = true
	}
	for range 2 {
		_, notification := w.open(r, file)
		w.drain(notification)
		if d := cmp.Diff(want, w.marked()); d != "" {
			t.Errorf("marked:\n%s", d)
		}
		marks, err := w.store.Marks(t.Context(), "")
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range marks { // they are counted
			if err := w.store.Unmark(t.Context(), m); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestNothingIsSentToWhoLeftNorToAddressesThatBounce(t *testing.T) {
	w := newWorld(t)
	for _, dry := range []bool{true, false} {
		id, notification := w.open(importfile.Request{Kind: importfile.Delighted, DryRun: dry}, people)
		w.drain(notification)
		if i, err := w.store.Import(t.Context(), id); err != nil || i.Progress.Accepted != 4 {
			t.Fatalf("%+v, %v", i, err)
		}
		for address, want := range map[string]bool{"a@example.com": true, "b@example.com": true, "c@example.com": true, "d@example.com": false} {
			if got, err := w.store.Suppressed(t.Context(), message.Email, address); got != (want && !dry) || err != nil {
				t.Errorf("only a check: %v: %s is suppressed: %v, %v", dry, address, got, err)
			}
		}
	}
	consents := map[string]string{}
	for body, ok := w.events.take(); ok; body, ok = w.events.take() {
		all, err := event.Unpack(body)
		if err != nil {
			t.Fatal(err)
		}
		for i := range all {
			if strings.Contains(string(all[i].Traits), "consent") {
				consents[all[i].User] = string(all[i].Traits)
			}
		}
	}
	if d := cmp.Diff(map[string]string{"a": `{"consent":{"email":false}}`, "b@example.com": `{"consent":{"email":false}}`}, consents); d != "" {
		t.Errorf("consents:\n%s", d)
	}
}
