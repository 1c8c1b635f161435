package churn

import (
	"encoding/csv"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"liuke/shared/customer"
)

// buyer is a customer of the CDNOW sample.
type buyer struct {
	id      int
	history customer.History // of all the time
	lost    bool             // no order after the calibration
}

// calibrated is the last day that the models and scores know of.
var calibrated = customer.Date(1997, time.September, 30)

// cdnow reads the sample from the folder that LIUKE_REFERENCE_DATA names, ascending by id; without the variable there is
// nothing to compare with, and the test says so.
func cdnow(t testing.TB) []*buyer {
	t.Helper()
	folder := os.Getenv("LIUKE_REFERENCE_DATA")
	if folder == "" {
		t.Skip("LIUKE_REFERENCE_DATA is not set: the risk was not put to the test on the CDNOW sample")
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
	byID := map[int]*buyer{}
	for _, row := range rows[1:] {
		id, errID := strconv.Atoi(row[0])
		at, errDay := time.Parse(time.DateOnly, row[1])
		amount, errAmount := strconv.ParseFloat(row[3], 64)
		if errID != nil || errDay != nil || errAmount != nil {
			t.Fatal(row)
		}
		b := byID[id]
		if b == nil {
			b = &buyer{id: id, lost: true}
			byID[id] = b
		}
		day := customer.DayOf(at, time.UTC)
		b.history.Add(day, int64(math.Round(amount*100)))
		if day > calibrated {
			b.lost = false
		}
	}
	var list []*buyer
	for _, b := range byID {
		list = append(list, b)
	}
	slices.SortFunc(list, func(a, b *buyer) int { return a.id - b.id })
	return list
}
