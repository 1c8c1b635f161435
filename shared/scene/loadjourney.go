package scene

import (
	"maps"
	"slices"
	"strings"
	"time"

	"liuke/shared/message"
)

// The shapes of what goes on behind a scene's own message.
type (
	stepFile struct {
		ID        string   `yaml:"id"`
		After     string   `yaml:"after"`
		WaitFor   string   `yaml:"wait_for"`
		If        string   `yaml:"if"`
		Next      string   `yaml:"next"`
		Otherwise string   `yaml:"otherwise"`
		Channel   string   `yaml:"channel"`
		Channels  []string `yaml:"channels"`
		saysFile  `yaml:",inline"`
	}
	goalFile struct {
		Signal string `yaml:"signal"`
		Event  string `yaml:"event"`
		Survey string `yaml:"survey"`
		Within string `yaml:"within"`
		Exit   *bool  `yaml:"exit"`
	}
	budgetFile struct {
		Day   string `yaml:"per_day"`
		InAll string `yaml:"in_all"`
	}
	offerFile struct {
		Pool    string `yaml:"pool"`
		Webhook string `yaml:"webhook"`
	}
	variantFile struct {
		ID      string `yaml:"id"`
		Weight  whole  `yaml:"weight"`
		Control bool   `yaml:"control"`
	}
)

// mixable are the channels of which a message may have several to choose from: all reach the same customer.
var mixable = []message.Channel{message.Email, message.SMS, message.Push}

// channels reads one channel, or several in the order of preference.
func (d *document) channels(where []any, one string, several []string) []message.Channel {
	at := func(last ...any) []any { return append(where[:len(where):len(where)], last...) }
	if len(several) == 0 {
		c := message.Channel(one)
		if !slices.Contains(message.Channels(), c) {
			d.mistake(at("channel"), "channel must be %s", wordsOf(message.Channels()))
		}
		return []message.Channel{c}
	}
	if one != "" {
		d.mistake(at("channel"), "channels takes the place of channel")
	}
	var out []message.Channel
	for i, name := range several {
		c := message.Channel(name)
		switch {
		case slices.Contains(out, c):
			d.mistake(at("channels", i), "%s is named twice", c)
		case !slices.Contains(mixable, c):
			d.mistake(at("channels", i), "channels are some of %s: any other stands alone, as channel", wordsOf(mixable))
		}
		out = append(out, c)
	}
	return out
}

// wordsOf lists names: "a, b or c".
func wordsOf[T ~string](names []T) string {
	var b strings.Builder
	for i, name := range names {
		switch {
		case i == 0:
		case i == len(names)-1:
			b.WriteString(" or ")
		default:
			b.WriteString(", ")
		}
		b.WriteString(string(name))
	}
	return b.String()
}

// steps reads what follows the scene's own message.
func (d *document) steps(s *Scene, f *sceneFile) {
	if len(f.Steps) >= MaxSteps {
		d.mistake(at("steps"), "a scene has at most %d further steps", MaxSteps-1)
		return
	}
	if len(f.Steps) > 0 && s.Asks() {
		d.mistake(at("steps"), "what asks to a survey has its reminders as steps: what else follows is another scene's")
	}
	index := map[string]int{}
	for i := range f.Steps {
		switch id := f.Steps[i].ID; {
		case !sceneID().MatchString(id) || id == "exit":
			d.mistake(at("steps", i, "id"), "id must be lower-case words joined by underscores, and not exit")
		case index[id] > 0:
			d.mistake(at("steps", i, "id"), "two steps have this id")
		}
		index[f.Steps[i].ID] = i + 1
	}
	s.Steps[0].Next, s.Steps[0].Otherwise = Exit, Exit
	if len(f.Steps) > 0 {
		s.Steps[0].Next = 1
	}
	for i := range f.Steps {
		s.Steps = append(s.Steps, d.step(s, i, len(f.Steps), &f.Steps[i], index))
	}
	reached := map[int]bool{0: true}
	for i := range s.Steps {
		if !reached[i] {
			d.mistake(at("steps", i-1), "no way leads to this step")
		}
		for _, next := range s.Steps[i].ways() {
			reached[next] = true
		}
	}
	if span := s.Span(); span > MaxSpan {
		d.mistake(at("steps"), "the journey takes %d days at most: it may take %d", span/(24*time.Hour), MaxSpan/(24*time.Hour))
	}
}

// step reads one of the steps behind the scene's own message: the ith, from 0.
func (d *document) step(s *Scene, i, last int, f *stepFile, index map[string]int) Step {
	where := at("steps", i)
	spot := func(more ...any) []any { return append(where[:len(where):len(where)], more...) }
	st := Step{ID: f.ID, WaitFor: f.WaitFor, Channels: s.Channels}
	if f.After != "" {
		st.After = d.duration(spot("after"), f.After)
	}
	if f.WaitFor != "" {
		d.told(spot("wait_for"), f.WaitFor)
		if f.After == "" {
			d.mistake(spot("wait_for"), "what waits needs to know how long: after")
		}
	}
	if f.Channel != "" || len(f.Channels) > 0 {
		st.Channels = d.channels(where, f.Channel, f.Channels)
	}
	if f.If != "" {
		st.If = d.audience(spot("if"), f.If)
	} else if f.Otherwise != "" {
		d.mistake(spot("otherwise"), "otherwise belongs to if")
	}
	follows := i + 2
	if follows > last {
		follows = Exit
	}
	targets := slices.SortedFunc(maps.Keys(index), func(a, b string) int { return index[a] - index[b] })
	targets = append(targets, "exit")
	target := func(field, name string) int {
		to, ok := index[name]
		switch {
		case name == "":
			return follows
		case name == "exit":
			return Exit
		case !ok:
			d.mistake(spot(field), "there is no step %q: there are %s", name, wordsOf(targets))
		case to <= i+1:
			d.mistake(spot(field), "%s must name a later step, so that the journey ends", field)
		}
		return to
	}
	st.Next, st.Otherwise = target("next", f.Next), target("otherwise", f.Otherwise)
	st.words = d.says(s, where, &f.saysFile, st.Channels)
	d.everyChannel(where, &st)
	return st
}

// everyChannel checks that a step has words for everyone whom it may be sent to: by each of its channels, whatever the
// variant and the segment.
func (d *document) everyChannel(where []any, st *Step) {
	if !st.Speaks() {
		return
	}
	for _, c := range st.Channels {
		if st.words.pick("", "", c) == nil {
			d.mistake(where, "there is no content for everybody by the channel %s: content, or a piece for the channel alone", c)
		}
	}
}
