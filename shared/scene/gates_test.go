package scene_test

import (
	"strings"
	"testing"
	"time"

	"liuke/shared/customer"
	"liuke/shared/message"
	"liuke/shared/scene"
)

// journeying is a candidate for a step of the journey of journeyYAML, whom every gate lets pass.
func journeying(t *testing.T, step int, changes ...string) (scene.Candidate, *scene.Rules) {
	t.Helper()
	scenes, err := loadJourney(strings.NewReplacer(changes...).Replace(journeyYAML))
	if err != nil {
		t.Fatal(err)
	}
	c := reachable(t, scenes.Scene("hello"))
	c.Signal, c.Step, c.Person = moved(t, "Champions", "At Risk"), step, "c"
	c.Scores.Segment, c.Scene.Holdout = "At Risk", 0
	c.Profile.Set(customer.TraitPush, customer.Trait{Value: "arn:aws:sns:eu-west-1:1:endpoint/GCM/app/1", Time: 1})
	c.Profile.Set(customer.ConsentTrait("push"), customer.Trait{Value: "true", Time: 1})
	return c, rulesOf(t, scenes.Policy)
}

// askShop changes the journey so that a webhook gives its codes.
var askShop = []string{"{pool: winback10}", "{webhook: shop}"}

// without is a deployment that has all channels but one.
func without(off message.Channel) func(*scene.Candidate) {
	return func(c *scene.Candidate) {
		c.Ways = map[message.Channel]bool{}
		for _, channel := range message.Channels() {
			c.Ways[channel] = channel != off
		}
	}
}

func TestTheGatesOfJourneys(t *testing.T) {
	held := func(gate, reason string) scene.Verdict {
		return scene.Verdict{Outcome: scene.Hold, Gate: gate, Reason: reason}
	}
	day := 24 * time.Hour
	for _, c := range []struct {
		name    string
		step    int
		changes []string
		with    func(*scene.Candidate)
		want    scene.Verdict
	}{
		{"whom every gate lets pass gets it", 0, nil, func(*scene.Candidate) {}, scene.Verdict{}},
		{"whose journey has brought about what it was for is done", 2, nil, func(c *scene.Candidate) { c.GoalMet = true }, held("goal", "goal_met")},
		{"the goal is asked before the condition", 1, nil, func(c *scene.Candidate) { c.GoalMet, c.Scores.Segment = true, "Lost" }, held("goal", "goal_met")},
		{"who meets the condition goes on", 1, nil, func(*scene.Candidate) {}, scene.Verdict{}},
		{"who does not goes the other way", 1, nil, func(c *scene.Candidate) { c.Scores.Segment = "Lost" }, held("condition", "condition_not_met")},
		{"a step that only branches asks nothing else", 1, nil, func(c *scene.Candidate) { c.Profile = customer.Profile{} }, scene.Verdict{}},
		{"the audience is asked at the beginning alone", 2, nil, func(c *scene.Candidate) { c.Scores.Labels = "value\thigh" }, scene.Verdict{}},
		{"who entered is not entered again too soon", 0, nil, func(c *scene.Candidate) { c.Entered = now.Add(time.Second - 30*day) }, held("entry", "entered_lately")},
		{"who entered long ago is", 0, nil, func(c *scene.Candidate) { c.Entered = now.Add(-30 * day) }, scene.Verdict{}},
		{"who entered goes on with later steps", 2, nil, func(c *scene.Candidate) { c.Entered = now.Add(-day) }, scene.Verdict{}},
		{"once is once for good", 0, []string{"enter: 30d", "enter: once"}, func(c *scene.Candidate) { c.Entered = now.Add(-399 * day) }, held("entry", "entered_before")},
		{"each occasion is one of its own", 0, []string{"enter: 30d", "enter: each"}, func(c *scene.Candidate) { c.Entered = now }, scene.Verdict{}},
		{"who refused the topic does not hear of it", 0, nil, func(c *scene.Candidate) { set(&c.Profile, customer.TopicTrait("promotions"), "false") }, held("consent", "topic_refused")},
		{"who wants it does", 0, nil, func(c *scene.Candidate) { set(&c.Profile, customer.TopicTrait("promotions"), "true") }, scene.Verdict{}},
		{"who refused another does", 0, nil, func(c *scene.Candidate) { set(&c.Profile, customer.TopicTrait("news"), "false") }, scene.Verdict{}},
		{"who refused offers of one's own gets none", 0, nil, func(c *scene.Candidate) { set(&c.Profile, customer.TraitPersonalised, "false") }, held("consent", "personalised_refused")},
		{"what is the same for all is not refused with them", 0, []string{"personalised: true\n", ""}, func(c *scene.Candidate) { set(&c.Profile, customer.TraitPersonalised, "false") }, scene.Verdict{}},
		{"in the customer's own quiet hours it waits for their end", 0, nil, func(c *scene.Candidate) {
			set(&c.Profile, customer.TraitQuietFrom, "16:00")
			set(&c.Profile, customer.TraitQuietTo, "18:30")
		}, scene.Verdict{Outcome: scene.Defer, Gate: "quiet_hours", Reason: "quiet", Until: now.Add(90 * time.Minute)}},
		{"where they end in the policy's, it waits for those", 0, nil, func(c *scene.Candidate) {
			set(&c.Profile, customer.TraitQuietFrom, "16:00")
			set(&c.Profile, customer.TraitQuietTo, "22:00")
		}, scene.Verdict{Outcome: scene.Defer, Gate: "quiet_hours", Reason: "quiet", Until: time.Date(2026, 1, 16, 0, 0, 0, 0, time.UTC)}},
		{"hours that are always quiet hold it", 0, nil, func(c *scene.Candidate) {
			set(&c.Profile, customer.TraitQuietFrom, "06:00")
			set(&c.Profile, customer.TraitQuietTo, "23:00")
		}, held("quiet_hours", "never_open")},
		{"a law closes what the policy leaves open", 0, []string{"channels: [push, email]", "channels: [push, email]"}, func(c *scene.Candidate) {
			set(&c.Profile, customer.TraitTimeZone, "Asia/Seoul")
			c.Now = time.Date(2026, 1, 15, 23, 0, 0, 0, time.UTC).Add(-30 * time.Minute) // 07:30 in Seoul, and the policy ends at 08:00
		}, scene.Verdict{Outcome: scene.Defer, Gate: "quiet_hours", Reason: "quiet", Until: time.Date(2026, 1, 15, 23, 0, 0, 0, time.UTC)}},
		{"a webhook that gives codes is asked by who sends", 0, askShop, func(*scene.Candidate) {}, scene.Verdict{}},
		{"where nobody can be asked for a code the message is held", 0, askShop, without(message.Webhook), held("offer", "offer_webhook_not_set_up")},
		{"and so is a later one", 2, askShop, without(message.Webhook), held("offer", "offer_webhook_not_set_up")},
		{"a step that says nothing needs no code", 1, askShop, without(message.Webhook), scene.Verdict{}},
		{"nor does a task", 3, askShop, without(message.Webhook), scene.Verdict{}},
		{"who cannot be reached needs none either", 0, askShop, func(c *scene.Candidate) {
			c.Ways, c.Profile = map[message.Channel]bool{message.Push: true}, customer.Profile{}
		}, held("consent", "unknown_customer")},
		{"codes of a pool ask nobody", 0, nil, without(message.Webhook), scene.Verdict{}},
		{"a task of a journey asks for no consent", 3, nil, func(c *scene.Candidate) { c.Profile = customer.Profile{} }, scene.Verdict{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			candidate, rules := journeying(t, c.step, c.changes...)
			c.with(&candidate)
			if got := rules.Decide(candidate); got != c.want {
				t.Errorf("got  %+v\nwant %+v", got, c.want)
			}
			first := scene.Verdict{}
			for _, v := range rules.Explain(candidate) {
				if v.Outcome != scene.Pass && first.Gate == "" {
					first = v
				}
			}
			if first != c.want {
				t.Errorf("explained as %+v", first)
			}
		})
	}
}

func TestTheLawOfThePlaceHoldsMarketingBySMS(t *testing.T) {
	text := strings.NewReplacer("channel: email", "channel: sms", "    subject: Hello\n", "", "    html: |\n      <p>Hello {{ customer.name }}</p>\n      <a href=\"{{ unsubscribe_link }}\">no more</a>\n", "").Replace(sceneYAML)
	evening := time.Date(2026, 1, 15, 12, 30, 0, 0, time.UTC) // 20:30 in Shanghai: the policy's night begins at 21:00
	for _, c := range []struct {
		name, kind, zone, country string
		want                      time.Time // zero for at once
	}{
		{"where carriers take none after eight", "marketing", "Asia/Shanghai", "", time.Date(2026, 1, 16, 0, 0, 0, 0, time.UTC)},
		{"what answers an order comes at any open hour", "transactional", "Asia/Shanghai", "", time.Time{}},
		{"the country counts before the zone's", "marketing", "Asia/Shanghai", "SG", time.Time{}},
		{"where the law says ten in the morning", "marketing", "Asia/Kolkata", "", time.Time{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			scenes, err := load(strings.Replace(text, "kind: marketing", "kind: "+c.kind, 1))
			if err != nil {
				t.Fatal(err)
			}
			candidate := reachable(t, scenes.Scene("hello"))
			candidate.Now, candidate.Scores.Segment = evening, "Champions"
			candidate.Signal.Data = []byte(`{"worth":1000,"currency":"CNY"}`)
			set(&candidate.Profile, customer.TraitTimeZone, c.zone)
			set(&candidate.Profile, customer.TraitCountry, c.country)
			set(&candidate.Profile, customer.TraitPhone, "+8613800000000")
			set(&candidate.Profile, customer.ConsentTrait("sms"), "true")
			v := rulesOf(t, scenes.Policy).Decide(candidate)
			if (v.Outcome == scene.Defer) != !c.want.IsZero() || v.Outcome == scene.Hold || !v.Until.Equal(c.want) {
				t.Errorf("%+v", v)
			}
		})
	}
}

func TestTheFirstChannelThatReachesIsChosen(t *testing.T) {
	both := map[message.Channel]bool{message.Push: true, message.Email: true}
	for _, c := range []struct {
		name string
		with func(*scene.Candidate)
		want message.Channel
		gate string
	}{
		{"the first", func(*scene.Candidate) {}, message.Push, ""},
		{"the next where there is no consent to the first", func(c *scene.Candidate) { set(&c.Profile, customer.ConsentTrait("push"), "false") }, message.Email, ""},
		{"the next where there is no address", func(c *scene.Candidate) { set(&c.Profile, customer.TraitPush, "") }, message.Email, ""},
		{"the next where the first's is suppressed", func(c *scene.Candidate) { c.Suppressed = map[message.Channel]bool{message.Push: true} }, message.Email, ""},
		{"none where all are suppressed", func(c *scene.Candidate) { c.Suppressed = both }, message.Push, "suppression"},
		{"none without consent to any", func(c *scene.Candidate) {
			set(&c.Profile, customer.ConsentTrait("push"), "false")
			set(&c.Profile, customer.ConsentTrait("email"), "false")
		}, message.Push, "consent"},
		{"the one that is settled", func(c *scene.Candidate) { c.Chosen = message.Email }, message.Email, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			candidate, rules := journeying(t, 0)
			c.with(&candidate)
			if got, v := candidate.Channel(), rules.Decide(candidate); got != c.want || v.Gate != c.gate || candidate.Stamp().Channel != c.want {
				t.Errorf("%s, %+v", got, v)
			}
		})
	}
}

func TestWordsSuitVariantSegmentAndChannel(t *testing.T) {
	c, _ := journeying(t, 0)
	e := message.New("hello", 0, message.Push, c.Signal)
	for _, k := range []struct {
		name, variant, segment, locale string
		channel                        message.Channel
		want                           scene.Rendered
	}{
		{"what fits everybody", "plain", "At Risk", "", message.Push, scene.Rendered{Locale: "en", Title: "Hello", Text: "It has been a while"}},
		{"what fits the variant and the segment", "bold", "At Risk", "zh-CN", message.Push, scene.Rendered{Locale: "en", Title: "Bold", Text: "Take C-1", Data: map[string]string{"open": "offers"}}},
		{"the variant alone is not enough", "bold", "Lost", "", message.Push, scene.Rendered{Locale: "en", Title: "Hello", Text: "It has been a while"}},
		{"another channel has its own", "bold", "At Risk", "zh-Hans", message.Email, scene.Rendered{Locale: "zh-CN", Subject: "您好", Text: "您好 " + links.Unsubscribe, HTML: "您好 " + links.Unsubscribe}},
	} {
		c.Profile.Traits[customer.TraitLocale] = customer.Trait{Value: k.locale}
		out, err := c.Scene.Render(scene.Saying{Variant: k.variant, Segment: k.segment, Channel: k.channel, Links: links, Code: "C-1"}, c.Profile, e)
		if err != nil || out.Locale != k.want.Locale || out.Title != k.want.Title || out.Text != k.want.Text || out.Subject != k.want.Subject || out.HTML != k.want.HTML || out.Data["open"] != k.want.Data["open"] {
			t.Errorf("%s: %+v, %v", k.name, out, err)
		}
	}
	c.Profile.Traits[customer.TraitLocale] = customer.Trait{}
	out, err := c.Scene.Render(scene.Saying{Channel: message.Email, Links: links}, c.Profile, e)
	if err != nil || out.Preheader != "It has been a while" || !strings.HasPrefix(out.HTML, "<i>It has been a while</i>") {
		t.Errorf("the preheader: %+v, %v", out, err)
	}
	if _, err := c.Scene.Render(scene.Saying{Variant: "bold", Segment: "At Risk", Links: links}, c.Profile, e); scene.MissingVariable(err) != "offer.code" {
		t.Errorf("without its code: %v", err)
	}
	if _, err := c.Scene.Render(scene.Saying{Step: 1}, c.Profile, e); err == nil {
		t.Error("a step that says nothing was rendered")
	}
}
