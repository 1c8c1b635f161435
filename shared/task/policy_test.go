package task_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"liuke/shared/fault"
	"liuke/shared/task"
)

func TestAPolicyLeavesToTheDefaultsWhatItDoesNotSay(t *testing.T) {
	for _, c := range []struct {
		name, body string
		change     func(*task.Policy)
	}{
		{"nothing", `{}`, func(*task.Policy) {}},
		{"who", `{"owner":" desk ","owners":{"A":"li"},"escalate_to":"chief"}`, func(p *task.Policy) {
			p.Owner, p.Owners, p.EscalateTo = "desk", map[string]string{"A": "li"}, "chief"
		}},
		{"when", `{"due":{"A":"1h30m"},"otherwise":"48h","escalate_again_after":"5m","levels":0}`, func(p *task.Policy) {
			p.Due, p.Otherwise, p.Again, p.Levels = map[string]time.Duration{"A": 90 * time.Minute}, 48*time.Hour, 5*time.Minute, 0
		}},
		{"another model, whose tiers are others", `{"tier_model":"four"}`, func(p *task.Policy) {
			p.TierModel, p.Due = "four", map[string]time.Duration{}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			want := task.Defaults()
			c.change(&want)
			got, err := task.ParsePolicy([]byte(c.body))
			if d := cmp.Diff(want, got); err != nil || d != "" {
				t.Errorf("%v\n%s", err, d)
			}
			raw, err := json.Marshal(got)
			if err != nil {
				t.Fatal(err)
			}
			if again, err := task.ParsePolicy(raw); err != nil || !cmp.Equal(got, again) {
				t.Errorf("%s reads as %+v, %v", raw, again, err)
			}
		})
	}
	if raw, _ := json.Marshal(task.Defaults()); string(raw) != `{"tier_model":"abc","due":{"A":"15m","B":"4h","C":"24h"},"otherwise":"24h","owners":{},"owner":"","escalate_to":"","escalate_again_after":"1h","levels":3}` {
		t.Errorf("the defaults are %s", raw)
	}
}

func TestAPolicyThatIsWrongSaysWhere(t *testing.T) {
	for _, c := range []struct{ name, body, pointer string }{
		{"a member that is none", `{"hours":"9-5"}`, "/hours"},
		{"another type", `{"levels":"3"}`, "/levels"},
		{"a time that is a number", `{"otherwise":24}`, "/otherwise"},
		{"a time that is none", `{"due":{"A":"soon"}}`, "/due/A"},
		{"a time of a tier with a slash", `{"due":{"a/b":"soon"}}`, "/due/a~1b"},
		{"a time below 5 minutes", `{"otherwise":"1m"}`, "/otherwise"},
		{"a time beyond a month", `{"escalate_again_after":"1000h"}`, "/escalate_again_after"},
		{"a time of seconds", `{"otherwise":"10m30s"}`, "/otherwise"},
		{"too many levels", `{"levels":10}`, "/levels"},
		{"levels below none", `{"levels":-1}`, "/levels"},
		{"an owner without an end", `{"owners":{"A":"` + strings.Repeat("x", 200) + `"}}`, "/owners/A"},
		{"a tier without a name", `{"due":{"":"15m"}}`, "/due"},
		{"a tier with a line break", `{"owners":{"A\n":"li"}}`, "/owners"},
		{"a model that cannot be", `{"tier_model":"A B"}`, "/tier_model"},
		{"a list", `[]`, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := task.ParsePolicy([]byte(c.body))
			var f *fault.Error
			if !errors.As(err, &f) || f.Code != fault.Invalid || f.Pointer != c.pointer {
				t.Errorf("%#v", err)
			}
		})
	}
}

func FuzzParsePolicy(f *testing.F) {
	f.Add([]byte(`{"tier_model":"abc","due":{"A":"15m"},"owners":{"A":"li"},"levels":2}`))
	f.Add([]byte(`{"otherwise":"9223372036854775807ns"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		p, err := task.ParsePolicy(body)
		if err != nil {
			if fault.CodeOf(err) != fault.Invalid {
				t.Fatal(err)
			}
			return
		}
		raw, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := task.ParsePolicy(raw); err != nil || !cmp.Equal(p, again) {
			t.Fatalf("%s: %v", raw, err)
		}
	})
}
