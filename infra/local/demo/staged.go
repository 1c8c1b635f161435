package demo

import (
	"fmt"
	"strings"
)

// staged is a scene that the shop's operators write, with what a real shop never knows: how its customers truly take each variant.
// The suite is to find that out.
type staged struct {
	id       string
	on       string // YAML, as the following
	goal     string
	steps    string
	holdout  int // percent
	variants []variant
	landing  string // the page that its mails lead to
}

// variant is one way to say it. The first is the control.
type variant struct {
	id          string
	english     string // the subject
	chinese     string
	click, buys float64 // the share of those who get it that follow the link; and that buy because of it, of those who do
}

// stage is what the operators put to the test: a welcome in two mails to whoever buys for the first time, an occasion to come back
// for those who are slipping away, and a campaign to all.
var stage = []*staged{
	{
		id: "first_steps", on: "{signal: order_placed}\naudience: order.first", goal: "{signal: order_placed, within: 14d}", holdout: 15,
		steps: `steps:
  - id: nudge
    after: 3d
    if: 'not clicked'
    content:
      en: {subject: "Still time to look around", text: "Have a look: ` + landing + `first\n\n{% render \"footer\" %}", html: "{% render \"header\" %}<p><a href=\"` + landing + `first\">Have a look</a></p>{% render \"footer\" %}"}
      zh-CN: {subject: "欢迎随时来逛逛", text: "来看看吧：` + landing + `first\n\n{% render \"footer\" %}", html: "{% render \"header\" %}<p><a href=\"` + landing + `first\">来看看吧</a></p>{% render \"footer\" %}"}
`,
		variants: []variant{
			{"plain", "Welcome to the shop", "欢迎光临小店", 0.20, 0.30},
			{"story", "Who is behind the shop", "小店背后的故事", 0.40, 0.45},
		},
		landing: "first",
	},
	{
		id: "come_back", on: "{signal: segment_changed, model: rfm10, to: [At Risk, Can't Lose Them, About To Sleep, Need Attention]}", goal: "{signal: order_placed, within: 14d}", holdout: 20,
		variants: []variant{
			{"news", "What is new since you were here", "您离开后的新品", 0.20, 0.3},
			{"gift", "A gift is waiting for you", "一份礼物在等您", 0.35, 0.5},
		},
		landing: "back",
	},
	{
		id: "new_year", on: "{signal: campaign}", goal: "{signal: order_placed, within: 7d}", holdout: 20,
		variants: []variant{
			{"wishes", "Our best wishes for the new year", "新年快乐", 0.25, 0.2},
			{"preview", "See the new year's things first", "新年新品抢先看", 0.5, 0.5},
		},
		landing: "new-year",
	},
}

const landing = "https://shop.example/"

// yaml is the scene as its operators write it.
func (s *staged) yaml() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\nid: %s\nkind: marketing\non: %s\nchannel: email\nlimits:\n  - {max: 2, per: 30d}\nholdout: %d%%\ngoal: %s\nvariants:\n", strings.ReplaceAll(s.id, "_", " "), s.id, s.on, s.holdout, s.goal)
	for i, v := range s.variants {
		control := ""
		if i == 0 {
			control = ", control: true"
		}
		fmt.Fprintf(&b, "  - {id: %s, weight: 1%s}\n", v.id, control)
	}
	fmt.Fprintf(&b, "content:\n%s", s.content(&s.variants[0], "  "))
	fmt.Fprintf(&b, "pieces:\n")
	for i := range s.variants[1:] {
		v := &s.variants[1+i]
		fmt.Fprintf(&b, "  - for: {variant: %s}\n    content:\n%s", v.id, s.content(v, "      "))
	}
	b.WriteString(s.steps)
	return b.String()
}

// content is what a variant says in both of the shop's languages.
func (s *staged) content(v *variant, indent string) string {
	var b strings.Builder
	for _, l := range []struct{ locale, subject, hello, look string }{
		{"en", v.english, `Hello {{ customer.first_name | default: "there" }},`, "Have a look"},
		{"zh-CN", v.chinese, `{{ customer.name | default: "尊敬的顾客" }}，您好：`, "来看看吧"},
	} {
		at := landing + s.landing
		for _, line := range []string{
			l.locale + ":",
			"  subject: '" + strings.ReplaceAll(l.subject, "'", "''") + "'",
			"  text: |",
			"    " + l.hello,
			"",
			"    " + l.subject + ": " + at,
			"",
			`    {% render "footer" %}`,
			"  html: |",
			`    {% render "header" %}`,
			"    <p>" + l.hello + "</p>",
			"    <p>" + l.subject + "</p>",
			`    <p><a href="` + at + `">` + l.look + `</a></p>`,
			`    {% render "footer" %}`,
		} {
			if line != "" {
				b.WriteString(indent + line)
			}
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// variantOf tells by a mail's subject which scene's and which variant's it is.
func variantOf(m *mail) (*staged, *variant, bool) {
	for _, s := range stage {
		for i := range s.variants {
			if v := &s.variants[i]; m.Subject == v.english || m.Subject == v.chinese {
				return s, v, true
			}
		}
	}
	return nil, nil, false
}
