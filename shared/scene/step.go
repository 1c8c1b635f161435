package scene

import (
	"encoding/json"
	"time"

	"liuke/shared/customer"
	"liuke/shared/message"
	"liuke/shared/money"
	"liuke/shared/signal"
)

// Exit is where a journey goes that ends.
const Exit = -1

// Limits of a journey.
const (
	// MaxSteps is how many steps a scene has at most, its own message among them.
	MaxSteps = 16
	// MaxSpan is how long a journey takes at most, from the cause to its last decision; how long a goal may take, too.
	MaxSpan = 180 * 24 * time.Hour
)

// Step is one decision of a journey: whether something is said, and what. Jumps go forward only, so that every journey ends.
type Step struct {
	ID string // lower-case words joined by underscores; "" for the scene's own message
	// After is how long after the step before it was decided this one is; of a step that waits, how long at most.
	After     time.Duration
	WaitFor   string   // the name of the event by whose coming the step is decided at once; "" for none
	If        Audience // nil for always; where it is false the entry is held by the gate "condition"
	Next      int      // the index of the step after this one, or Exit
	Otherwise int      // the same, where If is false; of no meaning without
	Channels  []message.Channel
	words     words
}

// Speaks reports whether the step says anything: one that doesn't only branches, and has no entry that is claimed.
func (st *Step) Speaks() bool { return len(st.words) > 0 }

// ways are where the journey may go from a step.
func (st *Step) ways() []int {
	if st.If == nil {
		return []int{st.Next}
	}
	return []int{st.Next, st.Otherwise}
}

// Enter says how often a customer may enter a scene: on each occasion, as the zero value has it, once for good, or again
// only so long after the last time.
type Enter struct {
	Once  bool
	Again time.Duration
}

// Goal is what a scene is to bring about, and within how long of entering it.
type Goal struct {
	Signal signal.Kind // OrderPlaced, Happened or AnswerGiven
	Event  string      // of Happened
	Survey string      // of AnswerGiven; "" for any
	Within time.Duration
	Counts bool // it counts alone, and ends no journey: what was promised is owed whatever the customer does meanwhile
}

// Ends reports whether a journey ends that has met its scene's goal.
func (g *Goal) Ends() bool { return g != nil && !g.Counts }

// Met reports whether the signal is what the goal asks for, or says what has become of it, whenever it happened.
func (g *Goal) Met(sig signal.Signal) bool {
	kind := sig.Kind
	if kind == signal.OrderChanged {
		kind = signal.OrderPlaced
	}
	if g == nil || kind != g.Signal || sig.Scene != "" {
		return false
	}
	switch g.Signal {
	case signal.Happened:
		var d signal.EventData
		return json.Unmarshal(sig.Data, &d) == nil && d.Event == g.Event
	case signal.AnswerGiven:
		var d signal.AnswerData
		return json.Unmarshal(sig.Data, &d) == nil && (g.Survey == "" || d.Survey == g.Survey)
	}
	return true
}

// Offer is where the code comes from that the content may name: a pool of imported ones, or a webhook that is asked for each.
type Offer struct {
	Pool    string
	Webhook string // the destination's name, in a pool's place
}

// Asks reports whether somebody is asked for the codes.
func (o *Offer) Asks() bool { return o != nil && o.Webhook != "" }

// Budget is the most that a scene's messages may cost, in minor units of the business's currency; nil for no limit.
type Budget struct{ Day, InAll *money.Amount }

// Measured reports whether what the scene brings about is counted: it has variants, a holdout of its own, or a goal.
func (s *Scene) Measured() bool {
	return s.Experiment != nil || s.Holdout > 0 || s.Goal != nil
}

// Remembered reports whether the contact record must say that a customer entered the scene.
func (s *Scene) Remembered() bool {
	return s.Measured() || s.Enter != Enter{} || s.Waits("") // what an event may decide must be found by it
}

// Waits reports whether a step of the scene waits for the event, or, for "", for any.
func (s *Scene) Waits(event string) bool {
	for i := range s.Steps {
		if wait := s.Steps[i].WaitFor; wait != "" && (event == "" || wait == event) {
			return true
		}
	}
	return false
}

// Span is how long after its cause the journey's last decision is made at most, but for quiet hours on the way.
func (s *Scene) Span() time.Duration {
	longest := s.Delay
	at := make([]time.Duration, len(s.Steps))
	for i := range s.Steps {
		if i == 0 {
			at[0] = s.Delay
		}
		longest = max(longest, at[i])
		for _, next := range s.Steps[i].ways() {
			if next > i && next < len(at) {
				at[next] = max(at[next], at[i]+s.Steps[next].After)
			}
		}
	}
	return longest
}

// Step returns the step with the number. One beyond the scene's steps is a reminder of a survey, and says what the first
// does.
func (s *Scene) Step(n int) *Step {
	if n < 0 || n >= len(s.Steps) {
		n = 0
	}
	return &s.Steps[n]
}

// Named is the channel by which the entry of a step is named, whichever it is sent by: the first of the step's.
func (s *Scene) Named(step int) message.Channel { return s.Step(step).Channels[0] }

// EntryID is the id of a customer's entry for a step of the scene, for an occasion (a signal's id).
func (s *Scene) EntryID(c customer.ID, occasion string, step int) string {
	return message.ID(c, s.ID, occasion, step, s.Named(step))
}
