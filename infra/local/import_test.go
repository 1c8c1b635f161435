package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"liuke/infra/local/importer"
	"liuke/shared/importfile"
)

func TestTheReportSaysWhatWasTakenAsWhatAndWhatWasNot(t *testing.T) {
	var out bytes.Buffer
	report(&console{out: &out}, &importer.Result{Read: time.Second, View: importfile.View{
		DryRun: true, Columns: map[string]string{"score": "Score", "date": "date"}, Rows: importfile.Rows{Read: 40, Accepted: 37, Refused: 3},
		Taken:   []importfile.Taken{{Survey: "csat", Type: "smileys", Rows: 12}, {Survey: "csat", Type: "stars_five", Rows: 5}, {Survey: "experience", Rows: 20}},
		Refused: []importfile.Refused{{Number: 7, Column: "Score", Reason: "score must be answered"}},
	}})
	if d := cmp.Diff(strings.Join([]string{
		"  score is the column Score",
		"40 rows read in 1.0 s (40 rows/s): 37 accepted, 3 refused",
		"  answers to the survey csat, of the type smileys: 12",
		"  answers to the survey csat, of the type stars_five: 5",
		"  answers to the survey experience: 20",
		"only checked: nothing was imported",
		"  line 7, column Score: score must be answered",
		"  … and 2 more: GET /v1/imports/ lists the first 1000, and the lake has all below imports//refused/",
		"",
	}, "\n"), out.String()); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}
