package fold_test

import (
	"cmp"
	"context"
	cryptorand "crypto/rand"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"liuke/infra/local/engine"
	"liuke/shared/customer"
	"liuke/shared/dynamo"
	"liuke/shared/event"
	"liuke/shared/fault"
	"liuke/shared/fold"
	"liuke/shared/money"
)

var noon = time.Date(2026, 3, 5, 12, 0, 0, 0, time.UTC)

// setup returns a folder over empty tables of the real engine, and the waits that it makes.
func setup(t testing.TB) (*fold.Folder, *[]time.Duration) {
	t.Helper()
	customers, records := engine.NewTables(t)
	var waits []time.Duration
	return &fold.Folder{
		Settings: fold.Settings{Zone: time.UTC, Money: money.Only("CNY")},
		Store:    dynamo.New(engine.Config(engine.StartDynamoDB(t)), customers, records),
		Sleep: func(_ context.Context, d time.Duration) error {
			waits = append(waits, d)
			return nil
		},
		Jitter:      func() float64 { return 0.5 },
		Random:      cryptorand.Reader,
		Concurrency: 1,
	}, &waits
}

func track(id, user, name string, properties map[string]any) event.Event {
	raw, err := json.Marshal(properties)
	if err != nil {
		panic(err)
	}
	return event.Event{ID: event.MessageID(id), Type: event.Track, Name: name, User: user, Time: noon, Received: noon,
		Source: event.SourceSegment, Properties: raw}
}

func placed(id, user, order, total string) event.Event {
	return track(id, user, event.OrderCompleted, map[string]any{"order_id": order, "total": total})
}

func foldAll(t *testing.T, f *fold.Folder, ctx context.Context, events ...event.Event) {
	t.Helper()
	for i, o := range f.Fold(ctx, events) {
		if o.Err != nil {
			t.Fatalf("event %d: %v", i, o.Err)
		}
	}
}

func TestWritesStayWithinTheirBudget(t *testing.T) {
	t.Parallel()
	activities := func(from, n int) (list []event.Event) {
		for i := range n {
			list = append(list, track(fmt.Sprint("a", from+i), "c", "Checked In", nil))
		}
		return list
	}
	orders := func(from, n int) (list []event.Event) {
		for i := range n {
			list = append(list, placed(fmt.Sprint("p", from+i), "c", fmt.Sprint("o", from+i), "99.00"))
		}
		return list
	}
	for _, test := range []struct {
		name   string
		events func(round int) []event.Event
		k      int
		budget float64 // write units a batch
	}{
		{"one activity event", func(r int) []event.Event { return activities(r, 1) }, 1, 1.05},
		{"five activity events of one customer", func(r int) []event.Event { return activities(5*r, 5) }, 5, 1.05},
		{"one order", func(r int) []event.Event { return orders(r, 1) }, 1, 2 + 2},
		{"five orders of one customer", func(r int) []event.Event { return orders(5*r, 5) }, 5, 5*2 + 2},
		{"an order among five activity events", func(r int) []event.Event { return append(orders(r, 1), activities(5*r, 5)...) }, 6, 2 + 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f, _ := setup(t)
			const rounds = 20
			var first, m dynamo.Meter
			foldAll(t, f, dynamo.WithMeter(t.Context(), &first), track("first", "c", "Checked In", nil))
			if _, write := first.Units(); write != 2 { // the item, and its key
				t.Errorf("a new customer costs %v write units, want 2", write)
			}
			for r := range rounds {
				foldAll(t, f, dynamo.WithMeter(t.Context(), &m), test.events(r)...)
			}
			read, write := m.Units()
			t.Logf("%.2f write units and %.2f read units an event (%.2f and %.2f a batch)",
				write/rounds/float64(test.k), read/rounds/float64(test.k), write/rounds, read/rounds)
			if write/rounds > test.budget {
				t.Errorf("%.2f write units a batch, want at most %.2f", write/rounds, test.budget)
			}
			before := write
			for r := range rounds {
				foldAll(t, f, dynamo.WithMeter(t.Context(), &m), test.events(r)[:1]...)
			}
			if _, write := m.Units(); write != before && rounds*test.k <= customer.Remembered {
				t.Errorf("replays cost %.2f write units", write-before)
			}
		})
	}
}

// TestMedianCustomerIsWithinOneKilobyte folds two years of a customer who orders every three weeks and is seen every
// third day, who came by a campaign, opens a ticket every half a year, writes a review now and then, refers a friend,
// answers a survey and says when the birthday is: more than the median shop's customer does.
func TestMedianCustomerIsWithinOneKilobyte(t *testing.T) {
	t.Parallel()
	f, _ := setup(t)
	rng := rand.New(rand.NewPCG(3, 4))
	var events []event.Event
	const user = "8c5de6d6-7f0d-4c7e-9f0c-2f5a3f1f5b1e"
	names := map[int]string{60: event.TicketOpened, 66: event.TicketResolved, 240: event.TicketOpened, 243: event.TicketResolved,
		300: event.ProductReviewed, 360: event.Referred, 450: event.TicketOpened, 453: event.TicketResolved, 600: event.ProductReviewed}
	for day := range 730 {
		e := track(fmt.Sprint("a", day), user, cmp.Or(names[day], "Viewed"), nil)
		if day%21 == 0 {
			e = placed(fmt.Sprint("p", day), user, fmt.Sprint("o", day), fmt.Sprintf("%d.%02d", 20+rng.IntN(400), rng.IntN(100)))
		} else if day%3 != 0 {
			continue
		}
		e.Time = noon.AddDate(0, 0, day)
		e.Context = json.RawMessage(`{"campaign":{"source":"newsletter"}}`)
		events = append(events, e)
	}
	answer := answered("s", event.SourceSurvey, map[string]any{"survey": "nps", "kind": "nps", "invitation": "i", "score": 9}, noon)
	answer.User = user
	events = append(events, answer, identify("i", user, "", `{"birthday":"1990-05-17"}`))
	for batch := range slices.Chunk(events, 50) {
		foldAll(t, f, t.Context(), batch...)
	}
	rec := load(t, f, user)
	signs, _ := rec.Signs.MarshalBinary()
	if rec.Signs.OpenTickets() != 0 || rec.Signs.Of(customer.TicketOpened).Total() != 3 || rec.Signs.Birthday.Day != 17 || rec.Signs.Channel() != "newsletter" {
		t.Errorf("signs %+v", rec.Signs)
	}
	scores := customer.Scores{R: 5, F: 4, M: 4, Segment: "Potential Loyalist", Risk: "medium", Run: noon.UnixMilli()}
	scores.Labels = "abc\tB\nbehaviour\tintermittent\nfour\tdeveloping\nlifecycle\tgrowing\nneeds\tself-service\npyramid\ttop-20\n" +
		"rfm10\tPotential Loyalist\nrfm8\tGeneral Development\nstrategic\timportant\nvalue\tpotential\nvast\tregular"
	if _, err := f.Store.(*dynamo.Store).WriteScores(t.Context(), user, scores); err != nil {
		t.Fatal(err)
	}
	var m dynamo.Meter
	foldAll(t, f, dynamo.WithMeter(t.Context(), &m), track("last", user, "Viewed", nil))
	if _, write := m.Units(); write != 1 { // one unit is one KB of the item as a whole, names and numbers included
		t.Errorf("the item takes %v KB, want one", write)
	}
	t.Logf("the signs take %d bytes, and the labels %d", len(signs), len(scores.Labels))
}

func TestMoreOrdersThanATransactionTakesAreFoldedInSeveral(t *testing.T) {
	t.Parallel()
	f, _ := setup(t)
	var events []event.Event
	for i := range 2*fold.MaxOrders + 7 {
		events = append(events, placed(fmt.Sprint("p", i), "c", fmt.Sprint("o", i), "1.00"))
	}
	events = append(events, track("r", "c", event.OrderRefunded, map[string]any{"order_id": "o3", "total": "0.25"}))
	foldAll(t, f, t.Context(), events...)
	a, err := f.Audit(t.Context(), "c")
	if n := int64(2*fold.MaxOrders + 7); err != nil || !a.Agrees || a.Orders != n || a.HistoryNet != n*100-25 {
		t.Errorf("audit %+v, %v", a, err)
	}
	if rec := load(t, f, "c"); rec.Version != 3 {
		t.Errorf("%d transactions, want 3", rec.Version)
	}
}

func load(t *testing.T, f *fold.Folder, id customer.ID) customer.Record {
	t.Helper()
	states, errs := f.Store.Load(t.Context(), []fold.Want{{Customer: id}})
	if errs[0] != nil {
		t.Fatal(errs[0])
	}
	return states[0].Customer
}

func TestEventsThatCannotBeFoldedAreRefusedAlone(t *testing.T) {
	t.Parallel()
	f, _ := setup(t)
	good := track("good", "c", "Checked In", nil)
	nobody, unnamed := good, good
	nobody.User, nobody.ID = "", "x"
	unnamed.ID = ""
	long := good
	long.User = strings.Repeat("x", customer.MaxIDBytes+1)
	damaged := placed("d", "c", "o", "1")
	damaged.Properties = json.RawMessage(`{"order_id":`)
	answer := track("s", "c", event.SurveyAnswered, map[string]any{"score": 3})
	answer.Source = event.SourceSurvey
	for _, test := range []struct {
		name string
		e    event.Event
	}{
		{"an event of nobody", nobody},
		{"an event without an id", unnamed},
		{"an event of too long a name", long},
		{"an order with damaged properties", damaged},
		{"an order without a total", track("t", "c", event.OrderCompleted, map[string]any{"order_id": "o"})},
		{"an order in another currency", track("u", "c", event.OrderCompleted, map[string]any{"order_id": "o", "total": 1, "currency": "USD"})},
		{"an answer without its survey", answer},
		{"an unsubscription from no channel", track("n", "c", event.Unsubscribed, nil)},
	} {
		t.Run(test.name, func(t *testing.T) {
			out := f.Fold(t.Context(), []event.Event{test.e, good})
			if fault.CodeOf(out[0].Err) != fault.Invalid || out[1].Err != nil {
				t.Errorf("%v and %v, want Invalid for the first alone", out[0].Err, out[1].Err)
			}
		})
	}
	if rec := load(t, f, "c"); rec.Activity.Total() != 1 || rec.History.Len() != 0 {
		t.Errorf("what was refused left %+v", rec)
	}
}

func TestOrderOfAnotherCurrencyThanTheBusinessCountsInIsRefused(t *testing.T) {
	t.Parallel()
	f, _ := setup(t)
	foldAll(t, f, t.Context(), placed("p", "c", "o", "1.00"))
	f.Money = money.Only("EUR") // the setting was changed after orders had come
	out := f.Fold(t.Context(), []event.Event{track("r", "c", event.OrderRefunded, map[string]any{"order_id": "o", "total": "1.00", "currency": "EUR"})})
	if fault.CodeOf(out[0].Err) != fault.Invalid {
		t.Errorf("%v, want Invalid", out[0].Err)
	}
}

// contended is a store whose customer named "busy" is always ahead of whoever writes, and whose "broken" panics.
type contended struct{ fold.Store }

func (c contended) Write(ctx context.Context, w *fold.Write) error {
	switch w.Customer.ID {
	case "busy":
		return fault.New(fault.Conflict, "moved")
	case "broken":
		panic("broken")
	}
	return c.Store.Write(ctx, w)
}

func TestConflictIsFoldedAgainAndThenGoesBackWithoutTouchingOthers(t *testing.T) {
	t.Parallel()
	f, waits := setup(t)
	f.Store = contended{f.Store}
	out := f.Fold(t.Context(), []event.Event{
		placed("p", "busy", "o", "1.00"), track("a", "busy", "Checked In", nil), track("a", "calm", "Checked In", nil)})
	for i, want := range []fault.Code{fault.Conflict, fault.Conflict, ""} {
		if fault.CodeOf(out[i].Err) != want || out[i].Signals != nil {
			t.Errorf("event %d: %v with signals %v, want %q and none", i, out[i].Err, out[i].Signals, want)
		}
	}
	if len(*waits) != 7 || (*waits)[0] != 10*time.Millisecond || (*waits)[6] > time.Second {
		t.Errorf("waits %v, want 7 that grow from 10 ms", *waits)
	}
}

func TestPanicReachesTheCallerAfterTheOthersAreDone(t *testing.T) {
	t.Parallel()
	f, _ := setup(t)
	f.Store, f.Concurrency = contended{f.Store}, 4
	events := []event.Event{track("a", "broken", "Checked In", nil)}
	for i := range 9 {
		events = append(events, track("a", fmt.Sprint("c", i), "Checked In", nil))
	}
	func() {
		defer func() {
			if p := recover(); p == nil || strings.Contains(fmt.Sprint(p), "broken") {
				t.Errorf("panic %v, want one that does not repeat the value", p)
			}
		}()
		f.Fold(t.Context(), events)
	}()
	for i := range 9 {
		if rec := load(t, f, customer.ID(fmt.Sprint("c", i))); rec.Activity.Total() != 1 {
			t.Errorf("customer c%d was not folded", i)
		}
	}
}

func TestAWithdrawnConsentStaysWithdrawnThoughItWasGivenByAClockThatRunsAhead(t *testing.T) {
	f, _ := setup(t)
	given := event.Event{
		ID: "given", Type: event.Identify, User: "c", Time: noon.Add(20 * time.Hour), Received: noon,
		Traits: json.RawMessage(`{"email":"c@example.com","consent":{"email":true}}`),
	}
	withdrawn := event.Event{
		ID: "withdrawn", Type: event.Track, Name: event.Unsubscribed, User: "c", Time: noon.Add(time.Minute),
		Received: noon.Add(time.Minute), Properties: json.RawMessage(`{"channel":"email"}`),
	}
	foldAll(t, f, t.Context(), given)
	foldAll(t, f, t.Context(), withdrawn)
	foldAll(t, f, t.Context(), given) // delivered again
	states, errs := f.Store.Load(t.Context(), []fold.Want{{Customer: "c", Profile: true}})
	if errs[0] != nil {
		t.Fatal(errs[0])
	}
	if got := states[0].Profile.Get(customer.ConsentTrait("email")); got != "false" {
		t.Errorf("consent is %q", got)
	}
}
