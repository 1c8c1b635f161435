package recalc_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"liuke/shared/clv"
	"liuke/shared/customer"
	"liuke/shared/fault"
	"liuke/shared/recalc"
	"liuke/shared/rfm"
)

// shanghai is ahead of UTC, so that the day changes there while it is still yesterday in UTC.
var shanghai = recalc.Settings{Zone: time.FixedZone("UTC+8", 8*60*60), Currency: "CNY"}

var lateEvening = time.Date(2026, time.March, 1, 20, 0, 0, 0, time.UTC) // in Shanghai it is the second of March

func TestTermsOfARequest(t *testing.T) {
	second := customer.Date(2026, time.March, 2)
	fixed := &rfm.Cuts{
		Recency:   []rfm.Cut{{Num: 30, Den: 1}, {Num: 60, Den: 1}, {Num: 1487, Den: 5}, {Num: 482, Den: 1}},
		Frequency: []rfm.Cut{{Num: 2, Den: 1}, {Num: 3, Den: 1}, {Num: 4, Den: 1}, {Num: 5, Den: 1}},
		Monetary:  []rfm.Cut{{Num: 1000, Den: 1}, {Num: 2050, Den: 1}, {Num: 3000, Den: 1}, {Num: 4000, Den: 1}},
	}
	for _, c := range []struct {
		name, body string
		want       recalc.Terms
	}{
		{"no member is today's run with the defaults", `{}`, recalc.Terms{AsOf: second, WindowDays: 365, Binning: recalc.Quantile, Apply: true, Currency: "CNY", Model: clv.ModelBGNBD, GroupedBy: recalc.Ungrouped}},
		{"today is the business's", `{"as_of":"2026-03-02"}`, recalc.Terms{AsOf: second, WindowDays: 365, Binning: recalc.Quantile, Apply: true, Currency: "CNY", Model: clv.ModelBGNBD, GroupedBy: recalc.Ungrouped}},
		{"yesterday is the past, which is not applied", `{"as_of":"2026-03-01"}`, recalc.Terms{AsOf: second - 1, WindowDays: 365, Binning: recalc.Quantile, Currency: "CNY", Model: clv.ModelBGNBD, GroupedBy: recalc.Ungrouped}},
		{"unless it is asked for", `{"as_of":"2026-03-01","apply":true}`, recalc.Terms{AsOf: second - 1, WindowDays: 365, Binning: recalc.Quantile, Apply: true, Currency: "CNY", Model: clv.ModelBGNBD, GroupedBy: recalc.Ungrouped}},
		{"today's may be held back", `{"apply":false,"window_days":0}`, recalc.Terms{AsOf: second, Binning: recalc.Quantile, Currency: "CNY", Model: clv.ModelBGNBD, GroupedBy: recalc.Ungrouped}},
		{"tiles, another model and groups", `{"binning":"ntile","model":"mbg_nbd","grouped_by":"quarter"}`,
			recalc.Terms{AsOf: second, WindowDays: 365, Binning: recalc.NTile, Apply: true, Currency: "CNY", Model: clv.ModelMBGNBD, GroupedBy: recalc.ByQuarter}},
		{"fixed cuts are read digit by digit, money in major units", `{"binning":"fixed","cuts":{"recency_days":[30,60,297.4,482],"frequency":[2,3,4,5],"monetary":[10,20.50,30,40]}}`,
			recalc.Terms{AsOf: second, WindowDays: 365, Binning: recalc.Fixed, Cuts: fixed, Apply: true, Currency: "CNY", Model: clv.ModelBGNBD, GroupedBy: recalc.Ungrouped}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := recalc.ParseRequest([]byte(c.body))
			if err != nil {
				t.Fatal(err)
			}
			got, err := r.Terms(lateEvening, shanghai, recalc.Defaults{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Fatal(diff)
			}
			var back recalc.Terms
			raw, _ := json.Marshal(got)
			if err := json.Unmarshal(raw, &back); err != nil || !cmp.Equal(got, back) {
				t.Fatalf("stored and read: %v %v", back, err)
			}
		})
	}
}

func TestRequestsThatAreRefusedSayWhatToChange(t *testing.T) {
	for _, c := range []struct{ name, body, pointer, says string }{
		{"nothing at all", ``, "", "empty"},
		{"null", `null`, "", "not a JSON object"},
		{"no JSON", `{`, "", "not JSON"},
		{"a member twice", `{"apply":false,"apply":true}`, "/apply", "twice"},
		{"a list", `[]`, "", "not a JSON object"},
		{"more than one object", `{}{}`, "", "goes on"},
		{"an unknown field", `{"asof":"2026-01-01"}`, "/asof", "as_of, window_days, binning, cuts, model, grouped_by, apply are known"},
		{"a field of another kind", `{"window_days":"90"}`, "/window_days", "this takes a whole number, and not a text"},
		{"a nested field of another kind", `{"cuts":{"frequency":7}}`, "/cuts/frequency", "this takes a list, in brackets, and not a number"},
		{"no date", `{"as_of":"30.6.1998"}`, "/as_of", "1998-06-30"},
		{"a date that does not exist", `{"as_of":"2026-02-30"}`, "/as_of", "1998-06-30"},
		{"the future", `{"as_of":"2026-03-03"}`, "/as_of", "2026-03-02"},
		{"before all history", `{"as_of":"1969-12-31"}`, "/as_of", "1970"},
		{"a negative window", `{"window_days":-1}`, "/window_days", "0"},
		{"an absurd window", `{"window_days":999999}`, "/window_days", "at most"},
		{"another binning", `{"binning":"kmeans"}`, "/binning", "quantile, ntile or fixed"},
		{"another model", `{"model":"pareto_nbd"}`, "/model", "bg_nbd or mbg_nbd"},
		{"another grouping", `{"grouped_by":"city"}`, "/grouped_by", "quarter or channel"},
		{"ntile with cuts", `{"binning":"ntile","cuts":{"frequency":[1,2,3,4]}}`, "/cuts", "binning fixed"},
		{"fixed without cuts", `{"binning":"fixed"}`, "/cuts", "needs cuts"},
		{"cuts without fixed", `{"cuts":{"frequency":[1,2,3,4]}}`, "/cuts", "binning fixed"},
		{"too few cuts", `{"binning":"fixed","cuts":{"recency_days":[1,2,3],"frequency":[1,2,3,4],"monetary":[1,2,3,4]}}`, "/cuts/recency_days", "there are 3"},
		{"cuts that descend", `{"binning":"fixed","cuts":{"recency_days":[1,2,3,4],"frequency":[1,3,2,4],"monetary":[1,2,3,4]}}`, "/cuts/frequency", "number 3"},
		{"a cut with an exponent", `{"binning":"fixed","cuts":{"recency_days":[1,2,3,4],"frequency":[1,2,3,4],"monetary":[1,2,3,1e400]}}`, "/cuts/monetary", "exponent"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := recalc.ParseRequest([]byte(c.body))
			if err == nil {
				_, err = r.Terms(lateEvening, shanghai, recalc.Defaults{})
			}
			var f *fault.Error
			if fault.CodeOf(err) != fault.Invalid || !asFault(err, &f) || f.Pointer != c.pointer || !strings.Contains(f.Message, c.says) {
				t.Fatalf("got %#v", err)
			}
		})
	}
}

func FuzzParseRequest(f *testing.F) {
	f.Add([]byte(`{"as_of":"1998-06-30","window_days":365,"binning":"fixed","cuts":{"recency_days":[1,2,3,4],"frequency":[1,2,3,4],"monetary":[1,2,3,4]},"apply":false}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		r, err := recalc.ParseRequest(body)
		if err == nil {
			_, err = r.Terms(lateEvening, shanghai, recalc.Defaults{})
		}
		if err != nil && fault.CodeOf(err) != fault.Invalid {
			t.Fatalf("%s is refused with %v", body, err)
		}
	})
}

func TestWhatARequestLeavesOutIsAsTheDocumentHasIt(t *testing.T) {
	d, err := recalc.ParseDefaults([]byte(`{"window_days":180,"binning":"ntile","model":"mbg_nbd","grouped_by":"channel","drift":{"psi":0.1}}`))
	if err != nil {
		t.Fatal(err)
	}
	got, err := recalc.Request{}.Terms(lateEvening, shanghai, d)
	want := recalc.Terms{AsOf: got.AsOf, WindowDays: 180, Binning: recalc.NTile, Apply: true, Currency: "CNY", Model: clv.ModelMBGNBD, GroupedBy: recalc.ByChannel}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
	zero := 0
	got, err = recalc.Request{WindowDays: &zero, Binning: recalc.Quantile, Model: clv.ModelBGNBD, GroupedBy: recalc.Ungrouped}.Terms(lateEvening, shanghai, d)
	want.WindowDays, want.Binning, want.Model, want.GroupedBy = 0, recalc.Quantile, clv.ModelBGNBD, recalc.Ungrouped
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
	for body, pointer := range map[string]string{
		`{"binning":"fixed"}`: "/binning", `{"binning":"x"}`: "/binning", `{"window_days":-1}`: "/window_days",
		`{"model":"x"}`: "/model", `{"grouped_by":"x"}`: "/grouped_by", `{"drift":{"psi":-1}}`: "/drift", `{"x":1}`: "/x",
	} {
		_, err := recalc.ParseDefaults([]byte(body))
		var f *fault.Error
		if fault.CodeOf(err) != fault.Invalid || !asFault(err, &f) || f.Pointer != pointer {
			t.Errorf("%s: %v", body, err)
		}
	}
}
