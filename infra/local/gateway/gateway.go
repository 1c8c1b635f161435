// Package gateway is an API Gateway HTTP API on this machine: it takes the template's routes, verifies JWTs where a route
// asks for one, hands requests to functions as events of payload format 2.0 and writes their answers. Limits are those of
// AWS: 10 MB a request, 30 seconds an integration. Throttling and CORS are left out.
package gateway

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"
)

// Route is a route of the API and what answers it.
type Route struct {
	Key    string // "POST /v1/track", "ANY /x/{proxy+}" or "$default"
	Invoke func(ctx context.Context, payload []byte) ([]byte, error)
	// Authorize, where set, verifies the caller's bearer token and returns its claims. An error is answered 401.
	Authorize func(token string) (claims map[string]string, err error)
	Scopes    []string // of which a token must have one; none asks for none
}

// Config describes an API.
type Config struct {
	Account string
	APIID   string
	Routes  []Route
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
	integrationIn = 30 * time.Second
)

// ServeHTTP answers one request.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	match, parameters := g.find(r.Method, r.URL.EscapedPath())
	if match == nil {
		message(w, http.StatusNotFound, "Not Found")
		return
	}
	var authorizer *events.APIGatewayV2HTTPRequestContextAuthorizerDescription
	if match.Authorize != nil {
		claims, status := authorize(match, r.Header.Get("Authorization"))
		if status != http.StatusOK {
			if status == http.StatusUnauthorized {
				w.Header().Set("Www-Authenticate", "Bearer")
			}
			message(w, status, http.StatusText(status))
			return
		}
		authorizer = &events.APIGatewayV2HTTPRequestContextAuthorizerDescription{
			JWT: &events.APIGatewayV2HTTPRequestContextAuthorizerJWTDescription{Claims: claims, Scopes: match.Scopes},
		}
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		var over *http.MaxBytesError
		if errors.As(err, &over) {
			message(w, http.StatusRequestEntityTooLarge, "Request Entity Too Large")
			return
		}
		message(w, http.StatusBadRequest, "Bad Request")
		return
	}
	event := g.event(r, match.Key, parameters, body)
	event.RequestContext.Authorizer = authorizer
	payload, err := json.Marshal(event)
	if err != nil {
		message(w, http.StatusInternalServerError, "Internal Server Error")
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
		write(w, answer)
	}
}

// authorize verifies a request's token and returns its claims with 200, or else 401 or 403.
func authorize(r *route, header string) (map[string]string, int) {
	scheme, token, ok := strings.Cut(header, " ")
	if !ok {
		token = header // AWS takes a bare token, too
	} else if !strings.EqualFold(scheme, "Bearer") {
		return nil, http.StatusUnauthorized
	}
	claims, err := r.Authorize(strings.TrimSpace(token))
	if err != nil || token == "" {
		return nil, http.StatusUnauthorized
	}
	if len(r.Scopes) == 0 {
		return claims, http.StatusOK
	}
	granted := strings.Fields(claims["scope"] + " " + claims["scp"])
	for _, want := range r.Scopes {
		for _, have := range granted {
			if want == have {
				return claims, http.StatusOK
			}
		}
	}
	return nil, http.StatusForbidden
}

// write writes a function's answer: an object with a status code, or any other JSON, which is a body with status 200.
func write(w http.ResponseWriter, answer []byte) {
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
		w.Header().Set(name, value)
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
