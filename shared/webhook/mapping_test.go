package webhook

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestTheTablesReadLikeThis spells the mappings for people who have a payload beside them: testdata/mappings.txt.
func TestTheTablesReadLikeThis(t *testing.T) {
	var b strings.Builder
	b.WriteString("What becomes of a delivery, by its topic. Paths lead into the payload; those with a point before them into the\n" +
		"element of the list behind \"each of\". Where there are several, the first counts that the payload has. Behind a path\n" +
		"stands how it is read, unless it is taken as text.\n")
	for _, scheme := range []struct {
		name     string
		mappings []mapping
	}{{"SHOPIFY", shopifyMappings}, {"STRIPE", stripeMappings}} {
		fmt.Fprintf(&b, "\n%s\n", scheme.name)
		for i := range scheme.mappings {
			scheme.mappings[i].spell(&b)
		}
	}
	golden := filepath.Join("testdata", "mappings.txt")
	if flag.Lookup("update").Value.String() == "true" {
		if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), b.String()); d != "" {
		t.Errorf("the tables differ from their file; -update writes it anew (-want +got):\n%s", d)
	}
}

func (m *mapping) spell(b *strings.Builder) {
	fmt.Fprintf(b, "\n  %s\n", strings.Join(m.topics, ", "))
	if m.privacy != "" {
		fmt.Fprintf(b, "    kept for an operator: %s\n", m.privacy)
	} else if len(m.rules) == 0 {
		b.WriteString("    nothing: another topic says it\n")
	}
	for i := range m.rules {
		r := &m.rules[i]
		fmt.Fprintf(b, "    %s", r.typ)
		if r.name != "" {
			fmt.Fprintf(b, " %q", r.name)
		}
		if r.each != "" {
			fmt.Fprintf(b, " for each of %s", r.each)
		}
		for j, w := range r.when {
			fmt.Fprintf(b, "%s%s", map[bool]string{true: " if ", false: " and "}[j == 0], w.path)
			if len(w.is) > 0 {
				fmt.Fprintf(b, " is %s", strings.Join(w.is, " or "))
			} else {
				b.WriteString(map[bool]string{true: " is not there", false: " is there"}[w.not])
			}
		}
		fmt.Fprintf(b, "\n      id        %s\n", r.id)
		if len(r.time.from) > 0 {
			fmt.Fprintf(b, "      time      %s\n", r.time.spell())
		}
		for _, w := range r.who {
			switch {
			case w.user != "":
				fmt.Fprintf(b, "      customer  %s\n", w.user)
			case w.guest != "":
				fmt.Fprintf(b, "      or guest by the address %s\n", w.guest)
			default:
				fmt.Fprintf(b, "      or visitor %s\n", w.visitor)
			}
		}
		if r.link != "" {
			fmt.Fprintf(b, "      who is    visitor %s\n", r.link)
		}
		for _, f := range append(r.properties, r.traits...) {
			fmt.Fprintf(b, "      %-9s %s\n", f.name, f.spell())
		}
	}
}

func (v *value) spell() string {
	out := strings.Join(v.from, ", ")
	name := runtime.FuncForPC(reflect.ValueOf(v.as).Pointer()).Name()
	if name = name[strings.LastIndexByte(name, '.')+1:]; name != "text" {
		out += " (" + name + ")"
	}
	return out
}

// TestNoTopicIsMappedTwice and each rule can name its event and somebody.
func TestNoTopicIsMappedTwice(t *testing.T) {
	for _, mappings := range [][]mapping{shopifyMappings, stripeMappings} {
		seen := map[string]bool{}
		for i := range mappings {
			for _, topic := range mappings[i].topics {
				if seen[topic] || topic != strings.ToLower(topic) {
					t.Errorf("%s is mapped twice, or in capitals", topic)
				}
				seen[topic] = true
			}
			for j := range mappings[i].rules {
				r := &mappings[i].rules[j]
				if r.id == "" || len(r.who) == 0 || (r.typ == "track") != (r.name != "") {
					t.Errorf("%v: rule %d is not whole", mappings[i].topics, j)
				}
			}
		}
	}
}
