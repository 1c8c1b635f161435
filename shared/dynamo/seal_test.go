package dynamo_test

import (
	"crypto/rand"
	"testing"

	"liuke/shared/customer"
)

func TestKeysComeBackByTheirPseudonyms(t *testing.T) {
	t.Parallel()
	ctx, s := t.Context(), foldStore(t)
	var names []string
	want := map[string]customer.Key{}
	for range 120 { // more than one call reads
		k, err := customer.NewKey(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Seal(ctx, k); err != nil {
			t.Fatal(err)
		}
		want[k.Pseudonym()] = k
		names = append(names, k.Pseudonym())
	}
	keys, err := s.Keys(ctx, append(names, names[0], "0123456789abcdef0123456789abcdef"))
	if err != nil || len(keys) != len(want) {
		t.Fatalf("%d keys, %v, want %d: none for who was erased", len(keys), err, len(want))
	}
	for name, k := range want {
		if keys[name] != k {
			t.Errorf("another key under a pseudonym")
		}
	}
}
