package outreach_test

import (
	"strings"
	"testing"

	"liuke/shared/document"
	"liuke/shared/outreach"
	"liuke/shared/scene"
	"liuke/shared/scene/audience"
	"liuke/shared/scene/content"
)

func TestAnExpressionThatCannotBeJudgedIsRefusedAtItsLine(t *testing.T) {
	with := scene.Compilers{Audience: audience.Compile, Content: content.Compiler(), Currency: euro}
	const text = `id: ours
kind: transactional
on: {signal: order_placed}
audience: AUDIENCE
channel: email
delay: 3h
content: {en: {subject: Hello, text: Hello, html: Hello}}
steps:
  - id: more
    after: 2d
    if: CONDITION
    content: {en: {subject: More, text: More, html: More}}
`
	for name, c := range map[string]struct {
		audience, condition string
		line                int // 0 where both can be judged
		says                string
	}{
		"both can be judged":                      {`segment == "Lost" or order.worth / (r + 1) > 2`, `not clicked and hours_since % 48 > 2`, 0, ""},
		"a remainder by what is nothing for some": {`100 % r == 0`, `true`, 4, "audience cannot be judged on a sample customer (segment \"\", r 0): "},
		"a remainder by nothing for all":          {`order.worth % (m - m) == 0`, `true`, 4, "divide by zero"},
		"the condition of a step":                 {`true`, `f % (hours_since - 51) == 0`, 11, "if cannot be judged"},
	} {
		t.Run(name, func(t *testing.T) {
			body := strings.NewReplacer("AUDIENCE", "'"+c.audience+"'", "CONDITION", "'"+c.condition+"'").Replace(text)
			err := outreach.Check(nil, document.Document{Name: "scene/ours", Body: body}, with)
			wrong, _ := err.(outreach.Mistakes)
			switch {
			case c.line == 0:
				if err != nil {
					t.Error(err)
				}
			case len(wrong) != 1 || wrong[0].Line != c.line || !strings.Contains(wrong[0].Message, c.says):
				t.Errorf("%v", err)
			}
		})
	}
}

func TestATextWithAControlCharacterIsRefused(t *testing.T) {
	with := scene.Compilers{Audience: audience.Compile, Content: content.Compiler(), Currency: euro}
	for name, c := range map[string]struct{ text, says string }{
		"lines and columns": {`"a\tb\r\nc"`, ""},
		"NUL":               {`"a\0b"`, "the text holds the control character U+0000"},
		"an escape":         {`"a\eb"`, "the text holds the control character U+001B"},
	} {
		t.Run(name, func(t *testing.T) {
			body := "id: ours\nkind: transactional\non: {signal: order_placed}\nchannel: sms\ncontent:\n  en:\n    text: " + c.text + "\n"
			err := outreach.Check(nil, document.Document{Name: "scene/ours", Body: body}, with)
			wrong, _ := err.(outreach.Mistakes)
			if c.says == "" && err != nil || c.says != "" && (len(wrong) != 1 || wrong[0].Line != 7 || !strings.Contains(wrong[0].Message, c.says)) {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestTheScenesThatComeWithTheSuiteCanBeJudged(t *testing.T) {
	with := scene.Compilers{Audience: audience.Compile, Content: content.Compiler(), Currency: euro}
	for _, name := range outreach.Names(outreach.Scene) {
		body, _ := outreach.Source(outreach.Scene, name)
		if err := outreach.Check(nil, document.Document{Name: outreach.DocumentName(outreach.Scene, name), Body: body}, with); err != nil {
			t.Error(err)
		}
	}
}
