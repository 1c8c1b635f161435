package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// provisioned reads the routes that the CDK code gives the HTTP API from its golden template: by route, whether a token
// is asked for.
func provisioned(t *testing.T) map[string]bool {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "..", "infra", "stack", "testdata", "App.template.json"))
	if err != nil {
		t.Fatal(err)
	}
	var template struct {
		Resources map[string]struct {
			Type       string
			Properties struct{ RouteKey, AuthorizationType any }
		}
	}
	if err := json.Unmarshal(raw, &template); err != nil {
		t.Fatal(err)
	}
	routes := map[string]bool{}
	for _, r := range template.Resources {
		if key, ok := r.Properties.RouteKey.(string); ok && r.Type == "AWS::ApiGatewayV2::Route" {
			routes[key] = r.Properties.AuthorizationType == "JWT"
		}
	}
	return routes
}

func TestTheInterfaceIsDescribedAsItIsProvisioned(t *testing.T) {
	d := describedInterface(t)
	if !strings.HasPrefix(d.OpenAPI, "3.1.") {
		t.Errorf("OpenAPI %q", d.OpenAPI)
	}
	routes := provisioned(t)
	if len(routes) < 10 {
		t.Fatalf("the template has the routes %v", routes)
	}
	ids := map[string]bool{}
	for path, operations := range d.Paths {
		for method, o := range operations {
			key := strings.ToUpper(method) + " " + path
			behindToken, ok := routes[key]
			if !ok {
				t.Errorf("%s is described and not provisioned", key)
			}
			delete(routes, key)
			asksToken := false
			for _, s := range o.Security {
				if _, ok := s["operator"]; ok {
					asksToken = true
				}
			}
			if asksToken != behindToken {
				t.Errorf("%s: a token is asked for by the description: %t, by the gateway: %t", key, asksToken, behindToken)
			}
			if o.Summary == "" || o.OperationID == "" || ids[o.OperationID] || len(o.Responses) == 0 {
				t.Errorf("%s is described by %+v", key, o)
			}
			ids[o.OperationID] = true
		}
	}
	for key := range routes {
		t.Errorf("%s is provisioned and not described", key)
	}
}

func TestEveryReferenceOfTheDescriptionLeadsSomewhere(t *testing.T) {
	d := describedInterface(t)
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			if _, ok := v["$ref"].(string); ok {
				if d.Resolve(v) == nil {
					t.Errorf("%v leads nowhere", v["$ref"])
				}
			}
			for _, inner := range v {
				walk(inner)
			}
		case []any:
			for _, inner := range v {
				walk(inner)
			}
		}
	}
	walk(d.Raw)
}

func TestEveryRouteOfOperatorsIsServed(t *testing.T) {
	h := NewHandler(Services{}, business)
	for key, behindToken := range provisioned(t) {
		r, ok := h.routes[key]
		if behindToken && (!ok || r.public) {
			t.Errorf("%s is not served, or to anyone", key)
		}
	}
	for key := range h.routes {
		if _, ok := provisioned(t)[key]; !ok {
			t.Errorf("%s is served and not provisioned", key)
		}
	}
}
