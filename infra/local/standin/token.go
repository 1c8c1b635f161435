package standin

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net/http"
	"os"
	"time"

	"liuke/shared/clock"
)

// Issuer hands out operators' tokens in place of a Cognito user pool: JWTs (RFC 7519) signed with RS256, as access
// tokens are there ("Understanding the access token"): the client stands in client_id, not in aud.
type Issuer struct {
	url    string
	client string
	now    clock.Now
	key    *rsa.PrivateKey
	id     string
}

const keyBits = 2048

// OpenIssuer returns an issuer with the URL and client id that the template's authorizer asks for. Its key is read from
// the file, or made and kept there, so that tokens outlive a restart; without a file it lives as long as the process.
func OpenIssuer(file, url, client string, now clock.Now) (*Issuer, error) {
	key, err := openKey(file)
	if err != nil {
		return nil, fmt.Errorf("open the key of operators' tokens: %w", err)
	}
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		return nil, fmt.Errorf("open the key of operators' tokens: %w", err)
	}
	sum := sha256.Sum256(public)
	return &Issuer{url: url, client: client, now: now, key: key, id: hex.EncodeToString(sum[:8])}, nil
}

func openKey(file string) (*rsa.PrivateKey, error) {
	if file != "" {
		raw, err := os.ReadFile(file)
		if err == nil {
			block, _ := pem.Decode(raw)
			if block == nil {
				return nil, fmt.Errorf("%s holds no PEM block; remove it", file)
			}
			return x509.ParsePKCS1PrivateKey(block.Bytes)
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	key, err := rsa.GenerateKey(rand.Reader, keyBits)
	if err != nil || file == "" {
		return key, err
	}
	raw := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	return key, os.WriteFile(file, raw, 0o600)
}

// Mint returns a token for a subject that is valid from now on, by the suite's clock, for the lifetime. Further claims
// are added; they may replace the usual ones.
func (i *Issuer) Mint(subject string, lifetime time.Duration, claims map[string]any) (string, error) {
	now := i.now()
	all := map[string]any{
		"iss": i.url, "client_id": i.client, "sub": subject, "username": subject, "token_use": "access",
		"jti": newUUID(), "iat": now.Unix(), "auth_time": now.Unix(), "exp": now.Add(lifetime).Unix(),
	}
	for name, value := range claims {
		all[name] = value
	}
	head, err := json.Marshal(map[string]string{"alg": "RS256", "kid": i.id, "typ": "JWT"})
	if err != nil {
		return "", err
	}
	body, err := json.Marshal(all)
	if err != nil {
		return "", fmt.Errorf("mint a token: %w", err)
	}
	signed := base64.RawURLEncoding.EncodeToString(head) + "." + base64.RawURLEncoding.EncodeToString(body)
	sum := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(rand.Reader, i.key, crypto.SHA256, sum[:])
	if err != nil {
		return "", fmt.Errorf("mint a token: %w", err)
	}
	return signed + "." + base64.RawURLEncoding.EncodeToString(signature), nil
}

// Keys are the issuer's public keys by their id, for a Verifier.
func (i *Issuer) Keys() map[string]*rsa.PublicKey {
	return map[string]*rsa.PublicKey{i.id: &i.key.PublicKey}
}

// ServeHTTP answers with the issuer's keys (RFC 7517), as under /.well-known/jwks.json of a user pool.
func (i *Issuer) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	public := i.key.PublicKey
	writeJSON(w, http.StatusOK, map[string]any{"keys": []map[string]string{{
		"kty": "RSA", "use": "sig", "alg": "RS256", "kid": i.id,
		"n": base64.RawURLEncoding.EncodeToString(public.N.Bytes()),
		"e": base64.RawURLEncoding.EncodeToString(big.NewInt(int64(public.E)).Bytes()),
	}}})
}
