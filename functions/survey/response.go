package main

import (
	"context"
	"maps"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"liuke/shared/api"
	"liuke/shared/fault"
	"liuke/shared/survey"
	"liuke/shared/token"
)

// FormKey is the parameter of the query that names a public form. It stands there rather than in a field or a header so that
// a browser's question whether it may send at all can be answered, and what is refused need not be read.
const FormKey = "key"

// sameAnswer is within how long the same answer from the same address and kind of browser is one, where the sender does not
// name it: a double click, and not two people behind one address.
const sameAnswer = 10 * time.Second

// own returns the sitting of a public form on a site of its own, where a request names one of the survey's and comes from a
// page of its origins, and the origin. It returns NotFound for another form, and Unauthorized for another page.
func (h *Handler) own(ctx context.Context, r *api.Request) (sit *sitting, origin string, err error) {
	sit, err = h.public(ctx, r, r.QueryStringParameters[FormKey])
	if err != nil {
		return nil, "", err
	}
	if sit.survey.ID != r.PathParameters["survey"] {
		return nil, "", fault.New(fault.NotFound, "the survey has no form with this key")
	}
	sit.path = "../../../f/" + url.PathEscape(sit.form.Key)
	origin = api.Header(r, "origin")
	if origin == "" {
		origin = originOf(api.Header(r, "referer"))
	}
	if !slices.ContainsFunc(sit.form.Origins, func(o string) bool { return strings.EqualFold(o, origin) }) {
		return nil, "", fault.New(fault.Unauthorized, "the form is not taken from this page: name the page's origin among the form's")
	}
	return sit, origin, nil
}

// originOf returns the origin of an address; "" for what is none.
func originOf(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Scheme == "" || u.Host == "" {
		return ""
	}
	return strings.ToLower(u.Scheme + "://" + u.Host)
}

// preflight tells a browser whether a page may send an answer by a script.
func (h *Handler) preflight(ctx context.Context, r *api.Request) api.Response {
	_, origin, err := h.own(ctx, r)
	if err != nil {
		h.note(ctx, r, err)
		return retryAfter(api.Error(err), err)
	}
	out := api.Response{StatusCode: http.StatusNoContent, Headers: map[string]string{
		"access-control-allow-methods": "POST", "access-control-allow-headers": "content-type", "access-control-max-age": "600",
	}}
	return shared(out, origin)
}

// shared lets scripts of a page of the origin read an answer.
func shared(out api.Response, origin string) api.Response {
	out.Headers["access-control-allow-origin"] = origin
	out.Headers["access-control-expose-headers"] = "retry-after"
	out.Headers["vary"] = "origin"
	return out
}

// response takes an answer from a form on a site of its own.
func (h *Handler) response(ctx context.Context, r *api.Request) api.Response {
	sit, origin, err := h.own(ctx, r)
	if fault.CodeOf(err) == fault.Unauthorized && readsPages(r) {
		return show(http.StatusUnauthorized, h.pages.Elsewhere(h.plain(r)))
	}
	if err != nil {
		return h.problem(ctx, r, nil, err)
	}
	return shared(h.responded(ctx, r, sit), origin)
}

func (h *Handler) responded(ctx context.Context, r *api.Request, sit *sitting) api.Response {
	if err := h.paced(r); err != nil {
		return h.problem(ctx, r, sit, err)
	}
	typed, err := decode(r)
	if err != nil {
		return h.problem(ctx, r, sit, err)
	}
	keys, err := token.Load(ctx, h.Secret)
	if err != nil {
		return h.problem(ctx, r, sit, err)
	}
	started, err := h.identify(keys, r, sit, typed)
	if err != nil {
		return h.problem(ctx, r, sit, err)
	}
	h.suspect(sit, typed, started)
	if err := h.admit(sit); err != nil {
		return h.problem(ctx, r, sit, err)
	}
	return h.take(ctx, r, sit, typed)
}

// identify says whose answer it is and under which invitation it stands, and returns when the form was begun; zero where it
// does not say. Only a token that was sealed here names a customer.
func (h *Handler) identify(keys *token.Keyring, r *api.Request, sit *sitting, typed survey.Form) (started time.Time, err error) {
	if started, err = readStarted(typed.Started, h.Now()); err != nil {
		return started, err
	}
	if sealed := first(typed.Fields[FieldCustomer]); sealed != "" {
		return started, h.named(keys, sit, sealed)
	}
	response := ""
	sit.claim, sit.keys = byContent, keys
	if typed.Response != "" {
		if !wellFormed(typed.Response) {
			return started, fault.At("/"+survey.FieldResponse, "_response has 8 to 64 letters, digits, \"-\" and \"_\", made up at random for each answer")
		}
		sit.claim = byName
		response = idOf("response", sit.form.Key, typed.Response)
	} else {
		window := strconv.FormatInt(h.Now().Unix()/int64(sameAnswer.Seconds()), 10)
		response = keys.Digest(token.PurposeForm, []byte("content"), []byte(sit.form.Key), []byte(h.address(r)), []byte(api.Header(r, "user-agent")),
			[]byte(window), content(typed))
	}
	return started, h.filledIn(keys, sit, "web-"+response)
}

// named makes the answer that of the customer whom the shop's own server asked by a link of the suite's.
func (h *Handler) named(keys *token.Keyring, sit *sitting, sealed string) error {
	var to token.Survey
	if err := keys.Open(token.PurposeSurvey, sealed, &to); err != nil || to.Survey != sit.survey.ID {
		return fault.New(fault.Unauthorized, "_customer is no token of an invitation to this survey")
	}
	if err := slower(h.links.Take(paceOf(to), h.Now())); err != nil {
		return err
	}
	if !h.Now().Before(to.Expires) {
		return fault.New(fault.Gone, "the invitation in _customer has expired")
	}
	if to.Node == "" {
		to.Node = sit.to.Node
	}
	if to.Channel == "" {
		to.Channel = sit.to.Channel
	}
	sit.to = to
	sit.path = "../../../s/" + sealed
	return nil
}

// content is what a form says, in one spelling.
func content(typed survey.Form) (all []byte) {
	for _, name := range slices.Sorted(maps.Keys(typed.Fields)) {
		for _, value := range typed.Fields[name] {
			all = append(all, strconv.Quote(name)+strconv.Quote(value)...)
		}
	}
	return all
}

// readStarted reads when a form on another site was begun, as its script says it: how many milliseconds ago, which needs no
// clock that is right, or in RFC 3339 or in milliseconds since 1970. A clock that goes before ours says nothing.
func readStarted(text string, now time.Time) (at time.Time, err error) {
	if text == "" {
		return at, nil
	}
	if ms, err := strconv.ParseInt(text, 10, 64); err != nil {
		if at, err = time.Parse(time.RFC3339, text); err != nil {
			return at, fault.At("/"+survey.FieldStarted, "_started is how many milliseconds ago the form was begun, or when, in RFC 3339 or in milliseconds since 1970")
		}
	} else if span := time.Duration(ms) * time.Millisecond; ms >= 0 && ms < (365*24*time.Hour).Milliseconds() {
		at = now.Add(-span)
	} else {
		at = time.UnixMilli(ms)
	}
	if at.After(now) {
		return time.Time{}, nil
	}
	return at, nil
}

func wellFormed(id string) bool {
	return len(id) >= 8 && len(id) <= 64 && strings.IndexFunc(id, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_')
	}) < 0
}

func first(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[0]
}

// address is the caller's as the pace counts it: of IPv6 the network of 64 bits, which one caller has whole. Behind
// CloudFront it is the last address before that of the request's own, which CloudFront has put there; who goes around it can
// make that up, and meets the pace of the form.
func (h *Handler) address(r *api.Request) string {
	address := r.RequestContext.HTTP.SourceIP
	if h.Edge {
		if hops := strings.Split(api.Header(r, "x-forwarded-for"), ","); len(hops) > 1 {
			address = strings.TrimSpace(hops[len(hops)-2])
		}
	}
	if ip, err := netip.ParseAddr(address); err == nil {
		if ip = ip.Unmap(); ip.Is6() {
			network, _ := ip.Prefix(64) // within the bits of the address
			return network.String()
		}
		return ip.String()
	}
	return address
}
