package orderfile_test

import (
	"errors"
	"io"
	"os"
	"testing"

	"liuke/shared/orderfile"
)

// TestSampleFile reads the file that the README imports.
func TestSampleFile(t *testing.T) {
	f, err := os.Open("../../testdata/orders.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := orderfile.NewReader(f, "EUR")
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	for {
		_, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("row %d: %v", rows+1, err)
		}
		rows++
	}
	if rows != 181 {
		t.Errorf("%d rows", rows)
	}
}
