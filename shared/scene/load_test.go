package scene_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"

	"liuke/shared/customer"
	"liuke/shared/fault"
	"liuke/shared/message"
	"liuke/shared/scene"
)

// TestLoadNamesTheLine breaks a good scene in one place each time.
func TestLoadNamesTheLine(t *testing.T) {
	if _, err := load(sceneYAML); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, old, new, want string }{
		{"an id that is not the file's name", "id: hello", "id: goodbye", "hello.yaml:1: id must be the file's name, hello"},
		{"an id with capitals", "id: hello", "id: Hello", "hello.yaml:1: id must be lower-case"},
		{"a kind that is none", "kind: marketing", "kind: spam", "hello.yaml:2: kind must be"},
		{"an unknown signal", "order_placed", "full_moon", "hello.yaml:3: signal must be"},
		{"labels without a segment change", "{signal: order_placed}", "{signal: order_placed, to: [Lost]}", "hello.yaml:3: to belongs to segment_changed and risk_changed"},
		{"a label that the model has not", "{signal: order_placed}", "{signal: segment_changed, model: rfm10, to: [Lost, Loost]}", `hello.yaml:3: "Loost" is no label of rfm10`},
		{"a model whose changes are not told", "{signal: order_placed}", "{signal: segment_changed, model: abc, to: [A]}", "hello.yaml:3: changes in abc are not told"},
		{"a model whose name is none", "{signal: order_placed}", "{signal: segment_changed, model: A B, to: [A]}", "hello.yaml:3: model must be the name of a segment model"},
		{"a model without a segment change", "{signal: order_placed}", "{signal: order_placed, model: rfm10}", "hello.yaml:3: model belongs to segment_changed"},
		{"a risk without its bands", "{signal: order_placed}", "{signal: risk_changed}", "hello.yaml:3: on risk_changed needs the bands to"},
		{"an occasion that is none", "{signal: order_placed}", "{signal: occasion, occasion: full_moon}", "hello.yaml:3: occasion must be birthday, anniversary"},
		{"an occasion without its name", "{signal: order_placed}", "{signal: occasion}", "hello.yaml:3: occasion must be birthday, anniversary"},
		{"an occasion of another signal", "{signal: order_placed}", "{signal: order_placed, occasion: birthday}", "hello.yaml:3: occasion belongs to occasion"},
		{"an event that is not told", "{signal: order_placed}", "{signal: event, event: Order Refunded}", "hello.yaml:3: event must be the name of a track event, and of none that orders"},
		{"an event without its name", "{signal: order_placed}", "{signal: event}", "hello.yaml:3: event must be the name of"},
		{"an event of another signal", "{signal: order_placed}", "{signal: order_placed, event: Device Alert}", "hello.yaml:3: event belongs to event"},
		{"a score of another signal", "{signal: order_placed}", "{signal: order_placed, at_most: 6}", "hello.yaml:3: metric, at_least, at_most and any belong to answer_given"},
		{"a metric that is none", "{signal: order_placed}", "{signal: answer_given, metric: stars}", "hello.yaml:3: metric must be nps, csat or ces"},
		{"a bound outside of the metric", "{signal: order_placed}", "{signal: answer_given, any: [{metric: csat, at_most: 6}]}", "hello.yaml:3: at_most must be between 1 and 5"},
		{"bounds that leave nothing", "{signal: order_placed}", "{signal: answer_given, at_least: 7, at_most: 6}", "hello.yaml:3: at_least is over at_most"},
		{"any beside a condition", "{signal: order_placed}", "{signal: answer_given, metric: nps, any: [{metric: csat}]}", "hello.yaml:3: any takes the place of"},
		{"a condition that says nothing", "{signal: order_placed}", "{signal: answer_given, any: [{}]}", "hello.yaml:3: a condition on a score needs"},
		{"a survey of another signal", "{signal: order_placed}", "{signal: order_placed, survey: nps}", "hello.yaml:3: survey belongs to answer_given and survey_requested"},
		{"a trigger's survey that cannot be one", "{signal: order_placed}", "{signal: answer_given, survey: N P S}", "hello.yaml:3: survey must be the id"},
		{"a survey that cannot be one", "channel: email", "channel: email\nsurvey: N P S", "hello.yaml:7: survey must be the id"},
		{"a survey beside the request's own", "{signal: order_placed}", "{signal: survey_requested}\nsurvey: nps", "hello.yaml:4: on survey_requested the survey is the request's own"},
		{"a survey that the text does not offer", "channel: email", "channel: email\nsurvey: nps", "hello.yaml:13: what asks to a survey must offer {{ survey.link }}"},
		{"a survey's words without a survey", "subject: Hello", "subject: '{{ survey.title }}'", "hello.yaml:11: survey.title is not a variable"},
		{"a loop over no list", "no more", "{% for x in customer.name %}{% endfor %}", "hello.yaml:17: customer.name is not a list of this scene"},
		{"a loop of another form", "no more", "{% for x in (1..9) %}{% endfor %}", "hello.yaml:17: a for must be like"},
		{"a block that is not there", "no more", "{% render 'start' %}", "hello.yaml:17: there is no block \"start\""},
		{"a flaw behind a block", "<p>Hello {{ customer.name }}</p>", "{% render 'end' %}\n      {{ order.colour }}", "hello.yaml:17: order.colour is not a variable"},
		{"a field that is not allowed in an audience", "order.worth >= 1000", "email == 'x'", "hello.yaml:4: audience: unknown name email"},
		{"an audience that is no condition", "order.worth >= 1000 and segment in [\"Champions\", \"Promising\"]", "order.amount + 1", "hello.yaml:4: audience: the expression must be true or false, and is a whole number"},
		{"an audience that calls a function", "order.worth >= 1000", "len(segment) > 1", "hello.yaml:4: audience: unknown name len"},
		{"a name that is none is answered with those that there are", "order.worth >= 1000", "city == 'x'", "hello.yaml:4: audience: unknown name city: there are segment, risk, value, labels, r, f, m, locale, hours_since, order,"},
		{"names that are none are told together", "audience: order", "audience: |\n  gender == 'x' or\n  city == 1 or order", "hello.yaml:5: audience: unknown name gender\nhello.yaml:6: audience: unknown name city: there are"},
		{"an audience of more lines", "audience: order", "audience: |\n  segment == 'x' or\n  nothing == 1 or order", "hello.yaml:6: audience: unknown name nothing"},
		{"a duration that is none", "fresh_for: 2h", "fresh_for: soon", "hello.yaml:5: \"soon\" is not a duration"},
		{"a channel that is not there", "channel: email", "channel: fax", "hello.yaml:6: channel must be email"},
		{"a marketing scene that does not keep quiet", "channel: email", "channel: email\nquiet_hours: none", "hello.yaml:7: a marketing scene must keep"},
		{"a cap of nothing", "max: 1", "max: 0", "hello.yaml:8: max must be"},
		{"a window beyond what is remembered", "per: 1d", "per: 90d", "hello.yaml:8: per is at most 31 days"},
		{"an unknown field", "fresh_for", "fresh_four", "hello.yaml:5: a scene has no field fresh_four, did you mean fresh_for?"},
		{"a field given twice", "kind: marketing", "kind: marketing\nkind: marketing", "hello.yaml:3: kind stands here a second time, after line 2"},
		{"broken YAML", "limits:", "limits: [", "hello.yaml:"},
		{"a missing default locale", "  en:", "  de:", "hello.yaml:10: content in en is missing"},
		{"a locale that is none", "  en:", "  english:", "hello.yaml:11: \"english\" is not a locale"},
		{"an unknown variable in the text", "Hello {{ customer.name }}\n      {{ unsub", "Hello {{ customer.nmae }}\n      {{ unsub", "hello.yaml:13: customer.nmae is not a variable"},
		{"an unknown variable in the second line of HTML", "no more", "{{ order.colour }}", "hello.yaml:17: order.colour is not a variable"},
		{"a variable of another trigger", "subject: Hello", "subject: '{{ segment.to }}'", "hello.yaml:11: segment.to is not a variable"},
		{"an unknown variable in a condition", "no more", "{% if order.colour == 'red' %}no{% endif %}", "hello.yaml:17: order.colour is not a variable"},
		{"a tag that reads files", "no more", "{% include 'x' %}", "hello.yaml:17: the tag include is not allowed"},
		{"a filter that is not allowed", "{{ customer.name }}</p>", "{{ customer.name | url_decode }}</p>", "hello.yaml:16: the filter url_decode is not allowed"},
		{"an object that is no variable", "{{ customer.name }}</p>", "{{ 1 | append: 2 }}</p>", "hello.yaml:16: {{ 1 | append: 2 }} must be a variable"},
		{"an object never closed", "{{ customer.name }}</p>", "{{ customer.name</p>", "hello.yaml:16: "},
		{"a condition never closed", "no more", "{% if order.first %}no", "hello.yaml:"},
		{"marketing text that offers no end", "      {{ unsubscribe_link }}\n", "", "hello.yaml:12: marketing must offer {{ unsubscribe_link }}"},
		{"a subject of two lines", "subject: Hello", "subject: \"Hello\\r\\nBcc: x\"", "hello.yaml:11: the subject must be one line"},
		{"a subject of two lines in a block of YAML", "subject: Hello", "subject: |\n      Hello\n      you", "hello.yaml:12: the subject must be one line"},
		{"a preheader with a bell", "subject: Hello", "subject: Hello\n    preheader: \"a\\ab\"", "hello.yaml:12: the preheader must be one line"},
		{"an empty document", sceneYAML, "# only a comment\n", "hello.yaml:1: the document is empty"},
		{"a text in the place of a scene", sceneYAML, "hello", "hello.yaml:1: here belongs a scene, and not \"hello\""},
		{"a list in the place of content", "content:\n  en:", "content:\n  de: [1]\n  en:", "hello.yaml:10: here belongs content, and not a list"},
		{"a text in the place of a number", "max: 1", "max: many", "hello.yaml:8: here belongs a whole number, and not \"many\""},
		{"a text in the place of a list", "channel: email", "channels: email", "hello.yaml:6: here belongs a list, each of it a text, and not \"email\""},
		{"fields in the place of a text", "fresh_for: 2h", "fresh_for: {hours: 2}", "hello.yaml:5: here belongs a text, and not fields"},
		{"a second document", sceneYAML, sceneYAML + "---\nid: another\n", "a second document begins here: write one"},
		{"a second document that is none", sceneYAML, sceneYAML + "---\n{[ nothing of this\n", "what stands behind the document cannot be read"},
		{"a fraction of a number of messages", "max: 1", "max: 1.9", "hello.yaml:8: here belongs a whole number, and not \"1.9\""},
		{"a weight below one", "channel: email", "channel: email\nvariants: [{id: a, weight: 0.9}, {id: b, weight: 1}]", "hello.yaml:7: here belongs a whole number, and not \"0.9\""},
		{"a fraction of a score", "{signal: order_placed}", "{signal: answer_given, at_most: 6.5}", "hello.yaml:3: here belongs a whole number, and not \"6.5\""},
		{"limits without end", "  - {max: 1, per: 1d}\n", strings.Repeat("  - {max: 1, per: 1d}\n", 17), "hello.yaml:8: there are at most 16 limits"},
		{"steps without end", "channel: email", "channel: email\nsteps:\n" + strings.Repeat("  - {id: a, if: nothing}\n", 17), "hello.yaml:8: a scene has at most 15 further steps"},
		{"variants without end", "channel: email", "channel: email\nvariants:\n" + strings.Repeat("  - {id: a, weight: 1}\n", 11), "hello.yaml:8: an experiment has 1 to 10 variants"},
		{"pieces without end", "channel: email", "channel: email\npieces:\n" + strings.Repeat("  - {for: {segment: [Lost]}}\n", 101), "hello.yaml:8: there are at most 100 pieces"},
		{"locales without end", "  en:", manyLocales(50) + "  en:", "hello.yaml:10: there are at most 50 locales"},
		{"a schedule that comes each minute", "{signal: order_placed}", "{signal: schedule, cron: '* * * * *'}", "hello.yaml:3: cron: a scene comes once an hour at most"},
		{"a schedule that comes twice in an hour", "{signal: order_placed}", "{signal: schedule, cron: '0,30 10 * * *'}", "hello.yaml:3: cron: a scene comes once an hour at most"},
		{"an empty subject", "subject: Hello", "subject: ''", "hello.yaml:11: subject is missing"},
	} {
		t.Run(c.name, func(t *testing.T) {
			broken := strings.Replace(sceneYAML, c.old, c.new, 1)
			if broken == sceneYAML {
				t.Fatal("the case breaks nothing")
			}
			_, err := load(broken)
			if fault.CodeOf(err) != fault.Invalid || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got:\n%v\nwant: %s", err, c.want)
			}
		})
	}
}

// manyLocales are so many locales with nothing to say.
func manyLocales(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "  a%c%c: {subject: a}\n", 'a'+i/26, 'a'+i%26)
	}
	return b.String()
}

func TestLoops(t *testing.T) {
	asking := func(html string) string {
		return strings.NewReplacer("channel: email", "channel: email\nsurvey: nps", "Hello {{ customer.name }}\n", "{{ survey.link }}\n",
			"<p>Hello {{ customer.name }}</p>", html+"{{ survey.link }}").Replace(sceneYAML)
	}
	for _, c := range []struct{ name, html, want string }{
		{"a list is gone through", "{% for c in survey.choices %}{{ c.value }}{% if c.label == '3' %}!{% endif %},{% endfor %}", ""},
		{"a member has the list's fields alone", "{% for c in survey.choices %}{{ c.colour }}{% endfor %}", "hello.yaml:17: survey.choices[].colour is not a variable"},
		{"a member is no value", "{% for c in survey.choices %}{{ c }}{% endfor %}", "hello.yaml:17: c is not a variable"},
		{"a member ends with its loop", "{% for c in survey.choices %}{% endfor %}{{ c.value }}", "hello.yaml:17: c.value is not a variable"},
		{"a list is no value", "{{ survey.choices }}", "hello.yaml:17: survey.choices is not a variable"},
		{"loops within loops take too long", "{% for c in survey.choices %}{% for d in survey.choices %}{% endfor %}{% endfor %}", "hello.yaml:17: a for within a for"},
		{"a loop that does not end", "{{ survey.link }}{% for c in survey.choices %}", "hello.yaml:1"},
	} {
		set, err := load(asking(c.html))
		if c.want != "" {
			if fault.CodeOf(err) != fault.Invalid || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: %v, want %s", c.name, err, c.want)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		s := set.Scene("hello")
		out, err := s.Render(saying, profile(nil), message.New(s.ID, 0, s.Channels[0], ordered(t)))
		if err != nil || !strings.Contains(out.HTML, "0,1,2,3!,4,5,6,7,8,9,10,") {
			t.Errorf("%s: %v, %s", c.name, err, out.HTML)
		}
	}
}

func TestMarketingOffersAWayOutThatEverybodySees(t *testing.T) {
	for _, c := range []struct {
		name, html string
		offers     bool
	}{
		{"it stands by itself", "{{ unsubscribe_link }}", true},
		{"it stands behind a condition that has ended", "{% if order.first %}{% unless order.first %}x{% endunless %}{% endif %}{{- unsubscribe_link -}}", true},
		{"it stands behind a comment that has ended", "<!-- way out -->{{ unsubscribe_link }}", true},
		{"never", "{% if false %}{{ unsubscribe_link }}{% endif %}", false},
		{"but for those who order again", "{% unless order.first %}x{% else %}{{ unsubscribe_link }}{% endunless %}", false},
		{"in a case", "{% case order.id %}{% when 'x' %}{{ unsubscribe_link }}{% endcase %}", false},
		{"for each of none", "{% for c in survey.choices %}{{ unsubscribe_link }}{% endfor %}", false},
		{"it is asked for alone", "{% if unsubscribe_link == 'x' %}{% endif %}", false},
		{"it is cut", "{{ unsubscribe_link | truncate: 0 }}", false},
		{"in a comment of HTML", "<!-- {{ order.id }} {{ unsubscribe_link }} -->", false},
		{"in a comment of Liquid", "{% comment %}{{ unsubscribe_link }}{% endcomment %}", false},
	} {
		text := strings.NewReplacer("channel: email", "channel: email\nsurvey: nps", "Hello {{ customer.name }}\n", "{{ survey.link }}\n",
			"<p>Hello {{ customer.name }}</p>", "{{ survey.link }}", `<a href="{{ unsubscribe_link }}">no more</a>`, c.html).Replace(sceneYAML)
		if _, err := load(text); c.offers != (err == nil) || err != nil && !strings.Contains(err.Error(), "hello.yaml:1") {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	for html, offers := range map[string]bool{
		"{% for c in survey.choices %}{{ c.link }}{% endfor %}":                             true,
		"{% for c in survey.choices %}{{ c.label }}{% endfor %}":                            false,
		"{% if reminder %}{{ survey.link }}{% endif %}":                                     false,
		"{% if reminder %}{% for c in survey.choices %}{{ c.link }}{% endfor %}{% endif %}": false,
	} {
		text := strings.NewReplacer("channel: email", "channel: email\nsurvey: nps", "Hello {{ customer.name }}\n", "{{ survey.link }}\n",
			"<p>Hello {{ customer.name }}</p>", html).Replace(sceneYAML)
		if _, err := load(text); offers != (err == nil) {
			t.Errorf("%s: %v", html, err)
		}
	}
}

func TestBlocks(t *testing.T) {
	text := strings.NewReplacer("Hello {{ customer.name }}\n", "{% render 'end' %}\n", "<p>Hello {{ customer.name }}</p>", `{% render "end" %}`).Replace(sceneYAML)
	text += strings.ReplaceAll(text[strings.Index(text, "  en:"):], "  en:", "  de:")
	set, err := load(text)
	if err != nil {
		t.Fatal(err)
	}
	s := set.Scene("hello")
	for locale, want := range map[string][2]string{
		"en": {"Bye\nLi & Li\n" + links.Unsubscribe + "\n", "<p>\nLi &amp; Li</p>\n<a"},
		"de": {"Auf Wiedersehen\n" + links.Unsubscribe + "\n", "<a"},
	} {
		p := profile(map[string]string{customer.TraitName: "Li & Li", customer.TraitLocale: locale})
		out, err := s.Render(saying, p, message.New(s.ID, 0, s.Channels[0], ordered(t)))
		if err != nil || out.Text != want[0] || !strings.HasPrefix(strings.TrimSpace(out.HTML), want[1]) {
			t.Errorf("%s: %v, %q, %q", locale, err, out.Text, out.HTML)
		}
	}
	for _, c := range []struct{ name, block, want string }{
		{"a variable that the scene has not", "en: {text: x, html: '{{ order.colour }}'}", "hello.yaml:16: order.colour is not a variable of this scene"},
		{"a block of a block", "en: {text: \"{% render 'end' %}\"}", "block/end.yaml:1: a block renders no other"},
		{"a subject", "en: {subject: x}", "block/end.yaml:1: a block has text and html alone"},
		{"a locale that is none", "en: {text: x, html: x}\nenglish: {text: x}", "block/end.yaml:2: \"english\" is not a locale"},
		{"without the default locale", "de: {text: x, html: x}", "block/end.yaml:1: the block is missing in en"},
		{"locales without end", strings.ReplaceAll(manyLocales(50), "  ", "") + "en: {text: x}", "block/end.yaml:1: a block has at most 50 locales"},
		{"a field that is none", "en: {txt: x}", "block/end.yaml:1: content has no field txt"},
	} {
		_, err := scene.Load(fstest.MapFS{"hello.yaml": {Data: []byte(text)}, "policy.yaml": {Data: []byte(policyYAML)}, "block/end.yaml": {Data: []byte(c.block)}}, compilers)
		if fault.CodeOf(err) != fault.Invalid || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		}
	}
}

func TestATextGrowsByItsBlocksWithinBounds(t *testing.T) {
	for again, want := range map[string]string{
		"{% render 'end' %}":   "hello.yaml:17: with its blocks the text has more than 256 KB",
		"{% render 'start' %}": "hello.yaml:17: and more blocks that there are not",
		"{{ order.colour }}":   "hello.yaml:17: and more",
	} {
		_, err := load(strings.Replace(sceneYAML, "no more", strings.Repeat(again, 15_000), 1))
		if fault.CodeOf(err) != fault.Invalid || !strings.Contains(err.Error(), want) || strings.Count(err.Error(), "\n") > 60 {
			t.Errorf("%s: not %s", again, want)
		}
	}
}

func TestLoadListsEveryMistake(t *testing.T) {
	_, err := load(strings.NewReplacer("kind: marketing", "kind: spam", "max: 1", "max: 0", "fresh_for: 2h", "fresh_for: x").Replace(sceneYAML))
	if got := strings.Count(err.Error(), "hello.yaml:"); got != 3 {
		t.Errorf("%d mistakes listed, of 3:\n%v", got, err)
	}
	if _, err := scene.Load(fstest.MapFS{}, compilers); err == nil || !strings.Contains(err.Error(), "policy.yaml is missing") {
		t.Errorf("without a policy: %v", err)
	}
	bad := strings.Replace(policyYAML, "scope: all, max", "scope: scene, max", 1)
	_, err = scene.Load(fstest.MapFS{"policy.yaml": {Data: []byte(bad)}}, compilers)
	if err == nil || !strings.Contains(err.Error(), "policy.yaml:4: scope must be one of") {
		t.Errorf("a policy with a scene's cap: %v", err)
	}
}

func FuzzLoad(f *testing.F) {
	f.Add(sceneYAML)
	f.Add(journeyYAML)
	f.Add("content: {en: {html: '{{ a | b: \"'}}")
	f.Add("on: &a {signal: *a}")
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := load(text); err != nil && fault.CodeOf(err) != fault.Invalid {
			t.Errorf("got %v, want invalid", err)
		}
	})
}

func TestThePolicyAloneIsThatOfTheWholeSet(t *testing.T) {
	alone, err := scene.BuiltInPolicy()
	if err != nil {
		t.Fatal(err)
	}
	whole, err := scene.BuiltIn(scene.Compilers{})
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(alone, whole.Policy) || alone.Quiet == (scene.Policy{}).Quiet {
		t.Errorf("%+v, of the whole set %+v", alone, whole.Policy)
	}
}
