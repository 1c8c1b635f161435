package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"liuke/shared/channel/webhook"
	"liuke/shared/dynamo"
	"liuke/shared/fault"
	"liuke/shared/message"
	"liuke/shared/offer"
	"liuke/shared/scene"
	"liuke/shared/signal"
	in "liuke/shared/webhook"
)

const shopSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

// shop is a webhook that gives a code to each id, the same whenever it is asked, unless answer answers in its place.
type shop struct {
	t   *testing.T
	now *time.Time

	mu     sync.Mutex
	answer http.HandlerFunc
	seen   seen
}

// seen is what a shop was asked, and what it gave.
type seen struct {
	asked     []string // the ids, in turn
	questions []offer.Question
	codes     map[string]string // by id
}

// saw returns what the shop was asked until now. The asker may go on while an answer is still being given, so nothing is shared.
func (s *shop) saw() seen {
	s.mu.Lock()
	defer s.mu.Unlock()
	return seen{slices.Clone(s.seen.asked), slices.Clone(s.seen.questions), maps.Clone(s.seen.codes)}
}

// answers has the shop answer so from now on; by nil, with a code.
func (s *shop) answers(answer http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = answer
}

func (s *shop) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	d := &in.Delivery{Connection: "liuke", Scheme: in.Standard, Body: body, Header: r.Header.Get}
	if err := (in.Secrets{"liuke": {Current: shopSecret}}).Verify(d, *s.now); err != nil {
		s.t.Error(err)
	}
	var q offer.Question
	if err := json.Unmarshal(body, &q); err != nil {
		s.t.Errorf("%s: %v", body, err)
	}
	id := r.Header.Get("Webhook-Id")
	s.mu.Lock()
	s.seen.asked, s.seen.questions = append(s.seen.asked, id), append(s.seen.questions, q)
	if s.seen.codes[id] == "" {
		s.seen.codes[id] = fmt.Sprint("SAVE10-", len(s.seen.codes)+1)
	}
	code, answer := s.seen.codes[id], s.answer
	s.mu.Unlock()
	if answer != nil {
		answer(w, r)
		return
	}
	fmt.Fprintf(w, `{"code":%q}`, code)
}

// withShop gives the bundle the scene with codes, and the shop to ask.
func (b *bundle) withShop() *shop {
	b.t.Helper()
	s := &shop{t: b.t, now: b.now, seen: seen{codes: map[string]string{}}}
	server := httptest.NewServer(s)
	b.t.Cleanup(server.Close)
	raw, err := json.Marshal(webhook.Destinations{"shop": {URL: server.URL, Current: shopSecret}})
	if err != nil {
		b.t.Fatal(err)
	}
	b.handler.scenes = loadEveryWay(b.t)
	b.handler.Offers = webhook.New(webhook.Config{Secret: held(raw), Now: func() time.Time { return *b.now }, Local: true})
	return s
}

// held is a secret as it stands.
type held []byte

func (h held) Value(context.Context) ([]byte, error) { return h, nil }

// claimCode claims a step of the scene with codes.
func (b *bundle) claimCode(occasion string, step int) message.Entry {
	b.t.Helper()
	e, err := message.New("with_code", step, message.Email, signal.Signal{
		ID: occasion, Kind: signal.SegmentChanged, Customer: "user-0001", Time: arrival, Data: json.RawMessage(`{"from":"Champions","to":"At Risk"}`),
	}).Claim(*b.now)
	e.Variant = "bold"
	return b.write(e, err)
}

// try hands the handler an entry's message, and returns what stands in the ledger then.
func (b *bundle) try(e message.Entry) (message.Entry, error) {
	b.t.Helper()
	err := b.handler.handle(b.t.Context(), []message.Job{{Customer: e.Customer, Entry: e.ID}})[0]
	return b.stored(e.ID), err
}

func TestWhatTheWebhookSaysDecidesOfTheMessage(t *testing.T) {
	b := setup(t)
	s := b.withShop()
	says := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			io.WriteString(w, body)
		}
	}
	later := func(err error) bool { return fault.CodeOf(err) == fault.Throttled }
	blocked := func(err error) bool { return fault.CodeOf(err) == fault.Internal }
	done := func(err error) bool { return err == nil }
	for _, c := range []struct {
		name   string
		answer http.HandlerFunc
		ends   func(error) bool
		state  message.State
		reason string
	}{
		{"a code goes out", nil, done, message.Sent, ""},
		{"no content is none to give", says(204, ""), done, message.Held, offer.ReasonNone},
		{"nor is a blank", says(200, `{"code":""}`), done, message.Held, offer.ReasonNone},
		{"nor is null", says(200, `{"code":null}`), done, message.Held, offer.ReasonNone},
		{"a no is one", says(422, ""), done, message.Held, offer.ReasonRefused},
		{"and so is what the question makes bad", says(400, `{"code":"A-1"}`), done, message.Held, offer.ReasonRefused},
		{"too many questions wait", says(429, ""), later, message.Claimed, ""},
		{"so they do where it is down", says(503, `{"code":"A-1"}`), later, message.Claimed, ""},
		{"and where it hangs up", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, later, message.Claimed, ""},
		{"and where it says nothing", says(200, ""), later, message.Claimed, ""},
		{"and where it says something else", says(200, `{"error":"sold out"}`), later, message.Claimed, ""},
		{"an answer that breaks off waits", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			io.WriteString(w, `{"code":"A-1"}`)
		}, later, message.Claimed, ""},
		{"a page waits", says(200, `<html>It works!</html>`), later, message.Claimed, ""},
		{"a code that breaks the line waits", says(200, `{"code":"A\r\nBcc: all@example.com"}`), later, message.Claimed, ""},
		{"markup for a code waits", says(200, `{"code":"<script>1</script>"}`), later, message.Claimed, ""},
		{"an object for a code waits", says(200, `{"code":{"code":"A-1"}}`), later, message.Claimed, ""},
		{"a number for a code waits", says(200, `{"code":10}`), later, message.Claimed, ""},
		{"what is nested deep waits", says(200, `{"code":`+strings.Repeat("[", 2000)+strings.Repeat("]", 2000)+`}`), later, message.Claimed, ""},
		{"an endless answer waits", func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				if _, err := io.WriteString(w, strings.Repeat(" ", 1<<16)); err != nil {
					return
				}
			}
		}, later, message.Claimed, ""},
		{"a code behind too much of an answer waits", says(200, strings.Repeat(" ", webhook.MaxReply)+`{"code":"A-1"}`), later, message.Claimed, ""},
		{"who is not known there needs a person", says(401, ""), blocked, message.Claimed, ""},
		{"and so does who has moved", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
		}, blocked, message.Claimed, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s.answers(c.answer)
			before, asked := len(b.provider.mails()), len(s.saw().asked)
			e, err := b.try(b.claimCode(c.name, 0))
			if !c.ends(err) || e.State != c.state || e.Reason != c.reason || (e.Gate == scene.GateOffer) != (e.State == message.Held) || len(s.saw().asked) != asked+1 {
				t.Errorf("asked %d times, %+v, %v", len(s.saw().asked)-asked, e, err)
			}
			switch code := s.saw().codes[e.ID]; {
			case c.state != message.Sent && (e.Code != offer.Given{} || len(b.provider.mails()) != before):
				t.Errorf("%d mails, the entry has %+v", len(b.provider.mails())-before, e.Code)
			case c.state == message.Sent && (e.Code != offer.Given{Webhook: "shop", Code: code} || !strings.Contains(b.provider.mails()[before], "Take "+code+".")):
				t.Errorf("%+v, %s", e.Code, b.provider.mails()[before])
			}
			if c.state == message.Claimed { // and once it answers, the message goes out
				s.answers(nil)
				*b.now = b.now.Add(askAgain)
				if e, err := b.try(e); err != nil || e.State != message.Sent || e.Code.Code != s.saw().codes[e.ID] || s.saw().asked[len(s.saw().asked)-1] != e.ID {
					t.Errorf("later: %+v, %v", e, err)
				}
			}
		})
	}
	if q := s.saw().questions[0]; q.Scene != "with_code" || q.Entry != s.saw().asked[0] || q.Customer != "user-0001" || q.Variant != "bold" {
		t.Errorf("asked %+v", q)
	}
	if logged := b.logged.String() + b.metrics.String(); strings.Contains(logged, "user-0001") || strings.Contains(logged, "SAVE10") || strings.Contains(logged, "A-1") {
		t.Errorf("logged %s", logged)
	}
}

func TestACodeIsInTheLedgerBeforeItGoesOutAndCostsNoWrite(t *testing.T) {
	b := setup(t)
	s := b.withShop()
	e := b.claimCode("o", 0)
	b.provider.before = func() {
		if e := b.stored(e.ID); e.State != message.Sending || e.Code.Code != s.saw().codes[e.ID] {
			t.Errorf("as it goes out, the entry is %s and has %+v", e.State, e.Code)
		}
	}
	b.provider.answers = []int{429, 0}
	meter := &dynamo.Meter{}
	for range 2 { // the second time the provider takes it
		b.handler.handle(dynamo.WithMeter(t.Context(), meter), []message.Job{{Customer: e.Customer, Entry: e.ID}})
	}
	if _, write := meter.Units(); write != 4 || b.stored(e.ID).State != message.Sent || len(s.saw().asked) != 1 {
		t.Errorf("asked %d times, %g write units for two tries, %+v", len(s.saw().asked), write, b.stored(e.ID))
	}
}

// dying is a store of which the nth write from now on is lost, before it is made or after.
type dying struct {
	*dynamo.Store
	writes int
	after  bool
}

func (d *dying) WriteEntry(ctx context.Context, e message.Entry) (message.Entry, error) {
	if d.writes--; d.writes != 0 {
		return d.Store.WriteEntry(ctx, e)
	}
	if d.after {
		if _, err := d.Store.WriteEntry(ctx, e); err != nil {
			return e, err
		}
	}
	panic(killed{})
}

func TestASenderThatDiesGivesOneCode(t *testing.T) {
	for _, c := range []struct {
		name  string
		after bool
		asked int
		state message.State
		mails int
	}{
		{"between asking and writing: the same is asked again, and goes out once", false, 2, message.Sent, 1},
		{"between writing and sending: nobody can tell, and nothing is asked or sent again", true, 1, message.Unknown, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := setup(t)
			s := b.withShop()
			e := b.claimCode("o", 0)
			b.handler.Store = &dying{Store: b.store, writes: 1, after: c.after}
			func() {
				defer func() {
					if recover() == nil {
						t.Error("nothing died")
					}
				}()
				if err := b.handler.dispatch(t.Context(), b.ring, message.Job{Customer: e.Customer, Entry: e.ID}); err != nil {
					t.Error(err)
				}
			}()
			b.handler.Store = b.store
			*b.now = b.now.Add(message.SendingHorizon)
			stored, err := b.try(e)
			if err != nil || stored.State != c.state || stored.Code.Code != "SAVE10-1" || len(b.provider.mails()) != c.mails {
				t.Errorf("%d mails, %+v, %v", len(b.provider.mails()), stored, err)
			}
			if ids := slices.Sorted(maps.Keys(s.saw().codes)); len(s.saw().asked) != c.asked || !slices.Equal(ids, []string{e.ID}) {
				t.Errorf("asked %v", s.saw().asked)
			}
		})
	}
}

func TestAJourneyHasOneCodeWhicheverStepAsks(t *testing.T) {
	b := setup(t)
	s := b.withShop()
	first := b.claimCode("o", 0)
	b.try(first)
	later, err := b.try(b.claimCode("o", 1))
	if err != nil || later.State != message.Sent || later.Code.Code != s.saw().codes[first.ID] || len(s.saw().asked) != 1 {
		t.Errorf("behind a first step with a code: asked %v, %+v, %v", s.saw().asked, later, err)
	}
	late := b.claimCode("p", 0)
	later, err = b.try(b.claimCode("p", 1))
	if err != nil || later.Code.Code != s.saw().codes[late.ID] || s.saw().asked[1] != late.ID {
		t.Errorf("before the first step was sent: asked %v, %+v, %v", s.saw().asked, later, err)
	}
	if late, err = b.try(late); err != nil || late.Code.Code != later.Code.Code {
		t.Errorf("the first step has %+v and the later one %+v, %v", late.Code, later.Code, err)
	}
	alone, err := b.try(b.claimCode("q", 1))
	if err != nil || alone.State != message.Sent || len(s.saw().codes) != 3 {
		t.Errorf("without a first step: %+v, %v", alone, err)
	}
}

func TestWhoDoesNotAnswerKeepsNobodyElseWaiting(t *testing.T) {
	b := setup(t)
	s := b.withShop()
	s.answers(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	first, second := b.claimCode("o", 0), b.claimCode("p", 0)
	for i, e := range []message.Entry{first, second, first} {
		if e, err := b.try(e); fault.CodeOf(err) != fault.Throttled || e.State != message.Claimed || len(s.saw().asked) != 1 {
			t.Errorf("%d: asked %v, %+v, %v", i, s.saw().asked, e, err)
		}
	}
	s.answers(nil)
	*b.now = b.now.Add(askAgain)
	for _, e := range []message.Entry{first, second} {
		if e, err := b.try(e); err != nil || e.State != message.Sent {
			t.Errorf("once it answers: %+v, %v", e, err)
		}
	}
	s.answers(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTooManyRequests) })
	b.try(b.claimCode("q", 0))
	s.answers(nil)
	if e, err := b.try(b.claimCode("r", 0)); err != nil || e.State != message.Sent {
		t.Errorf("after one who was told of too many: %+v, %v", e, err)
	}
}

func TestACodeThatAnEntryHasIsNotAskedFor(t *testing.T) {
	b := setup(t)
	s := b.withShop()
	e := b.claimCode("o", 0)
	e.Code = offer.Given{Pool: "winback10", Code: "P-1"}
	e = b.write(e, nil)
	if e, err := b.try(e); err != nil || e.Code.Code != "P-1" || len(s.saw().asked) != 0 || !strings.Contains(b.provider.mails()[0], "Take P-1.") {
		t.Errorf("%+v, %v", e, err)
	}
}

func TestWithoutDestinationsNobodyIsAsked(t *testing.T) {
	b := setup(t)
	b.withShop()
	b.handler.Offers = nil
	if e, err := b.try(b.claimCode("o", 0)); err != nil || e.Gate != scene.GateOffer || e.Reason != offer.ReasonNotSetUp {
		t.Errorf("%+v, %v", e, err)
	}
}

func TestADestinationThatIsNotThereNeedsAPerson(t *testing.T) {
	b := setup(t)
	b.withShop()
	b.handler.Offers = webhook.New(webhook.Config{Secret: held(`{"shop":{"url":"https://169.254.169.254/","current":"` + shopSecret + `"}}`), Now: time.Now})
	e, err := b.try(b.claimCode("inside", 0))
	if fault.CodeOf(err) != fault.Internal || !strings.Contains(err.Error(), "forbidden_address") || e.State != message.Claimed {
		t.Errorf("%+v, %v", e, err)
	}
	b.handler.Offers = webhook.New(webhook.Config{Secret: held(`{}`), Now: time.Now})
	if e, err := b.try(b.claimCode("unknown", 0)); fault.CodeOf(err) != fault.Internal || e.State != message.Claimed || len(b.provider.mails()) != 0 {
		t.Errorf("%+v, %v", e, err)
	}
}
