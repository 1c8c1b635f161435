package scene_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"liuke/shared/brand"
	"liuke/shared/customer"
	"liuke/shared/holdout"
	"liuke/shared/message"
	"liuke/shared/scene"
	"liuke/shared/sms"
)

// audiences are, of each built-in scene that is not for everybody, who is meant, and who is not.
var audiences = map[string]struct{ in, out func(*scene.Candidate) }{
	"spend_threshold":  {segmented("Loyal Customers"), segmented("Lost")},
	"wake_up":          {numbered(60), numbered(30)},
	"free_trial":       {numbered(365), numbered(60)},
	"win_back_service": {labelled("needs\thigh-service"), labelled("needs\tstandard")},
	"win_back_package": {labelled("needs\tstandard"), labelled("needs\thigh-service")},
	"win_back_call":    {labelled("value\thigh"), labelled("value\tmid")},
	"birthday_gift":    {segmented("Champions"), segmented("Promising")},
}

func segmented(label string) func(*scene.Candidate) {
	return func(c *scene.Candidate) { c.Scores.Segment = label }
}

func labelled(labels string) func(*scene.Candidate) {
	return func(c *scene.Candidate) { c.Scores.Labels = labels }
}

func numbered(n int64) func(*scene.Candidate) {
	return func(c *scene.Candidate) {
		c.Signal.Data = []byte(fmt.Sprintf(`{"kind":"silence","day":"2026-01-15","number":%d}`, n))
	}
}

// whole is a candidate for a step of a built-in scene whom every gate lets pass.
func whole(t *testing.T, s *scene.Scene, step int) scene.Candidate {
	c := reachable(t, s)
	c.Signal, c.Step, c.Ask = settingOff(t, s), step, s.Ask(settingOff(t, s))
	c.Person = drawn(s, false)
	if s.Asks() {
		c.Survey = nps
	}
	for _, channel := range []string{"sms", "push"} {
		c.Profile.Set(customer.ConsentTrait(channel), customer.Trait{Value: "true", Time: 1})
	}
	c.Profile.Set(customer.TraitPhone, customer.Trait{Value: "+8613800000000", Time: 1})
	c.Profile.Set(customer.TraitPush, customer.Trait{Value: "arn:aws:sns:eu-west-1:1:endpoint/GCM/app/1", Time: 1})
	if a, ok := audiences[s.ID]; ok {
		a.in(&c)
	}
	return c
}

// drawn is a customer who is held out of the scene by its own share, or one who is not. The policy's salt is that of the file.
func drawn(s *scene.Scene, held bool) customer.ID {
	for i := 0; ; i++ {
		id := customer.ID(fmt.Sprint("c", i))
		if (holdout.Holdout{Salt: "1"}).Named(s.ID, s.Holdout).Holds(id) == held {
			return id
		}
	}
}

// TestEveryBuiltInSceneAtEachOfItsGates drives each step of each scene through its gates: past all of them, and held by each.
func TestEveryBuiltInSceneAtEachOfItsGates(t *testing.T) {
	scenes := builtIn(t)
	night := time.Date(2026, 1, 15, 15, 30, 0, 0, time.UTC)
	for _, s := range scenes.All() {
		for step := range s.Steps {
			ask := func(with func(*scene.Candidate, *scene.Policy)) scene.Verdict {
				c, policy := whole(t, s, step), scenes.Policy
				if with != nil {
					with(&c, &policy)
				}
				return rulesOf(t, policy).Decide(c)
			}
			expect := func(gate, reason string, bears bool, with func(*scene.Candidate, *scene.Policy)) {
				t.Helper()
				v := ask(with)
				if bears && (v.Outcome != scene.Hold || v.Gate != gate || v.Reason != reason) || !bears && v.Outcome != scene.Pass {
					t.Errorf("%s, step %d, %s by %s (bears on it: %v): %+v", s.ID, step, reason, gate, bears, v)
				}
			}
			reaches := s.Named(step) != message.Task
			marketing := s.Kind == scene.Marketing
			expect("", "", false, nil)
			audience, some := audiences[s.ID]
			expect("audience", "not_in_audience", some && step == 0, func(c *scene.Candidate, _ *scene.Policy) {
				if some {
					audience.out(c)
				}
			})
			expect("goal", "goal_met", s.Goal.Ends(), func(c *scene.Candidate, _ *scene.Policy) { c.GoalMet = s.Goal != nil })
			expect("condition", "condition_not_met", s.Steps[step].If != nil, func(c *scene.Candidate, _ *scene.Policy) {
				if s.Steps[step].If != nil {
					c.First.Clicked, c.Scores.Segment = true, "Loyal Customers"
				}
			})
			expect("entry", entryReason(s), step == 0 && s.Enter != scene.Enter{}, func(c *scene.Candidate, _ *scene.Policy) { c.Entered = now.Add(-time.Hour) })
			expect("consent", "no_consent", reaches, func(c *scene.Candidate, _ *scene.Policy) {
				for _, channel := range []string{"email", "sms", "push"} {
					set(&c.Profile, customer.ConsentTrait(channel), "false")
				}
			})
			expect("consent", "no_address", reaches, func(c *scene.Candidate, _ *scene.Policy) {
				for _, trait := range []string{customer.TraitEmail, customer.TraitPhone, customer.TraitPush} {
					set(&c.Profile, trait, "")
				}
			})
			expect("", "", false, func(c *scene.Candidate, _ *scene.Policy) { // e-mail alone is enough for every scene
				set(&c.Profile, customer.TraitPhone, "")
				set(&c.Profile, customer.TraitPush, "")
			})
			expect("consent", "topic_refused", reaches && s.Topic != "", func(c *scene.Candidate, _ *scene.Policy) { set(&c.Profile, customer.TopicTrait(s.Topic), "false") })
			expect("consent", "personalised_refused", reaches && s.Personalised, func(c *scene.Candidate, _ *scene.Policy) { set(&c.Profile, customer.TraitPersonalised, "false") })
			expect("suppression", "suppressed", reaches, func(c *scene.Candidate, _ *scene.Policy) {
				c.Suppressed = map[message.Channel]bool{message.Email: true, message.SMS: true, message.Push: true}
			})
			expect("holdout", "held_out", reaches && marketing, func(_ *scene.Candidate, p *scene.Policy) { p.Holdout = holdout.Holdout{Salt: "s", Share: 1} })
			expect("holdout", "held_out_of_scene", reaches && s.Holdout > 0, func(c *scene.Candidate, _ *scene.Policy) {
				if s.Holdout > 0 {
					c.Person = drawn(s, true)
				}
			})
			expect("frequency_cap", "cap_scene", len(s.Caps) > 0, func(c *scene.Candidate, _ *scene.Policy) { c.Contact.Stamps = stamps(s, 12, time.Second, true) })
			expect("frequency_cap", "cap_channel", reaches && marketing && c0(s, step) == message.Email, func(c *scene.Candidate, _ *scene.Policy) {
				c.Contact.Stamps = []message.Stamp{{Time: now.Add(-time.Hour), Scene: 1, Channel: message.Email}}
			})
			if v := ask(func(c *scene.Candidate, _ *scene.Policy) { c.Now = night }); (v.Outcome == scene.Defer) != (reaches && s.Quiet) || v.Outcome == scene.Hold {
				t.Errorf("%s, step %d, at night: %+v", s.ID, step, v)
			}
		}
	}
}

func c0(s *scene.Scene, step int) message.Channel { return s.Step(step).Channels[0] }

func entryReason(s *scene.Scene) string {
	if s.Enter.Once {
		return "entered_before"
	}
	return "entered_lately"
}

func stamps(s *scene.Scene, n int, age time.Duration, service bool) (out []message.Stamp) {
	for range n {
		out = append(out, message.Stamp{Time: now.Add(-age), Scene: message.SceneMarkOf(s.ID), Channel: s.Channels[0], Service: service})
	}
	return out
}

// limits of what inboxes and networks show.
const (
	maxSubject   = 60    // characters, in the longer of the two languages
	maxPreheader = 90    // characters
	maxHTML      = 20000 // bytes; Gmail cuts off at 102 KB
	maxSegments  = 2     // of an SMS
)

// TestEveryBuiltInSceneSaysAllThatItMay renders each step of each scene in each locale, for each variant, segment and channel.
func TestEveryBuiltInSceneSaysAllThatItMay(t *testing.T) {
	scenes := builtIn(t)
	segments, _, _ := labels("rfm10")
	said := 0
	for _, s := range scenes.All() {
		if locales := s.Locales(); len(locales) != 2 || locales[0] != "en" || locales[1] != "zh-CN" {
			t.Errorf("%s has content in %v", s.ID, locales)
		}
		variants := []string{""}
		if s.Experiment != nil {
			for _, v := range s.Experiment.Variants {
				variants = append(variants, v.ID)
			}
		}
		steps := len(s.Steps)
		if s.Asks() {
			steps++ // a reminder
		}
		for step := range steps {
			for _, channel := range s.Step(step).Channels {
				for _, locale := range s.Locales() {
					for _, variant := range variants {
						for _, segment := range append([]string{""}, segments...) {
							for _, name := range []string{"", "Li"} {
								if channel != message.Task && s.Step(step).Speaks() {
									says(t, s, step, scene.Saying{Step: step, Variant: variant, Segment: segment, Channel: channel}, locale, name)
									said++
								}
							}
						}
					}
				}
			}
		}
	}
	t.Logf("%d messages of %d scenes", said, len(scenes.All()))
}

// teehaus is a brand whose colour takes black text.
var teehaus = &brand.Brand{Name: "Teehaus & Söhne", Colour: "#ffcc00", Shop: "https://shop.example/?a=1&b=2"}

// shops are the scenes whose mails ask their readers to come to the shop: all of them, but for pieces and steps.
var shops = []string{"season_sale", "complaint_compensation", "referral_welcome", "referral_reward", "free_trial", "spend_threshold", "review_gift", "win_back_package", "repurchase_reminder"}

// says renders one message and looks at it.
func says(t *testing.T, s *scene.Scene, step int, say scene.Saying, locale, name string) {
	t.Helper()
	if say.Look = (brand.Look{}); name != "" { // with and without a brand
		say.Look = teehaus.Look()
	}
	say.Sender, say.Links = "Shop", scene.Links{Unsubscribe: links.Unsubscribe, Survey: scene.QuestionOf(nps, locale, surveyLink)}
	say.Stop, say.Code = "Reply STOP to end", "SPRING-2026"
	if locale == "zh-CN" {
		say.Stop = "拒收请回复R"
	}
	p := profile(map[string]string{customer.TraitLocale: locale})
	if name != "" {
		set(&p, customer.TraitFirstName, name)
		set(&p, customer.TraitName, name)
	}
	out, err := s.Render(say, p, message.New(s.ID, step, say.Channel, settingOff(t, s)))
	where := fmt.Sprintf("%s, step %d, %s, %s, variant %q, %q, name %q", s.ID, step, say.Channel, locale, say.Variant, say.Segment, name)
	if err != nil {
		t.Errorf("%s: %v", where, err)
		return
	}
	if out.Locale != locale || out.Text == "" || strings.ContainsAny(out.Subject+out.Title+out.Preheader+out.Text, "{}%") || strings.Contains(out.HTML, "{%") || strings.Contains(out.HTML, "{{") {
		t.Errorf("%s: %+v", where, out)
	}
	switch say.Channel {
	case message.Email:
		inHTML := strings.Contains(out.HTML, links.Unsubscribe) && strings.Contains(out.HTML, `lang="`+locale+`"`) &&
			strings.Contains(out.HTML, `name="color-scheme" content="light dark"`) && strings.Contains(out.HTML, "width=device-width") && strings.Count(out.HTML, "</html>") == 1
		if out.Subject == "" || len([]rune(out.Subject)) > maxSubject || len([]rune(out.Preheader)) > maxPreheader || len(out.HTML) > maxHTML || !inHTML || !strings.Contains(out.Text, links.Unsubscribe) {
			t.Errorf("%s: %d characters of subject, %d bytes of HTML: %+v", where, len([]rune(out.Subject)), len(out.HTML), out)
		}
		branded := strings.Contains(out.HTML, "Teehaus &amp; Söhne</p>")
		leads := strings.Contains(out.Text, teehaus.Shop) && strings.Contains(out.HTML, `href="https://shop.example/?a=1&amp;b=2"`)
		hints := strings.Contains(out.Text, "To the shop") || strings.Contains(out.HTML, "To the shop") || strings.Contains(out.Text, "前往商城") || strings.Contains(out.HTML, "前往商城")
		if set := name != ""; branded != set || slices.Contains(shops, s.ID) && leads != set || !set && (leads || hints) || strings.Contains(out.Text, "\n\n\n\n") {
			t.Errorf("%s: the brand (%v) and the shop (%v) of %+v", where, branded, leads, out)
		}
		if asks := strings.Contains(out.Text, surveyLink) && strings.Contains(out.HTML, surveyLink); asks != s.Asks() {
			t.Errorf("%s: asks %v", where, asks)
		}
		if again := strings.Contains(out.Subject, "Reminder: ") || strings.Contains(out.Subject, "温馨提醒："); again != (s.Asks() && step > 0) {
			t.Errorf("%s: %q", where, out.Subject)
		}
		if named := strings.Contains(out.HTML, name); name != "" && !named {
			t.Errorf("%s: it names nobody", where)
		}
		if gives := strings.Contains(out.Text, say.Code) && strings.Contains(out.HTML, say.Code); gives != (s.Offer != nil) {
			t.Errorf("%s: gives a code: %v", where, gives)
		}
	case message.SMS:
		if size := sms.Measure(out.Text); size.Segments > maxSegments || s.Kind == scene.Marketing && !strings.Contains(out.Text, say.Stop) {
			t.Errorf("%s: %+v: %s", where, size, out.Text)
		}
	case message.Push:
		if out.Title == "" || len([]rune(out.Title)) > 50 || len([]rune(out.Text)) > 150 {
			t.Errorf("%s: %+v", where, out)
		}
	}
}
