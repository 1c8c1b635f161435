package main

import (
	"encoding/csv"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"liuke/shared/customer"
	"liuke/shared/money"
	"liuke/shared/recalc"
)

// reference reads a public data set of orders, or says that it was not compared with what is published.
func reference(t *testing.T, file string, idColumn, dateColumn, amountColumn int) map[customer.ID]*customer.History {
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
	out := make(map[customer.ID]*customer.History)
	for _, row := range rows[1:] {
		day, err := time.Parse(time.DateOnly, row[dateColumn])
		if err != nil {
			t.Fatal(err)
		}
		amount, err := money.Currency("EUR").Parse(row[amountColumn])
		if err != nil {
			t.Fatal(err)
		}
		id := customer.ID(row[idColumn])
		if out[id] == nil {
			out[id] = &customer.History{}
		}
		out[id].Add(customer.DayOf(day, time.UTC), int64(amount))
	}
	return out
}

func TestReferenceTableOfSegmentsAsPublished(t *testing.T) {
	histories := reference(t, "orders_995.csv", 0, 1, 2)
	if histories == nil {
		return
	}
	w := newWorld(t)
	w.put(histories)
	run := w.run(`{"as_of":"2006-12-31","window_days":0,"binning":"fixed","cuts":{"recency_days":[115,181,297.4,482],"frequency":[4,5,6,8],"monetary":[255.8,382,506.4,666]}}`)
	raw, err := json.Marshal(run.View())
	if err != nil {
		t.Fatal(err)
	}
	var view recalc.View
	if err := json.Unmarshal(raw, &view); err != nil {
		t.Fatal(err)
	}
	want := []recalc.ViewSegment{
		{Name: "Champions", Customers: 35, Orders: 316, Revenue: "31646.00"},
		{Name: "Potential Loyalist", Customers: 342, Orders: 2211, Revenue: "204856.00"},
		{Name: "Loyal Customers", Customers: 170, Orders: 799, Revenue: "76562.00"},
		{Name: "Promising", Customers: 9, Orders: 28, Revenue: "4249.00"},
		{Name: "New Customers", Customers: 104, Orders: 329, Revenue: "28837.00"},
		{Name: "Can't Lose Them", Customers: 47, Orders: 274, Revenue: "32446.00"},
		{Name: "At Risk", Customers: 28, Orders: 216, Revenue: "22227.00"},
		{Name: "Need Attention", Customers: 10, Orders: 57, Revenue: "4562.00"},
		{Name: "About To Sleep", Customers: 102, Orders: 283, Revenue: "23449.00"},
		{Name: "Lost", Customers: 148, Orders: 393, Revenue: "35324.00"},
	}
	if diff := cmp.Diff(want, view.Segments); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(recalc.ViewCuts{RecencyDays: []float64{115, 181, 297.4, 482}, Frequency: []float64{4, 5, 6, 8}, Monetary: []float64{255.8, 382, 506.4, 666}}, view.Cuts); diff != "" {
		t.Error(diff)
	}
	scores := w.scores(run)
	for id, want := range map[string]string{"C0001": "205 6 472.00 343", "C0002": "140 3 340.00 412", "C0003": "194 4 405.00 323", "C0004": "98 7 596.00 544", "C0005": "132 5 448.00 433"} {
		l := scores[id]
		if got := l["recency_days"] + " " + l["frequency"] + " " + l["monetary"] + " " + l["r"] + l["f"] + l["m"]; got != want {
			t.Errorf("%s is %s, want %s", id, got, want)
		}
	}
}

func TestReferenceModelsOfCDNOW(t *testing.T) {
	histories := reference(t, "cdnow_sample.csv", 0, 1, 3)
	if histories == nil {
		return
	}
	w := newWorld(t)
	w.put(histories)
	run := w.run(`{"as_of":"1998-06-30","window_days":0}`)
	orders := int64(0)
	for _, s := range run.Report.Segments {
		orders += s.Orders
	}
	if run.Report.Customers != 2357 || orders != 6919 || len(w.scores(run)) != 2357 {
		t.Errorf("%d customers and %d orders, want 2357 and 6919", run.Report.Customers, orders)
	}
	run = w.run(`{"as_of":"1997-09-30","window_days":0}`)
	m, g := run.Fit.Models.Orders.BGNBD, run.Fit.Models.Spend
	if m == nil || g == nil {
		t.Fatalf("models refused: %+v", run.Fit.Models)
	}
	for name, c := range map[string][2]float64{
		"r": {m.R, .2425945224}, "alpha": {m.Alpha, 4.4136020190}, "a": {m.A, .7929220172}, "b": {m.B, 2.4259067768},
		"log-likelihood": {m.LogLikelihood, -9582.4292067},
		"p":              {g.P, 6.2495722713}, "q": {g.Q, 3.7442246671}, "v": {g.V, 15.4435209626},
	} {
		if d := c[0]/c[1] - 1; d > 1e-6 || d < -1e-6 {
			t.Errorf("%s is %.10f, want %.10f", name, c[0], c[1])
		}
	}
}
