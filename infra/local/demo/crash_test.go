package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"sort"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"liuke/infra/local/engine"
	"liuke/infra/local/project"
	"liuke/infra/local/proxy"
	"liuke/infra/local/suite"
	"liuke/shared/customer"
)

// crashSeed is the seed of the kills; LIUKE_CRASH_SEED sets another.
const crashSeed = 20261122

// leastKills is how many processes the test kills at least.
const leastKills = 200

// TestKillsLeaveNoTrace plays the same shop twice, once undisturbed, once while function processes are killed (SIGKILL)
// before and after each kind of call that they make to AWS. Both must end the same: every customer, order, answer and
// score; and no mail may be sent twice, none lost, and no more be in doubt than were killed while sending.
func TestKillsLeaveNoTrace(t *testing.T) {
	if testing.Short() {
		t.Log("short: the whole suite is not played")
		return
	}
	seed := uint64(crashSeed)
	if s := os.Getenv("LIUKE_CRASH_SEED"); s != "" {
		var err error
		if seed, err = strconv.ParseUint(s, 10, 64); err != nil {
			t.Fatalf("LIUKE_CRASH_SEED: %v", err)
		}
	}
	calm := playShop(t, nil)
	plan := newKills(seed)
	struck := playShop(t, plan)

	counts := map[string]int{}
	inSending := 0
	for _, i := range plan.injected() {
		when := "before"
		if i.After {
			when = "after"
		}
		counts[i.Call.Function+" "+when+" "+i.Call.Action]++
		if i.Call.Function == "dispatch" && (strings.HasPrefix(i.Call.Action, "ses:") || i.Call.Action == "dynamodb:UpdateItem") {
			inSending++
		}
	}
	total := 0
	for _, name := range sorted(counts) {
		t.Logf("killed %4d  %s", counts[name], name)
		total += counts[name]
	}
	t.Logf("seed %d: %d kills, %d of them about a send", seed, total, inSending)
	for name, n := range counts {
		if strings.HasPrefix(name, "console ") {
			total -= n // it only reads here
		}
	}
	if total < leastKills {
		t.Errorf("%d kills of functions that write are too few to show anything, %d are wanted", total, leastKills)
	}
	for _, f := range []string{"ingest", "profile", "rfm", "survey", "outreach", "dispatch", "receipts", "console"} {
		if !slices.ContainsFunc(sorted(counts), func(name string) bool { return strings.HasPrefix(name, f+" ") }) {
			t.Errorf("%s was never killed", f)
		}
	}
	unasked := messages(t, calm, struck, inSending)
	same(t, "customers", without(calm.customers, unasked), without(struck.customers, unasked))
	same(t, "records", calm.records, struck.records)
	for _, f := range []final{calm, struck} {
		if len(f.answers) == 0 || !maps.Equal(f.answers, f.counted) {
			t.Errorf("the answers are %v by score, and the counters say %v", f.answers, f.counted)
		}
	}
}

// kills strikes every kind of call, the rarer an invocation makes it the oftener: one that makes hundreds of them, struck
// as often as the others, would never come to its end.
type kills struct{ few, some, many *proxy.Plan }

func newKills(seed uint64) *kills {
	every := func(n int) *proxy.Plan { return proxy.NewPlan(seed, proxy.Rates{Kill: n}) }
	return &kills{few: every(12), some: every(70), many: every(800)}
}

func (k *kills) plan(c proxy.Call) *proxy.Plan {
	switch {
	case c.Function == "rfm" && c.Action == "dynamodb:UpdateItem": // a customer's scores each
		return k.many
	case c.Function == "profile", c.Function == "outreach": // a customer each
		return k.some
	default:
		return k.few
	}
}

// Before implements proxy.Injector.
func (k *kills) Before(c proxy.Call) proxy.Fault { return k.plan(c).Before(c) }

// After implements proxy.Injector.
func (k *kills) After(c proxy.Call) proxy.Fault { return k.plan(c).After(c) }

func (k *kills) injected() []proxy.Injection {
	return slices.Concat(k.few.Injected(), k.some.Injected(), k.many.Injected())
}

// final is what a play leaves behind, without what may differ: versions, times of writing, ids of runs.
type final struct {
	customers map[string]string
	records   map[string]string         // orders, profiles, answers, counters
	ledger    map[string]map[string]int // by customer and scene: how many entries in which state
	mails     map[string]int            // by recipient and subject
	answers   map[string]int            // by score, as the answers say
	counted   map[string]int            // by score, as the survey's counters say
}

func playShop(t *testing.T, faults proxy.Injector) final {
	t.Helper()
	ctx := t.Context()
	root, err := project.Root()
	if err != nil {
		t.Fatal(err)
	}
	s, err := suite.Start(ctx, suite.Options{
		Root: root, State: t.TempDir(), Addr: "127.0.0.1:0", Paused: true,
		Visibility: time.Second, Tries: 1000, Window: 50 * time.Millisecond, Batch: 1, Faults: faults,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	d := &play{
		client: newClient(Endpoint{URL: s.URL, WriteKey: s.WriteKey, OperatorToken: s.OperatorToken, OutboxURL: s.OutboxURL}),
		out:    io.Discard, shop: NewShop(5, 500, 24, end), stride: 10, inOrder: true,
	}
	if faults != nil {
		defer hurry(t, s)()
	}
	for _, act := range []func(context.Context) error{d.history, d.month, d.answers} {
		if err := act(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.settle(ctx); err != nil {
		t.Fatal(err)
	}
	return finalState(t, s, d)
}

// hurry lets the suite's clock run ten times as fast, until the function that it returns is called: what the killed were
// doing is given up after minutes of that clock.
func hurry(t *testing.T, s *suite.Suite) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for tick := time.Tick(500 * time.Millisecond); ; {
			select {
			case <-ctx.Done():
				return
			case <-tick:
				if err := s.Clock.Advance(4500 * time.Millisecond); err != nil {
					t.Error(err)
				}
			}
		}
	}()
	return func() { cancel(); <-done }
}

func finalState(t *testing.T, s *suite.Suite, d *play) final {
	t.Helper()
	tables, _, _ := s.Engines()
	db := dynamodb.NewFromConfig(engine.Config(tables))
	var keys []string
	seals, memories := map[string]bool{}, map[string]int{}
	f := final{customers: map[string]string{}, records: map[string]string{}, ledger: map[string]map[string]int{}, mails: map[string]int{}, answers: map[string]int{}, counted: map[string]int{}}
	for _, item := range scan(t, db, s.Named("AWS::DynamoDB::GlobalTable", "customers")) {
		id := item["id"].(string)
		if key, ok := item["k"].([]byte); ok { // random, and of that play alone
			keys = append(keys, customer.Key(key).Pseudonym())
		}
		for _, moving := range []string{"v", "run", "last", "seen", "k"} {
			delete(item, moving)
		}
		remembered, _ := item["ids"].([]byte) // an answer's id holds its run's, which is of that play alone
		of := id
		if into, absorbed := item["into"].(string); absorbed { // which of the two remembers is a matter of the events' arrival
			of = into
		}
		memories[of] += len(remembered) / 8
		delete(item, "ids")
		f.customers[id] = text(t, item)
	}
	for id, events := range memories {
		f.customers[id] += fmt.Sprintf(" remembers %d", events)
	}
	for _, item := range scan(t, db, s.Named("AWS::DynamoDB::GlobalTable", "records")) {
		pk, sk := item["pk"].(string), item["sk"].(string)
		kind, _, _ := strings.Cut(sk, "#")
		switch {
		case strings.HasPrefix(sk, "MESSAGE#"):
			scene, state := fmt.Sprint(item["scene"]), fmt.Sprint(item["st"])
			if f.ledger[pk+" "+scene] == nil {
				f.ledger[pk+" "+scene] = map[string]int{}
			}
			f.ledger[pk+" "+scene][state]++
		case strings.HasPrefix(sk, "ANSWER#"):
			f.answers["s"+item["score"].(string)]++
		case strings.HasPrefix(pk, "SURVEY#"):
			for name, n := range item {
				if text, ok := n.(string); ok && name != "pk" && name != "sk" {
					count, err := strconv.Atoi(text)
					if err != nil {
						t.Errorf("counter %s: %v", name, err)
					}
					f.counted[name] += count
				}
			}
		case kind == "ORDER", kind == "PROFILE":
			delete(item, "v")
			delete(item, "first")                            // which of two orders came first is a matter of their arrival, as is the order of
			if changes, ok := item["changes"].([]byte); ok { // the ids of its changes, 16 bytes each
				item["changes"] = slices.SortedFunc(slices.Chunk(changes, 16), bytes.Compare)
			}
			f.records[pk+" "+sk] = text(t, item)
		case strings.HasPrefix(pk, "SEAL#"):
			seals[strings.TrimPrefix(pk, "SEAL#")] = true
		case strings.HasPrefix(pk, "DUE#"):
			t.Errorf("a signal still waits to become due: %s %s", pk, sk)
		}
	}
	for _, pseudonym := range keys {
		if !seals[pseudonym] {
			t.Errorf("the key of %s is not kept: what is sealed of that customer could not be read once the item is gone", pseudonym)
		}
	}
	var outbox []mail
	if err := d.call(t.Context(), anyone, "GET", d.OutboxURL+"?format=json", nil, &outbox); err != nil {
		t.Fatal(err)
	}
	for _, m := range outbox {
		f.mails[strings.Join(m.To, ",")+" "+m.Subject]++
	}
	return f
}

// messages compares what was sent. The scene's caps make which of a customer's messages pass depend on their order, so
// messages are counted by customer and scene. A mail whose sender was killed about the send is unknown: it was sent once
// or not at all.
//
// It returns the customers to whom a mail is missing: they could not answer it either.
func messages(t *testing.T, calm, struck final, inSending int) (unasked map[string]bool) {
	t.Helper()
	unasked = map[string]bool{}
	unknown, sent := 0, 0
	for key, want := range calm.ledger {
		got := struck.ledger[key]
		if sum(want) != sum(got) {
			t.Errorf("%s: ledger entries %v, undisturbed %v", key, got, want)
		}
		for state := range got {
			if state == "claimed" || state == "sending" || state == "deferred" {
				t.Errorf("%s: an entry is left %s", key, state)
			}
		}
		if delivered := got["sent"] + got["unknown"]; delivered != want["sent"] {
			t.Errorf("%s: %v, undisturbed %v", key, got, want)
		}
		unknown += got["unknown"]
		sent += got["sent"]
	}
	for key := range struck.ledger {
		if calm.ledger[key] == nil {
			t.Errorf("%s: entries that the undisturbed run has not", key)
		}
	}
	missing := 0
	for key, want := range calm.mails {
		switch got := struck.mails[key]; {
		case got > want:
			t.Errorf("%s: sent %d times, undisturbed %d", key, got, want)
		case got < want:
			missing += want - got
			id, _, _ := strings.Cut(key, "@")
			unasked[id] = true
		}
	}
	for key := range struck.mails {
		if calm.mails[key] == 0 {
			t.Errorf("%s: a mail that the undisturbed run has not", key)
		}
	}
	t.Logf("mails: %d sent for sure, %d unknown (of which %d were never sent)", sent, unknown, missing)
	if missing > unknown {
		t.Errorf("%d mails are missing, and only %d entries are unknown", missing, unknown)
	}
	if unknown > inSending {
		t.Errorf("%d entries are unknown, and only %d senders were killed", unknown, inSending)
	}
	if sent == 0 {
		t.Error("no mail was sent at all")
	}
	return unasked
}

func without(customers map[string]string, ids map[string]bool) map[string]string {
	rest := maps.Clone(customers)
	for id := range ids {
		delete(rest, id)
	}
	return rest
}

func scan(t *testing.T, db *dynamodb.Client, table string) []map[string]any {
	t.Helper()
	if table == "" {
		t.Fatal("the suite has no such table")
	}
	var items []map[string]any
	pages := dynamodb.NewScanPaginator(db, &dynamodb.ScanInput{TableName: &table, ConsistentRead: aws.Bool(true)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, item := range page.Items {
			plain := map[string]any{}
			for name, v := range item {
				plain[name] = value(v)
			}
			items = append(items, plain)
		}
	}
	return items
}

func value(v types.AttributeValue) any {
	switch v := v.(type) {
	case *types.AttributeValueMemberS:
		return v.Value
	case *types.AttributeValueMemberN:
		return v.Value
	case *types.AttributeValueMemberB:
		return v.Value
	case *types.AttributeValueMemberBOOL:
		return v.Value
	case *types.AttributeValueMemberM:
		m := map[string]any{}
		for name, each := range v.Value {
			m[name] = value(each)
		}
		return m
	case *types.AttributeValueMemberL:
		var l []any
		for _, each := range v.Value {
			l = append(l, value(each))
		}
		return l
	default:
		return fmt.Sprintf("%#v", v)
	}
}

func text(t *testing.T, v any) string {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func same(t *testing.T, what string, calm, struck map[string]string) {
	t.Helper()
	differ := 0
	for key, want := range calm {
		if got := struck[key]; got != want {
			if differ++; differ <= 5 {
				t.Errorf("%s: %s is\n  %s\nundisturbed it is\n  %s", what, key, got, want)
			}
		}
	}
	for key := range struck {
		if _, ok := calm[key]; !ok {
			differ++
			t.Errorf("%s: %s is there, and undisturbed it is not", what, key)
		}
	}
	t.Logf("%s: %d compared, %d differ", what, len(calm), differ)
}

func sum(m map[string]int) int {
	n := 0
	for _, v := range m {
		n += v
	}
	return n
}

func sorted(m map[string]int) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
