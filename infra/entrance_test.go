package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestEachSettingOfTheEntranceIsChecked(t *testing.T) {
	many := func(n int, format string) []any {
		var all []any
		for i := range n {
			all = append(all, fmt.Sprintf(format, i))
		}
		return all
	}
	cases := []struct {
		name, key string
		value     any
		wrong     string // what is said of it; "" for a value that is right
	}{
		{"a site is answered", "web_origins", []any{"https://shop.example"}, ""},
		{"no site is answered", "web_origins", []any{}, ""},
		{"a site may have a port", "web_origins", []any{"https://shop.example:8443"}, ""},
		{"a developer's own machine needs no TLS", "web_origins", []any{"http://localhost:3000"}, ""},
		{"nobody else goes without TLS", "web_origins", []any{"http://shop.example"}, `has "http://shop.example"; give a site`},
		{"every site at once is none", "web_origins", []any{"*"}, `has "*"; give a site`},
		{"every shop of a host is none", "web_origins", []any{"https://*.shop.example"}, `has "https://*.shop.example"; give a site`},
		{"an origin has no path", "web_origins", []any{"https://shop.example/"}, `has "https://shop.example/"; give a site`},
		{"browsers write small letters", "web_origins", []any{"https://Shop.example"}, `has "https://Shop.example"; give a site`},
		{"browsers leave out the usual port", "web_origins", []any{"https://shop.example:443"}, `has "https://shop.example:443"; give a site`},
		{"an origin has no user", "web_origins", []any{"https://a@shop.example"}, `has "https://a@shop.example"; give a site`},
		{"null is no origin", "web_origins", []any{"null"}, `has "null"; give a site`},
		{"an origin is given once", "web_origins", []any{"https://a.example", "https://a.example"}, `has "https://a.example" twice`},
		{"origins are a list", "web_origins", "https://shop.example", `is "https://shop.example"; give a list`},
		{"origins are not without end", "web_origins", many(51, "https://shop%d.example"), "has 51 origins, more than 50"},

		{"one event a second is a rate", "key_rate", 1, ""},
		{"no limit is one as well", "key_rate", 0, ""},
		{"half an event is none", "key_rate", 0.5, "is 0.5; give events a second"},
		{"a rate may be too large to mean anything", "key_rate", 100001, "is 100001; give events a second"},
		{"null is no rate", "key_rate", nil, "is null; give events a second"},

		{"a bus has a name and sources", "event_bus", map[string]any{"name": "default", "sources": []any{"shop.orders"}}, ""},
		{"a partner's bus is called like its source", "event_bus",
			map[string]any{"name": "aws.partner/shopify.com/1/2", "sources": []any{"aws.partner/shopify.com/1/2"}}, ""},
		{"null is no bus", "event_bus", nil, "is null; give a bus"},
		{"a bus has nothing else", "event_bus", map[string]any{"name": "default", "source": "shop"}, "give a bus and whose events"},
		{"AWS's own events are no customers'", "event_bus", map[string]any{"name": "default", "sources": []any{"aws.s3"}}, `has the source "aws.s3"; give`},
		{"not everybody's events are taken", "event_bus", map[string]any{"name": "default", "sources": []any{"*"}}, `has the source "*"; give`},
		{"sources are not without end", "event_bus", map[string]any{"name": "b", "sources": many(21, "shop%d")}, "has 21 sources; give 1 to 20"},

		{"there may be an edge", "edge", true, ""},
		{"there may be none", "edge", false, ""},
		{"an edge is no text", "edge", "true", `is "true"; give true or false`},
		{"null is no edge", "edge", nil, "is null; give true or false"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			values := complete()
			values["base_url"] = "https://go.shop.example"
			values[c.key] = c.value
			_, err := ReadSettings(values, nil)
			switch {
			case c.wrong == "" && err != nil:
				t.Error(err)
			case c.wrong != "" && (err == nil || !strings.HasPrefix(err.Error(), "liuke."+c.key+" ") || !strings.Contains(err.Error(), c.wrong)):
				t.Errorf("got %v, want liuke.%s %s", err, c.key, c.wrong)
			}
		})
	}
}

func TestTheEntranceIsReadAsItIsWritten(t *testing.T) {
	values := complete()
	values["base_url"] = "https://go.shop.example"
	values["edge"] = true
	values["key_rate"] = 50
	values["web_origins"] = []any{"https://shop.example"}
	values["event_bus"] = map[string]any{"name": "orders", "sources": []any{"shop.orders"}}
	got, err := ReadSettings(values, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !got.Edge || got.KeyRate != 50 || !cmp.Equal(got.WebOrigins, []string{"https://shop.example"}) ||
		!cmp.Equal(got.EventBus, &EventBus{Name: "orders", Sources: []string{"shop.orders"}}) {
		t.Errorf("got %+v", got)
	}
}

func TestAnEdgeAsksForTheAddressThatItAnswers(t *testing.T) {
	cases := []struct{ name, baseURL, wrong string }{
		{"an address of its own is enough", "https://go.shop.example", ""},
		{"without an address no certificate fits", "", "liuke.edge is true, but liuke.base_url is missing; give"},
		{"CloudFront knows one port", "https://go.shop.example:8443", `liuke.base_url is "https://go.shop.example:8443", but CloudFront`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			values := complete()
			values["edge"] = true
			if c.baseURL != "" {
				values["base_url"] = c.baseURL
			}
			_, err := ReadSettings(values, nil)
			if c.wrong == "" && err != nil || c.wrong != "" && (err == nil || !strings.HasPrefix(err.Error(), c.wrong)) {
				t.Errorf("got %v, want %q", err, c.wrong)
			}
		})
	}
}
