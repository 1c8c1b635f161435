package scene_test

import (
	"encoding/json"
	"strings"
	"testing"
	"testing/fstest"

	"liuke/shared/customer"
	"liuke/shared/fault"
	"liuke/shared/message"
	"liuke/shared/scene"
)

// said loads a transactional scene of a channel that says something.
func said(head, content string) (*scene.Scene, error) {
	set, err := load("id: hello\nkind: transactional\non: {signal: order_placed}\n" + head + "\ncontent:\n  en: " + content + "\n")
	if err != nil {
		return nil, err
	}
	return set.Scene("hello"), nil
}

func TestWhatIsPostedIsJSON(t *testing.T) {
	s, err := said("channel: webhook\nto: crm", `{json: '{"order": "{{ order.id }}", "who": "{{ customer.name | default: "" }}"}'}`)
	if err != nil {
		t.Fatal(err)
	}
	e := message.New(s.ID, 0, message.Webhook, ordered(t))
	out, err := s.Render(scene.Saying{}, profile(nil), e)
	if err != nil || string(out.JSON) != `{"order": "o-1", "who": ""}` {
		t.Errorf("%s, %v", out.JSON, err)
	}
	for _, hostile := range []string{`x", "admin": "y`, `x", "admin": "y\`, "line\nbreak", "\\", `"`} {
		var posted map[string]string
		out, err := s.Render(scene.Saying{}, profile(map[string]string{customer.TraitName: hostile}), e)
		if err != nil || json.Unmarshal(out.JSON, &posted) != nil || len(posted) != 2 || posted["who"] != hostile {
			t.Errorf("%q: %s, %v", hostile, out.JSON, err)
		}
	}
	c := reachable(t, s)
	c.Profile = customer.Profile{}
	if v := rulesOf(t, builtIn(t).Policy).Decide(c); v.Gate == scene.GateConsent {
		t.Errorf("a post to a system asks for consent: %+v", v)
	}
	s.Consent = "email"
	if v := rulesOf(t, builtIn(t).Policy).Decide(c); v.Gate != scene.GateConsent {
		t.Errorf("a post that reaches the customer does not: %+v", v)
	}
}

func TestFiltersAndConditionsOfWhatIsPostedSeeValuesAsTheyAre(t *testing.T) {
	s, err := said("channel: webhook\nto: crm", `{json: '{"loud": "{{ customer.name | upcase }}", "short": "{{ customer.name | truncate: 2, "" }}", "both": {% if customer.name == "A&B" %}true{% else %}false{% endif %}, "first": {{ order.first }}, "total": "{{ order.total }}"}'}`)
	if err != nil {
		t.Fatal(err)
	}
	e := message.New(s.ID, 0, message.Webhook, ordered(t))
	type posted struct {
		Loud, Short, Total string
		Both, First        bool
	}
	for name, short := range map[string]string{`A&B "q" \`: "A&", "A&B": "A&", "<img>": "<i", "🎂 li": "🎂 ", `"\`: `"\`, "é\u2028b": "é\u2028", "\tb": "b"} {
		out, err := s.Render(scene.Saying{}, profile(map[string]string{customer.TraitName: name}), e)
		var got posted
		if err != nil || json.Unmarshal(out.JSON, &got) != nil {
			t.Errorf("%q: %s, %v", name, out.JSON, err)
			continue
		}
		want := posted{Loud: strings.ToUpper(strings.TrimSpace(name)), Short: short, Total: "129.00", Both: name == "A&B", First: true}
		if got != want {
			t.Errorf("%q: %+v, want %+v", name, got, want)
		}
	}
}

func TestChannelsHaveTheirOwnFields(t *testing.T) {
	for _, c := range []struct{ name, head, content, want string }{
		{"an SMS has a text alone", "channel: sms", "{subject: a, text: b}", "hello.yaml:6: subject does not belong to the channel sms, which has text"},
		{"an SMS without a text", "channel: sms", "{text: ''}", "hello.yaml:6: text is missing"},
		{"data are a push's", "channel: sms", "{text: a, data: {b: c}}", "hello.yaml:6: data belongs to the channel push"},
		{"a push has a title", "channel: push", "{text: a}", "hello.yaml:6: title is missing"},
		{"a post goes somewhere", "channel: webhook", "{json: '{}'}", "hello.yaml:1: the channel webhook needs a destination"},
		{"a consent that is none", "channel: webhook\nto: crm\nconsent: fax", "{json: '{}'}", "hello.yaml:6: consent is given for email, sms or push"},
		{"a consent of another channel", "channel: sms\nconsent: email", "{text: a}", "hello.yaml:5: consent belongs to the channel webhook"},
		{"a hint that other channels have not", "channel: push", "{title: a, text: '{{ stop_hint }}'}", "hello.yaml:6: stop_hint is not a variable"},
	} {
		if _, err := said(c.head, c.content); fault.CodeOf(err) != fault.Invalid || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		}
	}
	marketing := "id: hello\nkind: marketing\non: {signal: order_placed}\nchannel: sms\ncontent:\n  en: {text: 'Come{{ WAY }}'}\n"
	for way, ok := range map[string]bool{"": false, "{{ stop_hint }}": true, "{{ unsubscribe_link }}": true} {
		if _, err := load(strings.Replace(marketing, "{{ WAY }}", way, 1)); (err == nil) != ok {
			t.Errorf("marketing by SMS that says %q: %v", way, err)
		}
	}
}

func TestTemplatesAreChecked(t *testing.T) {
	for _, c := range []struct{ name, old, new, want string }{
		{"a channel that is none", "push:", "fax:", `template/greeting.yaml:2: "fax" is none of the channels`},
		{"without the default locale", "  en: {title: Hello", "  de: {title: Hello", "template/greeting.yaml:2: the template is missing in en"},
		{"a field that is none", "preheader:", "preheadline:", "template/greeting.yaml:6: content has no field preheadline"},
		{"a variable that the scene has not", "It has been a while}", "'{{ order.id }}'}", "hello.yaml:15: order.id is not a variable of this scene"},
		{"and which template it was", "It has been a while}", "'{{ order.id }}'}", "(template/greeting.yaml, line 2: the step nudge, in en by push)"},
		{"marketing without a way out", "text: Hello {{ unsubscribe_link }}", "text: Hello", "hello.yaml:15: marketing must offer {{ unsubscribe_link }}"},
	} {
		broken := strings.Replace(templateYAML, c.old, c.new, 1)
		if broken == templateYAML {
			t.Fatalf("%s: the case breaks nothing", c.name)
		}
		_, err := scene.Load(fstest.MapFS{
			"hello.yaml": {Data: []byte(journeyYAML)}, "policy.yaml": {Data: []byte(policyYAML)}, "template/greeting.yaml": {Data: []byte(broken)},
		}, compilers)
		if fault.CodeOf(err) != fault.Invalid || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		}
	}
}
