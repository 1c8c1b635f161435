package importfile_test

import (
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"liuke/shared/customer"
	"liuke/shared/event"
	"liuke/shared/fault"
	"liuke/shared/importfile"
	"liuke/shared/survey"
)

// FuzzReader holds whatever file to this: it is read to its end, each of its rows once, and each row that is taken is made
// of events that the queue and the fold take, or the file is refused as a whole as invalid.
func FuzzReader(f *testing.F) {
	for _, seed := range []struct{ kind, file string }{
		{"orders", "customer_id,date,amount,currency,order_id\n1,1997-01-01,29.33,,o1\n\"a,b\",2026-01-31T08:00:00.5+08:00,1e2,usd,\n"},
		{"orders", "id;Order Date;Revenue\n\"c;1997-01-01;12,50\r\nc;1767225600000;1\r\n"},
		{"customers", "id,email,consent_email,a\"b,plan\nc,a@b,yes,\"x\ny\",\n"},
		{"customers", "\uFEFFcustomer_id\tconsent\tfirstName\tfirst_name\nc\t1\tA\tB\n"},
		{"answers", "customer_id,score,date,comment,answer_id,tags\nc,9,2024-01-05,\"\"\"\",r,\"a,b\"\n"},
		{"pinpoint", "ChannelType,Address,User.UserId,User.UserAttributes.x\nEMAIL,a@b,u,\"[\"\"1\"\"]\"\n"},
		{"pinpoint", `{"Id":"e","ChannelType":"SMS","Address":"1","OptOut":"ALL","Attributes":{"consent":["x"],"\u0000":["\ud800"]}}` + "\n{}\n"},
		{"delighted", "Score,Created at,Survey type,Comment,Reason,Why?,Delighted Source,Updated at,Locale\n9,1767700800,thumbs,x,price,\"a\nb\",iOS SDK,2026-01-31,zh\n"},
		{"delighted", "Email,Phone,Unsubscribed at,Bounced,Last sent at\na@b,1,yes,2024-01-05,2024-01-05\n"},
		{"delighted", "Score,Created at,Email,Tags,Survey type,Consent.email\n7,2024-01-05 10:00:00 UTC,a@b.c,x,NPS,true\n"},
		{"orders", "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"},
	} {
		f.Add(seed.kind, seed.file)
	}
	s := moved(f)
	f.Fuzz(func(t *testing.T, kind, file string) {
		r := importfile.Request{Kind: importfile.Kind(kind), Bytes: 1}
		if r.Validate() != nil || len(file) > 1<<20 {
			return
		}
		in, err := importfile.NewReader(strings.NewReader(file), r, s, now)
		last := 0
		for err == nil {
			var row importfile.Row
			var bad *importfile.Refused
			row, err = in.Next()
			if errors.As(err, &bad) {
				if bad.Number <= last || bad.Reason == "" || len(bad.Reason) > 400 || len(bad.Column) > 400 {
					t.Fatalf("after line %d: %+v", last, bad)
				}
				last, err = bad.Number, nil
				continue
			}
			if err != nil {
				break
			}
			if row.Number <= last || len(row.Events) == 0 && (row.Answer == nil || row.Answer.Customer != "") {
				t.Fatalf("after line %d: %+v", last, row)
			}
			last = row.Number
			for i := range row.Events {
				judge(t, &row.Events[i], s)
			}
			if a := row.Answer; a != nil && (len(a.Invitation) > survey.MaxIDBytes || a.Customer != "" && row.Events[len(row.Events)-1].Name != event.SurveyAnswered) {
				t.Fatalf("%+v", row)
			} else if a != nil {
				judgeAnswer(t, a)
			}
		}
		if !errors.Is(err, io.EOF) && fault.CodeOf(err) != fault.Invalid {
			t.Fatalf("ended with %v", err)
		}
	})
}

// judge holds an event to what the queue and the fold take.
func judge(t *testing.T, e *event.Event, s importfile.Settings) {
	t.Helper()
	back, err := event.Unpack(event.PackOne(*e, ""))
	if err != nil || back[0].ID != e.ID || back[0].Customer() != e.Customer() || !back[0].Import {
		t.Fatalf("%+v does not travel: %v", e, err)
	}
	if _, err := customer.ParseID(string(e.Customer())); err != nil {
		t.Fatalf("%+v: %v", e, err)
	}
	switch {
	case e.Name == event.OrderCompleted:
		_, err = event.OrderOf(e, s.Rates)
	case e.Type == event.Identify:
		_, err = customer.ParseTraits(e.Traits)
	case !json.Valid(e.Properties):
		err = errors.New("the properties are no JSON")
	}
	if err != nil || e.Time.IsZero() || e.Time.Year() < 1970 {
		t.Fatalf("%+v: %v", e, err)
	}
}

// judgeAnswer holds an answer to what the store takes.
func judgeAnswer(t *testing.T, a *survey.Answer) {
	t.Helper()
	e, err := a.Event()
	if err != nil || len(e.Properties) > event.MaxEventBytes || a.Revised.Before(a.Answered) || len(a.Values) == 0 || a.Revision != 1 {
		t.Fatalf("%+v: %v", a, err)
	}
}

// FuzzRequest holds what requests are read to: any is refused as the caller's mistake, or is one that a file can be read by.
func FuzzRequest(f *testing.F) {
	f.Add(`{"kind":"orders","bytes":1,"columns":{"customer_id":"id"},"dry_run":true,"currency":"usd","as_of":"2026-01-01T00:00:00Z"}`)
	f.Add(`{"kind":"customers","bytes":1,"columns":{"plan":"Plan"}} `)
	s := settings(f)
	f.Fuzz(func(t *testing.T, body string) {
		r, err := importfile.ParseRequest([]byte(body))
		if err != nil {
			if c := fault.CodeOf(err); c != fault.Invalid && c != fault.TooLarge {
				t.Fatalf("refused with %v", err)
			}
			return
		}
		raw, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := importfile.ParseRequest(raw); err != nil || again.Kind != r.Kind {
			t.Fatalf("%s does not come back: %v", raw, err)
		}
		if _, err := importfile.NewReader(strings.NewReader("a\nb\n"), r, s, now); err != nil && fault.CodeOf(err) != fault.Invalid {
			t.Fatal(err)
		}
	})
}
