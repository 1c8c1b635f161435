package scene_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"liuke/shared/customer"
	"liuke/shared/fault"
	"liuke/shared/message"
	"liuke/shared/scene"
	"liuke/shared/signal"
	"liuke/shared/survey"
)

const surveyLink = "https://example.com/s/def"

// asking is what a message is made from that asks the question.
func asking(q scene.Question) scene.Saying {
	return scene.Saying{Sender: "Shop", Links: scene.Links{Unsubscribe: links.Unsubscribe, Survey: q}}
}

var saying = scene.Saying{Sender: "Shop", Links: links}

var links = scene.Links{Unsubscribe: "https://example.com/u/abc", Survey: scene.QuestionOf(nps, "en", surveyLink)}

func TestWhatSetASceneOffIsAVariable(t *testing.T) {
	for _, c := range []struct {
		on, subject string
		signal      signal.Signal
		want        string
	}{
		{"{signal: occasion, occasion: silence}", "'{{ occasion.number }} days since {{ occasion.day }}'", occurred(t, "silence"), "2026 days since 2026-01-15"},
		{"{signal: risk_changed, to: [high]}", "'{{ risk.from }} to {{ risk.to }}'",
			signal.Signal{Kind: signal.RiskChanged, Data: raw(t, signal.RiskData{From: "low", To: "high"})}, "low to high"},
		{"{signal: event, event: Ticket Resolved}", "'{{ event.name }} {{ event.subject }}'",
			signal.Signal{Kind: signal.Happened, Data: raw(t, signal.EventData{Event: "Ticket Resolved", Subject: "T-1"})}, "Ticket Resolved T-1"},
		{"{signal: answer_given}", "'{{ answer.survey }} {{ answer.kind }} {{ answer.score }}'",
			signal.Signal{Kind: signal.AnswerGiven, Data: raw(t, signal.AnswerData{Survey: "after", Kind: "csat", Score: 2})}, "after csat 2"},
	} {
		set, err := load(strings.NewReplacer("{signal: order_placed}", c.on, "subject: Hello", "subject: "+c.subject).Replace(sceneYAML))
		if err != nil {
			t.Fatal(err)
		}
		s := set.Scene("hello")
		out, err := s.Render(saying, profile(map[string]string{customer.TraitName: "Li"}), message.New(s.ID, 0, s.Channels[0], c.signal))
		if err != nil || out.Subject != c.want {
			t.Errorf("%q, %v, want %q", out.Subject, err, c.want)
		}
	}
}

func TestEveryBuiltInSceneAsksToASurveyThatThereIs(t *testing.T) {
	surveys, err := survey.BuiltIn()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range builtIn(t).All() {
		if s.Survey == "" {
			continue
		}
		asked, err := surveys.Find(s.Survey)
		if err != nil {
			t.Errorf("%s asks to %s: %v", s.ID, s.Survey, err)
			continue
		}
		for _, locale := range s.Locales() {
			q := scene.QuestionOf(asked, locale, surveyLink)
			out, err := s.Render(asking(q), profile(map[string]string{customer.TraitLocale: locale}), message.New(s.ID, 0, s.Channels[0], settingOff(t, s)))
			if err != nil || len(q.Choices) < 5 || !strings.Contains(out.Text, q.Ask) || !strings.Contains(out.HTML, q.Choices[0].Link) {
				t.Errorf("%s in %s: %v, %d choices, %s", s.ID, locale, err, len(q.Choices), out.Text)
			}
			for _, c := range s.Caps {
				if reminders := len(asked.Invite.Reminders); c.Max <= reminders {
					t.Errorf("%s: its own limit of %d holds its %d reminders", s.ID, c.Max, reminders)
				}
			}
		}
	}
}

func TestWhatContentSaysOfASurvey(t *testing.T) {
	choice := &survey.Survey{
		Questions: []survey.Question{{ID: "why", Kind: survey.Single, Options: []string{"price", "other"}}},
		Texts: map[string]survey.Text{
			"en": {Title: "Why?", Questions: map[string]survey.QuestionText{"why": {Ask: "Why do you leave?", Options: map[string]string{"price": "The price", "other": "Something else"}}}},
			"fr": {Title: "Pourquoi ?", Questions: map[string]survey.QuestionText{"why": {Ask: "Pourquoi partez-vous ?", Options: map[string]string{"price": "Le prix", "other": "Autre chose"}}}},
		},
	}
	text := *choice
	text.Questions = []survey.Question{{ID: "why", Kind: survey.FreeText}}
	range7 := *choice
	range7.Questions = []survey.Question{{ID: "why", Kind: survey.Scale, Min: 2, Max: 4}}
	for _, c := range []struct {
		name, locale string
		survey       *survey.Survey
		want         scene.Question
	}{
		{"options, in the reader's language", "fr-CA", choice, scene.Question{Title: "Pourquoi ?", Ask: "Pourquoi partez-vous ?", Link: "l", Choices: []scene.Choice{
			{"price", "Le prix", "l?why=price"}, {"other", "Autre chose", "l?why=other"}}}},
		{"options, in the language of who reads none of the others", "de", choice, scene.Question{Title: "Why?", Ask: "Why do you leave?", Link: "l", Choices: []scene.Choice{
			{"price", "The price", "l?why=price"}, {"other", "Something else", "l?why=other"}}}},
		{"a text has no choices", "", &text, scene.Question{Title: "Why?", Ask: "Why do you leave?", Link: "l"}},
		{"a scale of its own", "", &range7, scene.Question{Title: "Why?", Ask: "Why do you leave?", Scored: true, Link: "l", Choices: []scene.Choice{
			{"2", "2", "l?why=2"}, {"3", "3", "l?why=3"}, {"4", "4", "l?why=4"}}}},
	} {
		if diff := cmp.Diff(c.want, scene.QuestionOf(c.survey, c.locale, "l")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
	if q := scene.QuestionOf(nps, "zh-CN", "l"); len(q.Choices) != 11 || q.Choices[10] != (scene.Choice{Value: "10", Label: "10", Link: "l?score=10"}) || q.Lowest != "0：完全不可能" || !q.Scored {
		t.Errorf("%+v", q)
	}
}

func TestASurveyIsAskedInHostileWordsToo(t *testing.T) {
	hostile := &survey.Survey{
		Questions: []survey.Question{{ID: "why", Kind: survey.Single, Options: []string{"a", "b"}}},
		Texts: map[string]survey.Text{"en": {Title: "{{ sender_name }}", Questions: map[string]survey.QuestionText{"why": {
			Ask: "<script>1</script>", Options: map[string]string{"a": `"><img>`, "b": "B"}}}}},
	}
	s := builtIn(t).Scene("survey_request")
	out, err := s.Render(asking(scene.QuestionOf(hostile, "en", surveyLink)), profile(nil), message.New(s.ID, 0, s.Channels[0], settingOff(t, s)))
	if err != nil || strings.Contains(out.HTML, "<script") || strings.Contains(out.HTML, "<img") || !strings.Contains(out.HTML, "&#34;&gt;&lt;img&gt;") || out.Subject != "{{ sender_name }}" {
		t.Errorf("%v: %s\n%s", err, out.Subject, out.HTML)
	}
	if strings.Count(out.HTML, `href="`+surveyLink+`?why=`) != 2 {
		t.Errorf("the options cannot be tapped: %s", out.HTML)
	}
}

func TestOrderMoney(t *testing.T) {
	s := builtIn(t).Scene("order_thanks")
	out, err := s.Render(saying, profile(nil), message.New(s.ID, 0, s.Channels[0], ordered(t)))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.Subject, "129.00 CNY") || !strings.Contains(out.Text, "first order") {
		t.Errorf("subject %q, text %q", out.Subject, out.Text)
	}
}

func TestWhatCustomersSaySpoilsNothing(t *testing.T) {
	s := builtIn(t).Scene("win_back")
	hostile := `<script>alert("1")</script>{{ sender_name }}' onload='x`
	p := profile(map[string]string{customer.TraitFirstName: hostile})
	out, err := s.Render(scene.Saying{Sender: "Shop & Söhne", Links: links}, p, message.New(s.ID, 0, s.Channels[0], moved(t, "Champions", "At Risk")))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(out.HTML, "<script") || strings.Contains(out.HTML, `' onload`) {
		t.Errorf("HTML is not escaped: %s", out.HTML)
	}
	if !strings.Contains(out.HTML, "&lt;script&gt;alert(&#34;1&#34;)&lt;/script&gt;{{ sender_name }}&#39; onload=&#39;x") {
		t.Errorf("escaped more or less than once: %s", out.HTML)
	}
	if !strings.Contains(out.HTML, "Shop &amp; Söhne") || !strings.Contains(out.Text, hostile) || !strings.Contains(out.Text, "Shop & Söhne") {
		t.Errorf("text is as it was said: %s", out.Text)
	}
	set(&p, customer.TraitFirstName, "Li\r\nBcc: victim")
	if _, err := s.Render(saying, p, message.New(s.ID, 0, s.Channels[0], moved(t, "Champions", "At Risk"))); fault.CodeOf(err) != fault.Invalid || strings.Contains(err.Error(), "victim") {
		t.Errorf("a subject of two lines: %v", err)
	}
}

func TestANameThatHoldsAnAddressIsNotThere(t *testing.T) {
	text := strings.Replace(sceneYAML, "subject: Hello", `subject: "{{ customer.first_name | default: 'you' }}, {{ customer.name | default: 'both' }}"`, 1)
	set, err := load(strings.ReplaceAll(text, "Hello {{ customer.name }}", "Hello"))
	if err != nil {
		t.Fatal(err)
	}
	s := set.Scene("hello")
	for _, c := range []struct{ name, whole, first, last, want string }{
		{"a name", "Li Na", "Li", "", "Li, Li Na"},
		{"a name of two parts", "", "Li", "Na", "Li, Li Na"},
		{"an address in the first name", "Li Na", "Win http://evil.example/x", "", "you, Li Na"},
		{"in capitals", "Li Na", "HTTPS://EVIL.EXAMPLE", "", "you, Li Na"},
		{"a host that programs make a link of", "Li Na", "WWW.evil.example", "", "you, Li Na"},
		{"an address of another scheme", "Li Na", "whatsapp://send", "", "you, Li Na"},
		{"a full stop and a colon are no address", "Dr. Li", "Li: wwwow", "", "Li: wwwow, Dr. Li"},
		{"initials are none", "J.R. Li", "J.R.", "", "J.R., J.R. Li"},
		{"a bare host", "Win at evil.example/win", "evil.example", "", "you, both"},
		{"one whose scheme is written otherwise", `http:\\evil.example`, "https：／／evil.example", "", "you, both"},
		{"one with another full stop", "evil。example", "evil．example", "", "you, both"},
		{"an address of mail", "ann@evil.example", "Ann", "", "Ann, both"},
		{"what nobody can see", "\u200b\u200b", "\u3164", "", "you, both"},
	} {
		p := profile(map[string]string{customer.TraitName: c.whole, customer.TraitFirstName: c.first, customer.TraitLastName: c.last})
		out, err := s.Render(saying, p, message.New(s.ID, 0, s.Channels[0], ordered(t)))
		if err != nil || out.Subject != c.want {
			t.Errorf("%s: %q, %v, want %q", c.name, out.Subject, err, c.want)
		}
	}
	if set, err = load(sceneYAML); err != nil {
		t.Fatal(err)
	}
	s = set.Scene("hello")
	for name, traits := range map[string]map[string]string{
		"the name":         {customer.TraitName: "Win www.evil.example", customer.TraitFirstName: "Li"},
		"the last name":    {customer.TraitFirstName: "Li", customer.TraitLastName: "http://evil.example"},
		"across the parts": {customer.TraitFirstName: "http:", customer.TraitLastName: "//evil.example https://evil.example"},
	} {
		_, err := s.Render(saying, profile(traits), message.New(s.ID, 0, s.Channels[0], ordered(t)))
		if scene.MissingVariable(err) != "customer.name" {
			t.Errorf("an address in %s is said without a default: %v", name, err)
		}
	}
}

func TestAnIdThatHoldsAnAddressIsNotThere(t *testing.T) {
	thanks, order := builtIn(t).Scene("order_thanks"), ordered(t)
	for _, c := range []struct{ name, id, want string }{
		{"a number", "1001", "We have your order 1001 and"},
		{"signs and full stops", "#A-1001.2.b/7", "We have your order #A-1001.2.b/7 and"},
		{"an address", "https://evil.example/x", "We have your order and"},
		{"a host", "evil.example", "We have your order and"},
		{"what nobody can see", "\u200b", "We have your order and"},
	} {
		data, err := json.Marshal(signal.OrderData{Order: c.id, Amount: 12900, Currency: "EUR"})
		if err != nil {
			t.Fatal(err)
		}
		order.Data = data
		out, err := thanks.Render(saying, profile(nil), message.New(thanks.ID, 0, message.Email, order))
		if err != nil || !strings.Contains(out.Text, c.want) || !strings.Contains(out.HTML, c.want) {
			t.Errorf("%s: %v, %q", c.name, err, out.Text)
		}
	}
	apology := builtIn(t).Scene("complaint_apology")
	for subject, want := range map[string]string{"T-1": "your complaint T-1,", "evil.example/x": "your complaint,"} {
		data, err := json.Marshal(signal.EventData{Event: "Complaint Filed", Subject: subject})
		if err != nil {
			t.Fatal(err)
		}
		filed := signal.Signal{ID: "event:1", Kind: signal.Happened, Customer: order.Customer, Time: order.Time, Data: data}
		out, err := apology.Render(saying, profile(nil), message.New(apology.ID, 0, message.Email, filed))
		if err != nil || !strings.Contains(out.Text, want) {
			t.Errorf("%s: %v, %q", subject, err, out.Text)
		}
	}
}

func TestMissingVariableIsNamed(t *testing.T) {
	for _, c := range []struct {
		name, subject, want string
	}{
		{"a variable without a value", "{{ customer.name }}", "customer.name"},
		{"a filter does not hide it", "{{ customer.name | upcase }}", "customer.name"},
		{"nor does a default that comes after another filter", "{{ customer.name | upcase | default: 'you' }}", "customer.name"},
		{"a default first stands in for it", "{{ customer.name | default: 'you' | upcase }}", ""},
		{"a condition may ask for it", "Hi{% if customer.name %} {{ customer.name }}{% endif %}", ""},
		{"one that is not reached is not missed", "Hi{% unless order.currency %}{{ customer.name }}{% endunless %}", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			set, err := load(strings.Replace(sceneYAML, "subject: Hello", `subject: "`+c.subject+`"`, 1))
			if err != nil {
				t.Fatal(err)
			}
			s := set.Scene("hello")
			if c.want == "" { // the parts that need the name are not what is tested
				text := strings.NewReplacer("Hello {{ customer.name }}", "Hello").Replace(strings.Replace(sceneYAML, "subject: Hello", `subject: "`+c.subject+`"`, 1))
				if set, err = load(text); err != nil {
					t.Fatal(err)
				}
				s = set.Scene("hello")
			}
			_, err = s.Render(saying, profile(map[string]string{customer.TraitEmail: "secret@example.com"}), message.New(s.ID, 0, s.Channels[0], ordered(t)))
			if got := scene.MissingVariable(err); got != c.want {
				t.Errorf("missing %q, want %q (%v)", got, c.want, err)
			}
			if c.want == "" && err != nil {
				t.Error(err)
			}
		})
	}
}

func TestASubjectIsNeitherBlankNorWithoutEnd(t *testing.T) {
	for _, c := range []struct {
		subject string
		runes   int // 0 for an error
	}{{"{% if order.id == 'another' %}x{% endif %}", 0}, {"{{ customer.name }}", 255}} {
		set, err := load(strings.Replace(sceneYAML, "subject: Hello", `subject: "`+c.subject+`"`, 1))
		if err != nil {
			t.Fatal(err)
		}
		s := set.Scene("hello")
		out, err := s.Render(saying, profile(map[string]string{customer.TraitName: "\u202e" + strings.Repeat("安", 400)}), message.New(s.ID, 0, s.Channels[0], ordered(t)))
		if (err == nil) != (c.runes > 0) || len([]rune(out.Subject)) != c.runes || strings.ContainsAny(out.Subject, "\u202e") {
			t.Errorf("%s: %d, %v", c.subject, len([]rune(out.Subject)), err)
		}
	}
}
