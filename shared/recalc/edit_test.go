package recalc_test

import (
	"encoding/json"
	"strings"
	"testing"

	"liuke/shared/document"
	"liuke/shared/fault"
	"liuke/shared/recalc"
)

func TestDocumentsAreCountedAsARunKeepsThem(t *testing.T) {
	stored := []document.Document{{Name: "model/a", Version: 1, Body: strings.Repeat("<", 20_000)}, {Name: "model/b", Version: 3, Body: strings.Repeat("x", 60_000)}}
	for name, c := range map[string]struct {
		edited document.Document
		want   fault.Code
	}{
		"there is room":                           {document.Document{Name: "model/c", Body: strings.Repeat("x", 60_000)}, ""},
		"a character may take six":                {document.Document{Name: "model/c", Body: strings.Repeat("<", 60_000)}, fault.Conflict},
		"what stands in the place does not count": {document.Document{Name: "model/a", Body: strings.Repeat("<", 30_000)}, ""},
		"and neither what is taken back":          {document.Document{Name: "model/a"}, ""},
	} {
		if err := recalc.CheckSpace(stored, c.edited); fault.CodeOf(err) != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestEffectiveSettingsSayTheSameWrittenBack holds that what is shown as in effect can be written as it is.
func TestEffectiveSettingsSayTheSameWrittenBack(t *testing.T) {
	for name, bodies := range map[string][]string{
		recalc.RiskDocument:          {"", `{"horizon_days":30}`},
		recalc.OccasionsDocument:     {"", `{"kinds":["birthday"],"birthday_days_before":7}`},
		recalc.RecalculationDocument: {"", `{"binning":"ntile","drift":{"psi":0.5}}`, `{"window_days":0}`},
		recalc.EconomicsDocument:     {`{"gross_margin":0.4}`},
	} {
		for _, body := range bodies {
			shown := effective(t, name, body)
			if again := effective(t, name, shown); again != shown {
				t.Errorf("%s: %s, written back %s", name, shown, again)
			}
		}
	}
	if v, err := recalc.Effective(document.Document{Name: recalc.EconomicsDocument}, "EUR"); v != nil || err != nil {
		t.Errorf("economics without a document: %v, %v", v, err)
	}
	if _, err := recalc.Effective(document.Document{Name: "model/abc"}, "EUR"); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("%v", err)
	}
}

func effective(t *testing.T, name, body string) string {
	t.Helper()
	v, err := recalc.Effective(document.Document{Name: name, Body: body}, "EUR")
	if err != nil {
		t.Fatalf("%s %s: %v", name, body, err)
	}
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}
