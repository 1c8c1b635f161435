package clv

import (
	"encoding/csv"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"liuke/shared/customer"
)

// referenceData is the folder of the public data sets that published results were computed from, as LIUKE_REFERENCE_DATA
// names it. Without the variable a test has nothing to compare with and says so; with it, a missing file is a failure.
func referenceData(t testing.TB, file string) [][]string {
	t.Helper()
	folder := os.Getenv("LIUKE_REFERENCE_DATA")
	if folder == "" {
		t.Logf("LIUKE_REFERENCE_DATA is not set: %s was not compared with its published results", file)
		return nil
	}
	f, err := os.Open(filepath.Join(folder, file))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows[1:]
}

// cut is the end of the calibration of the CDNOW sample, which is held out for 39 weeks.
var cut = customer.Date(1997, time.September, 30)

func cdnow(t testing.TB) *Counts {
	histories := cdnowHistories(t)
	if histories == nil {
		return nil
	}
	var c Counts
	for _, h := range histories {
		if x, s, ok := Of(h, cut); ok {
			c.Add(x, s)
		}
	}
	return &c
}

func cdnowHistories(t testing.TB) map[string]*customer.History {
	rows := referenceData(t, "cdnow_sample.csv")
	if rows == nil {
		return nil
	}
	histories := make(map[string]*customer.History)
	for _, row := range rows {
		day, err := time.Parse(time.DateOnly, row[1])
		if err != nil {
			t.Fatal(err)
		}
		amount, err := strconv.ParseFloat(row[3], 64)
		if err != nil {
			t.Fatal(err)
		}
		h := histories[row[0]]
		if h == nil {
			h = &customer.History{}
			histories[row[0]] = h
		}
		h.Add(customer.DayOf(day, time.UTC), int64(math.Round(amount*100)))
	}
	return histories
}

func close6(t *testing.T, name string, got, want float64) {
	t.Helper()
	if math.IsNaN(got) || math.Abs(got-want) > 1e-6*math.Abs(want) {
		t.Errorf("%s is %.10f, want %.10f", name, got, want)
	}
}

func TestReferenceBGNBDOfCDNOW(t *testing.T) {
	c := cdnow(t)
	if c == nil {
		return
	}
	m, err := FitBGNBD(c)
	if err != nil {
		t.Fatal(err)
	}
	close6(t, "r", m.R, .2425945224)
	close6(t, "alpha", m.Alpha, 4.4136020190)
	close6(t, "a", m.A, .7929220172)
	close6(t, "b", m.B, 2.4259067768)
	if math.Abs(m.LogLikelihood - -9582.4292067) > 1e-7 {
		t.Errorf("the log-likelihood is %.7f", m.LogLikelihood)
	}
	if all, _ := c.Customers(); all != 2357 {
		t.Errorf("%d customers, want 2357", all)
	}
}

func TestReferenceBGNBDOfThePublishedSummary(t *testing.T) {
	rows := referenceData(t, "cdnow_summary.csv")
	if rows == nil {
		return
	}
	var c Counts
	for _, row := range rows {
		var v [3]float64
		for i := range v {
			var err error
			if v[i], err = strconv.ParseFloat(row[i+1], 64); err != nil {
				t.Fatal(err)
			}
		}
		c.Add(Transactions{X: int32(v[0]), TX: int32(math.Round(v[1] * 100)), T: int32(math.Round(v[2] * 100))}, Spend{})
	}
	m, err := fitOrders(c.transactions.lines(), .01, chancesBGNBD)
	if err != nil {
		t.Fatal(err)
	}
	close6(t, "r", m.R, .2425929072)
	close6(t, "alpha", m.Alpha, 4.4135315612)
	close6(t, "a", m.A, .7928861481)
	close6(t, "b", m.B, 2.4257534365)
	if math.Abs(m.LogLikelihood - -9582.4255606) > 1e-7 {
		t.Errorf("the log-likelihood is %.7f", m.LogLikelihood)
	}
}

// BTYDplus and lifetimes print .525, 6.183, .891, 1.614 for these data with times rounded to 2 decimals of a week. The
// digits here were found by steps along differences of a likelihood that was written apart from this one.
func TestReferenceMBGNBDOfCDNOW(t *testing.T) {
	c := cdnow(t)
	if c == nil {
		return
	}
	m, err := FitMBGNBD(c)
	if err != nil {
		t.Fatal(err)
	}
	close6(t, "r", m.R, .5248431591)
	close6(t, "alpha", m.Alpha, 6.1830852795)
	close6(t, "a", m.A, .8913593905)
	close6(t, "b", m.B, 1.6140022394)
	if math.Abs(m.LogLikelihood - -9582.1357156) > 1e-7 {
		t.Errorf("the log-likelihood is %.7f", m.LogLikelihood)
	}
	close6(t, "E[X(39)]", m.NewOrders(39), 1.18227973)
}

// The errors were computed from fourth-order differences of likelihoods that were written apart from these.
func TestReferenceStandardErrorsOfCDNOW(t *testing.T) {
	c := cdnow(t)
	if c == nil {
		return
	}
	bg, err := FitBGNBD(c)
	if err != nil {
		t.Fatal(err)
	}
	mbg, err := FitMBGNBD(c)
	if err != nil {
		t.Fatal(err)
	}
	g, err := FitGammaGamma(c, 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range []struct {
		name      string
		got, want float64
	}{
		{"BG/NBD r", bg.Errors.R, .0125573781}, {"alpha", bg.Errors.Alpha, .3782240598}, {"a", bg.Errors.A, .1857338211}, {"b", bg.Errors.B, .7054142587},
		{"MBG/NBD r", mbg.Errors.R, .0832682064}, {"alpha", mbg.Errors.Alpha, .6956206415}, {"a", mbg.Errors.A, .1547899273}, {"b", mbg.Errors.B, .5374947963},
		{"p", g.Errors.P, 1.1900553}, {"q", g.Errors.Q, .2901330642}, {"v", g.Errors.V, 4.1594227},
	} {
		close6(t, e.name, e.got, e.want)
	}
}

func TestReferenceGammaGammaOfCDNOW(t *testing.T) {
	c := cdnow(t)
	if c == nil {
		return
	}
	m, err := FitGammaGamma(c, 100)
	if err != nil {
		t.Fatal(err)
	}
	close6(t, "p", m.P, 6.2495722713)
	close6(t, "q", m.Q, 3.7442246671)
	close6(t, "v", m.V, 15.4435209626)
	if math.Abs(m.LogLikelihood - -4055.9176948) > 1e-7 {
		t.Errorf("the log-likelihood is %.7f", m.LogLikelihood)
	}
}
