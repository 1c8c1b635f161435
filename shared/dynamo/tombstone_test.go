package dynamo_test

import (
	"fmt"
	"testing"
	"time"

	"liuke/shared/customer"
)

func TestWhoWasErasedIsToldAmongMany(t *testing.T) {
	t.Parallel()
	s := foldStore(t)
	gone := customer.ID("c150")
	rec, _ := sample(gone)
	if err := s.Commit(t.Context(), &rec, nil); err != nil {
		t.Fatal(err)
	}
	if err := s.Erase(t.Context(), gone, time.UnixMilli(1_700_000_000_000)); err != nil {
		t.Fatal(err)
	}
	var ids []customer.ID
	for i := range 230 { // more than two calls take, and one of them twice
		ids = append(ids, customer.ID(fmt.Sprint("c", i)))
	}
	ids = append(ids, gone)
	erased, err := s.ErasedAmong(t.Context(), ids)
	if err != nil || len(erased) != 1 || !erased[gone] {
		t.Errorf("%v, %v", erased, err)
	}
	if erased, err := s.ErasedAmong(t.Context(), nil); err != nil || len(erased) != 0 {
		t.Errorf("among nobody: %v, %v", erased, err)
	}
}
