package main

import (
	"context"
	"fmt"
	"iter"
	"log/slog"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"liuke/shared/budget"
	"liuke/shared/campaign"
	"liuke/shared/customer"
	"liuke/shared/document"
	"liuke/shared/fault"
	"liuke/shared/message"
	"liuke/shared/outreach"
	"liuke/shared/queue"
	"liuke/shared/recalc"
	"liuke/shared/snapshot"
	"liuke/shared/survey"
)

// generated is a store and a lake of so many customers, of whom each is made when it is asked for.
type generated struct {
	Store
	customers int
	record    campaign.Record
	objects   map[string][]byte
	names     map[string][2]int // from and to, by the key of a part's names
	rows      int64             // bytes
	phases    []recalc.Message
}

const generatedPart = 4_000

func (g *generated) Campaign(context.Context, string, string) (*campaign.Record, error) {
	r := g.record
	return &r, nil
}

func (g *generated) AdvanceCampaign(_ context.Context, r *campaign.Record, _ time.Time) error {
	g.record.Step, g.record.Steps, g.record.Counts = r.Step, r.Steps, r.Counts
	return nil
}

func (g *generated) FinishCampaign(_ context.Context, r *campaign.Record, _ time.Time) error {
	g.record.State, g.record.Step, g.record.Counts = recalc.Done, r.Step, r.Counts
	return nil
}

func (g *generated) FailCampaign(_ context.Context, _, _, reason string, _ time.Time) error {
	return fault.New(fault.Internal, "%s", reason)
}

func (g *generated) SceneEdits(context.Context, ...string) (int64, []document.Document, error) {
	return 1, make([]document.Document, 2), nil
}

func (g *generated) SceneDocuments(context.Context) ([]document.Document, error) {
	return []document.Document{{Name: outreach.DocumentName(outreach.Scene, "spring_sale"), Version: 1, Body: springSale}}, nil
}

func (g *generated) Surveys(context.Context) (survey.Catalogue, error) { return nil, nil }

func (g *generated) Counters(context.Context, ...budget.Account) (budget.Counters, error) {
	return budget.Counters{}, nil
}

func (g *generated) Run(context.Context, string) (*recalc.Run, error) {
	return &recalc.Run{ID: "r", State: recalc.Done, Slices: 1}, nil
}

func (g *generated) Slice(context.Context, string, int) (*recalc.Slice, error) {
	s := &recalc.Slice{Done: true}
	for from := 0; from < g.customers; from += generatedPart {
		p := recalc.Part{Name: fmt.Sprint(from), Rows: min(generatedPart, g.customers-from)}
		g.names[recalc.NamesKey("r", p)] = [2]int{from, from + p.Rows}
		s.Parts = append(s.Parts, p)
	}
	return s, nil
}

func (g *generated) Dossiers(_ context.Context, ids []customer.ID) ([]message.Dossier, error) {
	all := make([]message.Dossier, len(ids))
	for i, id := range ids {
		d := &all[i]
		n := int(id[len(id)-1]) + 7*int(id[len(id)-2]) + 31*int(id[len(id)-3])
		d.Person, d.Profile.Version = id, 1
		d.Scores = customer.Scores{R: 3, F: 3, M: 3, Segment: []string{"Champions", "At Risk", "Lost"}[n%3], Run: 1}
		for name, value := range map[string]string{
			customer.TraitEmail: string(id) + "@example.com", customer.ConsentTrait("email"): fmt.Sprint(n%4 > 0), customer.TraitPhone: "+8613800138000",
			customer.ConsentTrait("sms"): fmt.Sprint(n%5 == 0), customer.TraitTimeZone: []string{"Asia/Shanghai", "Europe/Berlin", ""}[n%7%3],
		} {
			d.Profile.Set(name, customer.Trait{Value: value, Time: 1, Event: "e"})
		}
	}
	return all, nil
}

func (g *generated) SuppressedAmong(_ context.Context, all []message.Address) ([]bool, error) {
	return make([]bool, len(all)), nil
}

func (g *generated) Get(_ context.Context, key string) ([]byte, error) {
	if span, ok := g.names[key]; ok {
		rows := make([]recalc.Row, span[1]-span[0])
		for i := range rows {
			rows[i].ID = customer.ID(fmt.Sprintf("customer-%09d", span[0]+i))
		}
		return snapshot.EncodeNames(rows)
	}
	if raw, ok := g.objects[key]; ok {
		return raw, nil
	}
	return nil, fault.New(fault.NotFound, "there is none")
}

// Put keeps all but the rows, which a lake would hold on its side.
func (g *generated) Put(_ context.Context, key, _ string, body []byte) error {
	if strings.Contains(key, "/table-") {
		g.rows += int64(len(body))
		body = nil
	}
	g.objects[key] = body
	return nil
}

func (g *generated) PutStream(_ context.Context, _, _ string, chunks iter.Seq2[[]byte, error]) error {
	for _, err := range chunks {
		if err != nil {
			return err
		}
	}
	return nil
}

func (g *generated) SendPhases(_ context.Context, all ...recalc.Message) error {
	g.phases = append(g.phases, all...)
	return nil
}

func (g *generated) Send(context.Context, ...queue.Message) error { return nil }

// TestASimulationOfAMillionStaysSmall simulates a scene of two steps over generated customers, through the parts' files and all
// else but tables and lake, and prints the pace and the most memory that the process has had. It is a few customers unless
// LIUKE_SIMULATE says how many:
//
//	LIUKE_SIMULATE=1000000 go test ./functions/rfm -run StaysSmall -v
func TestASimulationOfAMillionStaysSmall(t *testing.T) {
	n := 20_000
	if wanted := os.Getenv("LIUKE_SIMULATE"); wanted != "" {
		var err error
		if n, err = strconv.Atoi(wanted); err != nil {
			t.Fatal(err)
		}
	}
	defer debug.SetGCPercent(debug.SetGCPercent(50))
	now := time.Date(2026, time.March, 1, 3, 0, 0, 0, time.UTC)
	g := &generated{customers: n, objects: map[string][]byte{}, names: map[string][2]int{}}
	g.record = campaign.Record{
		Job: recalc.Job{ID: recalc.JobID(now), Run: "r", State: recalc.Running, Started: now, Updated: now}, Scene: "spring_sale",
		Terms: campaign.Terms{Simulated: true, At: now, PerSecond: campaign.DefaultPerSecond, Seed: 1},
	}
	invocations := 0
	looks := 0
	h := NewHandler(Props{
		Store: g, Lake: g, Phases: g, Signals: g, Settings: recalc.Settings{Zone: time.UTC, Currency: "EUR"},
		Now: func() time.Time { return now }, Log: slog.New(slog.DiscardHandler),
		Left: func(context.Context) time.Duration { // an invocation does some 200,000 customers
			if looks++; looks%400 == 0 {
				return 0
			}
			return time.Hour
		},
	})
	began := time.Now()
	for g.record.State == recalc.Running {
		m := g.record.Message(0)
		if len(g.phases) > 0 {
			m, g.phases = g.phases[0], g.phases[1:]
		}
		if err := h.campaign(t.Context(), &m); err != nil {
			t.Fatal(err)
		}
		invocations++
	}
	took := time.Since(began)
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		t.Fatal(err)
	}
	if g.record.Counts.Seen != int64(n) {
		t.Fatalf("%+v", g.record.Counts)
	}
	t.Logf("%d customers in %d invocations: %.0f customers/s, at most %d MB resident, %d MB of rows, %d signals",
		n, invocations, float64(n)/took.Seconds(), usage.Maxrss>>10, g.rows>>20, g.record.Counts.Signalled)
}
