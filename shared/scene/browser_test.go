package scene_test

import (
	"fmt"
	"strings"
	"testing"

	"liuke/infra/local/browser"
	"liuke/shared/brand"
	"liuke/shared/customer"
	"liuke/shared/message"
	"liuke/shared/scene"
)

// TestEveryBuiltInMailIsLookedAt shows every mail of every built-in scene, in each locale and in all of its wordings, in a
// real browser as wide as a phone and as wide as a desktop, with the checks that all pages pass, and keeps pictures of them
// where LIUKE_ARTIFACTS says, in the colours of a light brand and of a dark one. A wording that several variants or segments
// have in common is shown once.
func TestEveryBuiltInMailIsLookedAt(t *testing.T) {
	if testing.Short() {
		t.Skip("looks at mails in a browser")
	}
	segments, _, _ := labels("rfm10")
	for _, s := range builtIn(t).All() {
		variants := []string{""}
		if s.Experiment != nil {
			for _, v := range s.Experiment.Variants {
				variants = append(variants, v.ID)
			}
		}
		for step := range s.Steps {
			st := s.Step(step)
			if !st.Speaks() || len(st.Channels) == 0 || st.Channels[0] == message.Task {
				continue
			}
			for _, locale := range s.Locales() {
				seen := map[string]bool{}
				for _, variant := range variants {
					for _, segment := range append([]string{""}, segments...) {
						say := scene.Saying{Step: step, Variant: variant, Segment: segment, Channel: message.Email}
						html := mail(t, s, say, locale)
						if html == "" || seen[html] {
							continue
						}
						seen[html] = true
						name := fmt.Sprintf("%s-%d-%s-%d", s.ID, step, locale, len(seen))
						t.Run(name, func(t *testing.T) { look(t, name, html) })
					}
				}
			}
		}
	}
}

// mail renders a mail to somebody with a name; "" where the step sends none.
func mail(t *testing.T, s *scene.Scene, say scene.Saying, locale string) string {
	t.Helper()
	say.Sender, say.Code, say.Look = "Teehaus", "SPRING-2026", teehaus.Look()
	if locale != scene.DefaultLocale {
		say.Look = (&brand.Brand{Name: "留客茶", Colour: "#0a1f44", Shop: teehaus.Shop}).Look()
	}
	say.Links = scene.Links{Unsubscribe: links.Unsubscribe, Preferences: links.Unsubscribe, Survey: scene.QuestionOf(nps, locale, surveyLink)}
	p := profile(map[string]string{customer.TraitLocale: locale, customer.TraitFirstName: "Li", customer.TraitName: "Li Na"})
	out, err := s.Render(say, p, message.New(s.ID, say.Step, say.Channel, settingOff(t, s)))
	if err != nil {
		t.Errorf("%s, step %d: %v", s.ID, say.Step, err)
	}
	return out.HTML
}

// canvas says aloud what the browser paints behind a mail: the checker takes it for white, in the dark as well.
const canvas = "<head><style>html{background:Canvas}</style>"

func look(t *testing.T, name, html string) {
	phone := browser.Render(t, html, browser.Phone)
	phone.Screenshot(name + "-phone")
	phone.Check()
	desktop := browser.Render(t, strings.Replace(html, "<head>", canvas, 1), browser.Options{Dark: true})
	desktop.Screenshot(name + "-desktop-dark")
	for _, problem := range append(desktop.Violations(), desktop.Overflow()...) {
		t.Errorf("on a desktop in the dark: %v", problem)
	}
}
