package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"liuke/shared/customer"
	"liuke/shared/event"
)

// signNames are the events that are signs, in the order of customer.Sign, and one that is none.
var signNames = []string{event.TicketOpened, event.TicketResolved, event.ComplaintFiled, event.DeviceAlert, event.Referred,
	event.ProductReviewed, event.CheckedIn, "Viewed"}

// contextOf is where an event says that the customer came from, if it does.
func contextOf(rng *rand.Rand) json.RawMessage {
	return []json.RawMessage{
		nil, nil, nil,
		json.RawMessage(`{"page":{"path":"/"}}`),
		json.RawMessage(`{"campaign":{"source":" Google","medium":"cpc"}}`),
		json.RawMessage(`{"campaign":{"source":"newsletter"}}`),
		json.RawMessage(`{"campaign":{"source":" "}}`),
		json.RawMessage(`{"campaign":"summer"}`),
	}[rng.IntN(8)]
}

// answers lets a customer answer surveys, a revision at a time, some of it imported and some to surveys that measure nothing.
func answers(rng *rand.Rand, add func(event.Event, any)) {
	for range max(0, rng.IntN(6)-3) {
		e := event.Event{Name: event.SurveyAnswered, Source: event.SourceSurvey}
		if rng.IntN(4) == 0 {
			e.Source, e.Import = event.SourceImport, true
		}
		properties := map[string]any{"survey": "nps", "invitation": "i", "score": rng.IntN(11), "revision": 1}
		switch rng.IntN(3) {
		case 0:
			properties["kind"] = "nps"
		case 1:
			properties["survey"], properties["kind"] = "after-ticket", "csat"
		default:
			properties["survey"] = "leaving"
			delete(properties, "score")
		}
		add(e, properties)
	}
}

// expectedSigns is what a customer's signs must have come to.
type expectedSigns struct {
	counts   map[string]int64 // by sign and month
	opinions map[customer.Metric]customer.Opinion
	first    customer.Touch
	birthday string
	declared string
}

// note takes an event into account, whatever came before it.
func (x *expectedSigns) note(e *event.Event) {
	if sign := slices.Index(signNames, e.Name); e.Type == event.Track && sign >= 0 && e.Name != "Viewed" {
		x.counts[monthly(sign, customer.MonthOf(customer.DayOf(e.Time, shanghai)))]++
	}
	if e.Name == event.SurveyAnswered {
		var p struct {
			Kind  string
			Score int64
		}
		if err := json.Unmarshal(e.Properties, &p); err != nil {
			panic(err)
		}
		m, measured := map[string]customer.Metric{"nps": customer.NPS, "csat": customer.CSAT}[p.Kind]
		at := e.Time.UnixMilli()
		if before := x.opinions[m]; measured && (at > before.Time || at == before.Time && p.Score < before.Score) {
			x.opinions[m] = customer.Opinion{Score: p.Score, Time: at}
		}
	}
	var context struct{ Campaign json.RawMessage }
	var campaign struct{ Source string }
	if e.Context != nil && json.Unmarshal(e.Context, &context) == nil && json.Unmarshal(context.Campaign, &campaign) == nil {
		source := strings.ToLower(strings.TrimSpace(campaign.Source))
		at := e.Time.UnixMilli()
		if b := x.first; source != "" && (b.Channel == "" || cmp.Or(cmp.Compare(at, b.Time), cmp.Compare(source, b.Channel)) < 0) {
			x.first = customer.Touch{Channel: source, Time: at}
		}
	}
}

func monthly(sign int, m customer.Month) string {
	return fmt.Sprintf("%s in month %d", signNames[sign], m)
}

// differ says in what the signs of a customer are others. Where more was counted than is remembered, it may be too much.
func (x *expectedSigns) differ(s *customer.Signs, exact bool) error {
	counts := map[string]int64{}
	for i := range signNames[:len(signNames)-1] {
		for c := range s.Of(customer.Sign(i)).Months() {
			counts[monthly(i, c.Month)] = c.Events
		}
	}
	for name, n := range counts {
		if exact && n != x.counts[name] {
			return fmt.Errorf("%d times %s, want %d", n, name, x.counts[name])
		}
	}
	for name, n := range x.counts {
		if counts[name] < n {
			return fmt.Errorf("%d times %s, want %d", counts[name], name, n)
		}
	}
	for _, m := range []customer.Metric{customer.NPS, customer.CSAT, customer.CES} {
		if s.Opinion(m) != x.opinions[m] {
			return fmt.Errorf("the opinion on metric %d is %+v, want %+v", m, s.Opinion(m), x.opinions[m])
		}
	}
	if birthday := fmt.Sprintf("%02d-%02d", s.Birthday.Month, s.Birthday.Day); birthday != cmp.Or(x.birthday, "00-00") {
		return fmt.Errorf("the birthday is %s, want %q", birthday, x.birthday)
	}
	if s.First != x.first || s.Declared != x.declared {
		return fmt.Errorf("came by %+v and %q, want %+v and %q", s.First, s.Declared, x.first, x.declared)
	}
	return nil
}
