package scene_test

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"liuke/shared/customer"
	"liuke/shared/fault"
	"liuke/shared/message"
	"liuke/shared/scene"
	"liuke/shared/scene/content"
	"liuke/shared/signal"
)

// taskYAML is a good scene of the channel task; tests break it.
const taskYAML = `id: hello
kind: transactional
on: {signal: answer_given}
audience: segment == "Champions"
channel: task
limits:
  - {max: 1, per: 1d}
content:
  en:
    title: "{{ customer.name }} gave {{ answer.score }}"
    text: |
      Call.
  zh-CN: {title: 回电, text: 请致电}
`

func answered(t testing.TB, score int) signal.Signal {
	return signal.Signal{ID: "answer:nps:i-1", Kind: signal.AnswerGiven, Customer: "c", Time: now,
		Data: raw(t, signal.AnswerData{Survey: "nps", Kind: "nps", Invitation: "i-1", Score: score})}
}

func TestATaskIsCheckedAsItsScene(t *testing.T) {
	if _, err := load(taskYAML); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, old, new, want string }{
		{"a task that advertises", "transactional", "marketing", "hello.yaml:2: a task is no message"},
		{"a task that keeps quiet hours", "channel: task", "channel: task\nquiet_hours: none", "hello.yaml:6: quiet_hours belongs to"},
		{"a task that asks to a survey", "channel: task", "channel: task\nsurvey: nps", "hello.yaml:6: a task asks the customer nothing"},
		{"a task with a subject", "title: \"", "subject: x\n    title: \"", "hello.yaml:10: subject does not belong to the channel task, which has title, text"},
		{"a task with HTML", "text: |", "html: <p>\n    text: |", "hello.yaml:11: html does not belong to the channel task, which has title, text"},
		{"a task without a title", "{title: 回电, text", "{text", "hello.yaml:13: title is missing"},
		{"a task without a text", ", text: 请致电", "", "hello.yaml:13: text is missing"},
		{"a task with a link", "Call.", "{{ survey_link }}", "hello.yaml:12: survey_link is not a variable"},
		{"a task that unsubscribes", "Call.", "{{ unsubscribe_link }}", "hello.yaml:12: unsubscribe_link is not a variable"},
		{"a message with a title", "channel: task", "channel: email", "hello.yaml:10: title does not belong to the channel email"},
	} {
		t.Run(c.name, func(t *testing.T) {
			broken := strings.Replace(taskYAML, c.old, c.new, 1)
			if _, err := load(broken); broken == taskYAML || fault.CodeOf(err) != fault.Invalid || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got:\n%v\nwant: %s", err, c.want)
			}
		})
	}
}

func TestWhoeverDecidesReadsTheTextsOfTasksAlone(t *testing.T) {
	set, err := scene.Load(fstest.MapFS{
		"hello.yaml": {Data: []byte(taskYAML)}, "policy.yaml": {Data: []byte(policyYAML)},
		"mail.yaml": {Data: []byte(strings.Replace(sceneYAML, "id: hello", "id: mail", 1))},
	}, scene.Compilers{Audience: compilers.Audience, Tasks: content.Compiler()})
	if err != nil {
		t.Fatal(err)
	}
	p := profile(map[string]string{customer.TraitName: "李雷", customer.TraitLocale: "zh-CN"})
	title, text, err := set.Scene("hello").Brief(p, message.New("hello", 0, message.Task, answered(t, 2)))
	if err != nil || title != "李雷 gave 2" || text != "Call.\n" {
		t.Errorf("%q, %q, %v", title, text, err)
	}
	if _, _, err := set.Scene("hello").Brief(profile(nil), message.New("hello", 0, message.Task, answered(t, 2))); scene.MissingVariable(err) != "customer.name" {
		t.Errorf("without a name: %v", err)
	}
	if _, err := set.Scene("mail").Render(saying, p, message.New("mail", 0, message.Email, ordered(t))); fault.CodeOf(err) != fault.Invalid {
		t.Errorf("a message was made by who only decides: %v", err)
	}
}

func TestEveryBuiltInTaskSaysWhatToDo(t *testing.T) {
	tasks := 0
	for _, s := range builtIn(t).All() {
		if s.Channels[0] != message.Task {
			continue
		}
		tasks++
		title, text, err := s.Brief(profile(nil), message.New(s.ID, 0, s.Channels[0], settingOff(t, s)))
		if err != nil || title == "" || s.On.Signal == signal.AnswerGiven && !strings.Contains(title, "2") || text == "" || strings.ContainsAny(title+text, "{}") {
			t.Errorf("%s: %q, %q, %v", s.ID, title, text, err)
		}
	}
	if tasks == 0 {
		t.Error("no scene makes a task")
	}
}

func TestWhatBearsOnATask(t *testing.T) {
	set, err := load(taskYAML)
	if err != nil {
		t.Fatal(err)
	}
	s := set.Scene("hello")
	everybody := set.Policy
	everybody.Holdout.Share = 1
	rules := rulesOf(t, everybody)
	night := time.Date(2026, 1, 15, 15, 30, 0, 0, time.UTC) // 23:30 in Shanghai
	stamp := func(age time.Duration, id string, channel message.Channel) message.Stamp {
		return message.Stamp{Time: night.Add(-age), Scene: message.SceneMarkOf(id), Channel: channel, Service: channel == message.Task}
	}
	full := message.Contact{}
	for i := range message.MaxStamps {
		full.Stamps = append(full.Stamps, stamp(time.Duration(message.MaxStamps-i)*time.Minute, "other", message.Email))
	}
	for _, c := range []struct {
		name    string
		segment string
		stamps  []message.Stamp
		want    string
	}{
		{"neither consent nor address, night nor holdout", "Champions", nil, ""},
		{"nor messages of others", "Champions", []message.Stamp{stamp(time.Hour, "win_back", message.Email)}, ""},
		{"its own limits", "Champions", []message.Stamp{stamp(time.Hour, "hello", message.Task)}, "frequency_cap"},
		{"its own limits, within their window", "Champions", []message.Stamp{stamp(24*time.Hour, "hello", message.Task)}, ""},
		{"a record without room for its limits", "Champions", full.Stamps, "frequency_cap"},
		{"its audience", "Lost", nil, "audience"},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := rules.Decide(scene.Candidate{Scene: s, Signal: answered(t, 2), Person: "c", Scores: customer.Scores{Segment: c.segment}, Contact: message.Contact{Stamps: c.stamps}, Now: night})
			if v.Gate != c.want || (v.Outcome == scene.Pass) != (c.want == "") {
				t.Errorf("%+v, want %q", v, c.want)
			}
		})
	}
	unlimited := strings.Replace(taskYAML, "limits:\n  - {max: 1, per: 1d}\n", "", 1)
	if set, err = load(unlimited); err != nil {
		t.Fatal(err)
	}
	v := rules.Decide(scene.Candidate{Scene: set.Scene("hello"), Signal: answered(t, 2), Scores: customer.Scores{Segment: "Champions"}, Contact: full, Now: night})
	if v.Outcome != scene.Pass {
		t.Errorf("a scene without limits asked for room: %+v", v)
	}
	var stamped message.Contact
	c := scene.Candidate{Scene: s, Now: night}
	if stamped, err = stamped.Add(c.Stamp()); err != nil {
		t.Fatal(err)
	}
	mail := reachable(t, builtIn(t).Scene("win_back"))
	mail.Contact = stamped
	if v := rulesOf(t, set.Policy).Decide(mail); v.Outcome != scene.Pass {
		t.Errorf("a task counted against the limits of messages: %+v", v)
	}
}
