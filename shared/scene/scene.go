// Package scene says which situation calls for which message, and judges whether a customer gets it now. Scenes are
// data: YAML files, checked as a whole when they are loaded, with errors that name the file and the line. It is pure:
// what it judges on is handed in, and sending is others' part.
//
// A message reaches a customer only with consent to its channel, whether it advertises or not; see Kind for what
// transactional scenes are excused from. A scene of the channel task reaches no customer: it gives a person something to
// do about one, and what bears on it is its audience and its own limits alone.
package scene

import (
	"maps"
	"slices"
	"strings"
	"time"

	"liuke/shared/experiment"
	"liuke/shared/message"
	"liuke/shared/signal"
)

// Kind says what a message is for.
type Kind string

// The kinds.
const (
	// Marketing counts against, and is held by, the caps of the policy, keeps quiet hours, and does not reach those who are
	// held out. Its content must offer to unsubscribe.
	Marketing Kind = "marketing"
	// Transactional answers what the customer just did. It is exempt from holdouts and from the policy's caps; its own
	// still hold.
	Transactional Kind = "transactional"
)

// DefaultFreshFor is how old a cause may be when it is first looked at, unless the scene says otherwise.
const DefaultFreshFor = 48 * time.Hour

// DefaultLocale is the locale that every scene has content in, and that serves whoever reads none of the others.
const DefaultLocale = "en"

// Scene is one situation and what is said in it.
type Scene struct {
	ID       string // lower-case words joined by underscores; never reused for another purpose
	Kind     Kind
	Enabled  bool // nothing sets off a scene that is switched off
	On       Trigger
	FreshFor time.Duration
	Delay    time.Duration // from the cause to the first decision
	Enter    Enter
	// Topic is what the scene is about, as customers may refuse to hear of it (customer.Profile.Topic); "" for nothing.
	Topic string
	// Personalised says that the offer is made by what is known of the customer, who may refuse that.
	Personalised bool
	Channels     []message.Channel      // of the scene's own message, by preference; at least one
	Caps         []Cap                  // of this scene's own messages
	Quiet        bool                   // keeps the policy's quiet hours
	Holdout      float64                // share of customers, 0..1, who are held out of this marketing scene beside the policy's holdout
	Survey       string                 // id of the survey that the content asks to; "" for none, or that of the request (see Ask)
	Budget       *Budget                // nil for none
	Offer        *Offer                 // nil for none
	Goal         *Goal                  // nil for none
	Experiment   *experiment.Experiment // nil without variants
	To           string                 // of the channel webhook: the destination's name
	Consent      string                 // of the channel webhook: the consent that it needs; "" where the post goes to a system
	Steps        []Step                 // at least one: the first is the scene's own message

	audience Audience // nil for everyone
}

// Cap is the most messages that a customer may get in a sliding window.
type Cap struct {
	Scope   Scope
	Channel message.Channel // of ScopeChannel
	Max     int
	Per     time.Duration
}

// Scope says which messages a cap counts.
type Scope string

// The scopes. The policy's caps count and hold marketing alone.
const (
	ScopeScene   Scope = "scene"
	ScopeChannel Scope = "channel"
	ScopeAll     Scope = "all"
)

// Stale reports whether the signal's cause is too old to be answered. A deferred signal that comes due was looked at
// in time, and is not.
func (s *Scene) Stale(sig signal.Signal, now time.Time) bool {
	return sig.Scene == "" && now.Sub(sig.Time) > s.FreshFor
}

// bestLocale returns the locale that suits a reader of the preferred one (BCP 47) best: the same; else the longest of which it is
// a special case; else another of the same language; else the fallback.
func bestLocale(locales []string, preferred, fallback string) string {
	tag := canonical(preferred)
	for t := tag; t != ""; t = parent(t) {
		for _, l := range locales {
			if canonical(l) == t {
				return l
			}
		}
	}
	language, _, _ := strings.Cut(tag, "-")
	for _, l := range locales {
		if own, _, _ := strings.Cut(canonical(l), "-"); own == language {
			return l
		}
	}
	return fallback
}

// Locales lists the locales, sorted, that the scene's own message has content in for everybody.
func (s *Scene) Locales() []string {
	return slices.Sorted(maps.Keys(s.Steps[0].words.pick("", "", s.Channels[0])))
}

func canonical(locale string) string {
	return strings.ToLower(strings.ReplaceAll(strings.TrimSpace(locale), "_", "-"))
}

func parent(tag string) string {
	i := strings.LastIndexByte(tag, '-')
	if i < 0 {
		return ""
	}
	return tag[:i]
}

// Set is all scenes, and the policy that holds for them together.
type Set struct {
	Policy Policy
	Work   Work     // of all texts; zero where none was compiled, or they are compiled when they are needed
	scenes []*Scene // by id
}

// All returns the scenes in the order of their ids.
func (s *Set) All() []*Scene { return slices.Clone(s.scenes) }

// Scene returns the scene with the id, nil where there is none.
func (s *Set) Scene(id string) *Scene {
	for _, sc := range s.scenes {
		if sc.ID == id {
			return sc
		}
	}
	return nil
}

// drawBy gives the scenes' experiments the salt that customers' variants are drawn by.
func (s *Set) drawBy(salt string) {
	for _, sc := range s.scenes {
		if sc.Experiment != nil {
			sc.Experiment.Salt = salt
		}
	}
}

// Events lists the names of the events that the scenes which are switched on name, sorted: as what sets them off, what they
// wait for, and their goals. Outreach must be told of them.
func (s *Set) Events() []string {
	names := map[string]bool{}
	for _, sc := range s.scenes {
		if !sc.Enabled {
			continue
		}
		names[sc.On.Event] = true
		if sc.Goal != nil {
			names[sc.Goal.Event] = true
		}
		for i := range sc.Steps {
			names[sc.Steps[i].WaitFor] = true
		}
	}
	delete(names, "")
	return slices.Sorted(maps.Keys(names))
}

// SetOffBy returns the scenes that a signal sets off.
func (s *Set) SetOffBy(sig signal.Signal) []*Scene {
	var out []*Scene
	for _, sc := range s.scenes {
		if sc.SetOff(sig) {
			out = append(out, sc)
		}
	}
	return out
}
