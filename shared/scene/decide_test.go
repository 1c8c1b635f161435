package scene_test

import (
	"testing"
	"time"

	"liuke/shared/customer"
	"liuke/shared/message"
	"liuke/shared/quiet"
	"liuke/shared/scene"
)

func rulesOf(t testing.TB, policy scene.Policy) *scene.Rules {
	t.Helper()
	shanghai, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	return &scene.Rules{Policy: policy, Atlas: quiet.NewAtlas(shanghai)}
}

// reachable is a candidate whom every gate lets pass.
func reachable(t testing.TB, s *scene.Scene) scene.Candidate {
	return scene.Candidate{
		Scene:  s,
		Signal: ordered(t),
		Profile: profile(map[string]string{
			customer.TraitEmail: "li@example.com", customer.ConsentTrait("email"): "true", customer.TraitTimeZone: "Asia/Shanghai",
		}),
		Now: now,
	}
}

func set(p *customer.Profile, name, value string) {
	p.Set(name, customer.Trait{Value: value, Time: 2})
}

func TestDecide(t *testing.T) {
	scenes := builtIn(t)
	rules := rulesOf(t, scenes.Policy)
	night := time.Date(2026, 1, 15, 15, 30, 0, 0, time.UTC) // 23:30 in Shanghai
	morning := time.Date(2026, 1, 16, 0, 0, 0, 0, time.UTC) // 08:00
	stamp := func(age time.Duration, id string, service bool) message.Stamp {
		return message.Stamp{Time: now.Add(-age), Scene: message.SceneMarkOf(id), Channel: message.Email, Service: service}
	}
	held := func(gate, reason string) scene.Verdict {
		return scene.Verdict{Outcome: scene.Hold, Gate: gate, Reason: reason}
	}
	day := 24 * time.Hour
	for _, c := range []struct {
		name  string
		scene string
		with  func(*scene.Candidate)
		want  scene.Verdict
	}{
		{"whom every gate lets pass gets it", "win_back", func(*scene.Candidate) {}, scene.Verdict{}},
		{"no word on consent is no consent", "win_back", func(c *scene.Candidate) {
			c.Profile = profile(map[string]string{customer.TraitEmail: "li@example.com"})
		}, held("consent", "no_consent")},
		{"consent to another channel is none to this", "win_back", func(c *scene.Candidate) {
			set(&c.Profile, customer.ConsentTrait("email"), "false")
			set(&c.Profile, customer.ConsentTrait("sms"), "true")
		}, held("consent", "no_consent")},
		{"thanks need consent too", "order_thanks", func(c *scene.Candidate) { set(&c.Profile, customer.ConsentTrait("email"), "false") }, held("consent", "no_consent")},
		{"no address", "win_back", func(c *scene.Candidate) { set(&c.Profile, customer.TraitEmail, "") }, held("consent", "no_address")},
		{"an address with a line break", "win_back", func(c *scene.Candidate) { set(&c.Profile, customer.TraitEmail, "li@example.com\r\nBcc: x@example.com") }, held("consent", "bad_address")},
		{"an address with a name around it", "win_back", func(c *scene.Candidate) { set(&c.Profile, customer.TraitEmail, "Li <li@example.com>") }, held("consent", "bad_address")},
		{"a suppressed address", "win_back", func(c *scene.Candidate) { c.Suppressed = map[message.Channel]bool{message.Email: true} }, held("suppression", "suppressed")},
		{"consent is asked before suppression", "win_back", func(c *scene.Candidate) {
			c.Suppressed = map[message.Channel]bool{message.Email: true}
			set(&c.Profile, customer.ConsentTrait("email"), "false")
		}, held("consent", "no_consent")},
		{"suppression is asked before the caps", "win_back", func(c *scene.Candidate) {
			c.Suppressed = map[message.Channel]bool{message.Email: true}
			c.Contact.Stamps = []message.Stamp{stamp(0, "win_back", false)}
		}, held("suppression", "suppressed")},
		{"the scene's own cap up to its last second", "win_back", func(c *scene.Candidate) {
			c.Contact.Stamps = []message.Stamp{stamp(30*day-time.Second, "win_back", false)}
		}, held("frequency_cap", "cap_scene")},
		{"the scene's own cap slides open", "win_back", func(c *scene.Candidate) { c.Contact.Stamps = []message.Stamp{stamp(30*day, "win_back", false)} }, scene.Verdict{}},
		{"another scene's marketing counts by channel", "win_back", func(c *scene.Candidate) {
			c.Contact.Stamps = []message.Stamp{stamp(day-time.Second, "festival", false)}
		}, held("frequency_cap", "cap_channel")},
		{"the channel's cap slides open", "win_back", func(c *scene.Candidate) { c.Contact.Stamps = []message.Stamp{stamp(day, "festival", false)} }, scene.Verdict{}},
		{"marketing of a week counts overall", "win_back", func(c *scene.Candidate) {
			for i := range 4 {
				c.Contact.Stamps = append(c.Contact.Stamps, stamp(time.Duration(i+1)*day, "festival", false))
			}
		}, held("frequency_cap", "cap_all")},
		{"service messages do not count against marketing", "win_back", func(c *scene.Candidate) {
			for range 9 {
				c.Contact.Stamps = append(c.Contact.Stamps, stamp(time.Hour, "order_thanks", true))
			}
		}, scene.Verdict{}},
		{"marketing does not count against service messages", "order_thanks", func(c *scene.Candidate) {
			for range 9 {
				c.Contact.Stamps = append(c.Contact.Stamps, stamp(time.Hour, "festival", false))
			}
		}, scene.Verdict{}},
		{"service messages keep their own scene's cap", "order_thanks", func(c *scene.Candidate) {
			for range 3 {
				c.Contact.Stamps = append(c.Contact.Stamps, stamp(time.Hour, "order_thanks", true))
			}
		}, held("frequency_cap", "cap_scene")},
		{"a full record holds whatever comes", "order_thanks", func(c *scene.Candidate) {
			for range message.MaxStamps {
				c.Contact.Stamps = append(c.Contact.Stamps, stamp(10*day, "x", true))
			}
		}, held("frequency_cap", "contact_full")},
		{"at night it waits for the recipient's morning", "win_back", func(c *scene.Candidate) { c.Now = night }, scene.Verdict{Outcome: scene.Defer, Gate: "quiet_hours", Reason: "quiet", Until: morning}},
		{"the recipient's clock counts, not the business's", "win_back", func(c *scene.Candidate) {
			c.Now = night
			set(&c.Profile, customer.TraitTimeZone, "Europe/Lisbon")
		}, scene.Verdict{}},
		{"an unknown zone is open when it is everywhere near", "win_back", func(c *scene.Candidate) { set(&c.Profile, customer.TraitTimeZone, "") }, scene.Verdict{}},
		{"an unknown zone waits while it may be evening somewhere near", "win_back", func(c *scene.Candidate) {
			set(&c.Profile, customer.TraitTimeZone, "")
			c.Now = now.Add(90 * time.Minute) // 18:30 in Shanghai, 21:30 three hours east
		}, scene.Verdict{Outcome: scene.Defer, Gate: "quiet_hours", Reason: "quiet", Until: time.Date(2026, 1, 16, 3, 0, 0, 0, time.UTC)}},
		{"the caps are asked before the quiet hours", "win_back", func(c *scene.Candidate) {
			c.Now = night
			c.Contact.Stamps = []message.Stamp{stamp(time.Hour, "festival", false)}
		}, held("frequency_cap", "cap_channel")},
		{"thanks come at night: whoever orders is awake", "order_thanks", func(c *scene.Candidate) { c.Now = night }, scene.Verdict{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			candidate := reachable(t, scenes.Scene(c.scene))
			c.with(&candidate)
			if got := rules.Decide(candidate); got != c.want {
				t.Errorf("got  %+v\nwant %+v", got, c.want)
			}
		})
	}
}

func TestRecheckLooksAtWhatMayHaveChanged(t *testing.T) {
	scenes := builtIn(t)
	candidate := reachable(t, scenes.Scene("win_back"))
	candidate.Now = time.Date(2026, 1, 15, 15, 30, 0, 0, time.UTC)
	candidate.Contact.Stamps = []message.Stamp{candidate.Stamp()}
	if v := scene.Recheck(candidate); v.Outcome != scene.Pass {
		t.Errorf("its own claim, or the hour, holds a claimed message: %+v", v)
	}
	candidate.Suppressed = map[message.Channel]bool{message.Email: true}
	if v := scene.Recheck(candidate); v.Gate != scene.GateSuppression {
		t.Errorf("an address suppressed meanwhile: %+v", v)
	}
	set(&candidate.Profile, customer.ConsentTrait("email"), "false")
	if v := scene.Recheck(candidate); v.Gate != scene.GateConsent {
		t.Errorf("consent withdrawn meanwhile: %+v", v)
	}
}
