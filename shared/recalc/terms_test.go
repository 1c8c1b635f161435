package recalc_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

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
		{"no member is today's run with the defaults", `{}`, recalc.Terms{AsOf: second, WindowDays: 365, Binning: recalc.Quantile, Apply: true, Currency: "CNY"}},
		{"today is the business's", `{"as_of":"2026-03-02"}`, recalc.Terms{AsOf: second, WindowDays: 365, Binning: recalc.Quantile, Apply: true, Currency: "CNY"}},
		{"yesterday is the past, which is not applied", `{"as_of":"2026-03-01"}`, recalc.Terms{AsOf: second - 1, WindowDays: 365, Binning: recalc.Quantile, Currency: "CNY"}},
		{"unless it is asked for", `{"as_of":"2026-03-01","apply":true}`, recalc.Terms{AsOf: second - 1, WindowDays: 365, Binning: recalc.Quantile, Apply: true, Currency: "CNY"}},
		{"today's may be held back", `{"apply":false,"window_days":0}`, recalc.Terms{AsOf: second, Binning: recalc.Quantile, Currency: "CNY"}},
		{"fixed cuts are read digit by digit, money in major units", `{"binning":"fixed","cuts":{"recency_days":[30,60,297.4,482],"frequency":[2,3,4,5],"monetary":[10,20.50,30,40]}}`,
			recalc.Terms{AsOf: second, WindowDays: 365, Binning: recalc.Fixed, Cuts: fixed, Apply: true, Currency: "CNY"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := recalc.ParseRequest([]byte(c.body))
			if err != nil {
				t.Fatal(err)
			}
			got, err := r.Terms(lateEvening, shanghai)
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
		{"an unknown field", `{"asof":"2026-01-01"}`, "/asof", "as_of, window_days, binning, cuts, apply are known"},
		{"a field of another kind", `{"window_days":"90"}`, "/window_days", "JSON string"},
		{"a nested field of another kind", `{"cuts":{"frequency":7}}`, "/cuts/frequency", "JSON number"},
		{"no date", `{"as_of":"30.6.1998"}`, "/as_of", "1998-06-30"},
		{"a date that does not exist", `{"as_of":"2026-02-30"}`, "/as_of", "1998-06-30"},
		{"the future", `{"as_of":"2026-03-03"}`, "/as_of", "2026-03-02"},
		{"before all history", `{"as_of":"1969-12-31"}`, "/as_of", "1970"},
		{"a negative window", `{"window_days":-1}`, "/window_days", "0"},
		{"an absurd window", `{"window_days":999999}`, "/window_days", "at most"},
		{"ntile", `{"binning":"ntile"}`, "/binning", "not available yet"},
		{"another binning", `{"binning":"kmeans"}`, "/binning", "quantile or fixed"},
		{"fixed without cuts", `{"binning":"fixed"}`, "/cuts", "needs cuts"},
		{"cuts without fixed", `{"cuts":{"frequency":[1,2,3,4]}}`, "/cuts", "binning fixed"},
		{"too few cuts", `{"binning":"fixed","cuts":{"recency_days":[1,2,3],"frequency":[1,2,3,4],"monetary":[1,2,3,4]}}`, "/cuts/recency_days", "there are 3"},
		{"cuts that descend", `{"binning":"fixed","cuts":{"recency_days":[1,2,3,4],"frequency":[1,3,2,4],"monetary":[1,2,3,4]}}`, "/cuts/frequency", "number 3"},
		{"a cut with an exponent", `{"binning":"fixed","cuts":{"recency_days":[1,2,3,4],"frequency":[1,2,3,4],"monetary":[1,2,3,1e400]}}`, "/cuts/monetary", "exponent"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := recalc.ParseRequest([]byte(c.body))
			if err == nil {
				_, err = r.Terms(lateEvening, shanghai)
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
			_, err = r.Terms(lateEvening, shanghai)
		}
		if err != nil && fault.CodeOf(err) != fault.Invalid {
			t.Fatalf("%s is refused with %v", body, err)
		}
	})
}
