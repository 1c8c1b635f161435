package customer_test

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"strings"
	"testing"

	"liuke/shared/customer"
	"liuke/shared/fault"
)

func TestAKeyGivesOnePseudonymAndDoesNotPrint(t *testing.T) {
	t.Parallel()
	k, err := customer.NewKey(bytes.NewReader(bytes.Repeat([]byte{7}, customer.KeyBytes)))
	if err != nil {
		t.Fatal(err)
	}
	// printf %s 'liuke pseudonym' | openssl dgst -sha256 -mac HMAC -macopt hexkey:0707…07
	if got, want := k.Pseudonym(), "4af13bb813c2ce3b4f0811f269a3f7e1"; got != want {
		t.Errorf("pseudonym %s, want %s", got, want)
	}
	other, err := customer.NewKey(rand.Reader)
	if err != nil || other.Pseudonym() == k.Pseudonym() || other.IsZero() {
		t.Errorf("another key: %v", err)
	}
	for _, format := range []string{"%v", "%+v", "%s", "%#v"} {
		if s := fmt.Sprintf(format, struct{ Key customer.Key }{k}); strings.Contains(s, "7") {
			t.Errorf("%s prints the key: %s", format, s)
		}
	}
}

func TestAKeyIsReadBackWholeOrNotAtAll(t *testing.T) {
	t.Parallel()
	if k, err := customer.KeyOf(nil); err != nil || !k.IsZero() {
		t.Errorf("no bytes: %v", err)
	}
	if _, err := customer.KeyOf(make([]byte, 31)); fault.CodeOf(err) != fault.Internal {
		t.Errorf("31 bytes: %v", err)
	}
	if _, err := customer.NewKey(strings.NewReader("short")); fault.CodeOf(err) != fault.Internal {
		t.Errorf("too little randomness: %v", err)
	}
}
