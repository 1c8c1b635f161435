package batch_test

import (
	"sync/atomic"
	"testing"

	"liuke/shared/batch"
)

func TestEachDoesAllWithinItsLimit(t *testing.T) {
	var now, most, done atomic.Int32
	batch.Each(50, 3, func(int) {
		n := now.Add(1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		done.Add(1)
		now.Add(-1)
	})
	if done.Load() != 50 || most.Load() > 3 {
		t.Errorf("did %d of 50, up to %d at a time", done.Load(), most.Load())
	}
}

func TestAPanicOfOneIsTheCallers(t *testing.T) {
	done := 0
	defer func() {
		if p := recover(); p != "poison" || done != 4 {
			t.Errorf("recovered %v after %d others", p, done)
		}
	}()
	batch.Each(5, 1, func(i int) {
		if i == 2 {
			panic("poison")
		}
		done++
	})
	t.Error("the panic was swallowed")
}
