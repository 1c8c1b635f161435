package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"

	"liuke/shared/customer"
	"liuke/shared/message"
	"liuke/shared/signal"
)

// TestWhatACustomerGotIsFoundUnderHoweverManyIDs has as many ids absorbed as are not all looked under, and a survivor whose hash
// is behind most of theirs.
func TestWhatACustomerGotIsFoundUnderHoweverManyIDs(t *testing.T) {
	b := setup(t)
	survivor := customer.ID("")
	for i := 0; survivor == ""; i++ {
		if id := fmt.Sprint("survivor-", i); sha256.Sum256([]byte(id))[0] == 0xff {
			survivor = customer.ID(id)
		}
	}
	all := []customer.ID{survivor}
	for i := range whyPages*idsAPage + 50 {
		all = append(all, customer.Visitor(fmt.Sprint(i)))
	}
	s := signal.Signal{ID: "order:1", Kind: signal.OrderPlaced, Customer: survivor, Time: started}
	e, err := message.New("order_thanks", 0, message.Email, s).Hold("consent", "no_consent", started)
	must(t, err)
	_, err = b.store.WriteEntry(t.Context(), e)
	must(t, err)
	found, more, err := b.handler.decided(t.Context(), all, "order_thanks", map[string]bool{})
	if err != nil || len(found) != 1 || !more {
		t.Errorf("%d decisions, more: %v, %v", len(found), more, err)
	}
}

func TestRecordsUnderManyIDsAreReadSeveralAtOnceAndKeepTheirOrder(t *testing.T) {
	var all []customer.ID
	for i := range 100 {
		all = append(all, customer.ID(fmt.Sprint(i)))
	}
	var now, most atomic.Int32
	both, begun := make(chan struct{}), atomic.Int32{}
	found, err := under(all, func(id customer.ID) ([]customer.ID, error) {
		most.Store(max(most.Load(), now.Add(1)))
		defer now.Add(-1)
		if begun.Add(1) == 2 {
			close(both)
		}
		<-both // the first waits for the second
		return []customer.ID{id, id}, nil
	})
	if err != nil || len(found) != 200 || found[0] != all[0] || found[199] != all[99] || most.Load() > idsAtOnce {
		t.Errorf("%v, %v, %d at once", found, err, most.Load())
	}
	broken := errors.New("nobody there")
	if found, err := under(all, func(id customer.ID) ([]int, error) {
		if id == "7" {
			return nil, broken
		}
		return []int{1}, nil
	}); err != broken || found != nil {
		t.Errorf("%v, %v", found, err)
	}
}
