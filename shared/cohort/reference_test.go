package cohort_test

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"testing"
	"time"

	"liuke/shared/cohort"
	"liuke/shared/customer"
	"liuke/shared/money"
)

// The CDNOW sample is of 2,357 customers, all of whom first ordered in the first quarter of 1997.
func TestTheSampleOfOneQuarterIsThreeCohorts(t *testing.T) {
	folder := os.Getenv("LIUKE_REFERENCE_DATA")
	if folder == "" {
		t.Skip("LIUKE_REFERENCE_DATA is not set")
	}
	f, err := os.Open(filepath.Join(folder, "cdnow_sample.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	histories := make(map[string]*customer.History)
	for _, r := range rows[1:] {
		day, err := time.Parse(time.DateOnly, r[1])
		if err != nil {
			t.Fatal(err)
		}
		amount, err := money.Currency("USD").Parse(r[3])
		if err != nil {
			t.Fatal(err)
		}
		if histories[r[0]] == nil {
			histories[r[0]] = &customer.History{}
		}
		histories[r[0]].Add(customer.DayOf(day, time.UTC), int64(amount))
	}
	asOf := date(1998, 6, 30)
	var c cohort.Counts
	for _, h := range histories {
		c.Add(h, asOf)
	}
	r := cohort.ReportOf(&c, asOf, cohort.Quarterly)
	var customers, orders int64
	for i, row := range r.Cohorts {
		if want := []string{"1997-01", "1997-02", "1997-03"}; row.Cohort != want[i] || len(row.Months) != 18-i {
			t.Errorf("cohort %s of %d months", row.Cohort, len(row.Months))
		}
		customers += row.Customers
		for _, a := range row.Months {
			orders += a.Orders
		}
	}
	if customers != 2357 || orders != int64(len(rows)-1) || r.Churn[0].Before != 2357 {
		t.Errorf("%d customers, %d orders, %+v", customers, orders, r.Churn[0])
	}
	t.Logf("\n%s", r.Text())
}
