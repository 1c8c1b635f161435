package scene_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"pgregory.net/rapid"

	"liuke/shared/customer"
	"liuke/shared/fault"
	"liuke/shared/holdout"
	"liuke/shared/message"
	"liuke/shared/scene"
)

func TestTheHoldoutGate(t *testing.T) {
	scenes := builtIn(t)
	everyone := holdout.Holdout{Salt: "s", Share: 1}
	held := func(gate, reason string) scene.Verdict {
		return scene.Verdict{Outcome: scene.Hold, Gate: gate, Reason: reason}
	}
	for _, c := range []struct {
		name   string
		scene  string
		policy holdout.Holdout
		own    float64 // the scene's share
		with   func(*scene.Candidate)
		want   scene.Verdict
	}{
		{"who is held out gets no marketing", "win_back", everyone, 0, nil, held("holdout", "held_out")},
		{"who is held out of the scene does not get it", "win_back", holdout.Holdout{}, 1, nil, held("holdout", "held_out_of_scene")},
		{"without a holdout everyone gets it", "win_back", holdout.Holdout{Salt: "s"}, 0, nil, scene.Verdict{}},
		{"thanks reach who is held out", "order_thanks", everyone, 1, nil, scene.Verdict{}},
		{"consent is asked before the holdout", "win_back", everyone, 0, func(c *scene.Candidate) {
			set(&c.Profile, customer.ConsentTrait("email"), "false")
		}, held("consent", "no_consent")},
		{"who is not known is told from who does not consent", "win_back", everyone, 0, func(c *scene.Candidate) {
			c.Profile = customer.Profile{}
		}, held("consent", "unknown_customer")},
		{"suppression is asked before the holdout", "win_back", everyone, 0, func(c *scene.Candidate) { c.Suppressed = map[message.Channel]bool{message.Email: true} }, held("suppression", "suppressed")},
		{"the holdout is asked before the caps", "win_back", everyone, 0, func(c *scene.Candidate) {
			c.Contact.Stamps = []message.Stamp{{Time: now, Scene: message.SceneMarkOf("win_back"), Channel: message.Email}}
		}, held("holdout", "held_out")},
		{"the holdout is asked before the quiet hours", "win_back", everyone, 0, func(c *scene.Candidate) {
			c.Now = time.Date(2026, 1, 15, 15, 30, 0, 0, time.UTC)
		}, held("holdout", "held_out")},
	} {
		t.Run(c.name, func(t *testing.T) {
			policy := scenes.Policy
			policy.Holdout = c.policy
			own := *scenes.Scene(c.scene)
			own.Holdout = c.own
			candidate := reachable(t, &own)
			candidate.Person = "person"
			if c.with != nil {
				c.with(&candidate)
			}
			if got := rulesOf(t, policy).Decide(candidate); got != c.want {
				t.Errorf("got  %+v\nwant %+v", got, c.want)
			}
		})
	}
}

func TestNobodyWhoIsHeldOutGetsMarketingAndAllOthersDo(t *testing.T) {
	scenes := builtIn(t)
	rapid.Check(t, func(rt *rapid.T) {
		policy := scenes.Policy
		policy.Holdout = holdout.Holdout{Salt: rapid.String().Draw(rt, "salt"), Share: rapid.Float64Range(0, 1).Draw(rt, "share")}
		own := *scenes.Scene("win_back")
		own.Holdout = rapid.Float64Range(0, 1).Draw(rt, "the scene's")
		candidate := reachable(t, &own)
		candidate.Person = customer.ID(fmt.Sprint("person-", rapid.IntRange(0, 1e6).Draw(rt, "person")))
		want := scene.Pass
		if policy.Holdout.Holds(candidate.Person) || policy.Holdout.Named("win_back", own.Holdout).Holds(candidate.Person) {
			want = scene.Hold
		}
		if got := rulesOf(t, policy).Decide(candidate); got.Outcome != want {
			rt.Fatalf("%+v, want outcome %d", got, want)
		}
	})
}

func TestLoadReadsHoldouts(t *testing.T) {
	if policy := builtIn(t).Policy; policy.Holdout.Share != 0 || policy.Holdout.Salt == "" {
		t.Errorf("out of the box: %+v", policy.Holdout)
	}
	read := func(policy, own string) (*scene.Set, error) {
		return scene.Load(fstest.MapFS{
			"policy.yaml": {Data: []byte(policyYAML + policy)},
			"hello.yaml":  {Data: []byte(strings.Replace(sceneYAML, "channel: email", "channel: email\n"+own, 1))},
		}, compilers)
	}
	set, err := read("holdout: 5%\nholdout_salt: 2026-q4\n", "holdout: 12.5%")
	if err != nil {
		t.Fatal(err)
	}
	if set.Policy.Holdout != (holdout.Holdout{Salt: "2026-q4", Share: .05}) || set.Scene("hello").Holdout != .125 {
		t.Errorf("%+v, %g", set.Policy.Holdout, set.Scene("hello").Holdout)
	}
	for _, c := range []struct{ name, policy, own, want string }{
		{"a policy's share that is none", "holdout: 0.05\n", "", `policy.yaml:5: holdout: "0.05" is not a share`},
		{"a policy that holds out most", "holdout: 60%\n", "", "policy.yaml:5: holdout: a holdout is at most 50%"},
		{"a scene's share that is none", "", "holdout: few", `hello.yaml:7: holdout: "few" is not a share`},
		{"a transactional scene with a holdout", "", "holdout: 5%\nkind: transactional", "hello.yaml:6: a transactional scene reaches everyone"},
	} {
		t.Run(c.name, func(t *testing.T) {
			own, transactional := strings.CutSuffix(c.own, "\nkind: transactional")
			text := strings.Replace(sceneYAML, "channel: email", "channel: email\n"+own, 1)
			if transactional {
				text = strings.Replace(strings.Replace(text, "kind: marketing", "kind: transactional", 1), "fresh_for: 2h\n", "", 1)
			}
			_, err := scene.Load(fstest.MapFS{"policy.yaml": {Data: []byte(policyYAML + c.policy)}, "hello.yaml": {Data: []byte(text)}}, compilers)
			if fault.CodeOf(err) != fault.Invalid || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got:\n%v\nwant: %s", err, c.want)
			}
		})
	}
}
