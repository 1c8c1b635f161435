package rfm

import (
	"iter"
	"runtime"
	"sync"
	"sync/atomic"
)

// pieceRows is how many rows are claimed at a time: few enough to even out unequal processors, and enough for the claim to
// cost nothing.
const pieceRows = 1 << 17

// parallel runs work on every processor that n rows are worth. Each ranges over pieces, from and to, that no other gets.
func parallel(n int, work func(pieces iter.Seq2[int, int])) {
	var claimed atomic.Int64
	pieces := func(yield func(from, to int) bool) {
		for {
			to := int(claimed.Add(pieceRows))
			from := to - pieceRows
			if from >= n || !yield(from, min(to, n)) {
				return
			}
		}
	}
	var wait sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), n/pieceRows) - 1 {
		wait.Go(func() { work(pieces) })
	}
	work(pieces)
	wait.Wait()
}
