package gateway

import (
	"fmt"
	"net/url"
	"strings"
)

// route is a Route with its key taken apart.
type route struct {
	*Route
	method   string // "" for ANY
	segments []string
	standby  bool // $default
}

func parseRoute(r *Route) (*route, error) {
	if r.Key == "$default" {
		return &route{Route: r, standby: true}, nil
	}
	method, path, ok := strings.Cut(r.Key, " ")
	if !ok || !strings.HasPrefix(path, "/") {
		return nil, fmt.Errorf("the route key %q is not a method and a path", r.Key)
	}
	if method == "ANY" {
		method = ""
	}
	return &route{Route: r, method: method, segments: strings.Split(path[1:], "/")}, nil
}

// find returns the route for a request, with its path parameters decoded: the most specific one, as API Gateway picks it:
// segment by segment a literal goes before a parameter and that before a greedy one; a method goes before ANY; $default
// is last.
func (g *Gateway) find(method, escapedPath string) (*route, map[string]string) {
	segments := strings.Split(strings.TrimPrefix(escapedPath, "/"), "/")
	var best *route
	var bestRank string
	var parameters map[string]string
	for _, r := range g.routes {
		rank, found, ok := r.match(method, segments)
		if ok && (best == nil || rank < bestRank) {
			best, bestRank, parameters = r, rank, found
		}
	}
	return best, parameters
}

// match tells whether the route takes the request; a smaller rank is a more specific route.
func (r *route) match(method string, segments []string) (rank string, parameters map[string]string, ok bool) {
	if r.standby {
		return "~", nil, true
	}
	if r.method != "" && r.method != method {
		return "", nil, false
	}
	for i, want := range r.segments {
		name, isParameter := strings.CutPrefix(want, "{")
		name = strings.TrimSuffix(name, "}")
		greedy := isParameter && strings.HasSuffix(name, "+")
		if i >= len(segments) {
			return "", nil, false
		}
		have := segments[i]
		switch {
		case greedy:
			have = strings.Join(segments[i:], "/")
			name = strings.TrimSuffix(name, "+")
			rank += "c"
		case !isParameter:
			if plain, err := url.PathUnescape(have); err != nil || plain != want {
				return "", nil, false
			}
			rank += "a"
			continue
		default:
			rank += "b"
		}
		plain, err := url.PathUnescape(have)
		if err != nil || plain == "" {
			return "", nil, false
		}
		if parameters == nil {
			parameters = map[string]string{}
		}
		parameters[name] = plain
		if greedy {
			return r.ranked(rank), parameters, true
		}
	}
	if len(segments) != len(r.segments) {
		return "", nil, false
	}
	return r.ranked(rank), parameters, true
}

func (r *route) ranked(rank string) string {
	if r.method == "" {
		return rank + "b"
	}
	return rank + "a"
}
