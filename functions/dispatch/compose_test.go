package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"liuke/shared/channel"
	"liuke/shared/customer"
	"liuke/shared/message"
	"liuke/shared/outreach"
	"liuke/shared/scene"
	"liuke/shared/scene/content"
	"liuke/shared/signal"
	"liuke/shared/token"
)

// everyWay are scenes, one a channel, and one whose codes a webhook gives.
var everyWay = map[string]string{
	"by_sms": `id: by_sms
kind: marketing
on: {signal: segment_changed, model: rfm10, to: [At Risk]}
channel: sms
content:
  en: {text: "{{ customer.first_name }}, come back! {{ stop_hint }}"}
`,
	"by_push": `id: by_push
kind: transactional
on: {signal: segment_changed, model: rfm10, to: [At Risk]}
channel: push
content:
  en: {title: "Hello {{ customer.first_name }}", text: Look, data: {page: offers}}
`,
	"by_webhook": `id: by_webhook
kind: transactional
on: {signal: segment_changed, model: rfm10, to: [At Risk]}
channel: webhook
to: crm
content:
  en: {json: '{"name": "{{ customer.first_name }}"}'}
`,
	"with_code": `id: with_code
kind: transactional
on: {signal: segment_changed, model: rfm10, to: [At Risk]}
channel: email
offer: {webhook: shop}
variants: [{id: plain, weight: 1, control: true}, {id: bold, weight: 1}]
content:
  en: {subject: "{{ customer.first_name }}", text: "Take {{ offer.code }}.", html: "<p>Take {{ offer.code }}.</p>"}
steps:
  - {id: again, after: 1d, content: {en: {subject: Again, text: "Take {{ offer.code }}.", html: <p>H</p>}}}
`,
}

// loadEveryWay loads them, with the policy that comes with the suite.
func loadEveryWay(t *testing.T) *scene.Set {
	t.Helper()
	policy, err := os.ReadFile(filepath.Join("..", "..", "shared", "scene", "policy.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	files := fstest.MapFS{"policy.yaml": {Data: policy}}
	for id, text := range everyWay {
		files[id+".yaml"] = &fstest.MapFile{Data: []byte(text)}
	}
	set, err := scene.Load(files, scene.Compilers{Content: content.Compiler()})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// recording is a channel that keeps what it was handed.
type recording struct {
	taken []channel.Message
	err   error
}

func (r *recording) Send(_ context.Context, m channel.Message) (string, error) {
	r.taken = append(r.taken, m)
	return "p", r.err
}

// claimBy claims the message of a scene and returns its job.
func (b *bundle) claimBy(id string, ch message.Channel) (message.Entry, message.Job) {
	b.t.Helper()
	e, err := message.New(id, 0, ch, signal.Signal{
		ID: "segment:run-1:rfm10", Kind: signal.SegmentChanged, Customer: "user-0001", Time: arrival, Data: json.RawMessage(`{"from":"Champions","to":"At Risk"}`),
	}).Claim(arrival)
	e = b.write(e, err)
	return e, message.Job{Customer: e.Customer, Entry: e.ID}
}

func (b *bundle) stored(id string) message.Entry {
	b.t.Helper()
	e, err := b.store.Entry(b.t.Context(), "user-0001", id)
	if err != nil {
		b.t.Fatal(err)
	}
	return e
}

const phone = "arn:aws:sns:eu-central-1:111111111111:endpoint/GCM/shop/1"

func TestEachChannelIsHandedWhatItTakes(t *testing.T) {
	b := setup(t)
	b.handler.scenes = loadEveryWay(t)
	b.profile(map[string]string{
		customer.TraitFirstName: "Li", customer.TraitPhone: "+49 151 12345678", customer.TraitPush: phone,
		customer.ConsentTrait("sms"): "true", customer.ConsentTrait("push"): "true", // and none for mail or for webhooks
	})
	for _, c := range []struct {
		scene string
		by    message.Channel
		want  channel.Message
	}{
		{"by_sms", message.SMS, channel.Message{To: "+4915112345678", Text: "Li, come back! Reply STOP to opt out"}},
		{"by_push", message.Push, channel.Message{To: phone, Subject: "Hello Li", Text: "Look", Data: json.RawMessage(`{"page":"offers"}`), Transactional: true}},
		{"by_webhook", message.Webhook, channel.Message{To: "crm", Data: json.RawMessage(`{"name": "Li"}`), Transactional: true}},
	} {
		t.Run(c.scene, func(t *testing.T) {
			took := &recording{}
			b.handler.Channels[c.by] = took
			e, job := b.claimBy(c.scene, c.by)
			if err := b.handler.handle(t.Context(), []message.Job{job})[0]; err != nil {
				t.Fatal(err)
			}
			if s := b.stored(e.ID); s.State != message.Sent || s.Provider != "p" || len(took.taken) != 1 {
				t.Fatalf("%d taken, %+v", len(took.taken), s)
			}
			got := took.taken[0]
			var ledger token.Entry
			if err := b.ring.Open(token.PurposeEntry, got.Ledger, &ledger); err != nil || ledger.Entry != e.ID {
				t.Errorf("the ledger's id leads to %+v, %v", ledger, err)
			}
			if got.To != c.want.To || got.Subject != c.want.Subject || got.Text != c.want.Text || got.HTML != "" || got.Unsubscribe != "" ||
				string(got.Data) != string(c.want.Data) || got.Transactional != c.want.Transactional {
				t.Errorf("handed %+v, want %+v", got, c.want)
			}
		})
	}
}

func TestANumberThatHasOptedOutGetsNothingEverAgain(t *testing.T) {
	b := setup(t)
	b.handler.scenes = loadEveryWay(t)
	b.profile(map[string]string{customer.TraitFirstName: "Li", customer.TraitPhone: "+49 151 12345678", customer.ConsentTrait("sms"): "true"})
	refused := &recording{err: &channel.Error{Outcome: channel.Refused, Reason: "DESTINATION_PHONE_NUMBER_OPTED_OUT", Suppress: true}}
	b.handler.Channels[message.SMS] = refused
	e, job := b.claimBy("by_sms", message.SMS)
	b.handler.handle(t.Context(), []message.Job{job})
	if s := b.stored(e.ID); s.State != message.Failed || s.Reason != "DESTINATION_PHONE_NUMBER_OPTED_OUT" {
		t.Errorf("%+v", s)
	}
	if yes, err := b.store.Suppressed(t.Context(), message.SMS, "+4915112345678"); err != nil || !yes {
		t.Errorf("suppressed: %t, %v", yes, err)
	}
	e.ID, e.Occasion, e.Revision = message.ID("user-0001", "by_sms", "another", 0, message.SMS), "another", 0
	b.write(e, nil)
	b.handler.handle(t.Context(), []message.Job{{Customer: e.Customer, Entry: e.ID}})
	if s := b.stored(e.ID); s.State != message.Held || s.Gate != "suppression" || len(refused.taken) != 1 {
		t.Errorf("%d taken, %+v", len(refused.taken), s)
	}
}

func TestHowToStopGoesByWhatOperatorsHaveAndByWhoCanAnswer(t *testing.T) {
	links := scene.Links{Unsubscribe: base + "/u/1"}
	const pool, sender = "arn:aws:sms-voice:eu-central-1:111111111111:pool/pool-1", "arn:aws:sms-voice:eu-central-1:111111111111:sender-id/SHOP/DE"
	for _, c := range []struct{ origination, locale, want string }{
		{pool, "zh-CN", "拒收请回复R"},
		{pool, "fr", "Reply STOP to opt out"},
		{sender, "de_AT", "Abmelden: " + base + "/u/1"},
		{sender, "", "Opt out: " + base + "/u/1"},
		{pool, "nl-NL", "Stuur STOP"}, // which operators have
	} {
		h := &Handler{
			Settings: settings{SMS: textSettings{Origination: c.origination}},
			Stand: func(context.Context) (*outreach.Stand, error) {
				return &outreach.Stand{Scenes: &scene.Set{}, Settings: outreach.Settings{StopHints: map[string]string{"nl": "Stuur STOP"}}}, nil
			},
		}
		if err := h.refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := h.stopHint(c.locale, links); got != c.want || strings.Contains(got, "\n") {
			t.Errorf("%s from %s: %s", c.locale, c.origination, got)
		}
	}
}
