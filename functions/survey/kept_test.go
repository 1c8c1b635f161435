package main

import (
	"liuke/shared/kept"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestTheCatalogueAndTheBrandAreReadOnceAMinute(t *testing.T) {
	b := setup(t)
	b.documents["brand"] = `{"name":"Teehaus","colour":"#0a7f3f"}`
	count := func(name string) (n int) {
		for _, c := range b.calls {
			if c == name {
				n++
			}
		}
		return n
	}
	for range 10 {
		holds(t, b.do(t, "form"), "Teehaus", "--fill:#0a7f3f")
		b.now = b.now.Add(5 * time.Second)
	}
	if count("surveys") != 1 || count("document") != 1 {
		t.Errorf("%d and %d reads", count("surveys"), count("document"))
	}
	b.documents["brand"] = `{"name":"Kaffeehaus"}`
	b.now = b.now.Add(kept.MaxAge)
	holds(t, b.do(t, "form"), "Kaffeehaus")
	b.documents["brand"] = `{"name":`
	b.now = b.now.Add(kept.MaxAge)
	if out := status(t, b.do(t, "form"), http.StatusOK); strings.Contains(out.Body, "haus") {
		t.Error("a brand that is wrong is shown")
	}
	b.fail = func(_ int, call string) mode {
		if call == "surveys" || call == "document" {
			return refused
		}
		return works
	}
	b.now = b.now.Add(kept.MaxAge)
	status(t, b.do(t, "form"), http.StatusOK) // for an hour what was read last serves
	b.now = b.now.Add(kept.MaxStale)
	if out := status(t, b.do(t, "form"), http.StatusServiceUnavailable); out.Headers["retry-after"] == "" {
		t.Error("no word of when to try again")
	}
}
