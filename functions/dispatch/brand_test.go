package main

import (
	"regexp"
	"strings"
	"testing"

	"liuke/shared/brand"
	"liuke/shared/document"
	"liuke/shared/message"
	"liuke/shared/outreach"
	"liuke/shared/token"
)

// TestAMailIsInTheColourOfTheBrandAndItsButtonIsCounted sends a mail by what operators have written of their brand.
func TestAMailIsInTheColourOfTheBrandAndItsButtonIsCounted(t *testing.T) {
	b := setup(t)
	d := document.Document{Name: brand.Document, Version: 1, Body: `{"name":"Teehaus","colour":"#ffcc00","shop_url":"https://shop.example/?from=mail"}`}
	if err := b.store.PutDocument(t.Context(), &d, 0); err != nil {
		t.Fatal(err)
	}
	b.handler.Stand = outreach.NewLibrary(b.store, compilers("CNY"), b.handler.Now, nil).Stand
	took := &recording{}
	b.handler.Channels[message.Email] = took
	e, job := b.claimBy("repurchase_reminder", message.Email)
	b.handler.handle(t.Context(), []message.Job{job})
	if s := b.stored(e.ID); s.State != message.Sent || len(took.taken) != 1 {
		t.Fatalf("%d taken, %+v", len(took.taken), s)
	}
	got := took.taken[0]
	if !strings.Contains(got.HTML, ">Teehaus</p>") || !strings.Contains(got.HTML, "background:#ffcc00;color:#000000") {
		t.Errorf("the brand is not in %s", got.HTML)
	}
	for part, text := range map[string]string{"HTML": got.HTML, "text": got.Text} {
		var click token.Click
		found := regexp.MustCompile(regexp.QuoteMeta(base) + `/r/([A-Za-z0-9_-]+)`).FindStringSubmatch(text)
		if found == nil || b.ring.Open(token.PurposeClick, found[1], &click) != nil || click.URL != "https://shop.example/?from=mail" {
			t.Errorf("the way to the shop that %s shows is %+v", part, click)
		}
	}
}
