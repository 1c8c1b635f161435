package scene_test

import (
	"strings"
	"testing"

	"liuke/shared/customer"
	"liuke/shared/fault"
	"liuke/shared/message"
	"liuke/shared/scene"
	"liuke/shared/signal"
)

var links = scene.Links{Unsubscribe: "https://example.com/u/abc", Survey: "https://example.com/s/def"}

func TestEveryBuiltInSceneRendersInEveryLocale(t *testing.T) {
	for _, s := range builtIn(t).All() {
		if locales := s.Locales(); len(locales) != 2 || locales[0] != "en" || locales[1] != "zh-CN" {
			t.Errorf("%s has content in %v", s.ID, locales)
		}
		if s.Channel == message.Task {
			continue // says nothing to a customer: see TestEveryBuiltInTaskSaysWhatToDo
		}
		for _, locale := range s.Locales() {
			for name, p := range map[string]customer.Profile{
				"a customer with a name":    profile(map[string]string{customer.TraitLocale: locale, customer.TraitFirstName: "Li", customer.TraitName: "李雷"}),
				"a customer without a name": profile(map[string]string{customer.TraitLocale: locale}),
			} {
				t.Run(s.ID+" in "+locale+" for "+name, func(t *testing.T) {
					sig := ordered(t)
					switch s.On.Signal {
					case signal.SegmentChanged:
						sig = moved(t, "Champions", "At Risk")
					case signal.Occasion:
						sig = occurred(t, string(s.On.Occasion))
					}
					out, err := s.Render(p, message.New(s.ID, 0, s.Channel, sig), "Shop", links)
					if err != nil {
						t.Fatal(err)
					}
					if out.Locale != locale || out.Subject == "" {
						t.Errorf("%+v", out)
					}
					for part, text := range map[string]string{"text": out.Text, "html": out.HTML} {
						if !strings.Contains(text, links.Unsubscribe) {
							t.Errorf("the %s offers no way to unsubscribe", part)
						}
						if strings.Contains(text, links.Survey) != s.UsesSurvey() {
							t.Errorf("the %s and the survey link", part)
						}
						if strings.ContainsAny(text, "{}%") && part == "text" {
							t.Errorf("left over: %s", text)
						}
					}
				})
			}
		}
	}
}

func TestOccasionAndRiskAreVariables(t *testing.T) {
	for _, c := range []struct {
		on, subject string
		signal      signal.Signal
		want        string
	}{
		{"{signal: occasion, occasion: silence}", "'{{ occasion.number }} days since {{ occasion.day }}'", occurred(t, "silence"), "2026 days since 2026-01-15"},
		{"{signal: risk_changed, to: [high]}", "'{{ risk.from }} to {{ risk.to }}'",
			signal.Signal{Kind: signal.RiskChanged, Data: raw(t, signal.RiskData{From: "low", To: "high"})}, "low to high"},
	} {
		set, err := load(strings.NewReplacer("{signal: order_placed}", c.on, "subject: Hello", "subject: "+c.subject).Replace(sceneYAML))
		if err != nil {
			t.Fatal(err)
		}
		s := set.Scene("hello")
		out, err := s.Render(profile(map[string]string{customer.TraitName: "Li"}), message.New(s.ID, 0, s.Channel, c.signal), "Shop", links)
		if err != nil || out.Subject != c.want {
			t.Errorf("%q, %v, want %q", out.Subject, err, c.want)
		}
	}
}

func TestOrderMoney(t *testing.T) {
	s := builtIn(t).Scene("order_thanks")
	out, err := s.Render(profile(nil), message.New(s.ID, 0, s.Channel, ordered(t)), "Shop", links)
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
	out, err := s.Render(p, message.New(s.ID, 0, s.Channel, moved(t, "Champions", "At Risk")), "Shop & Söhne", links)
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
	set(&p, customer.TraitFirstName, "Li\r\nBcc: victim@example.com")
	if _, err := s.Render(p, message.New(s.ID, 0, s.Channel, moved(t, "Champions", "At Risk")), "Shop", links); fault.CodeOf(err) != fault.Invalid || strings.Contains(err.Error(), "victim") {
		t.Errorf("a subject of two lines: %v", err)
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
			_, err = s.Render(profile(map[string]string{customer.TraitEmail: "secret@example.com"}), message.New(s.ID, 0, s.Channel, ordered(t)), "Shop", links)
			if got := scene.MissingVariable(err); got != c.want {
				t.Errorf("missing %q, want %q (%v)", got, c.want, err)
			}
			if c.want == "" && err != nil {
				t.Error(err)
			}
		})
	}
}
