package gateway

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// CORS is what an API lets pages of other origins do, as "Configuring CORS for HTTP APIs" of API Gateway's guide has it:
// the API answers preflight requests itself, puts the configured headers on every answer to an allowed origin, and passes
// over the CORS headers that a function sets. The zero value allows nothing.
type CORS struct {
	Origins     []string // "https://shop.example", or "https://*", "http://*" and "*"
	Methods     []string // "POST", or "*"
	Headers     []string // that a request may have, or "*"
	Expose      []string // headers of answers that pages may read
	MaxAge      time.Duration
	Credentials bool
}

// allows returns the value of Access-Control-Allow-Origin for a request's origin, "" where it is not allowed.
func (c *CORS) allows(origin string) string {
	for _, o := range c.Origins {
		scheme, everyone := strings.CutSuffix(o, "*")
		switch {
		case o == "*" && !c.Credentials:
			return "*"
		case everyone && strings.HasPrefix(origin, scheme), strings.EqualFold(o, origin):
			return origin
		}
	}
	return ""
}

// preflight answers a preflight request, and reports whether it was one.
func (c *CORS) preflight(w http.ResponseWriter, r *http.Request) bool {
	if len(c.Origins) == 0 || r.Method != http.MethodOptions || r.Header.Get("Origin") == "" || r.Header.Get("Access-Control-Request-Method") == "" {
		return false
	}
	if origin := c.allows(r.Header.Get("Origin")); origin != "" {
		h := w.Header()
		c.allow(h, origin)
		set(h, "Access-Control-Allow-Methods", c.Methods)
		set(h, "Access-Control-Allow-Headers", c.Headers)
		if c.MaxAge > 0 {
			h.Set("Access-Control-Max-Age", strconv.Itoa(int(c.MaxAge/time.Second)))
		}
	}
	w.WriteHeader(http.StatusNoContent)
	return true
}

// mark puts the headers of an API with CORS on the answer to a request.
func (c *CORS) mark(h http.Header, r *http.Request) {
	if origin := r.Header.Get("Origin"); origin != "" {
		if allowed := c.allows(origin); allowed != "" {
			c.allow(h, allowed)
		}
	}
}

func (c *CORS) allow(h http.Header, origin string) {
	h.Set("Access-Control-Allow-Origin", origin)
	set(h, "Access-Control-Expose-Headers", c.Expose)
	if c.Credentials {
		h.Set("Access-Control-Allow-Credentials", "true")
	}
}

// own says whether the header of a function's answer is the API's business.
func (c *CORS) own(header string) bool {
	return len(c.Origins) > 0 && strings.HasPrefix(http.CanonicalHeaderKey(header), "Access-Control-")
}

func set(h http.Header, name string, values []string) {
	if len(values) > 0 {
		h.Set(name, strings.Join(values, ","))
	}
}
