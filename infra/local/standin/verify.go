package standin

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"liuke/shared/clock"
)

// Verifier decides as the JWT authorizer of an HTTP API does ("Controlling access to HTTP APIs with JWT authorizers").
type Verifier struct {
	Issuer   string
	Audience []string
	Keys     map[string]*rsa.PublicKey // by key id
	Now      clock.Now                 // the suite's clock
}

// Claims are a token's claims as a function sees them in requestContext.authorizer.jwt.claims: texts, lists as "[a b]".
type Claims map[string]string

// Refused is why a token is not taken. The gateway answers it 401, or 403 where a scope is missing, with the body
// {"message":"Unauthorized"} or {"message":"Forbidden"} and, for a 401, the header WWW-Authenticate.
type Refused struct {
	Status int // 401 or 403
	Reason string
}

// Error returns the reason.
func (r *Refused) Error() string { return r.Reason }

// Challenge is the value of WWW-Authenticate (RFC 6750).
func (r *Refused) Challenge() string {
	return fmt.Sprintf(`Bearer scope="" error="invalid_token" error_description=%q`, r.Reason)
}

// Verify checks the header Authorization, "Bearer TOKEN" or the bare token: signature, issuer, audience (aud, or
// client_id where there is none), exp, nbf and iat, and that the token has one of the scopes, where any are asked for. The
// error is a *Refused.
func (v *Verifier) Verify(authorization string, scopes ...string) (Claims, error) {
	token := strings.TrimSpace(authorization)
	if len(token) > 7 && strings.EqualFold(token[:7], "Bearer ") {
		token = strings.TrimSpace(token[7:])
	}
	if token == "" {
		return nil, &Refused{401, "no token was sent"}
	}
	raw, err := v.verifySignature(token)
	if err != nil {
		return nil, err
	}
	var claims map[string]any
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	if err := decoder.Decode(&claims); err != nil || claims == nil {
		return nil, &Refused{401, "the token's claims are not a JSON object"}
	}
	if err := v.verifyClaims(claims); err != nil {
		return nil, err
	}
	scope, _ := claims["scope"].(string)
	if len(scopes) > 0 && !slices.ContainsFunc(scopes, func(s string) bool { return slices.Contains(strings.Fields(scope), s) }) {
		return nil, &Refused{403, "the token has none of the scopes that the route asks for"}
	}
	return asTexts(claims), nil
}

// verifySignature returns the claims, still encoded, of a token that one of the keys has signed.
func (v *Verifier) verifySignature(token string) ([]byte, error) {
	malformed := &Refused{401, "the token is not a JWT"}
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil, malformed
	}
	var decoded [3][]byte
	for i, part := range parts {
		var err error
		if decoded[i], err = base64.RawURLEncoding.DecodeString(part); err != nil {
			return nil, malformed
		}
	}
	var head struct {
		Algorithm string `json:"alg"`
		Key       string `json:"kid"`
	}
	if err := json.Unmarshal(decoded[0], &head); err != nil {
		return nil, malformed
	}
	key := v.Keys[head.Key]
	if head.Algorithm != "RS256" || key == nil {
		return nil, &Refused{401, "the token is not signed with RS256 by a key of the issuer"}
	}
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if err := rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], decoded[2]); err != nil {
		return nil, &Refused{401, "the token's signature is not valid"}
	}
	return decoded[1], nil
}

func (v *Verifier) verifyClaims(claims map[string]any) error {
	if claims["iss"] != v.Issuer {
		return &Refused{401, "the token comes from another issuer"}
	}
	audience := audienceOf(claims["aud"])
	if client, ok := claims["client_id"].(string); ok && len(audience) == 0 {
		audience = []string{client}
	}
	if !slices.ContainsFunc(audience, func(a string) bool { return slices.Contains(v.Audience, a) }) {
		return &Refused{401, "the token is meant for another audience"}
	}
	now := v.Now()
	exp, ok := instant(claims["exp"])
	switch {
	case !ok:
		return &Refused{401, "the token has no time of expiry"}
	case !now.Before(exp):
		return &Refused{401, "the token has expired"}
	}
	for _, name := range []string{"nbf", "iat"} {
		if _, present := claims[name]; !present {
			continue
		}
		if at, ok := instant(claims[name]); !ok || now.Before(at) {
			return &Refused{401, "the token is not valid yet"}
		}
	}
	return nil
}

func audienceOf(claim any) []string {
	switch claim := claim.(type) {
	case string:
		return []string{claim}
	case []any:
		var list []string
		for _, a := range claim {
			if s, ok := a.(string); ok {
				list = append(list, s)
			}
		}
		return list
	}
	return nil
}

// instant reads a NumericDate: seconds since 1970, possibly with a fraction.
func instant(claim any) (time.Time, bool) {
	number, ok := claim.(json.Number)
	if !ok {
		return time.Time{}, false
	}
	seconds, err := number.Float64()
	if err != nil || seconds < 0 || seconds > 1<<40 {
		return time.Time{}, false
	}
	return time.UnixMicro(int64(seconds * 1e6)), true
}

func asTexts(claims map[string]any) Claims {
	texts := Claims{}
	for name, claim := range claims {
		switch claim := claim.(type) {
		case nil:
		case string:
			texts[name] = claim
		default:
			texts[name] = fmt.Sprint(claim)
		}
	}
	return texts
}
