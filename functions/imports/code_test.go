package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"liuke/shared/importfile"
	"liuke/shared/offer"
)

func codes(request importfile.Pool) importfile.Request {
	return importfile.Request{Kind: importfile.Codes, Pool: &request}
}

func (w *world) stock(pool string) int64 {
	w.t.Helper()
	n, given, err := w.store.OfferStock(w.t.Context(), pool)
	if err != nil || given != 0 {
		w.t.Fatalf("%d given, %v", given, err)
	}
	return n
}

func TestCodesComeIntoTheirPoolOnceHoweverOftenTheFileDoes(t *testing.T) {
	w := newWorld(t)
	w.steps = 2
	var file strings.Builder
	file.WriteString("name,code\n")
	for i := range 45 {
		fmt.Fprintf(&file, "n,VIP-%04d\n", i)
	}
	file.WriteString("n,vip-0003\nn,OTHER\n")
	pool := importfile.Pool{ID: "winback10", Scenes: []string{"win_back"}, Mask: "VIP-####", LeastValidDays: 7}
	for range 2 {
		id, notification := w.open(codes(pool), file.String())
		w.drain(notification)
		i, err := w.store.Import(t.Context(), id)
		if err != nil || i.State != importfile.Done || i.Progress.Accepted != 45 || i.Progress.Refused != 2 {
			t.Fatalf("%+v, %v", i, err)
		}
	}
	if n := w.stock("winback10"); n != 45 {
		t.Errorf("%d codes in the pool", n)
	}
	if sent := w.sent(); len(sent) != 0 {
		t.Errorf("codes are no events, and %d were sent", len(sent))
	}
	// An import that only names the pool takes it as it is.
	id, notification := w.open(codes(importfile.Pool{ID: "winback10"}), "VIP-9000\nBAD\n")
	w.drain(notification)
	refused, err := w.store.ImportRefused(t.Context(), id)
	want := []importfile.Refused{{Number: 2, Reason: "the code is not spelled as the pool's mask says"}}
	if d := cmp.Diff(want, refused); d != "" || err != nil || w.stock("winback10") != 46 {
		t.Errorf("%d codes, %v: %s", w.stock("winback10"), err, d)
	}
	pools, err := w.store.Pools(t.Context())
	if d := cmp.Diff(map[string]*offer.Pool{"winback10": pool.Offer()}, pools); d != "" || err != nil {
		t.Errorf("%v: %s", err, d)
	}
}

func TestACheckPutsNoCodeIntoAPool(t *testing.T) {
	w := newWorld(t)
	r := codes(importfile.Pool{ID: "winback10"})
	r.DryRun = true
	id, notification := w.open(r, "A-1\nA-2\n")
	w.drain(notification)
	i, err := w.store.Import(t.Context(), id)
	if pools, _ := w.store.Pools(t.Context()); err != nil || i.Progress.Accepted != 2 || w.stock("winback10") != 0 || len(pools) != 0 {
		t.Errorf("%+v, %v, %v", i, pools, err)
	}
}

// Codes that were put into the pool before an import failed are found all the same: whoever claims looks from the beginning.
func TestCodesOfAnImportThatFailsAreShown(t *testing.T) {
	w := newWorld(t)
	r := codes(importfile.Pool{ID: "winback10"})
	r.Bytes = 1000 // not what is uploaded
	id, notification := w.open(r, "A-1\nA-2\n")
	p := &offer.Pool{ID: "winback10"}
	if err := w.store.PutCodes(t.Context(), p, []string{"A-1"}); err != nil {
		t.Fatal(err)
	}
	w.drain(notification)
	i, err := w.store.Import(t.Context(), id)
	if err != nil || i.State != importfile.Failed {
		t.Fatalf("%+v, %v", i, err)
	}
	step, err := w.store.FindCode(t.Context(), p.ID, offer.NewClaim(p, "entry"))
	if err != nil || step.Action != offer.Give || step.Item.Code != "A-1" {
		t.Errorf("%+v, %v", step, err)
	}
}
