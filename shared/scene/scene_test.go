package scene_test

import (
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"
	_ "time/tzdata"

	"liuke/shared/customer"
	"liuke/shared/message"
	"liuke/shared/scene"
	"liuke/shared/scene/audience"
	"liuke/shared/scene/content"
	"liuke/shared/segment"
	"liuke/shared/signal"
	"liuke/shared/survey"
)

var now = time.Date(2026, 1, 15, 9, 0, 0, 0, time.UTC) // 17:00 in Shanghai

var compilers = scene.Compilers{Audience: audience.Compile, Content: content.Compiler(), Labels: labels}

// nps is the survey that messages ask to in tests.
var nps = func() *survey.Survey {
	all, err := survey.BuiltIn()
	if err != nil {
		panic(err)
	}
	return all["nps"]
}()

var models = sync.OnceValues(segment.BuiltIn)

func labels(model string) (names []string, told, ok bool) {
	set, err := models()
	if err != nil {
		return nil, false, false
	}
	m, ok := set.Model(model)
	if !ok {
		return nil, false, false
	}
	for _, l := range m.Labels() {
		names = append(names, string(l))
	}
	return names, m.Signals, true
}

func builtIn(t testing.TB) *scene.Set {
	t.Helper()
	set, err := scene.BuiltIn(compilers)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func raw(t testing.TB, v any) json.RawMessage {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func profile(traits map[string]string) customer.Profile {
	p := customer.Profile{Version: 1}
	for name, value := range traits {
		p.Set(name, customer.Trait{Value: value, Time: 1})
	}
	return p
}

func moved(t testing.TB, from, to string) signal.Signal {
	return signal.Signal{ID: "segment:1:rfm10", Kind: signal.SegmentChanged, Customer: "c", Time: now,
		Data: raw(t, signal.SegmentData{Run: "1", Model: "rfm10", From: from, To: to})}
}

func ordered(t testing.TB) signal.Signal {
	return signal.Signal{ID: "order:o-1", Kind: signal.OrderPlaced, Customer: "c", Time: now,
		Data: raw(t, signal.OrderData{Order: "o-1", Amount: 12900, Currency: "CNY", First: true})}
}

func occurred(t testing.TB, kind string) signal.Signal {
	return signal.Signal{ID: "occasion:" + kind + ":2026", Kind: signal.Occasion, Customer: "c", Time: now,
		Data: raw(t, signal.OccasionData{Kind: kind, Day: "2026-01-15", Number: 2026})}
}

func happened(t testing.TB, name string) signal.Signal {
	return signal.Signal{ID: "event:e-1", Kind: signal.Happened, Customer: "c", Time: now, Data: raw(t, signal.EventData{Event: name, Subject: "T-1"})}
}

func scored(t testing.TB, survey, kind string, score int) signal.Signal {
	return signal.Signal{ID: "answer:" + survey + ":i", Kind: signal.AnswerGiven, Customer: "c", Time: now,
		Data: raw(t, signal.AnswerData{Survey: survey, Kind: kind, Invitation: "i", Score: score})}
}

func requested(t testing.TB, d signal.RequestData) signal.Signal {
	return signal.Signal{ID: signal.RequestID(d.Survey, d.Invitation), Kind: signal.Requested, Customer: "c", Time: now, Data: raw(t, d)}
}

// settingOff is a signal that sets the built-in scene off, once it is switched on.
func settingOff(t testing.TB, s *scene.Scene) signal.Signal {
	t.Helper()
	var sig signal.Signal
	switch s.On.Signal {
	case signal.OrderPlaced:
		sig = ordered(t)
	case signal.SegmentChanged:
		sig = moved(t, "Others", s.On.To[0])
	case signal.RiskChanged:
		sig = signal.Signal{ID: signal.RiskID("1"), Kind: signal.RiskChanged, Customer: "c", Time: now, Data: raw(t, signal.RiskData{Run: "1", From: "low", To: s.On.To[0]})}
	case signal.Occasion:
		sig = occurred(t, string(s.On.Occasion))
	case signal.Happened:
		sig = happened(t, s.On.Event)
	case signal.AnswerGiven:
		score := 2
		if len(s.On.Scores) > 0 && s.On.Scores[0].AtLeast != nil {
			score = *s.On.Scores[0].AtLeast
		}
		sig = scored(t, "nps", "nps", score)
	case signal.Requested:
		sig = requested(t, signal.RequestData{Survey: "nps", Invitation: "r-1"})
	case signal.Campaign, signal.Schedule:
		sig = signal.Signal{ID: signal.CampaignID("r-1"), Kind: signal.Campaign, Customer: "c", Time: now, Data: raw(t, signal.CampaignData{Run: "r-1", Scene: s.ID})}
	}
	on := *s
	if on.Enabled = true; !on.SetOff(sig) {
		t.Fatalf("nothing here sets %s off", s.ID)
	}
	return sig
}

func TestSetOffBy(t *testing.T) {
	set := builtIn(t)
	named := ordered(t)
	named.Scene = "win_back"
	otherModel := moved(t, "Champions", "At Risk")
	otherModel.Data = raw(t, signal.SegmentData{Model: "rfm8", From: "Champions", To: "At Risk"})
	damaged := moved(t, "Champions", "At Risk")
	damaged.Data = json.RawMessage(`[]`)
	for _, c := range []struct {
		name   string
		signal signal.Signal
		want   string
	}{
		{"an order sets off the thanks", ordered(t), "order_thanks"},
		{"slipping into At Risk sets off the win-back", moved(t, "Champions", "At Risk"), "win_back"},
		{"slipping into Can't Lose Them sets off the win-back", moved(t, "Loyal Customers", "Can't Lose Them"), "win_back"},
		{"going from one of its labels to the other does not", moved(t, "At Risk", "Can't Lose Them"), ""},
		{"coming back does not", moved(t, "At Risk", "Loyal Customers"), ""},
		{"a new Champion gets somebody who looks after them", moved(t, "At Risk", "Champions"), "champion_manager"},
		{"a first order begins the series for new customers", moved(t, "", "New Customers"), "welcome"},
		{"another model's label does not", otherModel, ""},
		{"a signal for one scene sets off no other", named, ""},
		{"damaged data set off nothing", damaged, ""},
		{"an unknown kind sets off nothing", signal.Signal{ID: "x", Kind: "birthday"}, ""},
		{"a birthday sets off the wishes", occurred(t, "birthday"), "birthday birthday_gift"},
		{"another occasion sets off its own", occurred(t, "anniversary"), "anniversary"},
		{"a check-in asks how likely the customer is to recommend us", occurred(t, "check_in"), "nps_check_in"},
		{"a delivery asks how it was", happened(t, "Order Delivered"), "csat_delivery review_invite"},
		{"a resolved ticket asks whether it helped", happened(t, "Ticket Resolved"), "csat_ticket"},
		{"a completed return asks how easy it was", happened(t, "Return Completed"), "ces_return"},
		{"an alert is passed on", happened(t, "Device Alert"), "device_alert"},
		{"a complaint is answered, and somebody sees to it", happened(t, "Complaint Filed"), "complaint_apology complaint_task"},
		{"what is switched off is not set off", happened(t, "Product Reviewed"), ""},
		{"a request asks to whichever survey", requested(t, signal.RequestData{Survey: "spring", Invitation: "i"}), "survey_request"},
		{"a request of no survey does not", requested(t, signal.RequestData{}), ""},
		{"a detractor is told that we are sorry, and somebody sees to it", scored(t, "nps", "nps", 6), "recovery recovery_task"},
		{"a passive is not", scored(t, "nps", "nps", 7), ""},
		{"a promoter is asked to tell others", scored(t, "nps", "nps", 9), "referral_invite"},
		{"who was not satisfied is told that we are sorry", scored(t, "after_ticket", "csat", 2), "recovery recovery_task"},
		{"who was so-so is not", scored(t, "after_ticket", "csat", 3), ""},
		{"an effort is no satisfaction, and somebody sees to it all the same", scored(t, "ces_return", "ces", 1), "recovery_task"},
		{"an answer without a score is none of 0", scored(t, "leaving", "", 0), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var ids []string
			for _, s := range set.SetOffBy(c.signal) {
				ids = append(ids, s.ID)
			}
			if got := strings.Join(ids, " "); got != c.want {
				t.Errorf("sets off %q, want %q", got, c.want)
			}
		})
	}
}

func TestRiskSetsOffWhoComesIntoIt(t *testing.T) {
	set, err := load(strings.Replace(sceneYAML, "{signal: order_placed}", "{signal: risk_changed, to: [high]}", 1))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name     string
		from, to string
		want     bool
	}{
		{"coming into it", "medium", "high", true},
		{"where no band stood", "", "high", true},
		{"leaving it", "high", "medium", false},
		{"staying", "high", "high", false},
	} {
		sig := signal.Signal{ID: signal.RiskID("1"), Kind: signal.RiskChanged, Data: raw(t, signal.RiskData{Run: "1", From: c.from, To: c.to})}
		if got := len(set.SetOffBy(sig)) == 1; got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

func TestConditionsOnAnswers(t *testing.T) {
	for _, c := range []struct {
		on   string
		sets []signal.Signal
		not  []signal.Signal
	}{
		{"{signal: answer_given}", []signal.Signal{scored(t, "a", "nps", 0), scored(t, "b", "", 0)}, []signal.Signal{ordered(t)}},
		{"{signal: answer_given, survey: a}", []signal.Signal{scored(t, "a", "", 0)}, []signal.Signal{scored(t, "b", "", 0)}},
		{"{signal: answer_given, metric: ces}", []signal.Signal{scored(t, "a", "ces", 7)}, []signal.Signal{scored(t, "a", "csat", 1), scored(t, "a", "", 0)}},
		{"{signal: answer_given, at_least: 9}", []signal.Signal{scored(t, "a", "nps", 9)}, []signal.Signal{scored(t, "a", "nps", 8), scored(t, "a", "", 0)}},
		{"{signal: answer_given, at_most: 0}", []signal.Signal{scored(t, "a", "nps", 0)}, []signal.Signal{scored(t, "a", "nps", 1), scored(t, "a", "", 0), scored(t, "a", "stars", 0)}},
		{"{signal: answer_given, survey: a, metric: nps, at_least: 7, at_most: 8}", []signal.Signal{scored(t, "a", "nps", 7), scored(t, "a", "nps", 8)},
			[]signal.Signal{scored(t, "a", "nps", 6), scored(t, "a", "nps", 9), scored(t, "b", "nps", 7)}},
		{"{signal: answer_given, any: [{metric: nps, at_most: 6}, {metric: ces, at_most: 3}]}", []signal.Signal{scored(t, "a", "nps", 6), scored(t, "a", "ces", 3)},
			[]signal.Signal{scored(t, "a", "ces", 4), scored(t, "a", "csat", 1)}},
		{"{signal: survey_requested, survey: a}", []signal.Signal{requested(t, signal.RequestData{Survey: "a"})}, []signal.Signal{requested(t, signal.RequestData{Survey: "b"})}},
	} {
		text := strings.Replace(sceneYAML, "{signal: order_placed}", c.on, 1)
		if strings.Contains(c.on, "requested") {
			text = strings.ReplaceAll(text, "Hello {{ customer.name }}", "{{ survey.link }}")
		}
		set, err := load(text)
		if err != nil {
			t.Fatal(err)
		}
		for i, sig := range append(append([]signal.Signal{}, c.sets...), c.not...) {
			if got := len(set.SetOffBy(sig)) == 1; got != (i < len(c.sets)) {
				t.Errorf("%s and %s: %v", c.on, sig.Data, got)
			}
		}
	}
}

func TestAskNamesTheInvitation(t *testing.T) {
	scenes := builtIn(t)
	request := requested(t, signal.RequestData{Survey: "spring", Invitation: "r-1", Node: "ticket_resolved", Again: true})
	anonymous := requested(t, signal.RequestData{Survey: "spring"})
	for _, c := range []struct {
		name, scene string
		signal      signal.Signal
		want        scene.Ask
	}{
		{"a scene that asks nothing", "order_thanks", ordered(t), scene.Ask{}},
		{"a scene with a survey invites by its entry", "win_back", moved(t, "Champions", "At Risk"),
			scene.Ask{Survey: "leaving", Invitation: message.ID("c", "win_back", "segment:1:rfm10", 0, message.Email)}},
		{"a request brings its own", "survey_request", request, scene.Ask{Survey: "spring", Invitation: "r-1", Node: "ticket_resolved", Again: true}},
		{"a request without an invitation gets one", "survey_request", anonymous,
			scene.Ask{Survey: "spring", Invitation: message.ID("c", "survey_request", anonymous.ID, 0, message.Email)}},
	} {
		s := scenes.Scene(c.scene)
		if got := s.Ask(c.signal); got != c.want || s.Asks() != (c.want != scene.Ask{}) {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
}

func TestStale(t *testing.T) {
	s := builtIn(t).Scene("order_thanks")
	sig := ordered(t)
	due := sig
	due.Scene = s.ID
	for _, c := range []struct {
		name   string
		signal signal.Signal
		age    time.Duration
		want   bool
	}{
		{"what is just as old as allowed is fresh", sig, 48 * time.Hour, false},
		{"what is older is stale", sig, 48*time.Hour + time.Second, true},
		{"what was deferred in time is never stale", due, 30 * 24 * time.Hour, false},
		{"what our clock has not reached is fresh", sig, -time.Hour, false},
	} {
		if got := s.Stale(c.signal, now.Add(c.age)); got != c.want {
			t.Errorf("%s: got %v", c.name, got)
		}
	}
}

func TestTheLocaleThatSuitsTheReader(t *testing.T) {
	s := builtIn(t).Scene("win_back")
	for preferred, want := range map[string]string{
		"zh-CN": "zh-CN", "ZH_cn": "zh-CN", "zh-Hans-CN": "zh-CN", "zh": "zh-CN", "zh-TW": "zh-CN",
		"en": "en", "en-GB": "en", "fr-FR": "en", "": "en", "-": "en", "x": "en",
	} {
		p := profile(map[string]string{customer.TraitLocale: preferred})
		out, err := s.Render(scene.Saying{Sender: "Shop", Links: links, Code: "SPRING-2026"}, p, message.New(s.ID, 0, s.Channels[0], settingOff(t, s)))
		if err != nil || out.Locale != want {
			t.Errorf("%q reads %q, want %q: %v", preferred, out.Locale, want, err)
		}
	}
}

// sceneYAML is a good scene; tests break it.
const sceneYAML = `id: hello
kind: marketing
on: {signal: order_placed}
audience: order.worth >= 1000 and segment in ["Champions", "Promising"]
fresh_for: 2h
channel: email
limits:
  - {max: 1, per: 1d}
content:
  en:
    subject: Hello
    text: |
      Hello {{ customer.name }}
      {{ unsubscribe_link }}
    html: |
      <p>Hello {{ customer.name }}</p>
      <a href="{{ unsubscribe_link }}">no more</a>
`

const policyYAML = `quiet_hours: {from: "21:00", to: "08:00"}
limits:
  - {scope: channel, channel: email, max: 1, per: 24h}
  - {scope: all, max: 2, per: 7d}
`

func load(sceneText string) (*scene.Set, error) {
	return scene.Load(fstest.MapFS{"hello.yaml": {Data: []byte(sceneText)}, "policy.yaml": {Data: []byte(policyYAML)}, "block/end.yaml": {Data: []byte(blockYAML)}}, compilers)
}

// blockYAML is a good block.
const blockYAML = `en:
  text: |
    Bye
    {{ customer.name }}
  html: |
    <p>
    {{ customer.name }}</p>
de:
  text: Auf Wiedersehen
`

func TestAudience(t *testing.T) {
	set, err := load(sceneYAML)
	if err != nil {
		t.Fatal(err)
	}
	rules := rulesOf(t, set.Policy)
	for _, c := range []struct {
		name    string
		segment string
		amount  int64
		want    scene.Outcome
	}{
		{"inside passes", "Champions", 1000, scene.Pass},
		{"too little is outside", "Champions", 999, scene.Hold},
		{"another segment is outside", "Lost", 1000, scene.Hold},
		{"no segment is outside", "", 1000, scene.Hold},
	} {
		t.Run(c.name, func(t *testing.T) {
			candidate := reachable(t, set.Scene("hello"))
			candidate.Signal.Data = raw(t, signal.OrderData{Amount: 1, Currency: "KWD", Worth: c.amount})
			candidate.Scores.Segment = c.segment
			v := rules.Decide(candidate)
			if v.Outcome != c.want || (c.want == scene.Hold && v.Gate != scene.GateAudience) {
				t.Errorf("got %+v", v)
			}
		})
	}
}

func TestAudienceOfAnOccasion(t *testing.T) {
	for audience, want := range map[string]scene.Outcome{"number == 2026": scene.Pass, "number > 2026": scene.Hold, "previous == 'x'": scene.Hold} {
		text := strings.NewReplacer("{signal: order_placed}", "{signal: occasion, occasion: silence}",
			`order.worth >= 1000 and segment in ["Champions", "Promising"]`, audience).Replace(sceneYAML)
		set, err := load(text)
		if err != nil {
			t.Fatal(err)
		}
		candidate := reachable(t, set.Scene("hello"))
		candidate.Signal = occurred(t, "silence")
		if v := rulesOf(t, set.Policy).Decide(candidate); v.Outcome != want {
			t.Errorf("%s: %+v", audience, v)
		}
	}
}

func TestEntryHasTheScenesName(t *testing.T) {
	for _, s := range builtIn(t).All() {
		if len(s.ID) > message.MaxNameBytes {
			t.Errorf("%s is longer than a contact record keeps", s.ID)
		}
	}
}

func TestWhatWasLoadedWithoutItsCompilerIsForNobody(t *testing.T) {
	set, err := scene.Load(fstest.MapFS{"hello.yaml": {Data: []byte(sceneYAML)}, "policy.yaml": {Data: []byte(policyYAML)}}, scene.Compilers{})
	if err != nil {
		t.Fatal(err)
	}
	candidate := reachable(t, set.Scene("hello"))
	candidate.Scores.Segment = "Champions"
	if v := rulesOf(t, set.Policy).Decide(candidate); v.Outcome != scene.Hold || v.Gate != scene.GateAudience {
		t.Errorf("a customer of whom nobody can say whether they are in the audience: %+v", v)
	}
	if out, err := set.Scene("hello").Render(saying, candidate.Profile, message.New("hello", 0, message.Email, candidate.Signal)); err == nil {
		t.Errorf("rendered %+v", out)
	}
}
