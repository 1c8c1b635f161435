package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"liuke/infra/local/engine"
	"liuke/shared/channel"
	"liuke/shared/channel/ses"
	"liuke/shared/customer"
	"liuke/shared/dynamo"
	"liuke/shared/message"
	"liuke/shared/queue"
	"liuke/shared/signal"
	"liuke/shared/survey"
	"liuke/shared/telemetry"
	"liuke/shared/token"
)

const (
	keysJSON = `{"current":"0123456789abcdef0123456789abcdef"}`
	base     = "https://liuke.example.com"
)

var arrival = time.Date(2026, 3, 1, 8, 31, 0, 0, time.UTC)

type keys struct{}

func (keys) Value(context.Context) ([]byte, error) { return []byte(keysJSON), nil }

// provider is SES as far as a sender sees it.
type provider struct {
	mu      sync.Mutex
	answers []int // HTTP status of each call in turn, the last for ever; 0 takes the message, -1 takes it and hangs up
	before  func()
	taken   []string // what was taken
	calls   int
}

func (p *provider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.before != nil {
		p.before()
	}
	status := 0
	if len(p.answers) > 0 {
		status = p.answers[min(p.calls, len(p.answers)-1)]
	}
	p.calls++
	if status <= 0 || status >= 500 {
		p.taken = append(p.taken, string(body))
	}
	switch {
	case status < 0:
		panic(http.ErrAbortHandler)
	case status == 0:
		fmt.Fprintf(w, `{"MessageId":"ses-%d"}`, p.calls)
	default:
		w.Header().Set("X-Amzn-ErrorType", map[int]string{400: "MessageRejected", 403: "AccessDeniedException", 429: "TooManyRequestsException"}[status])
		w.WriteHeader(status)
		io.WriteString(w, `{"message":"li@example.com"}`)
	}
}

// mails returns what was taken.
func (p *provider) mails() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.taken
}

// asked returns how many calls there were.
func (p *provider) asked() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.calls
}

// sink keeps what goes back to the queue.
type sink struct {
	mu   sync.Mutex
	back []queue.Message
}

func (s *sink) Send(_ context.Context, messages ...queue.Message) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.back = append(s.back, messages...)
	return nil
}

type bundle struct {
	t        *testing.T
	handler  *Handler
	store    *dynamo.Store
	surveys  catalogued
	provider *provider
	queue    *sink
	now      *time.Time
	logged   *strings.Builder
	metrics  *strings.Builder
	ring     *token.Keyring
}

// catalogued is surveys as they stand.
type catalogued survey.Catalogue

func (c catalogued) Surveys(context.Context) (survey.Catalogue, error) {
	return survey.Catalogue(c), nil
}

func setup(t *testing.T) *bundle {
	t.Helper()
	customers, records := engine.NewTables(t)
	b := &bundle{t: t, provider: &provider{}, queue: &sink{}, logged: &strings.Builder{}, metrics: &strings.Builder{}}
	b.store = dynamo.New(engine.Config(engine.StartDynamoDB(t)), customers, records)
	server := httptest.NewServer(b.provider)
	t.Cleanup(server.Close)
	surveys, err := survey.BuiltIn()
	if err != nil {
		t.Fatal(err)
	}
	b.surveys = catalogued(surveys)
	now := arrival
	b.now = &now
	clock := func() time.Time { return *b.now }
	handler, err := NewHandler(Handler{
		Store: b.store, Surveys: b.surveys.Surveys, Messages: b.queue, Keys: keys{},
		Channels: map[message.Channel]channel.Channel{message.Email: ses.New(engine.Config(server.URL), "Shop <hello@example.com>", "liuke")},
		Settings: settings{Sender: "Shop <hello@example.com>", BaseURL: base},
		Now:      clock, Log: slog.New(slog.NewTextHandler(b.logged, nil)), Count: telemetry.NewCounter(b.metrics, "dispatch", clock),
	})
	if err != nil {
		t.Fatal(err)
	}
	b.handler = handler
	if b.ring, err = token.NewKeyring([]byte(keysJSON)); err != nil {
		t.Fatal(err)
	}
	b.profile(map[string]string{customer.TraitEmail: "li@example.com", customer.ConsentTrait("email"): "true", customer.TraitFirstName: "Li"})
	return b
}

func (b *bundle) profile(traits map[string]string) {
	b.t.Helper()
	before, err := b.store.Profile(b.t.Context(), "user-0001")
	if err != nil {
		b.t.Fatal(err)
	}
	p := customer.Profile{Version: before.Version + 1}
	for name, value := range traits {
		p.Set(name, customer.Trait{Value: value, Time: p.Version, Event: "e"})
	}
	if err := b.store.PutProfile(b.t.Context(), "user-0001", &p); err != nil {
		b.t.Fatal(err)
	}
}

// claim claims the win-back of the sample, as outreach does.
func (b *bundle) claim() message.Entry {
	b.t.Helper()
	return b.claimWith(invited)
}

// invited gives an entry the invitation that outreach gives the win-back.
func invited(e *message.Entry) {
	e.Invitation = message.Invitation{Survey: "leaving", ID: e.ID, Cell: survey.Cell{Segment: "At Risk", Tier: "C", Node: "leaving", Channel: "email"}}
}

// candidate is the win-back of the sample before anything is decided.
func candidate() message.Entry {
	data, _ := json.Marshal(signal.SegmentData{Run: "run-1", Model: "rfm10", From: "Champions", To: "At Risk"})
	return message.New("win_back", 0, message.Email, signal.Signal{
		ID: "segment:run-1:rfm10", Kind: signal.SegmentChanged, Customer: "user-0001", Time: arrival.Add(-time.Minute), Data: data,
	})
}

func (b *bundle) claimWith(change func(*message.Entry)) message.Entry {
	b.t.Helper()
	e, err := candidate().Claim(arrival)
	if err != nil {
		b.t.Fatal(err)
	}
	change(&e)
	contact, _ := message.Contact{}.Add(message.Stamp{Time: e.Claimed, Scene: message.SceneMarkOf(e.Scene), Channel: e.Channel})
	if err := b.store.Claim(b.t.Context(), e.Customer, e, contact); err != nil {
		b.t.Fatal(err)
	}
	e.Revision++
	return e
}

func (b *bundle) write(e message.Entry, err error) message.Entry {
	b.t.Helper()
	if err == nil {
		e, err = b.store.WriteEntry(b.t.Context(), e)
	}
	if err != nil {
		b.t.Fatal(err)
	}
	return e
}

func (b *bundle) entry() message.Entry {
	b.t.Helper()
	e, err := b.store.Entry(b.t.Context(), "user-0001", message.ID("user-0001", "win_back", "segment:run-1:rfm10", 0, message.Email))
	if err != nil {
		b.t.Fatal(err)
	}
	return e
}

// deliver hands the handler the sample's message and returns how many failed and the write units that it took.
func (b *bundle) deliver() (failures int, write float64) {
	b.t.Helper()
	meter := &dynamo.Meter{}
	failures = b.deliverBy(dynamo.WithMeter(b.t.Context(), meter))
	_, write = meter.Units()
	return failures, write
}

func (b *bundle) deliverBy(ctx context.Context) (failures int) {
	b.t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "..", "events", "dispatch", "win_back.json"))
	if err != nil {
		b.t.Fatal(err)
	}
	var in events.SQSEvent
	if err := json.Unmarshal(raw, &in); err != nil {
		b.t.Fatal(err)
	}
	out, err := b.handler.Handle(ctx, in)
	if err != nil {
		b.t.Fatal(err)
	}
	return len(out.BatchItemFailures)
}
