package token_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"liuke/shared/customer"
	"liuke/shared/fault"
	"liuke/shared/token"
)

const (
	secretA = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	secretB = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
	secretC = "cccccccccccccccccccccccccccccccccccc"
)

func ring(t testing.TB, current, previous string) *token.Keyring {
	t.Helper()
	r, err := token.NewKeyring(fmt.Appendf(nil, `{"current":%q,"previous":%q}`, current, previous))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestRoundTrip(t *testing.T) {
	r := ring(t, secretA, "")
	in := token.Survey{Survey: "nps", Customer: "客户-1", Invitation: "abc", Expires: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)}
	tok, err := r.Seal(token.PurposeSurvey, in)
	if err != nil {
		t.Fatal(err)
	}
	var out token.Survey
	if err := r.Open(token.PurposeSurvey, tok, &out); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(in, out); d != "" {
		t.Error(d)
	}
	if again, _ := r.Seal(token.PurposeSurvey, in); again == tok {
		t.Error("two tokens of one payload are equal: the nonce is not random")
	}
}

func TestRotation(t *testing.T) {
	old := ring(t, secretA, "")
	tok, err := old.Seal(token.PurposeUnsubscribe, token.Unsubscribe{Customer: "c", Channel: "email"})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		ring *token.Keyring
		want fault.Code
	}{
		{"the current key opens", old, ""},
		{"the previous key still opens", ring(t, secretB, secretA), ""},
		{"a key rotated out twice opens no more", ring(t, secretC, secretB), fault.Unauthorized},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out token.Unsubscribe
			err := c.ring.Open(token.PurposeUnsubscribe, tok, &out)
			if fault.CodeOf(err) != c.want {
				t.Fatalf("got %v, want code %q", err, c.want)
			}
			if c.want == "" && out.Customer != "c" {
				t.Errorf("opened %+v", out)
			}
		})
	}
}

func TestOpenRefuses(t *testing.T) {
	r := ring(t, secretA, secretB)
	tok, err := r.Seal(token.PurposeUnsubscribe, token.Unsubscribe{Customer: "c", Channel: "email"})
	if err != nil {
		t.Fatal(err)
	}
	padded := tok + strings.Repeat("=", (4-len(tok)%4)%4)
	if padded == tok {
		padded += "="
	}
	for name, bad := range map[string]string{
		"an empty token":            "",
		"a token cut short":         tok[:len(tok)-3],
		"a token with padding":      padded,
		"a token with a line break": tok[:8] + "\n" + tok[8:],
		"a token of another size":   tok + "AAAA",
		"one byte":                  "AA",
		"far too much":              strings.Repeat("A", 1<<20),
	} {
		t.Run(name, func(t *testing.T) {
			var out token.Unsubscribe
			if err := r.Open(token.PurposeUnsubscribe, bad, &out); fault.CodeOf(err) != fault.Unauthorized {
				t.Errorf("got %v, want unauthorized", err)
			}
		})
	}
	t.Run("a token of another purpose", func(t *testing.T) {
		var out token.Unsubscribe
		if err := r.Open(token.PurposeSurvey, tok, &out); fault.CodeOf(err) != fault.Unauthorized {
			t.Errorf("got %v, want unauthorized", err)
		}
	})
	t.Run("a token with any one bit changed", func(t *testing.T) {
		raw, err := base64.RawURLEncoding.DecodeString(tok)
		if err != nil {
			t.Fatal(err)
		}
		for i := range raw {
			for bit := range 8 {
				raw[i] ^= 1 << bit
				var out token.Unsubscribe
				if err := r.Open(token.PurposeUnsubscribe, base64.RawURLEncoding.EncodeToString(raw), &out); fault.CodeOf(err) != fault.Unauthorized {
					t.Fatalf("byte %d, bit %d: got %v, want unauthorized", i, bit, err)
				}
				raw[i] ^= 1 << bit
			}
		}
	})
}

func TestADigestIsOfItsKeyPurposeAndFieldsAlone(t *testing.T) {
	r := ring(t, secretA, secretB)
	want := r.Digest("a", []byte("x"), []byte("yz"))
	if len(want) != 32 || want != ring(t, secretA, "").Digest("a", []byte("x"), []byte("yz")) {
		t.Errorf("%q is not of the current key alone", want)
	}
	for name, other := range map[string]string{
		"another key":                    ring(t, secretB, "").Digest("a", []byte("x"), []byte("yz")),
		"another purpose":                r.Digest("b", []byte("x"), []byte("yz")),
		"the same bytes in other fields": r.Digest("a", []byte("xy"), []byte("z")),
		"a field more":                   r.Digest("a", []byte("x"), []byte("yz"), nil),
	} {
		if other == want {
			t.Errorf("%s makes the same digest", name)
		}
	}
}

func TestKeyringRefuses(t *testing.T) {
	for name, secret := range map[string]string{
		"what is not JSON":     secretA,
		"no current key":       `{"previous":"` + secretA + `"}`,
		"a short key":          `{"current":"short"}`,
		"a short previous key": `{"current":"` + secretA + `","previous":"short"}`,
	} {
		t.Run(name, func(t *testing.T) {
			_, err := token.NewKeyring([]byte(secret))
			if fault.CodeOf(err) != fault.Invalid {
				t.Fatalf("got %v, want invalid", err)
			}
			if strings.Contains(err.Error(), "short\"") || strings.Contains(err.Error(), secretA) {
				t.Errorf("the error repeats the secret: %v", err)
			}
		})
	}
}

func TestEntryFitsAMessageTag(t *testing.T) {
	r := ring(t, secretA, "")
	in := token.Entry{Customer: customer.ID(strings.Repeat(`"`, customer.MaxIDBytes)), Entry: "abcdefghijklmnopqrstuvwxya"}
	tok, err := r.Seal(token.PurposeEntry, in)
	if err != nil {
		t.Fatal(err)
	}
	if len(tok) > 256 {
		t.Errorf("a token of the longest customer id has %d characters, over the 256 of a tag", len(tok))
	}
	var out token.Entry
	if err := r.Open(token.PurposeEntry, tok, &out); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(in, out); d != "" {
		t.Error(d)
	}
	if _, err := r.Seal(token.PurposeEntry, token.Entry{Customer: "c", Entry: "short"}); fault.CodeOf(err) != fault.Invalid {
		t.Errorf("an ill-formed entry id: got %v, want invalid", err)
	}
}

// genuine is a token that an earlier build sealed with secretA: the format must go on opening.
const genuine = "597gYEHq6L4AW0wlYmxSfXfxYzsK0n0xxnUlG3uNEyss7bR3OR6UQUeTgKAlzA"

func FuzzOpen(f *testing.F) {
	r := ring(f, secretB, secretA)
	f.Add(genuine)
	f.Add(genuine[:40])
	f.Add("")
	f.Add("AAAA")
	f.Fuzz(func(t *testing.T, tok string) {
		var out token.Entry
		err := r.Open(token.PurposeEntry, tok, &out)
		switch want := (token.Entry{Customer: "c", Entry: "abcdefghijklmnopqrstuvwxya"}); {
		case tok == genuine && (err != nil || out != want):
			t.Errorf("the genuine token opened as %+v, %v", out, err)
		case tok != genuine && fault.CodeOf(err) != fault.Unauthorized:
			t.Errorf("%q, which nobody sealed, opened as %+v, %v", tok, out, err)
		}
	})
}

var clicked = token.Entry{Customer: "客户-1", Entry: "aebagbafaydqqcikbmga2dqpca"}

func TestClicksLeadWhereTheTokenSaysAndNowhereElse(t *testing.T) {
	r := ring(t, secretA, "")
	for _, address := range []string{
		"https://shop.example", "http://shop.example/a?b=c&d=%E5%AE%A2#e", "https://user.shop.example:8443/x;y?z", "https://[2001:db8::1]/", "HTTPS://Shop.Example/",
		"https://shop.example/" + strings.Repeat("x", token.MaxURLBytes-21),
	} {
		in := token.Click{Entry: clicked, URL: address}
		tok, err := r.Seal(token.PurposeClick, in)
		if err != nil {
			t.Fatal(address, err)
		}
		var out token.Click
		if err := r.Open(token.PurposeClick, tok, &out); err != nil || out != in {
			t.Errorf("%+v, %v", out, err)
		}
		if r.Open(token.PurposeEntry, tok, &token.Entry{}) == nil {
			t.Error("a click opens as an entry")
		}
	}
	for _, address := range []string{
		"", "/", "//shop.example", "shop.example", "javascript:alert(1)", "data:text/html,x", "ftp://shop.example", "mailto:a@shop.example",
		"https://", "https:///x", "https:shop.example", "https://:80/", "https://shop.example@evil.example/", "https://shop.example\\@evil.example", "https://shop.example/\r\nset-cookie: a=b",
		"https://shop.example/ a", "https://客户.example/", "https://shop.example/客", "https://shop.example/%zz", "https://shop.example/\x00",
		"https://shop.example/" + strings.Repeat("x", token.MaxURLBytes-20),
	} {
		if tok, err := r.Seal(token.PurposeClick, token.Click{Entry: clicked, URL: address}); err == nil {
			t.Errorf("%q is sealed as %s", address, tok)
		}
	}
}

func FuzzClick(f *testing.F) {
	whole, err := token.Click{Entry: clicked, URL: "https://shop.example/a"}.MarshalBinary()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	f.Add(whole[:17])
	f.Add(append(make([]byte, 16), 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01))
	f.Fuzz(func(t *testing.T, b []byte) {
		var c token.Click
		if c.UnmarshalBinary(b) != nil {
			return
		}
		if u, err := token.ParseURL(c.URL); err != nil || strings.ContainsAny(c.URL, "\r\n\\ ") || u.Hostname() == "" {
			t.Fatalf("%q", c.URL)
		}
		if again, err := c.MarshalBinary(); err != nil {
			t.Fatal(err)
		} else if string(again) != string(b) && len(again) >= len(b) { // a length may be spelled longer than it must
			t.Fatalf("%x, then %x", b, again)
		}
	})
}
