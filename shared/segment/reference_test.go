package segment_test

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"liuke/shared/customer"
	"liuke/shared/rfm"
	"liuke/shared/segment"
)

// The published table of the R package rfm, from its data set of 4,906 orders with the cuts that it prints.
func TestReferenceSegmentTable(t *testing.T) {
	folder := os.Getenv("LIUKE_REFERENCE_DATA")
	if folder == "" {
		t.Log("LIUKE_REFERENCE_DATA is not set: orders_995.csv was not compared with its published table")
		return
	}
	f, err := os.Open(filepath.Join(folder, "orders_995.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	histories := make(map[string]*customer.History)
	for _, row := range rows[1:] {
		day, err := time.Parse(time.DateOnly, row[1])
		if err != nil {
			t.Fatal(err)
		}
		revenue, err := strconv.ParseInt(row[2], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		if histories[row[0]] == nil {
			histories[row[0]] = &customer.History{}
		}
		histories[row[0]].Add(customer.DayOf(day, time.UTC), revenue*100)
	}
	var cuts rfm.Cuts
	for _, c := range []struct {
		to    *[]rfm.Cut
		scale int64
		texts []string
	}{
		{&cuts.Recency, 1, []string{"115", "181", "297.4", "482"}},
		{&cuts.Frequency, 1, []string{"4", "5", "6", "8"}},
		{&cuts.Monetary, 100, []string{"255.8", "382", "506.4", "666"}},
	} {
		for _, text := range c.texts {
			cut, err := rfm.ParseCut(text, c.scale)
			if err != nil {
				t.Fatal(err)
			}
			*c.to = append(*c.to, cut)
		}
	}
	type line struct{ Customers, Orders, Revenue int64 }
	got := make(map[segment.Label]line)
	scores := make(map[string]rfm.Scores)
	frequencies := make(map[uint8]int)
	var counts rfm.Counts
	scorer, labeler := cuts.Scorer(), segment.RFM10().Compile(nil)
	for id, h := range histories {
		v, _ := rfm.Window{AsOf: customer.Date(2006, time.December, 31)}.Of(h)
		counts.Add(v)
		scores[id] = scorer.Score(v)
		frequencies[scores[id].F]++
		f := scored(scores[id], float64(v.Frequency))
		label := labeler.Label(&f, segment.Labels{}).Get(segment.Default)
		l := got[label]
		got[label] = line{l.Customers + 1, l.Orders + int64(v.Frequency), l.Revenue + v.Monetary/100}
	}
	want := map[segment.Label]line{
		"Champions": {35, 316, 31646}, "Potential Loyalist": {342, 2211, 204856}, "Loyal Customers": {170, 799, 76562},
		"Promising": {9, 28, 4249}, "New Customers": {104, 329, 28837}, "Can't Lose Them": {47, 274, 32446},
		"At Risk": {28, 216, 22227}, "Need Attention": {10, 57, 4562}, "About To Sleep": {102, 283, 23449}, "Lost": {148, 393, 35324},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for id, want := range map[string]rfm.Scores{"C0001": {R: 3, F: 4, M: 3}, "C0002": {R: 4, F: 1, M: 2}, "C0003": {R: 3, F: 2, M: 3}, "C0004": {R: 5, F: 4, M: 4}, "C0005": {R: 4, F: 3, M: 3}} {
		if scores[id] != want {
			t.Errorf("%s scores %v, want %v", id, scores[id], want)
		}
	}
	if diff := cmp.Diff(map[uint8]int{1: 268, 2: 187, 3: 176, 4: 244, 5: 120}, frequencies); diff != "" {
		t.Error("frequency bins: " + diff)
	}
	// The package cuts at quantiles and adds one to what it prints, so that its bins of frequency are those of quantiles.
	quantiles := counts.Quantiles(5)
	byQuantile := quantiles.Scorer()
	clear(frequencies)
	for _, h := range histories {
		v, _ := rfm.Window{AsOf: customer.Date(2006, time.December, 31)}.Of(h)
		frequencies[byQuantile.Score(v).F]++
	}
	if diff := cmp.Diff(map[uint8]int{1: 268, 2: 187, 3: 176, 4: 244, 5: 120}, frequencies); diff != "" {
		t.Error("frequency bins by quantiles: " + diff)
	}
}
