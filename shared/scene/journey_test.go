package scene_test

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"liuke/shared/fault"
	"liuke/shared/message"
	"liuke/shared/scene"
	"liuke/shared/signal"
)

// journeyYAML is a good scene of several steps; tests break it.
const journeyYAML = `id: hello
kind: marketing
on: {signal: segment_changed, model: rfm10, to: [At Risk]}
audience: value != "high"
delay: 2h
enter: 30d
topic: promotions
personalised: true
channels: [push, email]
holdout: 5%
budget: {per_day: "100.00"}
offer: {pool: winback10}
goal: {signal: order_placed, within: 7d}
variants: [{id: plain, weight: 1, control: true}, {id: bold, weight: 3}]
template: greeting
pieces:
  - for: {variant: bold, segment: [At Risk]}
    content:
      en: {title: Bold, text: "Take {{ offer.code }}", data: {open: offers}}
steps:
  - id: look
    after: 3d
    wait_for: Order Delivered
    if: 'segment == "At Risk"'
    next: last
    otherwise: nudge
  - id: nudge
    after: 1d
    next: exit
    template: greeting
  - id: last
    channel: task
    content:
      en: {title: Call, text: Call the customer}
`

const templateYAML = `push:
  en: {title: Hello, text: It has been a while}
email:
  en:
    subject: Hello
    preheader: It has been a while
    text: Hello {{ unsubscribe_link }}
    html: <i>{{ preheader }}</i> {{ unsubscribe_link }}
  zh-CN:
    subject: 您好
    text: 您好 {{ unsubscribe_link }}
    html: 您好 {{ unsubscribe_link }}
`

func loadJourney(text string) (*scene.Set, error) {
	return scene.Load(fstest.MapFS{
		"hello.yaml": {Data: []byte(text)}, "policy.yaml": {Data: []byte(policyYAML)}, "template/greeting.yaml": {Data: []byte(templateYAML)},
	}, compilers)
}

func TestAJourneyIsRead(t *testing.T) {
	set, err := loadJourney(journeyYAML)
	if err != nil {
		t.Fatal(err)
	}
	s := set.Scene("hello")
	if s.Delay != 2*time.Hour || s.Enter.Again != 30*24*time.Hour || s.Topic != "promotions" || !s.Personalised ||
		len(s.Channels) != 2 || *s.Budget.Day != 10000 || s.Budget.InAll != nil || s.Offer.Pool != "winback10" || s.Goal.Within != 7*24*time.Hour ||
		len(s.Experiment.Variants) != 2 || s.Experiment.Scene != "hello" || !s.Measured() || !s.Remembered() || len(s.Steps) != 4 {
		t.Fatalf("%+v", s)
	}
	for i, want := range []struct {
		id              string
		next, otherwise int
		speaks          bool
		named           message.Channel
	}{
		{"", 1, scene.Exit, true, message.Push},
		{"look", 3, 2, false, message.Push},
		{"nudge", scene.Exit, 3, true, message.Push},
		{"last", scene.Exit, scene.Exit, true, message.Task},
	} {
		if st := s.Step(i); st.ID != want.id || st.Next != want.next || st.Otherwise != want.otherwise || st.Speaks() != want.speaks || s.Named(i) != want.named {
			t.Errorf("step %d: %+v", i, st)
		}
	}
	if !s.Waits("Order Delivered") || s.Waits("Device Alert") || s.Span() != 2*time.Hour+4*24*time.Hour {
		t.Errorf("waits, or a span of %s", s.Span())
	}
}

func TestTheGoalIsMet(t *testing.T) {
	for _, c := range []struct {
		goal string
		met  []signal.Signal
		not  []signal.Signal
	}{
		{"{signal: order_placed, within: 7d}", []signal.Signal{ordered(t)}, []signal.Signal{happened(t, "Order Delivered")}},
		{"{event: Order Delivered, within: 7d}", []signal.Signal{happened(t, "Order Delivered")}, []signal.Signal{ordered(t), happened(t, "Device Alert")}},
		{"{signal: answer_given, survey: nps, within: 7d}", []signal.Signal{scored(t, "nps", "nps", 3)}, []signal.Signal{scored(t, "leaving", "", 3)}},
		{"{signal: answer_given, within: 7d}", []signal.Signal{scored(t, "leaving", "", 3)}, nil},
	} {
		set, err := loadJourney(strings.Replace(journeyYAML, "{signal: order_placed, within: 7d}", c.goal, 1))
		if err != nil {
			t.Fatal(err)
		}
		goal := set.Scene("hello").Goal
		for i, sig := range append(append([]signal.Signal{}, c.met...), c.not...) {
			if got := goal.Met(sig); got != (i < len(c.met)) {
				t.Errorf("%s and %s %s: %v", c.goal, sig.Kind, sig.Data, got)
			}
		}
		if due := c.met[0]; true {
			if due.Scene = "hello"; goal.Met(due) {
				t.Errorf("%s is met by what came due", c.goal)
			}
		}
	}
}

func TestACampaignSetsOffItsOwnScene(t *testing.T) {
	for on, want := range map[string]bool{"{signal: campaign}": true, `{signal: schedule, cron: "0 10 * * 1"}`: true, "{signal: order_placed}": false} {
		set, err := loadJourney(strings.Replace(journeyYAML, "{signal: segment_changed, model: rfm10, to: [At Risk]}", on, 1))
		if err != nil {
			t.Fatal(err)
		}
		sig := signal.Signal{ID: signal.CampaignID("r"), Kind: signal.Campaign, Customer: "c", Time: now, Data: raw(t, signal.CampaignData{Run: "r", Scene: "hello"})}
		if got := len(set.SetOffBy(sig)) == 1; got != want {
			t.Errorf("%s: %v", on, got)
		}
		sig.Data = raw(t, signal.CampaignData{Run: "r", Scene: "other"})
		if len(set.SetOffBy(sig)) != 0 {
			t.Errorf("%s: set off by another scene's run", on)
		}
	}
	off, err := loadJourney("enabled: false\n" + journeyYAML)
	if err != nil || len(off.SetOffBy(moved(t, "Champions", "At Risk"))) != 0 || off.Scene("hello") == nil {
		t.Errorf("a scene that is switched off is set off, or gone: %v", err)
	}
}

func TestAJourneysMistakesAreNamed(t *testing.T) {
	for _, c := range []struct{ name, old, new, want string }{
		{"a delay that is none", "delay: 2h", "delay: soon", "hello.yaml:5: \"soon\" is not a duration"},
		{"an entry rule that is none", "enter: 30d", "enter: twice", "hello.yaml:6: enter must be once, each"},
		{"an entry rule beyond what is remembered", "enter: 30d", "enter: 900d", "hello.yaml:6: enter is at most 400 days"},
		{"a topic that is none", "topic: promotions", "topic: Our Offers", "hello.yaml:7: topic must be"},
		{"a channel twice", "[push, email]", "[push, push]", "hello.yaml:9: push is named twice"},
		{"a task among channels", "[push, email]", "[push, task]", "hello.yaml:9: channels are some of email, sms or push"},
		{"a channel beside channels", "channels:", "channel: sms\nchannels:", "hello.yaml:9: channels takes the place"},
		{"a budget of nothing", `{per_day: "100.00"}`, "{}", "hello.yaml:11: a budget has per_day"},
		{"a budget below the currency's cents", `"100.00"`, `"100.001"`, "hello.yaml:11: per_day must be an amount"},
		{"an offer of nowhere", "{pool: winback10}", "{}", "hello.yaml:12: an offer has the pool that its codes come from"},
		{"a pool's name", "{pool: winback10}", "{pool: Win-Back}", "hello.yaml:12: a pool is named in lower-case words joined by underscores"},
		{"a pool and a webhook", "{pool: winback10}", "\n  pool: winback10\n  webhook: shop", "hello.yaml:14: an offer has a pool or a webhook, and not both"},
		{"the name of a webhook", "{pool: winback10}", "{webhook: 'https://shop.example'}", "hello.yaml:12: webhook is the name of a destination"},
		{"what no offer has", "{pool: winback10}", "{hook: shop}", "hello.yaml:12: an offer has no field hook"},
		{"a goal without an end", ", within: 7d", "", "hello.yaml:13: a goal needs to know how long"},
		{"a goal that is none", "{signal: order_placed, within", "{signal: occasion, within", "hello.yaml:13: a goal is the signal"},
		{"a goal by an event that is not told", "{signal: order_placed, within", "{event: Order Completed, within", "hello.yaml:13: event must be the name of"},
		{"a variant without a name", "{id: bold,", "{id: Bold,", "hello.yaml:14: a variant is named in"},
		{"two controls", "{id: bold,", "{id: bold, control: true,", "hello.yaml:14: an experiment has one control"},
		{"a template that is not there", "template: greeting\npieces", "template: goodbye\npieces", `hello.yaml:15: there is no template "goodbye"`},
		{"a template beside content", "template: greeting\npieces", "template: greeting\ncontent: {en: {title: a, text: b}}\npieces", "hello.yaml:15: template takes the place"},
		{"a piece for everybody", "{variant: bold, segment: [At Risk]}", "{}", "hello.yaml:17: for must name a variant"},
		{"a piece for a variant that is none", "{variant: bold,", "{variant: blue,", `hello.yaml:17: "blue" is no variant`},
		{"a piece for a label that is none", "segment: [At Risk]", "segment: [Atrisk]", `hello.yaml:17: "Atrisk" is no label of rfm10`},
		{"a piece for a channel that is not used", "variant: bold, segment: [At Risk]", "channel: sms", "hello.yaml:17: channel must be one of the step's"},
		{"a field of another channel", "data: {open: offers}", "html: x", "hello.yaml:19: html does not belong to the channel push"},
		{"a code without an offer", "offer: {pool: winback10}\n", "", "hello.yaml:18: offer.code is not a variable"},
		{"a step without a name", "id: look", "id: exit", "hello.yaml:21: id must be"},
		{"two steps of a name", "id: nudge", "id: look", "hello.yaml:27: two steps have this id"},
		{"a wait for what is not told", "wait_for: Order Delivered", "wait_for: Survey Answered", "hello.yaml:23: event must be the name of"},
		{"a wait without an end", "    after: 3d\n", "", "hello.yaml:22: what waits needs to know how long"},
		{"a condition that is none", `'segment == "At Risk"'`, `'segmnt == "At Risk"'`, "hello.yaml:24: if: unknown name segmnt"},
		{"a jump to nowhere", "next: last", "next: first", `hello.yaml:25: there is no step "first": there are look, nudge, last or exit`},
		{"a jump back", "next: last", "next: look", "hello.yaml:25: next must name a later step"},
		{"an otherwise without a condition", "    if: 'segment == \"At Risk\"'\n", "", "hello.yaml:25: otherwise belongs to if"},
		{"a step that nothing leads to", "otherwise: nudge", "otherwise: exit", "hello.yaml:27: no way leads to this step"},
		{"a journey that takes too long", "after: 1d", "after: 300d", "hello.yaml:21: the journey takes"},
		{"a destination without a webhook", "delay: 2h", "to: crm", "hello.yaml:5: to belongs to the channel webhook"},
		{"a survey beside steps", "topic: promotions", "survey: nps", "hello.yaml:21: what asks to a survey has its reminders as steps"},
		{"a schedule without a time", "{signal: segment_changed, model: rfm10, to: [At Risk]}", `{signal: schedule, cron: "0 10"}`, "hello.yaml:3: cron: "},
		{"a channel that nothing is said by", "template: greeting\npieces", "content: {en: {title: a, text: b}}\npieces", "hello.yaml:1: there is no content for everybody by the channel email"},
	} {
		t.Run(c.name, func(t *testing.T) {
			broken := strings.Replace(journeyYAML, c.old, c.new, 1)
			if broken == journeyYAML {
				t.Fatal("the case breaks nothing")
			}
			if _, err := loadJourney(broken); fault.CodeOf(err) != fault.Invalid || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got:\n%v\nwant: %s", err, c.want)
			}
		})
	}
}
