package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"strings"
	"time"

	"liuke/shared/api"
	"liuke/shared/fault"
	"liuke/shared/survey"
	"liuke/shared/survey/page"
	"liuke/shared/token"
)

// begunFor is how long a form that is served here can be sent after it was begun: as long as its answer can be changed.
const begunFor = survey.EditWindow

// FieldCustomer is the field, and queryBegun the parameter, that sealed tokens travel in: of the customer whose answer it is,
// and of a form that was begun.
const (
	FieldCustomer = "_customer"
	queryBegun    = "in"
)

// public returns the sitting of a public form by its key, which nobody has begun. It returns NotFound where no survey has
// such a form. Only the catalogue is read, once a minute at most.
func (h *Handler) public(ctx context.Context, r *api.Request, key string) (*sitting, error) {
	all, err := h.catalogue.Get(ctx)
	if err != nil {
		return nil, err
	}
	s, form, err := all.Form(key)
	if err != nil {
		return nil, err
	}
	sit := &sitting{survey: s, form: form, locale: h.locale(r, s)}
	sit.to = token.Survey{Survey: s.ID, Node: form.Node, Channel: form.Channel}
	if sit.to.Node == "" {
		sit.to.Node = s.Node
	}
	if sit.to.Channel == "" {
		sit.to.Channel = "web"
	}
	return sit, nil
}

// paced takes a request out of the pace of the caller's address.
func (h *Handler) paced(r *api.Request) error { return slower(h.addresses.Take(h.address(r), h.Now())) }

// admit takes an answer that is to be recorded out of its form's pace: what is refused or dropped leaves it to others.
func (h *Handler) admit(sit *sitting) error {
	if sit.dropped != "" {
		return nil
	}
	return slower(h.forms.Take(sit.form.Key, 1, h.Now()))
}

// idOf is an id of what nobody else knows. It is made without the keys, so that it stays the same when they are rotated.
func idOf(secret ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(secret, "\x00")))
	return hex.EncodeToString(sum[:16])
}

// begin seals that a form was begun at a time. The answer that comes with the token is one, however often it is sent.
func (h *Handler) begin(keys *token.Keyring, sit *sitting, f token.Form) error {
	sealed, err := keys.Seal(token.PurposeForm, f)
	if err != nil {
		return err
	}
	sit.begun(sealed, f)
	return nil
}

func (sit *sitting) begun(sealed string, f token.Form) {
	sit.to.Invitation = f.Response
	if sit.to.Invitation == "" {
		sit.to.Invitation = "form-" + idOf(sealed)
	}
	sit.to.Expires = f.Started.Add(begunFor)
	sit.query = url.Values{queryBegun: {sealed}}
	sit.hidden = map[string]string{survey.FieldStarted: sealed}
}

// resume goes on with a form that was begun. It returns Unauthorized for what was not sealed here for this form, and Gone for
// what was begun too long ago.
func (h *Handler) resume(keys *token.Keyring, sit *sitting, sealed string) (begun token.Form, err error) {
	refused := fault.New(fault.Unauthorized, "the form was not begun here: open its page anew")
	if err := keys.Open(token.PurposeForm, sealed, &begun); err != nil || begun.Key != sit.form.Key {
		return begun, refused
	}
	if age := h.Now().Sub(begun.Started); age < 0 || age >= begunFor {
		return begun, fault.New(fault.Gone, "the form was begun too long ago: send it again from a page that was just opened")
	}
	sit.begun(sealed, begun)
	return begun, nil
}

// form shows a public form, for who scans its code or finds it framed in a page.
func (h *Handler) form(ctx context.Context, r *api.Request) api.Response {
	sit, err := h.public(ctx, r, r.PathParameters["key"])
	if err != nil {
		return h.problem(ctx, r, nil, err)
	}
	thanked := r.QueryStringParameters["thanks"] != ""
	sealed := r.QueryStringParameters[queryBegun]
	if sealed == "" && thanked {
		return h.thanks(ctx, r, sit, nil)
	}
	keys, err := token.Load(ctx, h.Secret)
	if err != nil {
		return h.problem(ctx, r, sit, err)
	}
	if sealed != "" { // who goes on has an answer, which is read
		if err := slower(h.addresses.Take(h.address(r), h.Now())); err != nil {
			return h.problem(ctx, r, sit, err)
		}
		if _, err := h.resume(keys, sit, sealed); err != nil {
			return h.problem(ctx, r, sit, err)
		}
		return h.shown(ctx, r, sit)
	}
	if sit.survey.Closed {
		return h.closed(ctx, r, sit)
	}
	if err := h.begin(keys, sit, token.Form{Key: sit.form.Key, Started: h.Now()}); err != nil {
		return h.problem(ctx, r, sit, err)
	}
	sit.query = nil // the address stays the form's own until there is an answer
	return h.fresh(ctx, r, sit)
}

// fresh shows the first page of a form that was just begun.
func (h *Handler) fresh(ctx context.Context, r *api.Request, sit *sitting) api.Response {
	s := sit.survey
	f := h.asks(sit, s, nil, 0)
	f.View = h.branded(ctx, r, sit)
	f.View.Query = same(nil, r, s)
	f.Given = s.Preselect(r.QueryStringParameters)
	return show(http.StatusOK, h.pages.Form(f))
}

// formSent takes what was sent with a page of a public form that is served here. That the page was, its token says, and not
// the browser, which names no origin for pages that send no referrer.
func (h *Handler) formSent(ctx context.Context, r *api.Request) api.Response {
	sit, err := h.public(ctx, r, r.PathParameters["key"])
	if err != nil {
		return h.problem(ctx, r, nil, err)
	}
	var typed survey.Form
	if err = h.paced(r); err == nil {
		typed, err = decode(r)
	}
	if err != nil {
		return h.problem(ctx, r, sit, err)
	}
	keys, err := token.Load(ctx, h.Secret)
	if err != nil {
		return h.problem(ctx, r, sit, err)
	}
	begun, err := h.resume(keys, sit, typed.Started)
	switch {
	case fault.CodeOf(err) == fault.Gone:
		if err := h.filledIn(keys, sit, ""); err != nil {
			return h.problem(ctx, r, sit, err)
		}
		return h.again(ctx, r, sit, sit.survey, typed, page.Form{Alert: page.SendAgain}, err)
	case err != nil:
		return h.problem(ctx, r, sit, err)
	}
	h.suspect(sit, typed, begun.Started)
	if err := h.admit(sit); err != nil {
		return h.problem(ctx, r, sit, err)
	}
	return h.take(ctx, r, sit, typed)
}

// filledIn begins a form for who has filled it in already, as far as to send it; response is the invitation that its answer
// stands under, "" for one of its own.
func (h *Handler) filledIn(keys *token.Keyring, sit *sitting, response string) error {
	least := time.Duration(sit.form.MinSeconds) * time.Second
	return h.begin(keys, sit, token.Form{Key: sit.form.Key, Started: h.Now().Add(-least), Response: response})
}

// anew gives an answer that looked like another an id of its own.
func (h *Handler) anew(sit *sitting) error {
	return h.filledIn(sit.keys, sit, "web-"+strings.ToLower(rand.Text()))
}

// suspect drops what programs send: who fills in what nobody sees, or fills in all sooner than anybody can.
func (h *Handler) suspect(sit *sitting, typed survey.Form, started time.Time) {
	switch {
	case typed.Trap != "":
		sit.dropped = "FormAnswersTrapped"
	case !started.IsZero() && h.Now().Sub(started) < time.Duration(sit.form.MinSeconds)*time.Second:
		sit.dropped = "FormAnswersTooQuick"
	}
	if sit.dropped != "" {
		sit.to.Customer, sit.to.Invitation = "", "" // whatever stands is not read
	}
}
