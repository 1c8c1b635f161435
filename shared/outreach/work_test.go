package outreach_test

import (
	"fmt"
	"strings"
	"testing"

	"liuke/shared/consent"
	"liuke/shared/document"
	"liuke/shared/fault"
	"liuke/shared/outreach"
	"liuke/shared/scene"
)

// inLocales is a scene whose text is the same in some locales.
func inLocales(id, text string, locales int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "id: %s\nkind: transactional\non: {signal: order_placed}\nchannel: webhook\nto: erp\ncontent:\n", id)
	for i := range locales {
		locale := "en"
		if i > 0 {
			locale = fmt.Sprintf("e%c-%c%c", 'a'+i%26, 'A'+i/26%26, 'A'+i/676)
		}
		fmt.Fprintf(&b, "  %s:\n    json: '\"%s\"'\n", locale, text)
	}
	return b.String()
}

func TestWhatScenesSayInAllIsBounded(t *testing.T) {
	block := func(text string) document.Document {
		return written(outreach.Block, "long", "en:\n  text: '"+text+"'\n  html: x\n")
	}
	long := block(strings.Repeat("a", 60_000))
	four := strings.Repeat(`{% render "long" %}`, 4)
	var many []document.Document
	for i := range 5 {
		many = append(many, written(outreach.Scene, fmt.Sprintf("other_%d", i), inLocales(fmt.Sprintf("other_%d", i), four, 4)))
	}
	for _, c := range []struct {
		name   string
		stand  []document.Document
		edited document.Document
		want   fault.Code
		says   string
	}{
		{"a long block in a few locales is taken", []document.Document{long}, written(outreach.Scene, "s", inLocales("s", four, 4)), "", ""},
		{"a long block in many locales is refused", []document.Document{long}, written(outreach.Scene, "s", inLocales("s", four, 20)), fault.Invalid, "more than 1024 KB"},
		{"objects without end are refused", []document.Document{block(strings.Repeat("{{ order.id }}", 3000))}, written(outreach.Scene, "s", inLocales("s", `{% render "long" %}`, 8)), fault.Invalid, "20000 objects"},
		{"a block is refused that makes a scene too long", []document.Document{written(outreach.Scene, "s", inLocales("s", four, 20)), block("short")}, long, fault.Invalid, "more than 1024 KB"},
		{"fifty locales are taken", nil, written(outreach.Scene, "s", inLocales("s", "x", 50)), "", ""},
		{"more locales are refused", nil, written(outreach.Scene, "s", inLocales("s", "x", 51)), fault.Invalid, "at most 50 locales"},
		{"many scenes together are refused", append(many, long), written(outreach.Scene, "s", inLocales("s", four, 4)), fault.Conflict, "all scenes"},
		{"one of many can be taken back", append(many, long), written(outreach.Scene, "other_1", ""), "", ""},
	} {
		err := outreach.Check(c.stand, c.edited, compilers)
		if fault.CodeOf(err) != c.want && (err != nil || c.want != "") || c.says != "" && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: got %.300v", c.name, err)
		}
	}
}

func TestWhatCanNeverBeSentIsRefusedWhereItStands(t *testing.T) {
	posts := func(json string) string {
		return "id: s\nkind: transactional\non: {signal: order_placed}\nchannel: webhook\nto: erp\ncontent:\n  en:\n    json: '" + json + "'\n"
	}
	mails := func(subject string) string {
		return strings.Replace(greeting, "subject: Welcome", "subject: "+subject, 1)
	}
	for _, c := range []struct {
		name, id, body, says string
		line                 int
	}{
		{"an object is taken", "s", posts(`{"a":"{{ customer.name }}","n":{{ order.total }}}`), "", 0},
		{"a condition is taken", "s", posts(`{% if order.first %}{"a":1}{% else %}[]{% endif %}`), "", 0},
		{"an object that is not closed", "s", posts(`{"a":"x"`), "no JSON", 8},
		{"a text without quotes", "s", posts(`{"a":{{ customer.name }}}`), "no JSON", 8},
		{"a blank subject", "greeting", mails(`"  "`), "must not be blank", 9},
		{"a subject that is too long", "greeting", mails(strings.Repeat("a", 256)), "at most 255 characters", 9},
		{"a subject that is long by what it fills in", "greeting", mails("'" + strings.Repeat("a", 250) + `{{ customer.first_name | default: "there" }}'`), "", 0},
	} {
		stand := []document.Document{written(outreach.Block, "thanks", thanks)}
		got, all := wrong(t, outreach.Check(stand, written(outreach.Scene, c.id, c.body), compilers))
		if c.says == "" && len(got) > 0 || c.says != "" && (len(all) != 1 || all[0].Line != c.line || !strings.Contains(all[0].Message, c.says)) {
			t.Errorf("%s: %v", c.name, all)
		}
	}
}

func TestScenesNameNoMoreTopicsThanCustomersAreShown(t *testing.T) {
	of := func(i int) document.Document {
		id := fmt.Sprintf("topical_%d", i)
		return written(outreach.Scene, id, inLocales(id, "x", 1)+fmt.Sprintf("topic: topic_%d\n", i))
	}
	named := map[string]bool{}
	set, err := scene.BuiltIn(compilers)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range set.All() {
		named[s.Topic] = true
	}
	delete(named, "")
	var stand []document.Document
	for i := len(named); i < consent.MaxTopics; i++ {
		if err := outreach.Check(stand, of(i), scene.Compilers{}); err != nil {
			t.Fatal(i, err)
		}
		stand = append(stand, of(i))
	}
	if err := outreach.Check(stand, of(consent.MaxTopics), scene.Compilers{}); fault.CodeOf(err) != fault.Conflict || !strings.Contains(err.Error(), "51 topics") {
		t.Errorf("one more: %v", err)
	}
	again := written(outreach.Scene, "again", strings.Replace(stand[0].Body, "id: topical", "id: again # ", 1))
	if err := outreach.Check(stand, again, scene.Compilers{}); err != nil {
		t.Errorf("a topic that others have: %v", err)
	}
}

// BenchmarkTheHeaviestSceneThatIsTaken is the work of keeping it, and of showing it once it stands.
func BenchmarkTheHeaviestSceneThatIsTaken(b *testing.B) {
	set, err := scene.BuiltIn(compilers)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(set.Work.Bytes>>10), "KB-built-in")
	b.ReportMetric(float64(set.Work.Marks), "marks-built-in")
	pad := strings.Repeat("a", 30)
	stand := []document.Document{written(outreach.Block, "long", "en:\n  text: '"+strings.Repeat("{{ order.id | upcase | upcase }}"+pad[:18], 1000)+"'\n  html: x\n")}
	edited := written(outreach.Scene, "s", inLocales("s", `{% render "long" %}`, 19))
	for b.Loop() {
		if err := outreach.Check(stand, edited, compilers); err != nil {
			b.Fatalf("%.300v", err)
		}
		if _, _, err := outreach.Compose(append(stand, edited), compilers); err != nil {
			b.Fatal(err)
		}
	}
}
