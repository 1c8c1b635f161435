package main

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"liuke/shared/api"
	"liuke/shared/offer"
)

func TestAPoolSaysHowManyOfItsCodesAreLeft(t *testing.T) {
	b := setup(t)
	if status, body, _ := b.do(t, "offer", nil); status != http.StatusNotFound {
		t.Errorf("before any import: %d %v", status, body)
	}
	p := &offer.Pool{ID: "winback10", Scenes: []string{"win_back"}, Expires: now.Add(48 * time.Hour), LeastValid: 24 * time.Hour}
	must(t, errors.Join(b.store.PutPool(t.Context(), p), b.store.PutCodes(t.Context(), p, []string{"A-1", "A-2", "A-3"})))
	status, body, out := b.do(t, "offer", nil)
	if status != http.StatusOK || body["codes"] != 3.0 || body["left"] != 3.0 || body["expires"] != "2026-03-03T08:31:01Z" || body["refuses"] != nil || body["least_valid_days"] != 1.0 {
		t.Errorf("%d %s", status, out.Body)
	}
	p.Expires = now
	must(t, b.store.PutPool(t.Context(), p))
	if _, body, _ := b.do(t, "offer", nil); body["refuses"] != offer.ReasonExpired {
		t.Errorf("expired: %v", body)
	}
}

func TestAnImportOfCodesNamesItsPool(t *testing.T) {
	b := setup(t)
	for body, pointer := range map[string]string{
		`{"kind":"codes","bytes":9}`:                                                     "/pool",
		`{"kind":"codes","bytes":9,"pool":{"id":"Win Back"}}`:                            "/pool/id",
		`{"kind":"codes","bytes":9,"pool":{"id":"p","least_valid_days":-1}}`:             "/pool/least_valid_days",
		`{"kind":"codes","bytes":9,"pool":{"id":"p"},"columns":{"code":"x"}}`:            "/columns",
		`{"kind":"orders","bytes":9,"pool":{"id":"p"}}`:                                  "/pool",
		`{"kind":"codes","bytes":9,"pool":{"id":"p","mask":"A#","scenes":["win_back"]}}`: "",
	} {
		status, got, _ := b.do(t, "start_import", func(r *api.Request) { r.Body = body })
		if p, _ := got["pointer"].(string); p != pointer || (pointer == "") != (status == http.StatusCreated) || strings.Contains(pointer, "pool") && status != http.StatusBadRequest {
			t.Errorf("%s: %d %v", body, status, got)
		}
	}
}
