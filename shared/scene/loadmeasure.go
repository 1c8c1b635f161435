package scene

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"liuke/shared/event"
	"liuke/shared/experiment"
	"liuke/shared/fault"
	"liuke/shared/message"
	"liuke/shared/money"
	"liuke/shared/signal"
)

// goal reads what the scene is to bring about.
func (d *document) goal(f *goalFile) *Goal {
	if f == nil {
		return nil
	}
	g := &Goal{Signal: signal.Kind(f.Signal), Event: f.Event, Survey: f.Survey, Counts: f.Exit != nil && !*f.Exit}
	if f.Signal == "" && f.Event != "" {
		g.Signal = signal.Happened
	}
	switch g.Signal {
	case signal.OrderPlaced, signal.AnswerGiven:
		if f.Event != "" {
			d.mistake(at("goal", "event"), "a goal is a signal or an event")
		}
	case signal.Happened:
		d.told(at("goal", "event"), f.Event)
	default:
		d.mistake(at("goal"), "a goal is the signal %s or %s, or an event", signal.OrderPlaced, signal.AnswerGiven)
	}
	if f.Survey != "" && (g.Signal != signal.AnswerGiven || !surveyName().MatchString(f.Survey)) {
		d.mistake(at("goal", "survey"), "survey is the id of a survey, and belongs to %s", signal.AnswerGiven)
	}
	if f.Within == "" {
		d.mistake(at("goal"), "a goal needs to know how long it counts: within")
	} else if g.Within = d.duration(at("goal", "within"), f.Within); g.Within > MaxSpan {
		d.mistake(at("goal", "within"), "within is at most %d days", MaxSpan/(24*time.Hour))
	}
	return g
}

// told checks the name of an event that outreach is to hear of.
func (d *document) told(where []any, name string) {
	if !event.Tellable(name) {
		d.mistake(where, "event must be the name of a track event, and of none that orders, answers or customers' own pages have")
	}
}

// enter reads how often a customer may enter.
func (d *document) enter(text string) (e Enter) {
	switch text {
	case "", "each":
	case "once":
		e.Once = true
	default:
		var err error
		if e.Again, err = parseDuration(text); err != nil {
			d.mistake(at("enter"), "enter must be once, each, or the least time between two times, such as 30d")
		} else if e.Again > message.MaxAskedAge {
			d.mistake(at("enter"), "enter is at most %d days, or once", message.MaxAskedAge/(24*time.Hour))
		}
	}
	return e
}

// budget reads amounts of the business's currency.
func (d *document) budget(f *budgetFile) *Budget {
	if f == nil {
		return nil
	}
	b := &Budget{}
	for _, limit := range []struct {
		name, text string
		to         **money.Amount
	}{{"per_day", f.Day, &b.Day}, {"in_all", f.InAll, &b.InAll}} {
		if limit.text == "" {
			continue
		}
		amount, err := d.compilers.Currency.Parse(limit.text)
		if err != nil || amount <= 0 {
			d.mistake(at("budget", limit.name), `%s must be an amount above 0, such as "100.00"`, limit.name)
			continue
		}
		*limit.to = &amount
	}
	if f.Day == "" && f.InAll == "" {
		d.mistake(at("budget"), "a budget has per_day, in_all, or both")
	}
	return b
}

// offer reads where codes come from.
func (d *document) offer(f *offerFile) *Offer {
	switch {
	case f == nil:
		return nil
	case f.Pool == "" && f.Webhook == "":
		d.mistake(at("offer"), "an offer has the pool that its codes come from, or the webhook that is asked for them")
	case f.Pool != "" && f.Webhook != "":
		d.mistake(at("offer", "webhook"), "an offer has a pool or a webhook, and not both")
	case f.Pool != "" && !sceneID().MatchString(f.Pool):
		d.mistake(at("offer", "pool"), "a pool is named in lower-case words joined by underscores")
	case f.Webhook != "" && !sceneID().MatchString(f.Webhook):
		d.mistake(at("offer", "webhook"), "webhook is the name of a destination, in lower-case words joined by underscores")
	}
	return &Offer{Pool: f.Pool, Webhook: f.Webhook}
}

// variants reads the ways of saying what the scene says. Their salt is the policy's, once that is known.
func (d *document) variants(s *Scene, files []variantFile) *experiment.Experiment {
	if len(files) == 0 {
		return nil
	}
	e := &experiment.Experiment{Scene: s.ID}
	for _, f := range files {
		e.Variants = append(e.Variants, experiment.Variant{ID: f.ID, Weight: int(f.Weight), Control: f.Control})
	}
	var wrong *fault.Error
	if err := e.Validate(); errors.As(err, &wrong) && wrong.Pointer != "/scene" {
		d.mistake(pointed(wrong.Pointer), "%s", wrong.Message)
	}
	return e
}

// pointed is the place of the document that a JSON pointer names.
func pointed(pointer string) (out []any) {
	for part := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		if n, err := strconv.Atoi(part); err == nil {
			out = append(out, n)
		} else {
			out = append(out, part)
		}
	}
	return out
}

// varies reports whether the scene has a variant of that id.
func (s *Scene) varies(id string) bool {
	return s.Experiment != nil && slices.ContainsFunc(s.Experiment.Variants, func(v experiment.Variant) bool { return v.ID == id })
}
