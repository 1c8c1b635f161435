package gateway

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var shops = CORS{
	Origins: []string{"https://shop.example", "http://*"}, Methods: []string{"POST"}, Headers: []string{"authorization", "content-type"},
	Expose: []string{"retry-after"}, MaxAge: time.Hour, Credentials: true,
}

// allowed returns the CORS headers of an answer.
func allowed(h http.Header) map[string]string {
	found := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(h)) {
		if short, ok := strings.CutPrefix(name, "Access-Control-"); ok {
			found[short] = h.Get(name)
		}
	}
	return found
}

func TestPreflightsAreAnsweredByTheAPIItself(t *testing.T) {
	all := map[string]string{
		"Allow-Origin": "https://shop.example", "Allow-Methods": "POST", "Allow-Headers": "authorization,content-type",
		"Expose-Headers": "retry-after", "Max-Age": "3600", "Allow-Credentials": "true",
	}
	plain := maps.Clone(all)
	plain["Allow-Origin"] = "http://anyone.example"
	everyone := CORS{Origins: []string{"*"}, Methods: []string{"*"}}
	for name, c := range map[string]struct {
		cors              CORS
		origin, requested string
		status            int
		want              map[string]string
	}{
		"an origin of the list is told all":                    {shops, "https://shop.example", "POST", 204, all},
		"an origin by a scheme's wildcard is told all":         {shops, "http://anyone.example", "POST", 204, plain},
		"another origin is told nothing":                       {shops, "https://evil.example", "POST", 204, nil},
		"everyone is answered with a star":                     {everyone, "https://x.example", "POST", 204, map[string]string{"Allow-Origin": "*", "Allow-Methods": "*"}},
		"OPTIONS without a method asked for is no preflight":   {shops, "https://shop.example", "", 404, map[string]string{"Allow-Origin": "https://shop.example", "Expose-Headers": "retry-after", "Allow-Credentials": "true"}},
		"an API without CORS knows no preflights":              {CORS{}, "https://shop.example", "POST", 404, nil},
		"an origin that begins as an allowed one is told none": {shops, "https://shop.example.evil.example", "POST", 204, nil},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodOptions, "/x", nil)
			r.Header.Set("Origin", c.origin)
			if c.requested != "" {
				r.Header.Set("Access-Control-Request-Method", c.requested)
			}
			w := serveCORS(t, c.cors, &recorder{answer: `{"statusCode":500}`}, r)
			if w.Code != c.status {
				t.Errorf("answered %d, want %d", w.Code, c.status)
			}
			if diff := cmp.Diff(c.want, allowed(w.Header())); diff != "" && len(c.want)+len(allowed(w.Header())) > 0 {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestAnswersToAllowedOriginsAreMarked(t *testing.T) {
	answer := `{"statusCode":200,"headers":{"access-control-allow-origin":"*","x-a":"b"},"body":"ok"}`
	for name, c := range map[string]struct {
		cors   CORS
		origin string
		path   string
		want   string
	}{
		"an allowed origin":                     {shops, "https://shop.example", "/x", "https://shop.example"},
		"another origin":                        {shops, "https://evil.example", "/x", ""},
		"no origin at all":                      {shops, "", "/x", ""},
		"an error of the gateway's own":         {shops, "https://shop.example", "/nowhere", "https://shop.example"},
		"a function's own header, without CORS": {CORS{}, "https://shop.example", "/x", "*"},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodPost, c.path, strings.NewReader("{}"))
			if c.origin != "" {
				r.Header.Set("Origin", c.origin)
			}
			w := serveCORS(t, c.cors, &recorder{answer: answer}, r)
			if got := w.Header().Get("Access-Control-Allow-Origin"); got != c.want {
				t.Errorf("Access-Control-Allow-Origin is %q, want %q", got, c.want)
			}
			if c.path == "/x" && w.Header().Get("X-A") != "b" {
				t.Error("the function's other headers are lost")
			}
		})
	}
}

func serveCORS(t *testing.T, cors CORS, f *recorder, r *http.Request) *httptest.ResponseRecorder {
	t.Helper()
	g, err := New(Config{CORS: cors, Routes: []Route{{Key: "POST /x", Invoke: f.invoke}}, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	g.ServeHTTP(w, r)
	return w
}
