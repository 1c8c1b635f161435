package outreach_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"liuke/shared/brand"
	"liuke/shared/document"
	"liuke/shared/fault"
	"liuke/shared/outreach"
	"liuke/shared/scene"
	"liuke/shared/scene/audience"
	"liuke/shared/scene/content"
)

var compilers = scene.Compilers{Audience: audience.Compile, Content: content.Compiler(), Currency: euro}

const greeting = `# A word of welcome
id: greeting
kind: transactional
on: {signal: order_placed}
audience: order.first
channel: email
content:
  en:
    subject: Welcome
    text: |
      Hello {{ customer.first_name | default: "there" }}
      {% render "thanks" %}
    html: <p>Hello</p>
`

const thanks = "en: {text: Many thanks, html: <p>Many thanks</p>}\n"

func written(k outreach.Kind, name, body string) document.Document {
	return document.Document{Name: outreach.DocumentName(k, name), Version: 1, Body: body}
}

// wrong returns the mistakes that an error is, each as "document:line".
func wrong(t *testing.T, err error) (list []string, all outreach.Mistakes) {
	t.Helper()
	if err == nil {
		return nil, nil
	}
	if !errors.As(err, &all) || fault.CodeOf(err) != fault.Invalid {
		t.Fatalf("%v is no list of mistakes", err)
	}
	for _, m := range all {
		list = append(list, fmt.Sprintf("%s:%d", m.Document, m.Line))
	}
	return list, all
}

func TestADocumentIsCheckedWithWhatUsesIt(t *testing.T) {
	stand := []document.Document{written(outreach.Scene, "greeting", greeting), written(outreach.Block, "thanks", thanks)}
	footer, ok := outreach.Source(outreach.Block, "footer")
	if !ok {
		t.Fatal("the block footer comes with the suite")
	}
	for _, c := range []struct {
		name   string
		edited document.Document
		want   []string
	}{
		{"one that is right", written(outreach.Scene, "greeting", strings.Replace(greeting, "Hello", "Dear", 1)), nil},
		{"all its mistakes at once", written(outreach.Scene, "greeting", strings.NewReplacer("kind: transactional", "kind: spam", "order.first", "order.last", "Welcome", "'{{ nobody }}'").Replace(greeting)),
			[]string{"scene/greeting:3", "scene/greeting:5", "scene/greeting:9"}},
		{"another name than its own", written(outreach.Scene, "hello", greeting), []string{"scene/hello:2"}},
		{"a block that a scene would break by", written(outreach.Block, "thanks", "en:\n  text: '{{ nobody }}'\n  html: x\n"), []string{"scene/greeting:12"}},
		{"a block that is used, taken back", written(outreach.Block, "thanks", ""), []string{"scene/greeting:12"}},
		{"a scene, taken back", written(outreach.Scene, "greeting", ""), nil},
		{"a block that came with the suite, edited", written(outreach.Block, "footer", footer+"# edited\n"), nil},
		{"a key twice", written(outreach.Block, "thanks", thanks+thanks), []string{"block/thanks:2"}},
		{"two documents", written(outreach.Block, "thanks", thanks+"---\n"+thanks), []string{"block/thanks:2"}},
		{"a document, and behind it what is none", written(outreach.Block, "thanks", thanks+"---\n{[ nothing\n"), []string{"block/thanks:2"}},
		{"an alias", written(outreach.Block, "thanks", "en: &a {text: x, html: y}\nzh-CN: *a\n"), []string{"block/thanks:1", "block/thanks:2"}},
		{"nothing in the place of steps", written(outreach.Scene, "greeting", greeting+"steps:\n  - {id: more}\n  -\n  - null\n"), []string{
			fmt.Sprintf("scene/greeting:%d", strings.Count(greeting, "\n")+3), fmt.Sprintf("scene/greeting:%d", strings.Count(greeting, "\n")+4)}},
		{"a campaign that says it answers the customer", written(outreach.Scene, "greeting", on("{signal: campaign}", "email")), []string{"scene/greeting:3"}},
		{"a schedule that says so", written(outreach.Scene, "greeting", on("{signal: schedule, cron: '0 10 * * 1'}", "email")), []string{"scene/greeting:3"}},
		{"a post to a system that says so", written(outreach.Scene, "greeting", on("{signal: campaign}", "webhook")), []string{"scene/greeting:3"}},
		{"a task of a campaign", written(outreach.Scene, "greeting", on("{signal: campaign}", "task")), nil},
		{"a mail about an occasion", written(outreach.Scene, "greeting", on("{signal: occasion, occasion: birthday}", "email")), nil},
		{"no UTF-8", written(outreach.Block, "thanks", "# one\n\xff"), []string{"block/thanks:2"}},
		{"a NUL", written(outreach.Block, "thanks", "# one\n\x00"), []string{"block/thanks:2"}},
		{"blanks", written(outreach.Block, "thanks", " \n "), []string{"block/thanks:1"}},
		{"a list", written(outreach.Scene, "greeting", "- 1\n- 2\n"), []string{"scene/greeting:1"}},
		{"no YAML", written(outreach.Scene, "greeting", "id: greeting\nkind: [\n"), []string{"scene/greeting:2"}},
	} {
		got, all := wrong(t, outreach.Check(stand, c.edited, compilers))
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v\n%v", c.name, got, c.want, all)
		}
	}
	for _, name := range []string{"scene/policy", "scene/Welcome", "scene/", "scene/" + strings.Repeat("a", 33), "risk", "block/../x"} {
		if err := outreach.Check(stand, document.Document{Name: name, Body: greeting}, compilers); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// on is a transactional scene that a signal sets off.
func on(signal, channel string) string {
	says := map[string]string{"email": "{subject: a, text: a, html: a}", "task": "{title: a, text: a}", "webhook": "{json: '{}'}"}[channel]
	text := "# it\nid: greeting\nkind: transactional\non: " + signal + "\nchannel: " + channel + "\ncontent: {en: " + says
	if text += "}\n"; channel == "webhook" {
		text += "to: shop\n"
	}
	return text
}

func TestWhatIsHostileIsRefusedQuickly(t *testing.T) {
	bomb := "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
	for i := 1; i < 12; i++ {
		bomb += fmt.Sprintf("a%d: &a%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i-1), 9), ", "))
	}
	chain := strings.TrimSuffix(strings.Repeat("order.first or ", 4000), "or ")
	for name, body := range map[string]string{
		"a billion laughs":             bomb,
		"an alias of itself":           "id: &a\n  - *a\n",
		"brackets within brackets":     "id: " + strings.Repeat("[", 60_000),
		"maps within maps":             "id: " + strings.Repeat("{a: ", 15_000),
		"indents within indents":       nestedMaps(300),
		"lists within lists":           strings.Repeat("- ", 30_000),
		"quotes that never end":        "id: '" + strings.Repeat("''", 30_000),
		"an expression beyond measure": strings.Replace(greeting, "order.first", "'"+chain+"'", 1),
		"parentheses in an expression": strings.Replace(greeting, "order.first", strings.Repeat("(", 30_000), 1),
		"a condition beyond measure":   strings.Replace(greeting, "subject: Welcome", "subject: '{% if order.first "+strings.Repeat("and order.first ", 3000)+"%}x{% endif %}'", 1) + strings.Repeat("x", 64<<10),
		"tags that never close":        strings.Replace(greeting, "Welcome", "'"+strings.Repeat("{{ ", 10_000)+"'", 1),
		"conditions within conditions": strings.Replace(greeting, "Welcome", "'"+strings.Repeat("{% if order.first %}", 2_500)+"'", 1),
		"two loops":                    strings.Replace(greeting, "Welcome", "'{% for a in survey.choices %}{% for b in survey.choices %}{% endfor %}{% endfor %}'", 1),
		"more than 64 KB":              greeting + strings.Repeat("# x\n", 16<<10),
	} {
		began := time.Now()
		err := outreach.Check(nil, written(outreach.Scene, "greeting", body), compilers)
		if code := fault.CodeOf(err); code != fault.Invalid && code != fault.TooLarge {
			t.Errorf("%s: %v", name, err)
		}
		if took := time.Since(began); took > 10*time.Second { // a parser that is led astray takes minutes
			t.Errorf("%s took %s", name, took)
		}
	}
}

func nestedMaps(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	return b.String()
}

func TestWhatNoLongerLoadsTakesNothingElseDown(t *testing.T) {
	builtIn, err := scene.BuiltIn(compilers)
	if err != nil {
		t.Fatal(err)
	}
	came := len(builtIn.All())
	brokenFooter := "en: {text: '{{ no.such }}', html: '{{ no.such }}'}\n"
	for _, c := range []struct {
		name      string
		documents []document.Document
		scenes    int
		broken    []string
	}{
		{"nothing is written", nil, came, nil},
		{"all can be read", []document.Document{written(outreach.Scene, "greeting", greeting), written(outreach.Block, "thanks", thanks)}, came + 1, nil},
		{"one was taken back", []document.Document{written(outreach.Scene, "greeting", "")}, came, nil},
		{"a scene of a field that is gone", []document.Document{written(outreach.Scene, "greeting", greeting+"gone: 1\n"), written(outreach.Scene, "hello", strings.Replace(strings.Replace(greeting, "id: greeting", "id: hello", 1), `{% render "thanks" %}`, "", 1))}, came + 1, []string{"scene/greeting"}},
		{"an edit of one that came with the suite", []document.Document{written(outreach.Scene, "win_back", "id: win_back\n")}, came, []string{"scene/win_back"}},
		{"a block, and the scene that uses it", []document.Document{written(outreach.Scene, "greeting", greeting), written(outreach.Block, "thanks", "en: 1\n")}, came, []string{"block/thanks", "scene/greeting"}},
		{"a block by which what came with the suite breaks", []document.Document{written(outreach.Block, "footer", brokenFooter)}, came, []string{"block/footer"}},
		{"text that is none", []document.Document{written(outreach.Scene, "greeting", "\xff")}, came, []string{"scene/greeting"}},
		{"documents of other kinds", []document.Document{{Name: "risk", Body: "{}"}, {Name: "scene/A B", Body: "x"}}, came, nil},
	} {
		set, broken, err := outreach.Compose(c.documents, compilers)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		var names []string
		for name, why := range broken {
			names = append(names, name)
			if len(why) == 0 {
				t.Errorf("%s: nothing says why %s is left out", c.name, name)
			}
		}
		slices.Sort(names)
		if len(set.All()) != c.scenes || !slices.Equal(names, c.broken) {
			t.Errorf("%s: %d scenes, without %v: want %d, without %v", c.name, len(set.All()), names, c.scenes, c.broken)
		}
	}
}

func TestWhatComesWithTheSuiteIsListedAndShown(t *testing.T) {
	for _, k := range []outreach.Kind{outreach.Scene, outreach.Block, outreach.Template} {
		for _, name := range outreach.Names(k) {
			text, ok := outreach.Source(k, name)
			if !ok || text == "" {
				t.Errorf("%s %s has no source", k, name)
			}
			if err := outreach.Check(nil, written(k, name, text), compilers); err != nil {
				t.Errorf("%s %s, written as it came: %v", k, name, err)
			}
		}
	}
	if names := outreach.Names(outreach.Scene); !slices.Contains(names, "win_back") || slices.Contains(names, "policy") {
		t.Errorf("%v", names)
	}
	if _, ok := outreach.Source(outreach.Scene, "policy"); ok {
		t.Error("the policy is no scene")
	}
}

// store counts the reads of documents.
type store struct {
	documents       []document.Document
	settings        document.Document
	brand           document.Document
	edits           int64
	asked, readings int
	err             error
}

func (s *store) SceneEdits(context.Context, ...string) (int64, []document.Document, error) {
	s.asked++
	return s.edits, []document.Document{s.settings, s.brand}, s.err
}

func (s *store) SceneDocuments(context.Context) ([]document.Document, error) {
	s.readings++
	return s.documents, s.err
}

func TestALibraryKnowsHowMailsLook(t *testing.T) {
	s, now, broken := &store{}, time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC), 0
	l := outreach.NewLibrary(s, compilers, func() time.Time { return now }, func(n int) { broken += n })
	for _, step := range []struct {
		name, body, shop, fill string
		broken                 int
	}{
		{"no brand", "", "", "#0b5cad", 0},
		{"a brand", `{"name":"Teehaus","colour":"#ffcc00","shop_url":"https://shop.example/"}`, "https://shop.example/", "#ffcc00", 0},
		{"a brand that cannot be read any more", `{"name":"Teehaus","font":"serif"}`, "", "#0b5cad", 1},
	} {
		s.brand = document.Document{Name: brand.Document, Version: s.brand.Version + 1, Body: step.body}
		now = now.Add(time.Minute)
		stand, err := l.Stand(t.Context())
		if err != nil || stand.Look.Shop != step.shop || stand.Look.Fill != step.fill || broken != step.broken || s.readings != 0 {
			t.Errorf("%s: %+v, %v; %d broken, %d times read", step.name, stand.Look, err, broken, s.readings)
		}
	}
}

func TestALibraryReadsAnewOnlyWhatWasEdited(t *testing.T) {
	s, now, left := &store{}, time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC), 0
	l := outreach.NewLibrary(s, compilers, func() time.Time { return now }, func(n int) { left += n })
	for _, step := range []struct {
		name                  string
		change                func()
		later                 time.Duration
		asked, readings, left int
		greeting              bool
		again                 time.Duration // of the policy
	}{
		{"nothing was written: nothing is read", func() {}, 0, 1, 0, 0, false, 14 * 24 * time.Hour},
		{"within the minute nothing is asked", func() {}, time.Second, 1, 0, 0, false, 14 * 24 * time.Hour},
		{"a scene was written", func() {
			s.documents, s.edits = append(s.documents, written(outreach.Scene, "greeting", strings.Replace(greeting, `{% render "thanks" %}`, "", 1))), 1
		}, time.Minute, 2, 1, 0, true, 14 * 24 * time.Hour},
		{"nothing moved since", func() {}, time.Minute, 3, 1, 0, true, 14 * 24 * time.Hour},
		{"the settings were written", func() {
			s.settings = document.Document{Name: outreach.Document, Version: 1, Body: `{"surveys":{"again_after":"60d"}}`}
		}, time.Minute, 4, 1, 0, true, 60 * 24 * time.Hour},
		{"a block was written that cannot be read any more", func() { s.documents, s.edits = append(s.documents, written(outreach.Block, "x", "en: 1")), 2 }, time.Minute, 5, 2, 1, true, 60 * 24 * time.Hour},
		{"the settings cannot be read any more: what was read last is used on", func() { s.settings.Version, s.settings.Body = 2, "{" }, time.Minute, 6, 2, 1, true, 60 * 24 * time.Hour},
		{"nor can the table", func() { s.err = fault.New(fault.Unavailable, "down") }, time.Minute, 7, 2, 1, true, 60 * 24 * time.Hour},
	} {
		step.change()
		now = now.Add(step.later)
		stand, err := l.Stand(t.Context())
		if err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		set, err := l.Set(t.Context())
		if err != nil || s.asked < step.asked || s.readings != step.readings || left != step.left {
			t.Errorf("%s: asked %d times, read %d times, %d left out, %v", step.name, s.asked, s.readings, left, err)
		}
		if got := set.Scene("greeting") != nil; got != step.greeting || stand.Scenes.Policy.AskAgainAfter != step.again {
			t.Errorf("%s: greeting %t, %s", step.name, got, stand.Scenes.Policy.AskAgainAfter)
		}
	}
	fresh := outreach.NewLibrary(&store{settings: document.Document{Version: 1, Body: "{"}}, compilers, func() time.Time { return now }, nil)
	if _, err := fresh.Set(t.Context()); fault.CodeOf(err) != fault.Unavailable {
		t.Errorf("settings that cannot be read are passed over: %v", err)
	}
}

func FuzzCheck(f *testing.F) {
	f.Add(greeting)
	f.Add(thanks)
	for _, name := range outreach.Names(outreach.Scene) {
		text, _ := outreach.Source(outreach.Scene, name)
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, body string) {
		edited := written(outreach.Scene, "greeting", body)
		err := outreach.Check(nil, edited, compilers)
		if err == nil {
			if _, broken, err := outreach.Compose([]document.Document{edited}, compilers); err != nil || len(broken) > 0 {
				t.Fatalf("what was taken is left out: %v, %v", broken, err)
			}
			return
		}
		_, all := wrong(t, err)
		for _, m := range all {
			if m.Line < 1 || m.Message == "" || m.Document != edited.Name {
				t.Fatalf("%+v", m)
			}
		}
	})
}
