package suite

import (
	"context"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"liuke/infra/local/gateway"
	"liuke/infra/local/standin"
	"liuke/infra/local/template"
)

const (
	localPath  = "/_local/"
	outboxPath = localPath + "outbox"
)

// serve puts the HTTP API and, under /_local/, the suite's own pages on the address.
func (s *Suite) serve(context.Context) error {
	routes, err := s.App.Routes()
	if err != nil {
		return err
	}
	cors, err := s.App.CORS()
	if err != nil {
		return err
	}
	config := gateway.Config{Account: s.App.Account, Now: s.Clock.Now, CORS: gateway.CORS(cors)}
	for _, r := range routes {
		config.APIID = r.API
		config.Routes = append(config.Routes, s.route(r))
	}
	api, err := gateway.New(config)
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("/", api)
	s.addLocal(mux)
	var handler http.Handler = mux
	s.handler.Store(&handler)
	return nil
}

func (s *Suite) route(r *template.Route) gateway.Route {
	route := gateway.Route{Key: r.Key, Scopes: r.Scopes, Invoke: func(ctx context.Context, payload []byte) ([]byte, error) {
		// API Gateway asks as the route "api/stage/method/path", its parameters as *.
		if err := s.authority.InvokeFrom("apigateway.amazonaws.com", r.Function, s.routeARN(r)); err != nil {
			return nil, err
		}
		return s.invoke(ctx, r.Function, payload)
	}}
	if r.Authorizer == nil {
		return route
	}
	verifier := &standin.Verifier{Issuer: r.Authorizer.Issuer, Audience: r.Authorizer.Audience, Keys: map[string]*rsa.PublicKey{}, Now: s.Clock.Now}
	verifier.Keys = s.issuer.Keys()
	route.Authorize = func(authorization string, scopes []string) (map[string]string, error) {
		claims, err := verifier.Verify(authorization, scopes...)
		var refused *standin.Refused
		if errors.As(err, &refused) {
			return nil, &gateway.Refusal{Status: refused.Status, Challenge: refused.Challenge(), Reason: refused.Reason}
		}
		return claims, err
	}
	return route
}

func (s *Suite) routeARN(r *template.Route) string {
	method, path, _ := strings.Cut(r.Key, " ")
	return "arn:aws:execute-api:" + s.App.Region + ":" + s.App.Account + ":" + r.API + "/$default/" + method + path
}

// guard keeps other sites' pages from the suite's own interface: a request that a browser sends for one names its origin,
// or, where the site's name was made to lead to this machine (DNS rebinding), comes under that name.
func (s *Suite) guard(own http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		origin := r.Header.Get("Origin")
		if !s.isOwnName(r.Host) || origin != "" && origin != "http://"+r.Host {
			answer(w, http.StatusForbidden, map[string]string{"error": "this is not for other sites: use " + s.URL})
			return
		}
		own.ServeHTTP(w, r)
	})
}

// isOwnName says whether the host of a request is an address, localhost, or the name that the suite was told to listen on:
// no name that somebody else could have made to lead here.
func (s *Suite) isOwnName(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	if net.ParseIP(strings.Trim(host, "[]")) != nil || strings.EqualFold(host, "localhost") {
		return true
	}
	own, _, err := net.SplitHostPort(s.options.Addr)
	return err == nil && own != "" && strings.EqualFold(own, host)
}

// addLocal adds the suite's own interface.
func (s *Suite) addLocal(all *http.ServeMux) {
	mux := http.NewServeMux()
	all.Handle(localPath, s.guard(mux))
	handle := func(pattern string, f func(http.ResponseWriter, *http.Request) (any, error)) {
		method, path, _ := strings.Cut(pattern, " ")
		mux.HandleFunc(method+" "+localPath+path, func(w http.ResponseWriter, r *http.Request) {
			v, err := f(w, r)
			switch {
			case errors.Is(err, errNotFound):
				answer(w, http.StatusNotFound, map[string]string{"error": err.Error()})
			case errors.As(err, new(*badRequest)):
				answer(w, http.StatusBadRequest, map[string]string{"error": err.Error()})
			case err != nil:
				answer(w, http.StatusBadGateway, map[string]string{"error": err.Error()})
			default:
				answer(w, http.StatusOK, v)
			}
		})
	}
	handle("GET clock", func(http.ResponseWriter, *http.Request) (any, error) { return s.clockView(), nil })
	handle("POST clock", s.setClock)
	handle("GET queues", func(_ http.ResponseWriter, r *http.Request) (any, error) { return s.State(r.Context()) })
	handle("POST schedules", s.pause)
	handle("POST schedules/{name}", func(_ http.ResponseWriter, r *http.Request) (any, error) {
		return map[string]bool{"fired": true}, s.Fire(r.Context(), r.PathValue("name"))
	})
	mux.Handle("POST "+localPath+"events", s.buses)
	handle("POST texts", s.textFrom)
	handle("PUT secrets/{name}", s.putSecret)
	handle("POST expire", s.expire)
	handle("GET permissions", func(http.ResponseWriter, *http.Request) (any, error) { return s.Permissions(), nil })
	handle("GET units", func(http.ResponseWriter, *http.Request) (any, error) {
		return map[string]any{"functions": s.Units()}, nil
	})
	mux.Handle("GET "+localPath+"jwks.json", s.issuer)
	if s.hooks != nil {
		mux.Handle(hooksPath, s.hooks)
	}
	page := standin.NewPage(s.outbox, outboxPath)
	mux.Handle(outboxPath, page)
	mux.Handle(outboxPath+"/", page)
	mux.HandleFunc(localPath, func(w http.ResponseWriter, r *http.Request) {
		answer(w, http.StatusNotFound, map[string]string{"error": "there are clock, events, expire, queues, schedules, secrets, texts, hooks, permissions, units and outbox"})
	})
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(v) // a caller that has gone needs no answer
}

type badRequest struct{ error }

func decode(r *http.Request, into any) error {
	d := json.NewDecoder(io.LimitReader(r.Body, 1<<16))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return &badRequest{fmt.Errorf("read the body: %w", err)}
	}
	return nil
}

func (s *Suite) clockView() any {
	return map[string]string{"now": s.Clock.Now().Format(time.RFC3339Nano)}
}

// setClock takes {"now":"2026-01-31T00:00:00Z"} or {"advance":"24h"}.
func (s *Suite) setClock(_ http.ResponseWriter, r *http.Request) (any, error) {
	var body struct {
		Now     time.Time `json:"now"`
		Advance string    `json:"advance"`
	}
	if err := decode(r, &body); err != nil {
		return nil, err
	}
	var err error
	switch {
	case !body.Now.IsZero() && (body.Now.Year() < 2000 || body.Now.Year() > 2099):
		return nil, &badRequest{errors.New("the clock can be set to the years 2000 to 2099")}
	case !body.Now.IsZero() && body.Advance == "":
		err = s.Clock.Set(body.Now)
	case body.Now.IsZero() && body.Advance != "":
		var by time.Duration
		if by, err = time.ParseDuration(body.Advance); err != nil {
			return nil, &badRequest{fmt.Errorf("advance: %w", err)}
		}
		if year := s.Clock.Now().Add(by).Year(); year < 2000 || year > 2099 {
			return nil, &badRequest{errors.New("the clock can be set to the years 2000 to 2099")}
		}
		err = s.Clock.Advance(by)
	default:
		return nil, &badRequest{errors.New(`give either {"now":"2026-01-31T00:00:00Z"} or {"advance":"24h"}`)}
	}
	return s.clockView(), err
}

// pause takes {"paused":true} or {"paused":false}.
func (s *Suite) pause(_ http.ResponseWriter, r *http.Request) (any, error) {
	var body struct {
		Paused *bool `json:"paused"`
	}
	if err := decode(r, &body); err != nil {
		return nil, err
	}
	if body.Paused == nil {
		return nil, &badRequest{errors.New(`give {"paused":true} or {"paused":false}`)}
	}
	s.Pause(*body.Paused)
	return body, nil
}

// putSecret gives a secret of the template a new value, as an operator does in Secrets Manager: the body, for the secret
// that people call by the name in the path. Functions see it within the minutes that they keep the old one.
func (s *Suite) putSecret(_ http.ResponseWriter, r *http.Request) (any, error) {
	name := r.PathValue("name")
	value, err := io.ReadAll(io.LimitReader(r.Body, 1<<16))
	if err != nil || !json.Valid(value) {
		return nil, &badRequest{errors.New("give the secret's value, JSON, as the body")}
	}
	for _, secret := range s.App.OfType("AWS::SecretsManager::Secret") {
		if secret.Short() == name {
			return map[string]bool{"put": true}, s.secrets.Put(secret.ARN, string(value))
		}
	}
	return nil, fmt.Errorf("the secret %q is %w", name, errNotFound)
}

// Permissions is what the policies refused, and what nobody used.
type Permissions struct {
	Denied []Denial `json:"denied"`
	Unused []string `json:"unused"`
}

// Denial is one refusal, in words that name principal, action and resource, and how often it came.
type Denial struct {
	What  string `json:"what"`
	Count int    `json:"count"`
}

// Permissions returns what the policies refused so far, and the permissions that nobody used.
func (s *Suite) Permissions() Permissions {
	p := Permissions{Denied: []Denial{}, Unused: []string{}}
	for _, d := range s.authority.Denials() {
		p.Denied = append(p.Denied, Denial{d.Decision.String(), d.Count})
	}
	for _, u := range s.authority.Unused() {
		p.Unused = append(p.Unused, u.String())
	}
	return p
}

// Units are DynamoDB's request units.
type Units struct {
	Read  float64 `json:"read"`
	Write float64 `json:"write"`
}

// Units returns the DynamoDB capacity that each function consumed so far.
func (s *Suite) Units() map[string]Units {
	used := map[string]Units{}
	for function, u := range s.proxy.Usage() {
		used[function] = Units{Read: u.Read, Write: u.Write}
	}
	return used
}
