package apitest_test

import (
	"strings"
	"testing"

	"liuke/shared/api"
	"liuke/shared/api/apitest"
	"liuke/shared/fault"
)

const description = `{"openapi":"3.1.0","paths":{"/v1/teas/{id}":{"get":{"responses":{
	"200":{"content":{"application/json":{"schema":{"$ref":"#/components/schemas/Tea"}}}},
	"204":{"description":"none"},
	"404":{"content":{"application/problem+json":{"schema":{"allOf":[{"$ref":"#/components/schemas/Problem"},{"properties":{"pointer":{"type":"string"}}}]}}}}}}}},
	"components":{"schemas":{
	"Problem":{"type":"object","properties":{"type":{"type":"string"},"title":{"type":"string"},"status":{"type":"integer"},"detail":{"type":"string"}},"required":["type","status"]},
	"Tea":{"type":"object","required":["name"],"properties":{"name":{"type":"string","enum":["oolong","pu-erh"]},
		"grams":{"type":["number","null"]},"from":{"oneOf":[{"type":"null"},{"type":"array","items":{"type":"string"}}]},
		"notes":{"type":"object","additionalProperties":{"type":"integer"}}}}}}}`

func TestWhatIsNotAsDescribedIsSaid(t *testing.T) {
	d, err := apitest.Parse([]byte(description))
	if err != nil {
		t.Fatal(err)
	}
	answered := func(status int, kind, body string) api.Response {
		return api.Response{StatusCode: status, Headers: map[string]string{"content-type": kind}, Body: body}
	}
	tea := func(body string) api.Response { return answered(200, "application/json", body) }
	for _, c := range []struct {
		name string
		out  api.Response
		says string // "" for nothing
	}{
		{"all as described", tea(`{"name":"oolong","grams":2.5,"from":["Anxi"],"notes":{"floral":2}}`), ""},
		{"an integer where a number may be", tea(`{"name":"pu-erh","grams":100,"from":null}`), ""},
		{"nothing", answered(204, "", ""), ""},
		{"a problem", api.Error(fault.At("/id", "no such tea")), "400: not described"},
		{"a problem that is described in parts", api.Error(fault.New(fault.NotFound, "no such tea")), ""},
		{"what is missing", tea(`{}`), "/name is missing"},
		{"what nobody described", tea(`{"name":"oolong","price":1}`), "/price is not described"},
		{"another type", tea(`{"name":1}`), "/name is integer, not [string]"},
		{"none of the values", tea(`{"name":"coffee"}`), "/name is coffee, not one of"},
		{"null where there is none", tea(`{"name":null}`), "/name is null"},
		{"none of the options", tea(`{"name":"oolong","from":"Anxi"}`), "/from is string, not [null]"},
		{"an item of another type", tea(`{"name":"oolong","from":["Anxi",2]}`), "/from/1 is integer"},
		{"a member of another type", tea(`{"name":"oolong","notes":{"floral":2.5}}`), "/notes/floral is number"},
		{"another content type", answered(200, "text/html", "tea"), "not described as text/html"},
		{"what is no JSON", tea(`{`), "unexpected end"},
		{"a body where there is none", answered(204, "", "tea"), "not described as"},
		{"another status", answered(500, "application/json", "{}"), "not described: {}"},
	} {
		t.Run(c.name, func(t *testing.T) {
			wrong := strings.Join(d.Wrong("GET /v1/teas/{id}", c.out), "; ")
			if (wrong == "") != (c.says == "") || !strings.Contains(wrong, c.says) {
				t.Errorf("says %q, want %q", wrong, c.says)
			}
		})
	}
	if wrong := d.Wrong("GET /v1/coffees", tea(`{}`)); len(wrong) != 1 {
		t.Errorf("of another route: %q", wrong)
	}
	if d.Resolve(map[string]any{"$ref": "#/components/schemas/Coffee"}) != nil {
		t.Error("a reference that leads nowhere leads somewhere")
	}
}
