package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"time"

	"liuke/shared/api"
	"liuke/shared/consent"
	"liuke/shared/customer"
	"liuke/shared/document"
	"liuke/shared/event"
	"liuke/shared/fault"
	"liuke/shared/fold"
	"liuke/shared/outreach"
	"liuke/shared/scene"
	"liuke/shared/survey"
	"liuke/shared/survey/page"
	"liuke/shared/token"
)

// People tells what is known of customers: each as the person that they have become part of.
type People interface {
	Load(ctx context.Context, wants []fold.Want) ([]fold.State, []error)
}

// querySaved and queryForm are the parameters of the page after a change: what was changed, sealed, and whether the form is
// shown again with it.
const (
	querySaved = "saved"
	queryForm  = "form"
)

// channels are the ways to reach a customer that the page shows, in its order.
var channels = []string{"email", "sms", "push"}

// shown is what a page showed of a customer's preferences: what a form that comes back is compared with.
type shown struct {
	Customer     customer.ID     `json:"c"`
	At           int64           `json:"at"` // Unix milliseconds
	Channels     []string        `json:"ch"` // those that were on
	Topics       map[string]bool `json:"t"`
	Personalised bool            `json:"p"`
	Quiet        consent.Quiet   `json:"q"`
	Language     string          `json:"l"`
	Version      string          `json:"v"` // of the text, and its hash
	Hash         string          `json:"h"`
}

// saved is what a form changed.
type saved struct {
	Customer customer.ID         `json:"c"`
	At       int64               `json:"at"` // Unix milliseconds
	Changes  consent.Preferences `json:"p"`
	Stopped  bool                `json:"s,omitempty"`
}

// openPreferences returns whose preferences the link of a request is for. Such a link never expires.
func (h *Handler) openPreferences(ctx context.Context, r *api.Request) (*token.Keyring, customer.ID, error) {
	keys, err := token.Load(ctx, h.Secret)
	if err != nil {
		return nil, "", err
	}
	var p token.Preferences
	if err := keys.Open(token.PurposePreferences, r.PathParameters["token"], &p); err != nil {
		return nil, "", err
	}
	return keys, p.Customer, slower(h.links.Take("preferences\x00"+string(p.Customer), h.Now()))
}

// preferences shows how a customer wants to be reached, or what was just changed of it. It changes nothing: what scans mail
// follows links.
func (h *Handler) preferences(ctx context.Context, r *api.Request) api.Response {
	keys, id, err := h.openPreferences(ctx, r)
	if err != nil {
		return h.problem(ctx, r, nil, err)
	}
	var done saved
	if sealed := r.QueryStringParameters[querySaved]; sealed != "" {
		if err := keys.Open(token.PurposeSaved, sealed, &done); err != nil || done.Customer != id {
			return h.problem(ctx, r, nil, fault.New(fault.Unauthorized, "the link is not valid: open the preferences again"))
		}
		if r.QueryStringParameters[queryForm] == "" {
			return show(http.StatusOK, h.savedPage(ctx, r, sealed, &done))
		}
	}
	states, errs := h.People.Load(ctx, []fold.Want{{Customer: id, Profile: true}})
	switch {
	case errs[0] != nil:
		return h.problem(ctx, r, nil, errs[0])
	case states[0].Erased && !readsPages(r):
		return api.Error(fault.New(fault.Gone, "the customer's data were deleted"))
	case states[0].Erased:
		return show(http.StatusGone, h.pages.Erased(h.pageView(ctx, r)))
	}
	profile := states[0].Profile
	for name, value := range done.Changes.Traits() { // which may not be folded yet
		profile.Set(name, customer.Trait{Value: value, Time: done.At, Event: "\xff"})
	}
	p, err := h.preferencesOf(ctx, r, keys, id, &profile)
	if err != nil {
		return h.problem(ctx, r, nil, err)
	}
	p.Query = url.Values{}
	if done.Customer != "" {
		p.Query = url.Values{querySaved: {r.QueryStringParameters[querySaved]}, queryForm: {"1"}}
	}
	return show(http.StatusOK, h.pages.Preferences(p))
}

// preferencesOf is the page of a profile, with what it shows sealed.
func (h *Handler) preferencesOf(ctx context.Context, r *api.Request, keys *token.Keyring, id customer.ID, profile *customer.Profile) (page.Preferences, error) {
	p := page.Preferences{View: h.pageView(ctx, r), Personalised: profile.Personalised()}
	p.Locale = h.localeOf(r, profile.Locale())
	p.Language = p.Locale
	if said := profile.Locale(); said != "" {
		p.Language = page.Match(said, "", h.pages.Locales())
	}
	if from, to, ok := profile.Quiet(); ok {
		p.Quiet = consent.Quiet{From: from, To: to}
	}
	was := shown{Customer: id, At: h.Now().UnixMilli(), Topics: map[string]bool{}, Personalised: p.Personalised, Quiet: p.Quiet, Language: p.Language}
	for _, c := range channels {
		on := profile.Consents(c)
		p.Channels = append(p.Channels, page.Choice{ID: c, Label: h.pages.ChannelName(p.Locale, c), On: on})
		if on {
			was.Channels = append(was.Channels, c)
		}
	}
	topics, err := h.topics.Get(ctx)
	if err != nil {
		return p, err
	}
	for _, t := range topics[:min(len(topics), consent.MaxTopics)] {
		wanted, said := profile.Topic(t.ID)
		c := page.Choice{ID: t.ID, Label: t.Label(p.Locale, survey.Fallback), About: t.Description(p.Locale, survey.Fallback), On: wanted || !said}
		p.Topics = append(p.Topics, c)
		was.Topics[t.ID] = c.On
	}
	text := h.pages.PreferencesText(p.Locale, p.Channels, p.Topics)
	was.Version, was.Hash = text.Version, text.Hash
	p.Sealed, err = keys.Seal(token.PurposeShown, was)
	return p, err
}

// topicStore keeps what topics are told by.
type topicStore interface {
	SceneDocuments(ctx context.Context) ([]document.Document, error)
	Document(ctx context.Context, name string) (document.Document, error)
}

// topicsOf returns the topics that scenes speak of which are switched on: those that come with the suite, and operators' own in
// their place. Where the settings cannot be read any more, nobody's way out is shut: topics are called as if nothing was set.
func topicsOf(ctx context.Context, store topicStore) ([]consent.Topic, error) {
	documents, err := store.SceneDocuments(ctx)
	if err != nil {
		return nil, err
	}
	set, _, err := outreach.Compose(documents, scene.Compilers{})
	if err != nil {
		return nil, fault.As(err, fault.Internal, "read the scenes")
	}
	settings, err := store.Document(ctx, outreach.Document)
	if err != nil {
		return nil, err
	}
	own, described, _ := outreach.TopicsOf(settings) // whoever sends says that they cannot be read
	var ids []string
	for _, s := range set.All() {
		if s.Enabled {
			ids = append(ids, s.Topic)
		}
	}
	return consent.TopicsNamed(ids, own, described), nil
}

// pageView is the view of a page of no survey, with the operator's brand.
func (h *Handler) pageView(ctx context.Context, r *api.Request) page.View {
	brand, err := h.brand.Get(ctx)
	if err != nil {
		h.note(ctx, r, err)
	}
	return page.View{Locale: h.locale(r, nil), Brand: brand}
}

// preferencesSent takes the form: what differs from what its page showed, and no more, so that a form that was left open for
// long takes back nothing that it did not touch. No table is asked: the event is what changes, and its time decides between
// it and others.
func (h *Handler) preferencesSent(ctx context.Context, r *api.Request) api.Response {
	keys, id, err := h.openPreferences(ctx, r)
	var typed survey.Form
	if err == nil {
		typed, err = decode(r)
	}
	var was shown
	if err == nil {
		was, err = sentBack(keys, id, typed.Fields)
	}
	if err != nil {
		return h.problem(ctx, r, nil, err)
	}
	now := h.Now().UTC().Truncate(time.Millisecond)
	done := saved{Customer: id, At: now.UnixMilli(), Stopped: one(typed.Fields, page.FieldStop) != ""}
	if done.Stopped {
		done.Changes.Channels = map[string]bool{}
		for _, c := range channels {
			done.Changes.Channels[c] = false
		}
	} else if done.Changes, err = was.changes(typed.Fields, h.pages.Locales()); err != nil {
		return h.problem(ctx, r, nil, err)
	}
	done.Changes.Proof = customer.Proof{Source: customer.ByPreferenceCentre, Version: was.Version, Hash: was.Hash}
	if !done.Changes.Empty() {
		if err := h.change(ctx, id, one(typed.Fields, page.FieldShown), &done.Changes, now); err != nil {
			return h.problem(ctx, r, nil, err)
		}
		h.Count.Count("PreferencesChanged", 1)
	}
	if readsJSON(r) {
		return api.JSON(http.StatusOK, map[string]any{"saved": true, "changed": len(done.Changes.Traits())})
	}
	sealed, err := keys.Seal(token.PurposeSaved, done)
	if err != nil {
		return h.problem(ctx, r, nil, err)
	}
	query := url.Values{querySaved: {sealed}}
	if done.Changes.Locale != "" {
		query.Set("lang", done.Changes.Locale)
	} else if asked := r.QueryStringParameters["lang"]; asked != "" {
		query.Set("lang", h.locale(r, nil))
	} else if _, ok := h.languageOf(r); !ok {
		query.Set("lang", was.Language) // the page was in the customer's own
	}
	return api.Redirect("?" + query.Encode())
}

// change sends the event of a change. The same form with the same choices is the same event, however often it is sent.
func (h *Handler) change(ctx context.Context, id customer.ID, form string, changes *consent.Preferences, now time.Time) error {
	raw, err := json.Marshal(changes)
	if err != nil {
		return fault.As(err, fault.Internal, "encode preferences")
	}
	sum := sha256.Sum256(append([]byte(form+"\x00"), raw...))
	e, err := changes.Event(id, event.MessageID("preferences:"+hex.EncodeToString(sum[:16])), event.Event{Time: now, Received: now})
	if err != nil {
		return err
	}
	return h.send(ctx, e, 0)
}

// sentBack returns what the page showed that a form was sent from.
func sentBack(keys *token.Keyring, id customer.ID, fields map[string][]string) (was shown, err error) {
	if err := keys.Open(token.PurposeShown, one(fields, page.FieldShown), &was); err != nil || was.Customer != id {
		return was, fault.At("/"+page.FieldShown, "the field %s must come as the page had it: open the page again", page.FieldShown)
	}
	return was, nil
}

// one returns the first value of a field, "" where there is none.
func one(fields map[string][]string, name string) string {
	if len(fields[name]) == 0 {
		return ""
	}
	return fields[name][0]
}

// changes returns what a form says that the page did not show. It returns an Invalid error for what no page offers.
func (was *shown) changes(fields map[string][]string, locales []string) (p consent.Preferences, err error) {
	for _, c := range channels {
		if on := slices.Contains(fields[page.FieldChannel], c); on != slices.Contains(was.Channels, c) {
			if p.Channels == nil {
				p.Channels = map[string]bool{}
			}
			p.Channels[c] = on
		}
	}
	for topic, before := range was.Topics {
		if on := slices.Contains(fields[page.FieldTopic], topic); on != before {
			if p.Topics == nil {
				p.Topics = map[string]bool{}
			}
			p.Topics[topic] = on
		}
	}
	if on := one(fields, page.FieldPersonalised) != ""; on != was.Personalised {
		p.Personalised = &on
	}
	q := consent.Quiet{From: one(fields, page.FieldQuietFrom), To: one(fields, page.FieldQuietTo)}
	switch {
	case q.From == "" || q.To == "" || q.From == q.To:
		q = consent.Quiet{}
	case !customer.IsClock(q.From) || !customer.IsClock(q.To):
		return p, fault.At("/"+page.FieldQuietFrom, "quiet hours are two times of day such as 22:00")
	}
	if q != was.Quiet {
		p.Quiet = &q
	}
	switch l := one(fields, page.FieldLanguage); {
	case l == "" || l == was.Language:
	case !slices.Contains(locales, l):
		return p, fault.At("/"+page.FieldLanguage, "choose one of the languages")
	default:
		p.Locale = l
	}
	return p, nil
}

// savedPage says what was changed.
func (h *Handler) savedPage(ctx context.Context, r *api.Request, sealed string, done *saved) page.Page {
	v := h.pageView(ctx, r)
	v.Query = url.Values{querySaved: {sealed}}
	var changed []page.Choice
	add := func(label string, on bool) { changed = append(changed, page.Choice{Label: label, On: on}) }
	c := &done.Changes
	for _, name := range channels {
		if on, ok := c.Channels[name]; ok && !done.Stopped {
			add(h.pages.ChannelName(v.Locale, name), on)
		}
	}
	topics, _ := h.topics.Get(ctx) // without them, they stand for themselves
	for _, id := range slices.Sorted(maps.Keys(c.Topics)) {
		i := slices.IndexFunc(topics, func(t consent.Topic) bool { return t.ID == id })
		if i >= 0 {
			add(topics[i].Label(v.Locale, survey.Fallback), c.Topics[id])
		} else {
			add((&consent.Topic{ID: id}).Label(v.Locale, survey.Fallback), c.Topics[id])
		}
	}
	if c.Personalised != nil {
		add(h.pages.PersonalisedLabel(v.Locale), *c.Personalised)
	}
	if c.Quiet != nil {
		add(h.pages.QuietLabel(v.Locale, *c.Quiet), *c.Quiet != consent.Quiet{})
	}
	if c.Locale != "" {
		add(h.pages.LanguageLabel(v.Locale, c.Locale), true)
	}
	return h.pages.Saved(v, changed, done.Stopped, url.Values{querySaved: {sealed}, queryForm: {"1"}})
}
