package proxy

import (
	"context"
	"crypto/subtle"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// credential is what a signature tells: who calls which service, from which process.
type credential struct {
	accessKey string
	service   string
	session   string // the session token, by which a suite tells one process of a function from another
}

const (
	algorithm   = "AWS4-HMAC-SHA256"
	amzDate     = "20060102T150405Z"
	maxLifetime = 7 * 24 * time.Hour
)

// identify reads the signature of a call, from its header or, of a presigned URL, from its query. The service is known
// even where an error is returned, if the request has any signature at all.
func (p *Proxy) identify(r *http.Request) (credential, error) {
	query := r.URL.Query()
	header := r.Header.Get("Authorization")
	scope, session := "", ""
	presigned := false
	switch {
	case strings.HasPrefix(header, algorithm+" "):
		for _, part := range strings.Split(header[len(algorithm)+1:], ",") {
			if value, ok := strings.CutPrefix(strings.TrimSpace(part), "Credential="); ok {
				scope = value
			}
		}
		session = r.Header.Get("X-Amz-Security-Token")
	case query.Get("X-Amz-Algorithm") == algorithm:
		presigned = true
		scope, session = query.Get("X-Amz-Credential"), query.Get("X-Amz-Security-Token")
	}
	parts := strings.Split(scope, "/") // key/date/region/service/aws4_request
	if len(parts) != 5 {
		return credential{service: serviceS3}, refusal{kind: unauthenticated, message: "the request is not signed"}
	}
	cred := credential{accessKey: parts[0], service: parts[3], session: session}
	caller, ok := p.cfg.Callers[cred.accessKey]
	if !ok {
		return cred, refusal{kind: unauthenticated, message: "the access key belongs to no function of the suite"}
	}
	if presigned {
		return cred, p.verifyPresigned(r, query, caller, cred, parts[2])
	}
	return cred, nil
}

// verifyPresigned signs the URL again, by the time and headers that it names itself, and compares.
func (p *Proxy) verifyPresigned(r *http.Request, query url.Values, caller Caller, cred credential, region string) error {
	at, err := time.Parse(amzDate, query.Get("X-Amz-Date"))
	if err != nil {
		return refusal{kind: unauthenticated, message: "X-Amz-Date is not a time of the form " + amzDate}
	}
	seconds, err := strconv.Atoi(query.Get("X-Amz-Expires"))
	lifetime := time.Duration(seconds) * time.Second
	if err != nil || seconds < 1 || lifetime > maxLifetime {
		return refusal{kind: unauthenticated, message: "X-Amz-Expires is not between 1 and 604800 seconds"}
	}
	if p.cfg.Now().After(at.Add(lifetime)) {
		return refusal{kind: denied, message: "Request has expired"}
	}
	signature := query.Get("X-Amz-Signature")
	again := r.Clone(context.Background())
	again.Body, again.Header, again.ContentLength = nil, http.Header{}, 0
	for _, name := range strings.Split(query.Get("X-Amz-SignedHeaders"), ";") {
		if name == "content-length" { // an upload of this length alone
			again.ContentLength = max(r.ContentLength, 0)
		}
		if values := r.Header.Values(name); len(values) > 0 {
			again.Header[http.CanonicalHeaderKey(name)] = values
		}
	}
	for _, name := range []string{"Algorithm", "Credential", "Date", "SignedHeaders", "Security-Token", "Signature"} {
		query.Del("X-Amz-" + name)
	}
	again.URL.Scheme, again.URL.Host, again.URL.RawQuery = "http", r.Host, query.Encode()
	keys := aws.Credentials{AccessKeyID: cred.accessKey, SecretAccessKey: caller.Secret, SessionToken: cred.session}
	signed, _, err := v4.NewSigner().PresignHTTP(r.Context(), keys, again, "UNSIGNED-PAYLOAD", cred.service, region, at,
		func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true })
	if err != nil {
		return refusal{kind: unauthenticated, message: "the signature cannot be checked"}
	}
	want, err := url.Parse(signed)
	if err != nil || subtle.ConstantTimeCompare([]byte(want.Query().Get("X-Amz-Signature")), []byte(signature)) != 1 {
		return refusal{kind: denied, message: "the signature does not match the URL: it was changed after it was signed"}
	}
	return nil
}
