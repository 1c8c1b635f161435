package main

import (
	"context"
	"errors"
	"iter"
	"sync"
)

// ahead is how many objects are fetched at once.
const ahead = 12

// fetch yields objects in the order of their keys while it fetches those that follow. It ends with the first error.
func (h *Handler) fetch(ctx context.Context, keys []string) iter.Seq2[[]byte, error] {
	type object struct {
		body []byte
		err  error
	}
	return func(yield func([]byte, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		under := make([]chan object, len(keys))
		begin := func(i int) {
			under[i] = make(chan object, 1)
			go func() {
				body, err := h.Lake.Get(ctx, keys[i])
				under[i] <- object{body, err}
			}()
		}
		for i := range min(ahead, len(keys)) {
			begin(i)
		}
		for i := range keys {
			o := <-under[i]
			under[i] = nil
			if next := i + ahead; next < len(keys) {
				begin(next)
			}
			if !yield(o.body, o.err) || o.err != nil {
				return
			}
		}
	}
}

// all runs calls at once and joins their errors.
func all(calls ...func() error) error {
	failed := make([]error, len(calls))
	var group sync.WaitGroup
	for i, call := range calls {
		group.Go(func() { failed[i] = call() })
	}
	group.Wait()
	return errors.Join(failed...)
}
