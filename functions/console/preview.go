package main

import (
	"context"
	"encoding/json"
	"net/http"
	"net/mail"
	"slices"
	"strings"

	"liuke/shared/api"
	"liuke/shared/budget"
	"liuke/shared/customer"
	"liuke/shared/document"
	"liuke/shared/fault"
	"liuke/shared/message"
	"liuke/shared/outreach"
	"liuke/shared/request"
	"liuke/shared/scene"
	"liuke/shared/sms"
)

// previewRequest says which of a scene's words are wanted, and for whom.
type previewRequest struct {
	Customer string `json:"customer"`
	Sample   bool   `json:"sample"` // a made-up customer, as where no customer is named
	Locale   string `json:"locale"`
	Variant  string `json:"variant"`
	Channel  string `json:"channel"`
	Segment  string `json:"segment"`
	Step     int    `json:"step"`
	Text     string `json:"text"` // the YAML of a scene that nobody has kept yet; "" for the one that stands
}

// worded is what a scene says to somebody.
type worded struct {
	scene   *scene.Scene
	saying  scene.Saying
	said    scene.Rendered
	missing string // the variable for want of which nothing is said
}

// previewView is a message as it would be sent.
type previewView struct {
	Scene     string            `json:"scene"`
	Step      int               `json:"step"`
	Channel   message.Channel   `json:"channel"`
	Variant   string            `json:"variant,omitempty"`
	Segment   string            `json:"segment,omitempty"`
	Locale    string            `json:"locale,omitempty"`
	Missing   []string          `json:"missing"` // variables that have no value: such a message is not sent
	Subject   string            `json:"subject,omitempty"`
	Preheader string            `json:"preheader,omitempty"`
	Title     string            `json:"title,omitempty"`
	Text      string            `json:"text,omitempty"`
	HTML      string            `json:"html,omitempty"`
	Data      map[string]string `json:"data,omitempty"`
	JSON      json.RawMessage   `json:"json,omitempty"`
	SMS       *smsView          `json:"sms,omitempty"`
	Cost      *string           `json:"cost,omitempty"` // at most, in the business's currency; absent where no price is set
}

// smsView says how a text travels.
type smsView struct {
	Encoding sms.Encoding `json:"encoding"`
	Units    int          `json:"units"`
	Segments int          `json:"segments"`
	Room     int          `json:"room"`    // units that the last segment could still take
	Foreign  string       `json:"foreign"` // characters but for which the text would take less
}

// preview shows what a scene says, to a customer or to a made-up one. It sends nothing and keeps nothing.
func (h *Handler) preview(ctx context.Context, r *api.Request) (api.Response, error) {
	as := r.QueryStringParameters["as"]
	if _, given := r.QueryStringParameters["as"]; given && as != "html" {
		return api.Response{}, fault.At("/as", "as is html, for the message's page alone")
	}
	body, err := api.Body(r, maxWrapped)
	if err != nil {
		return api.Response{}, err
	}
	var in previewRequest
	if err := request.Parse(body, &in); err != nil {
		return api.Response{}, err
	}
	stand, err := h.library.Fresh(ctx)
	if err != nil {
		return api.Response{}, err
	}
	w, err := h.word(ctx, stand, pathParameter(r, "id"), &in)
	if err != nil {
		return api.Response{}, err
	}
	if as == "html" {
		return framed(&w)
	}
	return api.JSON(http.StatusOK, h.viewOfPreview(stand, &w)), nil
}

// framed answers with a message's page as it is, which runs nothing, sends nothing and is shown nowhere else.
func framed(w *worded) (api.Response, error) {
	if w.missing != "" {
		return api.Response{}, fault.New(fault.Conflict, "the message would not be sent: the variable %s has no value", w.missing)
	}
	if w.said.HTML == "" {
		return api.Response{}, fault.New(fault.Invalid, "what is said by %s has no page", w.saying.Channel)
	}
	out := api.HTML(http.StatusOK, w.said.HTML)
	out.Headers["content-security-policy"] = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src https: data:; " +
		"form-action 'none'; frame-ancestors 'none'; base-uri 'none'"
	return out, nil
}

func (h *Handler) viewOfPreview(stand *outreach.Stand, w *worded) previewView {
	v := previewView{
		Scene: w.scene.ID, Step: w.saying.Step, Channel: w.saying.Channel, Variant: w.saying.Variant, Segment: w.saying.Segment,
		Locale: w.said.Locale, Missing: []string{}, Subject: w.said.Subject, Preheader: w.said.Preheader, Title: w.said.Title,
		Text: w.said.Text, HTML: w.said.HTML, Data: w.said.Data, JSON: w.said.JSON,
	}
	if w.missing != "" {
		v.Missing = append(v.Missing, w.missing)
		return v
	}
	parts := 1
	if v.Channel == message.SMS {
		size := sms.Measure(v.Text)
		v.SMS, parts = &smsView{size.Encoding, size.Units, size.Segments, size.Room, string(size.Foreign)}, size.Segments
	}
	if cost, err := stand.Settings.Prices.Cost(string(v.Channel), "", parts); err == nil {
		v.Cost = h.spell(cost)
	}
	return v
}

// spell writes an amount in the business's currency, with as many decimals as it has.
func (h *Handler) spell(m budget.Micro) *string {
	text := outreach.SpellMicro(m)
	return &text
}

// sceneOf returns the scene that stands under an id, or the one that a request's text is.
func (h *Handler) sceneOf(stand *outreach.Stand, id, text string) (*scene.Scene, error) {
	if text != "" {
		if len(text) > document.MaxBytes {
			return nil, fault.New(fault.TooLarge, "a scene has at most %d bytes", document.MaxBytes)
		}
		sc, err := outreach.Draft(stand.Documents, id, text, h.compilers)
		if err == nil && sc == nil {
			err = fault.New(fault.Conflict, "a block or a template can no longer be read: write or delete it")
		}
		return sc, err
	}
	if _, err := oneWriting(stand, outreach.Scene, id); err != nil {
		return nil, err
	}
	sc := stand.Scenes.Scene(id)
	if sc == nil {
		return nil, fault.New(fault.Conflict, "the scene cannot be read any more: write or delete it")
	}
	return sc, nil
}

// word makes what a scene says to a customer, or to a made-up one.
func (h *Handler) word(ctx context.Context, stand *outreach.Stand, id string, in *previewRequest) (w worded, err error) {
	if w.scene, err = h.sceneOf(stand, id, in.Text); err != nil {
		return w, err
	}
	if err := h.choose(&w, in); err != nil {
		return w, err
	}
	who, profile := outreach.SampleCustomer, outreach.SampleProfile(in.Locale)
	if in.Customer != "" {
		if in.Sample {
			return w, fault.At("/sample", "a made-up customer takes the place of one who is named: say one of both")
		}
		var scores customer.Scores
		if who, profile, scores, err = h.reader(ctx, in.Customer); err != nil {
			return w, err
		}
		if in.Locale != "" {
			profile = profile.Clone()
			profile.Traits[customer.TraitLocale] = customer.Trait{Value: in.Locale}
		}
		if in.Segment == "" {
			w.saying.Segment = scores.Segment
		}
		if e := w.scene.Experiment; e != nil && in.Variant == "" {
			w.saying.Variant = e.Variants[e.Assign(who)].ID
		}
	}
	sig := outreach.SampleSignal(w.scene, who, h.business.Currency, h.now())
	entry := message.New(w.scene.ID, in.Step, w.saying.Channel, sig)
	w.saying.Look = stand.Look
	w.saying.Sender, w.saying.Code, w.saying.Stop = h.senderName(), "SAMPLE-CODE", stand.Settings.StopHint(profile.Locale(), "")
	if w.saying.Links, err = h.sampleLinks(ctx, w.scene.Ask(sig), profile.Locale()); err != nil {
		return w, err
	}
	if w.saying.Channel == message.Task {
		w.said.Locale = scene.DefaultLocale
		w.said.Title, w.said.Text, err = w.scene.Brief(profile, entry)
	} else {
		w.said, err = w.scene.Render(w.saying, profile, entry)
	}
	if w.missing = scene.MissingVariable(err); w.missing != "" {
		err = nil
	}
	return w, err
}

// choose checks which words are wanted.
func (h *Handler) choose(w *worded, in *previewRequest) error {
	w.saying = scene.Saying{Step: in.Step, Segment: in.Segment}
	if in.Step < 0 || in.Step >= len(w.scene.Steps) {
		return fault.At("/step", "the scene has the steps 0 to %d", len(w.scene.Steps)-1)
	}
	step := w.scene.Step(in.Step)
	if !step.Speaks() {
		return fault.At("/step", "the step only branches: it says nothing")
	}
	w.saying.Channel = step.Channels[0]
	if in.Channel != "" {
		if w.saying.Channel = message.Channel(in.Channel); !slices.Contains(step.Channels, w.saying.Channel) {
			return fault.At("/channel", "the step speaks by %v", step.Channels)
		}
	}
	if labels, _, ok := h.labels(scene.SegmentModel); in.Segment != "" && ok && !slices.Contains(labels, in.Segment) {
		return fault.At("/segment", "there is no such segment: there are %s", strings.Join(labels, ", "))
	}
	if e := w.scene.Experiment; e != nil {
		w.saying.Variant = e.Variants[0].ID
	}
	if in.Variant != "" {
		e := w.scene.Experiment
		if e == nil {
			return fault.At("/variant", "the scene has no variants")
		}
		var ids []string
		for _, v := range e.Variants {
			ids = append(ids, v.ID)
		}
		if w.saying.Variant = in.Variant; !slices.Contains(ids, in.Variant) {
			return fault.At("/variant", "there is no such variant: there are %s", strings.Join(ids, ", "))
		}
	}
	return nil
}

// reader returns who stands for a customer's id; NotFound where nobody does.
func (h *Handler) reader(ctx context.Context, text string) (customer.ID, customer.Profile, customer.Scores, error) {
	id, err := customer.ParseID(text)
	if err != nil {
		return "", customer.Profile{}, customer.Scores{}, fault.At("/customer", "this is no customer's id")
	}
	rec, err := h.store.Root(ctx, id)
	if err != nil {
		return "", customer.Profile{}, customer.Scores{}, err
	}
	profile, err := h.store.Profile(ctx, rec.ID)
	if err == nil && rec.Version == 0 && profile.Version == 0 {
		err = fault.New(fault.NotFound, "there is no such customer")
	}
	return rec.ID, profile, rec.Scores, err
}

// sampleLinks lead to the pages by tokens that none of them takes: whoever follows one changes nothing.
func (h *Handler) sampleLinks(ctx context.Context, ask scene.Ask, locale string) (scene.Links, error) {
	at := func(page string) string { return strings.TrimSuffix(h.baseURL, "/") + "/" + page + "/sample" }
	out := scene.Links{Unsubscribe: at("u"), Preferences: at("p")}
	if ask.Survey == "" {
		return out, nil
	}
	all, err := h.store.Surveys(ctx)
	if err != nil {
		return out, err
	}
	if s := all[ask.Survey]; s != nil {
		out.Survey = scene.QuestionOf(s, locale, at("s"))
	}
	return out, nil
}

// senderName is what the sender calls itself in a message: the name of its address, or else the address's domain.
func (h *Handler) senderName() string {
	parsed, err := mail.ParseAddress(h.sender)
	switch {
	case err != nil:
		return h.sender
	case parsed.Name != "":
		return parsed.Name
	}
	return parsed.Address[strings.LastIndexByte(parsed.Address, '@')+1:]
}
