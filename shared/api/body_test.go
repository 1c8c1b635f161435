package api_test

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"io"
	"runtime"
	"strings"
	"testing"

	"liuke/shared/api"
	"liuke/shared/fault"
)

// zipped packs parts as members of one gzip stream.
func zipped(t testing.TB, parts ...string) string {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	for _, p := range parts {
		w.Reset(&out)
		if _, err := io.WriteString(w, p); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return out.String()
}

func base64d(body string) string { return base64.StdEncoding.EncodeToString([]byte(body)) }

func TestBody(t *testing.T) {
	const limit = 100
	packed := zipped(t, "tea")
	lying := packed[:len(packed)-4] + "\xff\xff\xff\xff"
	cases := []struct {
		name, encoding, body string
		base64               bool
		want                 string
		code                 fault.Code
		status               int
	}{
		{"as it is", "", "tea", false, "tea", "", 0},
		{"of no length", "", "", false, "", "", 0},
		{"exactly the limit", "", strings.Repeat("x", limit), false, strings.Repeat("x", limit), "", 0},
		{"a byte over the limit", "", strings.Repeat("x", limit+1), false, "", fault.TooLarge, 413},
		{"base64", "", base64d("tea"), true, "tea", "", 0},
		{"base64 of exactly the limit", "", base64d(strings.Repeat("x", limit)), true, strings.Repeat("x", limit), "", 0},
		{"base64 of a byte over the limit", "", base64d(strings.Repeat("x", limit+1)), true, "", fault.TooLarge, 413},
		{"base64 that is none", "", "!", true, "", fault.Invalid, 400},
		{"identity", "identity", "tea", false, "tea", "", 0},
		{"gzip", "gzip", base64d(packed), true, "tea", "", 0},
		{"gzip by its old name, in capitals", " X-GZIP ", base64d(packed), true, "tea", "", 0},
		{"gzip and identity", "identity, gzip", base64d(packed), true, "tea", "", 0},
		{"gzip in two members", "gzip", base64d(zipped(t, "te", "a")), true, "tea", "", 0},
		{"gzip that unpacks to exactly the limit", "gzip", base64d(zipped(t, strings.Repeat("x", limit))), true, strings.Repeat("x", limit), "", 0},
		{"gzip that unpacks to a byte more", "gzip", base64d(zipped(t, strings.Repeat("x", limit+1))), true, "", fault.TooLarge, 413},
		{"gzip that isn't", "gzip", base64d("tea"), true, "", fault.Invalid, 400},
		{"gzip of no length", "gzip", "", true, "", fault.Invalid, 400},
		{"gzip cut short", "gzip", base64d(packed[:len(packed)-3]), true, "", fault.Invalid, 400},
		{"gzip that lies about its length", "gzip", base64d(lying), true, "", fault.Invalid, 400},
		{"gzip with something behind it", "gzip", base64d(packed + "tea"), true, "", fault.Invalid, 400},
		{"gzip twice", "gzip, gzip", base64d(zipped(t, packed)), true, "", fault.Unsupported, 415},
		{"brotli", "br", base64d("tea"), true, "", fault.Unsupported, 415},
		{"deflate", "deflate", base64d("tea"), true, "", fault.Unsupported, 415},
		{"an encoding of its own", "gzip;q=1", base64d(packed), true, "", fault.Unsupported, 415},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := api.Body(&api.Request{Headers: map[string]string{"Content-Encoding": c.encoding}, Body: c.body, IsBase64Encoded: c.base64}, limit)
			if string(got) != c.want || fault.CodeOf(err) != c.code {
				t.Fatalf("got %q, %v; want %q, %s", got, err, c.want, c.code)
			}
			if err == nil {
				return
			}
			r := api.Error(err)
			if r.StatusCode != c.status || (c.status == 415) != (r.Headers["accept-encoding"] == "gzip") {
				t.Errorf("answered %d with %v", r.StatusCode, r.Headers)
			}
		})
	}
}

// TestHostileBodiesTakeBoundedMemory holds what is allocated to a few times the limit, however much is sent.
func TestHostileBodiesTakeBoundedMemory(t *testing.T) {
	const limit = 500 << 10
	bomb := base64d(zipped(t, strings.Repeat(" ", 30<<20)))
	members := base64d(zipped(t, make([]string, limit/32)...))
	cases := map[string]api.Request{
		"10 MB as they are": {Body: strings.Repeat("x", 10<<20)},
		"10 MB in base64":   {Body: strings.Repeat("eHh4", 10<<20/4), IsBase64Encoded: true},
		"a gzip bomb":       {Body: bomb, IsBase64Encoded: true, Headers: map[string]string{"content-encoding": "gzip"}},
		"gzip of nothing, sixteen thousand times": {Body: members, IsBase64Encoded: true, Headers: map[string]string{"content-encoding": "gzip"}},
		"commas for an encoding":                  {Body: "x", Headers: map[string]string{"content-encoding": strings.Repeat(",", 10<<10)}},
	}
	for name, r := range cases {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			body, err := api.Body(&r, limit)
			runtime.ReadMemStats(&after)
			if total := after.TotalAlloc - before.TotalAlloc; total > 4*limit {
				t.Errorf("%d KB allocated in all", total>>10)
			}
			if code := fault.CodeOf(err); len(body) > limit || err != nil && code != fault.TooLarge && code != fault.Invalid {
				t.Errorf("%d bytes, %v", len(body), err)
			}
		})
	}
}

// FuzzBody holds that whatever is sent under whatever encoding, a body is what the standard library unpacks and within
// the limit, or refused for a reason that is the sender's.
func FuzzBody(f *testing.F) {
	f.Add([]byte("tea"), "", false)
	f.Add([]byte(zipped(f, "tea")), "gzip", true)
	f.Add([]byte(zipped(f, "te", "a")), "x-gzip,identity", true)
	f.Add([]byte(zipped(f, strings.Repeat("x", 2000))), "gzip", true)
	f.Add([]byte("\x1f\x8b\x08\x1f\xff\xff"), "GZIP", true)
	f.Add([]byte("!"), "br", true)
	f.Fuzz(func(t *testing.T, body []byte, encoding string, encode bool) {
		const limit = 1000
		r := api.Request{Headers: map[string]string{"content-encoding": encoding}, Body: string(body), IsBase64Encoded: encode}
		if encode {
			r.Body = base64.StdEncoding.EncodeToString(body)
		}
		got, err := api.Body(&r, limit)
		if err != nil {
			if s := api.Error(err).StatusCode; s < 400 || s > 499 || got != nil {
				t.Fatalf("answered %d, %q", s, got)
			}
			return
		}
		want := body
		if strings.Contains(strings.ToLower(encoding), "gzip") {
			z, err := gzip.NewReader(bytes.NewReader(body))
			if err != nil {
				t.Fatalf("accepted, and the standard library says %v", err)
			}
			if want, err = io.ReadAll(z); err != nil {
				t.Fatalf("accepted, and the standard library says %v", err)
			}
		}
		if len(got) > limit || !bytes.Equal(got, want) {
			t.Fatalf("got %q, want %q", got, want)
		}
	})
}
