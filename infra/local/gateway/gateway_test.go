package gateway

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// recorder is a function that keeps what it is given and answers what it is told.
type recorder struct {
	payload []byte
	answer  string
	err     error
}

func (f *recorder) invoke(_ context.Context, payload []byte) ([]byte, error) {
	f.payload = payload
	return []byte(f.answer), f.err
}

func serve(t *testing.T, f *recorder, r *http.Request, routes ...Route) *httptest.ResponseRecorder {
	t.Helper()
	for i := range routes {
		routes[i].Invoke = f.invoke
	}
	g, err := New(Config{Account: "111111111111", APIID: "a1b2c3d4e5", Routes: routes, Now: func() time.Time { return time.UnixMilli(1772353861000) }})
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	g.ServeHTTP(w, r)
	return w
}

// TestAnEventIsThatOfTheSamples sends, over HTTP, the request that each sample event was made of, and compares.
func TestAnEventIsThatOfTheSamples(t *testing.T) {
	files, err := filepath.Glob("../../../events/*/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no sample events: %v", err)
	}
	compared := 0
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var want events.APIGatewayV2HTTPRequest
		if json.Unmarshal(raw, &want) != nil || want.Version != "2.0" || strings.HasSuffix(file, "_base64.json") {
			continue // of another trigger, or with a body that was encoded by hand
		}
		compared++
		t.Run(filepath.Base(filepath.Dir(file))+" "+filepath.Base(file), func(t *testing.T) { compareSample(t, want) })
	}
	if compared == 0 {
		t.Error("no sample is an event of an HTTP API")
	}
}

func compareSample(t *testing.T, want events.APIGatewayV2HTTPRequest) {
	body := []byte(want.Body)
	if want.IsBase64Encoded {
		var err error
		if body, err = base64.StdEncoding.DecodeString(want.Body); err != nil {
			t.Fatal(err)
		}
	}
	target := (&url.URL{Path: want.RawPath}).EscapedPath()
	if want.RawQueryString != "" {
		target += "?" + want.RawQueryString
	}
	r := httptest.NewRequest(want.RequestContext.HTTP.Method, target, bytes.NewReader(body))
	r.RemoteAddr, r.Host = want.RequestContext.HTTP.SourceIP+":1234", want.RequestContext.DomainName
	for name, value := range want.Headers {
		if name != "host" && name != "content-length" && !strings.HasPrefix(name, "x-") {
			r.Header.Set(name, value)
		}
	}
	route := Route{Key: want.RouteKey}
	if a := want.RequestContext.Authorizer; a != nil && a.JWT != nil {
		route.Authorize = func(string, []string) (map[string]string, error) { return a.JWT.Claims, nil }
		route.Scopes = a.JWT.Scopes
	}
	f := &recorder{answer: `{"statusCode":204}`}
	serve(t, f, r, route)
	var got events.APIGatewayV2HTTPRequest
	if err := json.Unmarshal(f.payload, &got); err != nil {
		t.Fatalf("no event: %v", err)
	}
	drop := func(e *events.APIGatewayV2HTTPRequest) { // what differs from call to call
		e.RequestContext.RequestID, e.RequestContext.Time, e.RequestContext.TimeEpoch = "", "", 0
		e.RequestContext.AccountID, e.RequestContext.APIID = "", ""
		if e.IsBase64Encoded { // which bodies are encoded is a test of its own
			plain, err := base64.StdEncoding.DecodeString(e.Body)
			if err != nil {
				t.Fatal(err)
			}
			e.Body, e.IsBase64Encoded = string(plain), false
		}
		for name := range e.Headers {
			if strings.HasPrefix(name, "x-") || name == "content-length" {
				delete(e.Headers, name)
			}
		}
	}
	drop(&want)
	drop(&got)
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("the event differs (-sample +gateway):\n%s", diff)
	}
}

func TestHeadersParametersAndCookiesAreJoinedAsAWSJoinsThem(t *testing.T) {
	r := httptest.NewRequest(http.MethodGet, "/s/a%2Fb?x=1&x=2&y=%20", nil)
	r.Header.Add("Accept", "text/html")
	r.Header.Add("Accept", "text/plain")
	r.Header.Set("Cookie", "a=1; b=2")
	f := &recorder{answer: `{"statusCode":204}`}
	serve(t, f, r, Route{Key: "GET /s/{token}"})
	var got events.APIGatewayV2HTTPRequest
	if err := json.Unmarshal(f.payload, &got); err != nil {
		t.Fatal(err)
	}
	if got.Headers["accept"] != "text/html,text/plain" || got.Headers["cookie"] != "" || strings.Join(got.Cookies, "|") != "a=1|b=2" {
		t.Errorf("headers %v, cookies %v", got.Headers, got.Cookies)
	}
	if got.QueryStringParameters["x"] != "1,2" || got.QueryStringParameters["y"] != " " || got.PathParameters["token"] != "a/b" {
		t.Errorf("parameters %v and %v", got.QueryStringParameters, got.PathParameters)
	}
}

func TestABodyIsEncodedUnlessItIsText(t *testing.T) {
	for name, c := range map[string]struct {
		header  http.Header
		encoded bool
	}{
		"JSON is handed on as it is":         {http.Header{"Content-Type": {"application/json; charset=utf-8"}}, false},
		"text is handed on as it is":         {http.Header{"Content-Type": {"text/csv"}}, false},
		"a structured suffix counts as JSON": {http.Header{"Content-Type": {"application/cloudevents+json"}}, false},
		"a form is encoded":                  {http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, true},
		"what is compressed is encoded":      {http.Header{"Content-Type": {"application/json"}, "Content-Encoding": {"gzip"}}, true},
		"binary is encoded":                  {http.Header{"Content-Type": {"application/octet-stream"}}, true},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodPost, "/x", strings.NewReader("a=1"))
			r.Header = c.header
			f := &recorder{answer: `{"statusCode":204}`}
			serve(t, f, r, Route{Key: "POST /x"})
			var got events.APIGatewayV2HTTPRequest
			if err := json.Unmarshal(f.payload, &got); err != nil {
				t.Fatal(err)
			}
			want := "a=1"
			if c.encoded {
				want = "YT0x"
			}
			if got.Body != want || got.IsBase64Encoded != c.encoded {
				t.Errorf("body %q, encoded %v", got.Body, got.IsBase64Encoded)
			}
		})
	}
}

func TestTheMostSpecificRouteAnswers(t *testing.T) {
	keys := []string{"$default", "ANY /v1/{proxy+}", "GET /v1/{id}", "GET /v1/runs", "GET /v1/runs/{id}", "POST /v1/runs"}
	for request, want := range map[string]string{
		"GET /v1/runs": "GET /v1/runs", "POST /v1/runs": "POST /v1/runs", "GET /v1/7": "GET /v1/{id}", "GET /v1/runs/7": "GET /v1/runs/{id}",
		"DELETE /v1/runs": "ANY /v1/{proxy+}", "GET /v1/a/b/c": "ANY /v1/{proxy+}", "GET /other": "$default",
	} {
		var routes []Route
		for _, key := range keys {
			routes = append(routes, Route{Key: key})
		}
		method, path, _ := strings.Cut(request, " ")
		f := &recorder{answer: `{"statusCode":204}`}
		serve(t, f, httptest.NewRequest(method, path, nil), routes...)
		var got events.APIGatewayV2HTTPRequest
		if err := json.Unmarshal(f.payload, &got); err != nil || got.RouteKey != want {
			t.Errorf("%s went to %q (%v), want %q", request, got.RouteKey, err, want)
		}
	}
}

func TestTheGatewayItselfAnswers(t *testing.T) {
	denied := func(string, []string) (map[string]string, error) { return nil, errors.New("bad signature") }
	scope := func(string, []string) (map[string]string, error) { return nil, &Refusal{Status: 403, Reason: "scope"} }
	for name, c := range map[string]struct {
		path   string
		size   int
		f      recorder
		route  Route
		status int
		body   string
	}{
		"404 to a path without a route":         {"/y", 0, recorder{}, Route{}, 404, `{"message":"Not Found"}`},
		"413 to more than 10 MB":                {"/x", 10<<20 + 1, recorder{}, Route{}, 413, `{"message":"Request Entity Too Large"}`},
		"413 to an event of more than 6 MB":     {"/x", 5 << 20, recorder{}, Route{}, 413, `{"message":"Request Entity Too Large"}`}, // base64
		"500 to a function that fails":          {"/x", 1, recorder{err: errors.New("no")}, Route{}, 500, `{"message":"Internal Server Error"}`},
		"500 to an answer that is no JSON":      {"/x", 1, recorder{answer: "no"}, Route{}, 500, `{"message":"Internal Server Error"}`},
		"500 to a status that is none":          {"/x", 1, recorder{answer: `{"statusCode":7}`}, Route{}, 500, `{"message":"Internal Server Error"}`},
		"503 to a function that takes too long": {"/x", 1, recorder{err: context.DeadlineExceeded}, Route{}, 503, `{"message":"Service Unavailable"}`},
		"401 to a token that is not valid":      {"/x", 1, recorder{}, Route{Authorize: denied}, 401, `{"message":"Unauthorized"}`},
		"403 to a token without the scope":      {"/x", 1, recorder{}, Route{Authorize: scope}, 403, `{"message":"Forbidden"}`},
		"200 with JSON that has no status":      {"/x", 1, recorder{answer: `{"a":1}`}, Route{}, 200, `{"a":1}`},
	} {
		t.Run(name, func(t *testing.T) {
			c.route.Key = "POST /x"
			w := serve(t, &c.f, httptest.NewRequest(http.MethodPost, c.path, bytes.NewReader(make([]byte, c.size))), c.route)
			if w.Code != c.status || strings.TrimSpace(w.Body.String()) != c.body {
				t.Errorf("answered %d %s, want %d %s", w.Code, w.Body, c.status, c.body)
			}
			if (w.Code == 401) != (w.Header().Get("Www-Authenticate") != "") {
				t.Errorf("Www-Authenticate is %q with %d", w.Header().Get("Www-Authenticate"), w.Code)
			}
		})
	}
}

func TestAnAnswerIsWrittenWhole(t *testing.T) {
	f := &recorder{answer: `{"statusCode":303,"headers":{"location":"/thanks"},"cookies":["a=1","b=2"],"body":"aGVsbG8=","isBase64Encoded":true}`}
	w := serve(t, f, httptest.NewRequest(http.MethodPost, "/x", nil), Route{Key: "POST /x"})
	if w.Code != 303 || w.Header().Get("Location") != "/thanks" || w.Body.String() != "hello" || len(w.Header().Values("Set-Cookie")) != 2 {
		t.Errorf("answered %d %v %q", w.Code, w.Header(), w.Body)
	}
}
