package standin

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const (
	issuerURL = "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_abc"
	clientID  = "client1"
)

func TestVerify(t *testing.T) {
	now := noon
	issuer, err := OpenIssuer("", issuerURL, clientID, func() time.Time { return noon })
	if err != nil {
		t.Fatal(err)
	}
	other, err := OpenIssuer("", issuerURL, clientID, func() time.Time { return noon })
	if err != nil {
		t.Fatal(err)
	}
	v := &Verifier{Issuer: issuerURL, Audience: []string{clientID}, Keys: issuer.Keys(), Now: func() time.Time { return now }}
	mint := func(i *Issuer, claims map[string]any) string {
		token, err := i.Mint("ann", time.Hour, claims)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	good := mint(issuer, nil)
	parts := strings.Split(good, ".")
	none := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","kid":"` + issuer.id + `"}`))
	cases := []struct {
		name   string
		header string
		at     time.Time
		scopes []string
		status int // 0 where it is taken
	}{
		{"a token of the issuer is taken", "Bearer " + good, noon, nil, 0},
		{"a token without the word Bearer is taken", good, noon, nil, 0},
		{"a token is taken until the last moment", good, noon.Add(time.Hour - time.Second), nil, 0},
		{"a token is refused from its expiry on", good, noon.Add(time.Hour), nil, 401},
		{"a token from the future is refused", good, noon.Add(-time.Second), nil, 401},
		{"a token that is not valid yet is refused", mint(issuer, map[string]any{"nbf": noon.Add(time.Minute).Unix()}), noon, nil, 401},
		{"a token of another issuer is refused", mint(issuer, map[string]any{"iss": "https://else.example"}), noon, nil, 401},
		{"a token of another client is refused", mint(issuer, map[string]any{"client_id": "client2"}), noon, nil, 401},
		{"aud goes before client_id", mint(issuer, map[string]any{"aud": "client2"}), noon, nil, 401},
		{"aud may be a list", mint(issuer, map[string]any{"aud": []string{"x", clientID}}), noon, nil, 0},
		{"a token without an expiry is refused", mint(issuer, map[string]any{"exp": nil}), noon, nil, 401},
		{"a token signed by another key is refused", mint(other, nil), noon, nil, 401},
		{"a token without a signature is refused", none + "." + parts[1] + ".", noon, nil, 401},
		{"a token with changed claims is refused", parts[0] + "." + strings.Split(mint(issuer, map[string]any{"sub": "bob"}), ".")[1] + "." + parts[2], noon, nil, 401},
		{"no token is refused", "", noon, nil, 401},
		{"what is no token is refused", "Bearer abc", noon, nil, 401},
		{"a scope that the token has is enough", mint(issuer, map[string]any{"scope": "a b"}), noon, []string{"b", "c"}, 0},
		{"a scope that the token lacks is forbidden", good, noon, []string{"b"}, 403},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			now = c.at
			claims, err := v.Verify(c.header, c.scopes...)
			var refused *Refused
			switch {
			case c.status == 0 && (err != nil || claims["sub"] != "ann" || claims["client_id"] != clientID || claims["exp"] == ""):
				t.Errorf("claims = %v, %v", claims, err)
			case c.status != 0 && (!errors.As(err, &refused) || refused.Status != c.status):
				t.Errorf("error = %v, want status %d", err, c.status)
			}
		})
	}
}

func TestIssuerKeepsItsKey(t *testing.T) {
	file := filepath.Join(t.TempDir(), "operator-key.pem")
	now := func() time.Time { return noon }
	first, err := OpenIssuer(file, issuerURL, clientID, now)
	if err != nil {
		t.Fatal(err)
	}
	token, err := first.Mint("ann", time.Hour, nil)
	if err != nil {
		t.Fatal(err)
	}
	again, err := OpenIssuer(file, issuerURL, clientID, now)
	if err != nil {
		t.Fatal(err)
	}
	v := &Verifier{Issuer: issuerURL, Audience: []string{clientID}, Keys: again.Keys(), Now: now}
	if _, err := v.Verify("Bearer " + token); err != nil {
		t.Errorf("a token from before the restart: %v", err)
	}
	w := httptest.NewRecorder()
	again.ServeHTTP(w, httptest.NewRequest("GET", "/.well-known/jwks.json", nil))
	var set struct {
		Keys []struct{ Kty, Kid, N, E string }
	}
	if err := json.Unmarshal(w.Body.Bytes(), &set); err != nil || len(set.Keys) != 1 || set.Keys[0].Kid != again.id || set.Keys[0].E != "AQAB" {
		t.Errorf("keys = %s", w.Body)
	}
}
