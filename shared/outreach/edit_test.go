package outreach_test

import (
	"fmt"
	"strings"
	"testing"

	"liuke/shared/document"
	"liuke/shared/outreach"
)

// letters is a scene of two messages in two locales, which say a block and a template.
const letters = `id: letters
kind: transactional
on: {signal: order_placed}
channels: [email, push]
content:
  en:
    subject: Welcome
    text: |
      Hello
      {% render "thanks" %}
    html: <p>Hello</p>
pieces:
  - for: {channel: push}
    content: {en: {title: Welcome, text: Hello}}
steps:
  - id: later
    after: 2d
    channel: email
    content:
      en: {subject: Again, text: Hello, html: Hello}
      zh-CN: {subject: 又, text: '{% render "thanks" %}', html: 你好}
  - id: last
    after: 2d
    channel: email
    template: short
`

const short = `email:
  en: {subject: Short, text: Short, html: Short}
  zh-CN:
    subject: 短
    text: 短
    html: 短
`

func TestAnEditIsTriedOnEveryMessageThatUsesIt(t *testing.T) {
	unfillable := strings.NewReplacer("id: letters", "id: other", `{% render "thanks" %}`, `{{ customer.name | date: "%Y" }}`, "template: short", "content: {en: {subject: a, text: a, html: a}}").Replace(letters)
	stand := []document.Document{
		written(outreach.Scene, "letters", letters), written(outreach.Scene, "other", unfillable),
		written(outreach.Block, "thanks", thanks), written(outreach.Template, "short", short),
	}
	block := func(body string) document.Document { return written(outreach.Block, "thanks", body) }
	template := func(old, replacement string) document.Document {
		return written(outreach.Template, "short", strings.Replace(short, old, replacement, 1))
	}
	for _, c := range []struct {
		name   string
		edited document.Document
		want   []string
	}{
		{"one that all can be sent with, whatever is wrong with others", block("en: {text: Thank you, html: x}\n"), nil},
		{"a filter that does not suit the value", block("en:\n  text: |\n    Thank you\n    {{ order.first | date: \"%Y\" }}\n  html: x\n"), []string{
			"scene/letters, line 10: the text cannot be filled in for a sample customer: the filter date takes a date, such as occasion.day, and the value is none (block/thanks.yaml, line 4, or beside that block: the first message, in en by email)",
			"scene/letters, line 21: the text cannot be filled in for a sample customer: the filter date takes a date, such as occasion.day, and the value is none (block/thanks.yaml, line 4, or beside that block: the step later, in zh-CN by email)",
		}},
		{"in one locale alone", block("en: {text: Thank you, html: x}\nzh-CN: {text: '{{ customer.name | date: \"%Y\" }}', html: x}\n"), []string{
			"scene/letters, line 21: the text cannot be filled in for a sample customer: the filter date takes a date, such as occasion.day, and the value is none (block/thanks.yaml, line 2, or beside that block: the step later, in zh-CN by email)",
		}},
		{"a template's", template("text: 短", `text: '{{ order.first | date: "%Y" }}'`), []string{
			"scene/letters, line 25: the text cannot be filled in for a sample customer: the filter date takes a date, such as occasion.day, and the value is none (template/short.yaml, line 5: the step last, in zh-CN by email)",
		}},
		{"more than a line in a template's subject, by a block", template("subject: Short", `subject: 'Short{% render "two" %}'`), []string{
			"scene/letters, line 25: the subject must be one line, and is more for a sample customer, with the blocks in their places (template/short.yaml, line 2: the step last, in en by email)",
		}},
		{"a template that a scene uses, taken back", written(outreach.Template, "short", ""), []string{
			"scene/letters, line 22: there is no content for everybody by the channel email: content, or a piece for the channel alone", `scene/letters, line 25: there is no template "short"`,
		}},
	} {
		two := written(outreach.Block, "two", "en: {text: \"a\\nb\", html: x}\n")
		_, all := wrong(t, outreach.Check(append(stand, two), c.edited, compilers))
		said := fmt.Sprint(c.want)
		if fmt.Sprint(strings.Split(strings.TrimSuffix(all.Error(), "\n"), "\n")) != said && len(all)+len(c.want) > 0 {
			t.Errorf("%s:\n%v\nwant\n%s", c.name, all, strings.Join(c.want, "\n"))
		}
	}
}

// BenchmarkTheHeaviestBlockThatIsTaken is the work of keeping a block that makes all that scenes may come to.
func BenchmarkTheHeaviestBlockThatIsTaken(b *testing.B) {
	block := written(outreach.Block, "long", "en:\n  text: '"+strings.Repeat("{{ order.id | upcase | upcase }}"+strings.Repeat("a", 28), 900)+"'\n  html: x\n")
	var stand []document.Document
	for i := range 3 {
		id := fmt.Sprintf("heavy_%d", i)
		stand = append(stand, written(outreach.Scene, id, inLocales(id, `{% render "long" %}`, 19)))
	}
	for b.Loop() {
		if err := outreach.Check(stand, block, compilers); err != nil {
			b.Fatalf("%.300v", err)
		}
	}
}
