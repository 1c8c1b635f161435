// Package gateway is an API Gateway HTTP API on this machine: it takes the template's routes, verifies JWTs where a route
// asks for one, hands requests to functions as events of payload format 2.0 and writes their answers, to pages of other
// origins as its CORS settings have it. Limits are those of AWS: 10 MB a request, 6 MB the event that a function is given,
// 30 seconds an integration. Throttling is left out.
package gateway

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/aws/aws-lambda-go/events"
)

// Route is a route of the API and what answers it.
type Route struct {
	Key    string // "POST /v1/track", "ANY /x/{proxy+}" or "$default"
	Invoke func(ctx context.Context, payload []byte) ([]byte, error)
	// Authorize, where set, verifies the header Authorization, and that the token has one of the scopes if there are any,
	// and returns the token's claims. An error is answered as the Refusal that it is, or else 401.
	Authorize func(authorization string, scopes []string) (claims map[string]string, err error)
	Scopes    []string
}

// Refusal is why a request is not let through.
type Refusal struct {
	Status    int    // 401 or 403
	Challenge string // value of the header WWW-Authenticate
	Reason    string // not told to the caller
}

// Error returns the reason.
func (r *Refusal) Error() string { return r.Reason }

// Config describes an API.
type Config struct {
	Account string
	APIID   string
	Routes  []Route
	CORS    CORS
	Now     func() time.Time
}

// Gateway serves an API over HTTP.
type Gateway struct {
	config Config
	routes []*route
}

// New returns the API. It returns an error for a route key that it cannot read.
func New(config Config) (*Gateway, error) {
	g := &Gateway{config: config}
	for i := range config.Routes {
		r, err := parseRoute(&config.Routes[i])
		if err != nil {
			return nil, err
		}
		g.routes = append(g.routes, r)
	}
	return g, nil
}

const (
	maxBody       = 10 << 20
	maxEvent      = 6 << 20  // Lambda's limit of a synchronous invocation, which the event reaches before the request does
	drained       = 64 << 20 // the most of a body that is too long which is read, and forgotten, to be able to answer
	integrationIn = 30 * time.Second
)

// ServeHTTP answers one request.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if g.config.CORS.preflight(w, r) {
		return
	}
	g.config.CORS.mark(w.Header(), r)
	match, parameters := g.find(r.Method, r.URL.EscapedPath())
	if match == nil {
		message(w, http.StatusNotFound, "Not Found")
		return
	}
	var authorizer *events.APIGatewayV2HTTPRequestContextAuthorizerDescription
	if match.Authorize != nil {
		claims, err := match.Authorize(r.Header.Get("Authorization"), match.Scopes)
		if err != nil {
			refuse(w, err)
			return
		}
		authorizer = &events.APIGatewayV2HTTPRequestContextAuthorizerDescription{
			JWT: &events.APIGatewayV2HTTPRequestContextAuthorizerJWTDescription{Claims: claims, Scopes: match.Scopes},
		}
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil {
		message(w, http.StatusBadRequest, "Bad Request")
		return
	}
	if len(body) > maxBody {
		io.CopyN(io.Discard, r.Body, drained) // a caller who is still writing would see its connection break, not the answer
		message(w, http.StatusRequestEntityTooLarge, "Request Entity Too Large")
		return
	}
	event := g.event(r, match.Key, parameters, body)
	event.RequestContext.Authorizer = authorizer
	payload, err := encode(event)
	if err != nil {
		message(w, http.StatusInternalServerError, "Internal Server Error")
		return
	}
	if len(payload) > maxEvent {
		message(w, http.StatusRequestEntityTooLarge, "Request Entity Too Large")
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), integrationIn) // as in AWS, a caller that leaves stops nothing
	defer cancel()
	answer, err := match.Invoke(ctx, payload)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		message(w, http.StatusServiceUnavailable, "Service Unavailable")
	case err != nil:
		message(w, http.StatusInternalServerError, "Internal Server Error")
	default:
		g.write(w, answer)
	}
}

// encode writes an event as API Gateway does: without the escapes of Go's own encoding, which would make it longer.
func encode(event any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(event)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

func refuse(w http.ResponseWriter, err error) {
	refusal := &Refusal{Status: http.StatusUnauthorized, Challenge: "Bearer"}
	errors.As(err, &refusal)
	if refusal.Status == http.StatusUnauthorized {
		w.Header().Set("Www-Authenticate", refusal.Challenge)
	}
	message(w, refusal.Status, http.StatusText(refusal.Status))
}

// write writes a function's answer: an object with a status code, or any other JSON, which is a body with status 200.
func (g *Gateway) write(w http.ResponseWriter, answer []byte) {
	var response struct {
		events.APIGatewayV2HTTPResponse
		StatusCode *int `json:"statusCode"`
	}
	if err := json.Unmarshal(answer, &response); err != nil || response.StatusCode == nil {
		if !json.Valid(answer) {
			message(w, http.StatusInternalServerError, "Internal Server Error")
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.Write(answer) // a caller that has gone needs no answer
		return
	}
	body, err := bodyOf(&response.APIGatewayV2HTTPResponse)
	if err != nil || *response.StatusCode < 200 || *response.StatusCode > 599 {
		message(w, http.StatusInternalServerError, "Internal Server Error")
		return
	}
	for name, value := range response.Headers {
		if !g.config.CORS.own(name) {
			w.Header().Set(name, value)
		}
	}
	for _, cookie := range response.Cookies {
		w.Header().Add("Set-Cookie", cookie)
	}
	if w.Header().Get("Content-Type") == "" {
		w.Header().Set("Content-Type", "text/plain;charset=UTF-8")
	}
	w.WriteHeader(*response.StatusCode)
	w.Write(body)
}

// message is how API Gateway itself answers.
func message(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(map[string]string{"message": text})
}

func requestID() string { return rand.Text()[:15] + "=" }
