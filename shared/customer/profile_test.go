package customer_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"liuke/shared/customer"
	"liuke/shared/fault"
)

func TestTraitsAreReadAsClientsSpellThem(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		raw  string
		want map[string]string
	}{
		{"nothing", ``, nil},
		{"text is trimmed", `{"email":" a@example.com "}`, map[string]string{"email": "a@example.com"}},
		{"aliases", `{"firstName":"Li","lastName":"Lei","timezone":"Asia/Shanghai"}`,
			map[string]string{"first_name": "Li", "last_name": "Lei", "time_zone": "Asia/Shanghai"}},
		{"our own spelling wins over an alias", `{"timezone":"UTC","time_zone":"Asia/Shanghai"}`, map[string]string{"time_zone": "Asia/Shanghai"}},
		{"null takes back", `{"email":null,"plan":null}`, map[string]string{"email": "", "plan": ""}},
		{"numbers and truth values become text", `{"phone":13800000000,"plan":3,"vip":true}`,
			map[string]string{"phone": "13800000000", "plan": "3", "vip": "true"}},
		{"structures are left out", `{"address":{"city":"杭州"},"tags":["a"],"plan":"pro"}`, map[string]string{"plan": "pro"}},
		{"consent is one trait a channel", `{"consent":{"email":true,"sms":false,"push":null,"pigeon":true}}`,
			map[string]string{"consent.email": "true", "consent.sms": "false", "consent.push": ""}},
		{"preferences are one trait a topic", `{"preferences":{"topics":{"offers":true,"茶 news":false,"sale":null},"theme":"dark"}}`,
			map[string]string{"topic.offers": "true", "topic.茶 news": "false", "topic.sale": ""}},
		{"preferences without topics are the client's own", `{"preferences":{"theme":"dark"},"plan":"pro"}`, map[string]string{"plan": "pro"}},
		{"topics may be taken back as a whole only one by one", `{"preferences":{"topics":null}}`, map[string]string{}},
		{"preferences that are no object are a trait like others", `{"preferences":"dark"}`, map[string]string{"preferences": "dark"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := customer.ParseTraits(json.RawMessage(test.raw))
			if diff := cmp.Diff(test.want, got); err != nil || diff != "" {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
		})
	}
}

// manyTopics spells one topic more than a customer may have.
func manyTopics() string {
	all := make([]string, customer.MaxTopics+1)
	for i := range all {
		all[i] = fmt.Sprintf(`"t%02d":true`, i)
	}
	return strings.Join(all, ",")
}

func TestTopicsAreKeptBesideOtherTraits(t *testing.T) {
	t.Parallel()
	var p customer.Profile
	if wanted, said := p.Topic("offers"); wanted || said {
		t.Fatal("there is a word on a topic that nobody has said anything of")
	}
	for i := range customer.MaxOtherTraits {
		p.Set(fmt.Sprintf("a%02d", i), customer.Trait{Value: "x", Time: 1, Event: "e"})
	}
	p.Set(customer.TopicTrait("offers"), customer.Trait{Value: "true", Time: 1, Event: "e"})
	p.Set(customer.TopicTrait("news"), customer.Trait{Value: "false", Time: 1, Event: "e"})
	for topic, want := range map[string][2]bool{"offers": {true, true}, "news": {false, true}, "sale": {false, false}} {
		if wanted, said := p.Topic(topic); wanted != want[0] || said != want[1] {
			t.Errorf("of %s the profile says %v, %v", topic, wanted, said)
		}
	}
	for i := range customer.MaxTopics - 2 {
		p.Set(customer.TopicTrait(fmt.Sprintf("t%02d", i)), customer.Trait{Value: "true", Time: 1, Event: "e"})
	}
	if changed, dropped := p.Set(customer.TopicTrait("zz"), customer.Trait{Value: "true", Time: 1, Event: "e"}); changed || !dropped {
		t.Error("one topic too many, the last by name, is kept")
	}
	if changed, dropped := p.Set(customer.TopicTrait("aa"), customer.Trait{Value: "true", Time: 1, Event: "e"}); !changed || !dropped {
		t.Error("the last topic by name does not make room")
	}
	if n := len(p.Traits); n != customer.MaxOtherTraits+customer.MaxTopics {
		t.Errorf("%d traits are kept", n)
	}
}

func TestTraitsThatCannotBeTakenAreNamed(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ raw, pointer string }{
		"traits that are no object":         {`[]`, "/traits"},
		"an address that is no text":        {`{"email":{"home":"a@example.com"}}`, "/traits/email"},
		"an address with a line break":      {`{"email":"a@example.com\r\nBcc: b@example.com"}`, "/traits/email"},
		"a name that is a number":           {`{"name":1}`, "/traits/name"},
		"consent that is no object":         {`{"consent":true}`, "/traits/consent"},
		"consent that is not yes or no":     {`{"consent":{"email":"yes"}}`, "/traits/consent/email"},
		"consent that is spelled as a path": {`{"consent.email":true}`, "/traits/consent.email"},
		"topics that are no object":         {`{"preferences":{"topics":["offers"]}}`, "/traits/preferences/topics"},
		"a topic that is not yes or no":     {`{"preferences":{"topics":{"a/b":"weekly"}}}`, "/traits/preferences/topics/a~1b"},
		"a topic without a name":            {`{"preferences":{"topics":{"":true}}}`, "/traits/preferences/topics"},
		"a topic with a long name":          {`{"preferences":{"topics":{"` + strings.Repeat("x", 49) + `":true}}}`, "/traits/preferences/topics"},
		"a topic that is spelled as a path": {`{"topic.offers":true}`, "/traits/topic.offers"},
		"more topics than a customer has":   {`{"preferences":{"topics":{` + manyTopics() + `}}}`, "/traits/preferences/topics"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := customer.ParseTraits(json.RawMessage(test.raw))
			var f *fault.Error
			if !errors.As(err, &f) || f.Code != fault.Invalid || f.Pointer != test.pointer {
				t.Errorf("%v, want Invalid at %s", err, test.pointer)
			}
		})
	}
}

func TestProfileIsWhatTheLastEventsSaidInAnyOrder(t *testing.T) {
	t.Parallel()
	type said struct {
		Name string
		customer.Trait
	}
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOf(rapid.Custom(func(t *rapid.T) said {
			i := rapid.IntRange(0, 9).Draw(t, "event")
			name := rapid.SampledFrom([]string{"email", "consent.email", "plan"}).Draw(t, "trait")
			value := fmt.Sprint(name, i)
			if strings.HasPrefix(name, "consent.") {
				value = fmt.Sprint(i%2 == 0)
			}
			return said{name, customer.Trait{Value: value, Time: int64(i / 3), Event: fmt.Sprint(i)}}
		})).Draw(t, "said")
		for i := range rapid.IntRange(0, 2*customer.MaxOtherTraits).Draw(t, "others") {
			list = append(list, said{fmt.Sprintf("other %02d", i), customer.Trait{Value: "x", Time: 1}})
		}
		var a, b customer.Profile
		for _, s := range list {
			a.Set(s.Name, s.Trait)
		}
		for _, s := range rapid.Permutation(list).Draw(t, "arrival") {
			b.Set(s.Name, s.Trait)
		}
		if diff := cmp.Diff(a, b); diff != "" {
			t.Fatalf("the order of arrival changed the profile:\n%s", diff)
		}
		for _, s := range list {
			if changed, _ := a.Set(s.Name, s.Trait); changed {
				t.Fatalf("saying %v again changed something", s)
			}
		}
	})
}

func TestOfTwoWordsOfOneMomentTheRefusalStands(t *testing.T) {
	t.Parallel()
	yes, no := customer.Trait{Value: "true", Time: 5, Event: "z"}, customer.Trait{Value: "false", Time: 5, Event: "a"}
	for _, name := range []string{customer.ConsentTrait("sms"), customer.TopicTrait("news"), customer.TraitPersonalised} {
		for _, list := range [][]customer.Trait{{yes, no}, {no, yes}} {
			var p customer.Profile
			for _, trait := range list {
				p.Set(name, trait)
			}
			if got := p.Get(name); got != "false" {
				t.Errorf("%s is %q", name, got)
			}
			p.Set(name, customer.Trait{Value: "true", Time: 6, Event: "a"})
			if got := p.Get(name); got != "true" {
				t.Errorf("%s is %q after a later word", name, got)
			}
		}
	}
}

func TestNoWordIsNoConsent(t *testing.T) {
	t.Parallel()
	var p customer.Profile
	if p.Consents("email") {
		t.Error("an empty profile consents")
	}
	p.Set(customer.ConsentTrait("email"), customer.Trait{Value: "true", Time: 1})
	p.Set(customer.ConsentTrait("sms"), customer.Trait{Value: "", Time: 1})
	if !p.Consents("email") || p.Consents("sms") || p.Consents("push") {
		t.Errorf("consent %v", p.Traits)
	}
}

func FuzzTraits(f *testing.F) {
	f.Add([]byte(`{"email":"a@example.com","consent":{"email":true},"plan":null,"n":1e9}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		traits, err := customer.ParseTraits(raw)
		if err != nil && fault.CodeOf(err) != fault.Invalid {
			t.Fatalf("code of %v", err)
		}
		for name, value := range traits {
			if len(name) > 64 || len(value) > 512 {
				t.Fatalf("a trait of %d and %d bytes", len(name), len(value))
			}
		}
	})
}
