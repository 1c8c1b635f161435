package demo

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"liuke/infra/local/engine"
	"liuke/infra/local/suite"
	"liuke/shared/customer"
)

// final is what a play leaves behind, without what may differ: versions, times of writing, ids of runs.
type final struct {
	customers map[string]string
	known     map[string]int            // of customers, how many have what runs write or signs tell
	runs      map[string]string         // what the runs say, but for counts
	counts    map[string]int            // of customers, as the runs say them: how many are of a band of risk, a label, and changed
	records   map[string]string         // orders and profiles
	ledger    map[string]map[string]int // by customer and scene: how many entries in which state
	rivals    map[string]bool           // customers to whom one message is the reason that another was not sent
	mails     map[string]int            // by recipient and subject
	feedback
}

func finalState(t *testing.T, s *suite.Suite, d *play) final {
	t.Helper()
	tables, _, _ := s.Engines()
	db := dynamodb.NewFromConfig(engine.Config(tables))
	var keys []string
	seals, memories := map[string]bool{}, map[string]int{}
	f := final{
		customers: map[string]string{}, known: map[string]int{}, runs: map[string]string{}, counts: map[string]int{}, records: map[string]string{},
		ledger: map[string]map[string]int{}, rivals: map[string]bool{}, mails: map[string]int{}, feedback: newFeedback(t, s),
	}
	for _, item := range scan(t, db, s.Named("AWS::DynamoDB::GlobalTable", "customers")) {
		id := item["id"].(string)
		if key, ok := item["k"].([]byte); ok { // random, and of that play alone
			keys = append(keys, customer.Key(key).Pseudonym())
		}
		for _, moving := range []string{"v", "run", "last", "seen", "k"} {
			delete(item, moving)
		}
		for _, what := range []string{"lab", "risk", "seg", "s"} {
			if item[what] != nil {
				f.known[what]++
			}
		}
		if encoded, ok := item["s"].([]byte); ok {
			item["s"] = signs(t, encoded)
		}
		remembered, _ := item["ids"].([]byte) // an answer's id holds its run's, which is of that play alone
		of := id
		if into, absorbed := item["into"].(string); absorbed { // which of the two remembers is a matter of the events' arrival
			of = into
		}
		memory, err := customer.MemoryOf(remembered)
		if err != nil {
			t.Errorf("%s: %v", id, err)
		}
		memories[of] += memory.Len()
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
		case kind == "MESSAGE":
			id, scene, state := strings.TrimPrefix(pk, "CUSTOMER#"), fmt.Sprint(item["scene"]), fmt.Sprint(item["st"])
			if f.ledger[id+" "+scene] == nil {
				f.ledger[id+" "+scene] = map[string]int{}
			}
			f.ledger[id+" "+scene][state]++
			if gate := item["gate"]; gate == "recontact" || gate == "frequency_cap" && scene != "order_thanks" {
				f.rivals[id] = true
			}
			f.invited(t, item)
		case kind == "ORDER", kind == "PROFILE":
			delete(item, "v")
			delete(item, "first")                            // which of two orders came first is a matter of their arrival, as is the order of
			if changes, ok := item["changes"].([]byte); ok { // the ids of its changes, 16 bytes each
				item["changes"] = slices.SortedFunc(slices.Chunk(changes, 16), bytes.Compare)
			}
			f.records[pk+" "+sk] = text(t, item)
		case strings.HasPrefix(pk, "SEAL#"):
			seals[strings.TrimPrefix(pk, "SEAL#")] = true
		default:
			f.take(t, kind, item)
		}
	}
	for _, pseudonym := range keys {
		if !seals[pseudonym] {
			t.Errorf("the key of %s is not kept: what is sealed of that customer could not be read once the item is gone", pseudonym)
		}
	}
	for what, least := range map[string]int{"lab": 400, "risk": 400, "seg": 400, "s": 300} {
		if f.known[what] < least {
			t.Errorf("only %d customers have the attribute %s: that compares too little", f.known[what], what)
		}
	}
	for i := range d.runs {
		name := "run of " + d.runs[i].AsOf
		f.runs[name] = said(t, d, &d.runs[i], func(what string, n int) { f.counts[name+", "+what] = n })
	}
	f.metrics(t, s, d)
	outbox, err := d.outbox(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range outbox {
		f.mails[strings.Join(m.To, ",")+" "+m.Subject]++
	}
	return f
}

// signs spells a customer's signs without when they were answered, which is the clock's.
func signs(t *testing.T, encoded []byte) map[string]any {
	t.Helper()
	var s customer.Signs
	if err := s.UnmarshalBinary(encoded); err != nil {
		t.Fatal(err)
	}
	out := map[string]any{"birthday": s.Birthday, "declared": s.Declared, "first": s.First}
	for sign, name := range customer.Signed() {
		out[name] = fmt.Sprint(slices.Collect(s.Of(sign).Months()))
	}
	for metric, name := range customer.Metrics() {
		out[name] = s.Opinion(metric).Score
	}
	return out
}

// said returns all that a run says of its customers together: RFM labels, who moved, occasions, cohorts, economics,
// calibration; without what is of that play alone. How many are of which band of risk, and of which label of the models that
// may read it, it counts apart: an answer to a mail whose fate nobody knows moves them.
func said(t *testing.T, d *play, r *run, count func(what string, n int)) string {
	t.Helper()
	var view, analysis map[string]any
	for path, into := range map[string]*map[string]any{"": &view, "/analysis": &analysis} {
		if err := d.call(t.Context(), operator, http.MethodGet, "/v1/rfm/runs/"+r.ID+path, nil, into); err != nil {
			t.Fatal(err)
		}
	}
	for _, own := range []string{"run_id", "started_at", "finished_at", "cost"} {
		delete(view, own)
	}
	for band, n := range view["risk"].(map[string]any) {
		count("risk "+band, int(n.(float64)))
	}
	count("changed", int(view["changed"].(float64)))
	models, _ := analysis["models"].([]any)
	for _, m := range models {
		totals := m.(map[string]any)
		for _, s := range totals["segments"].([]any) {
			label := s.(map[string]any)
			count(fmt.Sprint(totals["model"], " ", label["name"]), int(label["customers"].(float64)))
		}
	}
	delete(view, "risk")
	delete(view, "changed")
	for _, part := range []string{"models", "cohorts", "economics"} { // the calibration is of too few customers, at times
		if analysis[part] == nil {
			t.Errorf("the analysis of the run of %s has no %s", r.AsOf, part)
		}
	}
	delete(analysis, "models")
	return text(t, []any{view, analysis})
}

// near compares counts of customers, which may differ by as many as are left out.
func near(t *testing.T, calm, struck map[string]int, apart int) {
	t.Helper()
	names := maps.Clone(calm)
	maps.Copy(names, struck)
	differ := 0
	for name := range names {
		if d := calm[name] - struck[name]; d > apart || -d > apart {
			t.Errorf("%s: %d, undisturbed it is %d", name, struck[name], calm[name])
		} else if d != 0 {
			differ++
		}
	}
	t.Logf("counts of the runs: %d compared, %d differ by as many as are left out at most", len(names), differ)
	if len(names) < 20 {
		t.Errorf("only %d counts: that compares too little", len(names))
	}
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
