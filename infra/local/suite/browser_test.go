package suite

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

func TestPagesOfASiteSendEventsAndBeacons(t *testing.T) {
	s := startConnected(t)
	body := `{"type":"track","event":"Product Viewed","anonymousId":"v7","messageId":"b1","writeKey":"` + s.WriteKey + `"}`
	for name, c := range map[string]struct {
		method, path, origin string
		header               map[string]string
		body                 string
		status               int
		allowed              string // origin, "" for none
	}{
		"a beacon, which is text and has its key in its body": {"POST", "/v1/t", "https://shop.example", map[string]string{"Content-Type": "text/plain;charset=UTF-8"}, body, 200, "https://shop.example"},
		"a beacon of another site is taken, and not answered": {"POST", "/v1/t", "https://evil.example", map[string]string{"Content-Type": "text/plain;charset=UTF-8"}, body, 200, ""},
		"a preflight of what libraries send":                  {"OPTIONS", "/v1/t", "https://shop.example", map[string]string{"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-type,x-retry-count"}, "", 204, "https://shop.example"},
		"a preflight of another site":                         {"OPTIONS", "/v1/t", "https://evil.example", map[string]string{"Access-Control-Request-Method": "POST"}, "", 204, ""},
		"an event that is refused, so that the page can tell": {"POST", "/v1/t", "https://shop.example", map[string]string{"Content-Type": "text/plain"}, strings.Replace(body, s.WriteKey, "wrong", 1), 401, "https://shop.example"},
		"a body of 7 MB, which Lambda would not take":         {"POST", "/v1/b", "https://shop.example", map[string]string{"Content-Type": "text/plain"}, strings.Repeat("a", 7<<20), 413, "https://shop.example"},
		"a body of 11 MB, which API Gateway would not take":   {"POST", "/v1/b", "https://shop.example", map[string]string{"Content-Type": "text/plain"}, strings.Repeat("a", 11<<20), 413, "https://shop.example"},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := http.NewRequestWithContext(t.Context(), c.method, s.URL+c.path, strings.NewReader(c.body))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Origin", c.origin)
			for name, value := range c.header {
				r.Header.Set(name, value)
			}
			answer, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer answer.Body.Close()
			raw, err := io.ReadAll(answer.Body)
			if answer.StatusCode != c.status || err != nil {
				t.Errorf("answered %s %.200s (%v), want %d", answer.Status, raw, err, c.status)
			}
			if got := answer.Header.Get("Access-Control-Allow-Origin"); got != c.allowed {
				t.Errorf("Access-Control-Allow-Origin is %q, want %q", got, c.allowed)
			}
			if asked := c.header["Access-Control-Request-Headers"]; asked != "" && c.allowed != "" {
				for _, name := range strings.Split(asked, ",") {
					if !strings.Contains(answer.Header.Get("Access-Control-Allow-Headers"), name) {
						t.Errorf("the header %s is not allowed: %q", name, answer.Header.Get("Access-Control-Allow-Headers"))
					}
				}
			}
		})
	}
	noneDenied(t, s)
}
