package outreach_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"liuke/shared/document"
	"liuke/shared/outreach"
)

const letter = `id: letter
kind: marketing
on: {signal: order_placed}
audience: order.worth >= 1000
delay: 2h
channel: email
limits:
  - {max: 1, per: 1d}
goal: {signal: order_placed, within: 30d}
content:
  en:
    subject: Welcome
    text: |
      Hello {{ customer.first_name | default: "there" }}
      {{ unsubscribe_link }}
    html: |
      <p>Hello</p>
      <a href="{{ unsubscribe_link }}">No more</a>
steps:
  - id: later
    after: 2d
    content:
      en: {subject: Again, text: "Hi {{ unsubscribe_link }}", html: "<a href='{{ unsubscribe_link }}'>No</a>"}
`

// libraries are words of the programs that read YAML, Liquid and expressions, and of Go, which no operator knows.
var libraries = regexp.MustCompile(`(?i)unmarshal|mapping|scalar|sequence|\byaml:|token|expected '|expected key|this context|undefined|liquid error|syntax error|unterminated|` +
	`parent is|mismatched|invalid operation|literal|strconv|error parsing|!!\w|map\[|\[\]|interface|\bnil\b|\b(?:scene|outreach|audience|message|signal)\.[a-z]+(?:File|Document)?\b|struct|\b(?:int|int64|float64|bool)\b|EOF|\([0-9]+:[0-9]+\)`)

// TestEveryMistakeIsToldInPlainWords makes one mistake each in a good scene, and reads of it what an operator is told.
func TestEveryMistakeIsToldInPlainWords(t *testing.T) {
	if err := outreach.Check(nil, written(outreach.Scene, "letter", letter), compilers); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, old, new, want string }{
		{"a line with too small an indent", "    text: |", "   text: |", "13: this line is not indented like those that it belongs to: begin the fields of one thing, and the dashes of one list, in the same column, with spaces"},
		{"a line with too large an indent, which is told at the next", "    subject: Welcome", "      subject: Welcome", "13: this line is not indented like those that it belongs to: begin the fields of one thing, and the dashes of one list, in the same column, with spaces"},
		{"a field of the scene that is indented", "\ndelay: 2h", "\n  delay: 2h", "5: this line is indented further than the one above, which has a value already: begin fields that belong together in the same column"},
		{"a field of a list's part with too small an indent", "    after: 2d", "   after: 2d", "21: this line is not indented like those that it belongs to: begin the fields of one thing, and the dashes of one list, in the same column, with spaces"},
		{"a tab in the place of an indent", "    subject: Welcome", "\tsubject: Welcome", "12: this line is indented with a tab: use spaces, as many as the lines beside it have"},
		{"a tab behind spaces", "    subject: Welcome", "  \tsubject: Welcome", "12: this line is indented with a tab: use spaces, as many as the lines beside it have"},
		{"a tab before a line of a text", "      Hello {{ customer", "\tHello {{ customer", "14: this line is indented with a tab: use spaces, as many as the lines beside it have"},
		{"no colon behind a field", "kind: marketing", "kind marketing", "2: here a colon is missing: write a colon and a space behind the name of a field, such as kind: marketing"},
		{"no colon behind the first field", "id: letter", "id letter", "2: the line above has no colon: write a colon and a space behind the name of a field, such as kind: marketing"},
		{"no colon behind a locale", "  en:\n    subject", "  en\n    subject", "12: the line above has no colon: write a colon and a space behind the name of a field, such as kind: marketing"},
		{"no colon between braces", "{max: 1, per: 1d}", "{max 1, per: 1d}", `8: "max 1" has no value: write a colon and a space between the name of a field and its value`},
		{"no space behind a colon", "kind: marketing", "kind:marketing", "2: here a colon is missing: write a colon and a space behind the name of a field, such as kind: marketing"},
		{"a colon in a text", "subject: Welcome", "subject: Welcome: you", "12: there is a second colon in this line: put a text that holds a colon in quotes"},
		{"a double quote that is not closed", "subject: Welcome", `subject: "Welcome`, `12: the quote " is never closed: close it at the text's end`},
		{"a single quote that is not closed", "subject: Welcome", `subject: 'Welcome`, "12: the quote ' is never closed: close it at the text's end"},
		{"an apostrophe in single quotes", "subject: Welcome", `subject: 'It's you'`, "12: behind the closing ' stands more: close the quote at the text's end, and write '' for an apostrophe within it"},
		{"words behind a quote", "subject: Welcome", `subject: "Hi" you`, `12: behind the closing " stands more: close the quote at the text's end, and write \" for a quote within it`},
		{"an object without quotes", "subject: Welcome", `subject: {{ customer.name }}`, "12: a text that begins with { or [ must stand in quotes, such as '{{ customer.name }}'"},
		{"an object and words without quotes", "subject: Welcome", `subject: {{ customer.name }}, hello`, "12: a text that begins with { must stand in quotes, such as '{{ customer.name }}'"},
		{"a tag without quotes", "subject: Welcome", `subject: {% if order.first %}a{% endif %}`, "12: a text that begins with { must stand in quotes, such as '{{ customer.name }}'"},
		{"a text that begins with %", "subject: Welcome", `subject: %50 off`, "12: a text that begins with % must stand in quotes"},
		{"a text that begins with @", "subject: Welcome", `subject: @you`, "12: a text that begins with @ must stand in quotes"},
		{"a text that begins with a backtick", "subject: Welcome", "subject: `you`", "12: a text that begins with ` must stand in quotes"},
		{"a text that begins with *", "subject: Welcome", "subject: *now* it is", "12: a text that begins with * must stand in quotes"},
		{"a text that begins with &", "subject: Welcome", "subject: &more", "12: nothing stands here: say what is meant, or leave it out; a text that begins with & must stand in quotes"},
		{"a text that begins with !", "subject: Welcome", "subject: !Hello", "12: a text that begins with ! must stand in quotes"},
		{"a text that begins with #", "subject: Welcome", "subject: #1 for you", "12: nothing stands here: say what is meant, or leave it out; a text that begins with # must stand in quotes"},
		{"an escape that is none", "subject: Welcome", `subject: "a\qb"`, `12: in double quotes a \ begins an escape such as \n: write \\ for itself, or use single quotes`},
		{"a brace that is not closed", "{max: 1, per: 1d}", "{max: 1, per: 1d", "8: the { is never closed: write } behind what belongs to it, and commas between"},
		{"a bracket that is not closed", "channel: email", "channels: [email, sms", "6: the [ is never closed: write ] behind what belongs to it, and commas between"},
		{"a bracket too many", "channel: email", "channels: [email]]", "6: behind the closing ] stands more, or a comma is missing between two things"},
		{"no space behind a dash", "  - id: later", "  -id: later", "21: a dash that begins a part of a list has a space behind it, such as - id: later"},
		{"a list without a dash", "  - id: later\n", "    id: later\n", "20: here belongs a list, each of it a step, and not fields: write it like [{id: later, after: 2d}]"},
		{"a field twice", "kind: marketing", "kind: marketing\nkind: marketing", "3: kind stands here a second time, after line 2: leave one of them out"},
		{"a field of content twice", "    subject: Welcome", "    subject: Welcome\n    subject: Hi", "13: subject stands here a second time, after line 12: leave one of them out"},
		{"a field that is mistyped", "audience:", "audiense:", "4: a scene has no field audiense, did you mean audience?"},
		{"a field of a step that is mistyped", "after: 2d", "afer: 2d", "21: a step has no field afer, did you mean after?"},
		{"a field that there is not", "delay: 2h", "colour: red", "5: a scene has no field colour: "},
		{"a field of a goal that is mistyped", "within: 30d", "withing: 30d", "9: a goal has no field withing, did you mean within?"},
		{"a field of a trigger that is mistyped", "{signal: order_placed}\naud", "{signl: order_placed}\naud", "3: a trigger has no field signl, did you mean signal?"},
		{"a field of content that is mistyped", "subject: Welcome", "subjekt: Welcome", "12: content has no field subjekt, did you mean subject?"},
		{"a word for a number", "max: 1", "max: one", `8: here belongs a whole number, and not "one"`},
		{"a fraction for a number", "max: 1", "max: 1.5", `8: here belongs a whole number, and not "1.5"`},
		{"a word for yes or no", "channel: email", "channel: email\nenabled: maybe", `7: here belongs true or false, and not "maybe"`},
		{"a list for a goal", "goal: {signal: order_placed, within: 30d}", "goal: [order_placed]", "9: here belongs a goal, and not a list: write it like {signal: order_placed, within: 30d}"},
		{"fields for a list", "  - {max: 1, per: 1d}", "  max: 1", "8: here belongs a list, each of it a limit, and not fields: write it like [{max: 1, per: 30d}]"},
		{"a word for a trigger", "on: {signal: order_placed}", "on: order_placed", `3: here belongs a trigger, and not "order_p...": write it like {signal: order_placed}`},
		{"a word for content", "content:\n  en:", "content: hello\nx:\n  en:", `10: here belongs fields, each of them content, and not "hello"`},
		{"fields for a duration", "delay: 2h", "delay: {hours: 2}", "5: here belongs a text, and not fields"},
		{"a list for a word", "kind: marketing", "kind: [marketing]", "2: here belongs a text, and not a list"},
		{"a word for a list", "channel: email", "channels: email", `6: here belongs a list, each of it a text, and not "email"`},
		{"nothing behind a field", "delay: 2h", "delay:", "5: nothing stands here: say what is meant, or leave it out"},
		{"a number for a locale", "  en:\n    subj", "  1:\n    subj", `12: "1" is not a locale such as en or zh-CN`},
		{"a list for a locale", "  en:\n    subj", "  [en]:\n    subj", "11: a text that begins with { or [ must stand in quotes, such as '{{ customer.name }}'"},
		{"an object for a locale", "  en:\n    subj", "  {{ x }}:\n    subj", "11: a text that begins with { or [ must stand in quotes, such as '{{ customer.name }}'"},
		{"a question mark before a field", "subject: Welcome", "? subject\n: Welcome", "13: this line is not indented like those that it belongs to: begin the fields of one thing, and the dashes of one list, in the same column, with spaces"},
		{"a second document", "delay: 2h", "---\ndelay: 2h", "5: a second document begins here: write one"},
		{"a field that begins with %", "delay: 2h", "%delay: 2h", "5: a text that begins with % must stand in quotes"},
		{"a filter that is mistyped", "| default: \"there\"", "| capitalise", "14: there is no filter capitalise, did you mean capitalize?"},
		{"a filter that there is not", "| default: \"there\"", "| frobnicate", "14: the filter frobnicate is not allowed; "},
		{"a filter's text without quotes", "| default: \"there\"", "| default: there", "14: the filter default needs a text in quotes, or a number"},
		{"a filter without its colon", "| default: \"there\"", "| default \"there\"", "14: the filter default needs a text in quotes, or a number"},
		{"a filter's quote that is not closed", "| default: \"there\"", "| default: \"there", "14: the filter default needs a text in quotes, or a number"},
		{"no filter behind |", "| default: \"there\"", "|", `14: what stands behind | cannot be read: "" must be a filter, such as | upcase or | default: "there"`},
		{"a tag that is mistyped", "<p>Hello</p>", "{% iff order.first %}x{% endif %}", "17: there is no tag iff, did you mean if?"},
		{"a tag that is not allowed", "<p>Hello</p>", "{% assign x = 1 %}", "17: the tag assign is not allowed; there are case, else, elsif, endcase, endfor, endif, endunless, for, if, unless, when, and render for a block"},
		{"a block that is mistyped", "<p>Hello</p>", "{% render \"heder\" %}", `17: there is no block "heder", did you mean header?`},
		{"a block without quotes", "<p>Hello</p>", "{% render header %}", `17: render needs the name of a block in quotes, such as {% render "header" %}`},
		{"an object that is not closed", "Hello {{ customer.first_name | default: \"there\" }}", "Hello {{ customer.first_name", "14: {{ is never closed: write }} behind it"},
		{"an object that is half closed", "Hello {{ customer.first_name | default: \"there\" }}", "Hello {{ customer.first_name }", "14: {{ is never closed: write }} behind it"},
		{"a tag that is not closed", "<p>Hello</p>", "{% if order.first <p>Hello</p>{% endif %}", "17: {% is never closed: write %} behind it"},
		{"a tag that is half closed", "<p>Hello</p>", "{% if order.first } <p>Hello</p>{% endif %}", "17: {% is never closed: write %} behind it"},
		{"an if without its end", "<p>Hello</p>", "{% if order.first %}<p>Hello</p>", "17: {% if %} is never closed: write {% endif %} where it ends"},
		{"a for without its end", "<p>Hello</p>", "{% for x in survey.choices %}<p>Hello</p>", "17: survey.choices is not a list of this scene: a for goes over survey.choices alone"},
		{"a case without its end", "<p>Hello</p>", "{% case order.first %}{% when true %}<p>Hello</p>", "17: {% case %} is never closed: write {% endcase %} where it ends"},
		{"an end alone", "<p>Hello</p>", "<p>Hello</p>{% endif %}", "17: {% endif %} closes nothing: no {% if %} is open"},
		{"an else alone", "<p>Hello</p>", "<p>Hello</p>{% else %}", "17: {% else %} stands within {% if %}, {% unless %}, {% case %}, {% for %} alone"},
		{"a when alone", "<p>Hello</p>", "{% when 1 %}<p>Hello</p>", "17: {% when %} stands within {% case %} alone"},
		{"a tag of other languages", "<p>Hello</p>", "{% if order.first %}x{% elseif order.total %}y{% endif %}", "17: there is no tag elseif, did you mean elsif?"},
		{"the end of another tag", "<p>Hello</p>", "{% if order.first %}x{% endfor %}", "17: {% endfor %} stands where {% endif %} belongs, for {% if %} is open"},
		{"the end of an unless for an if", "<p>Hello</p>", "{% if order.first %}x{% endunless %}", "17: {% endunless %} stands where {% endif %} belongs, for {% if %} is open"},
		{"ends in the wrong order", "<p>Hello</p>", "{% if order.first %}{% unless order.first %}x{% endif %}{% endunless %}", "17: {% endif %} stands where {% endunless %} belongs, for {% unless %} is open"},
		{"a single = in a condition", "<p>Hello</p>", "{% if order.first = true %}x{% endif %}", "17: {% if order.first = true %} cannot be read: compare with ==, !=, <, >, <=, >= or contains, and join with and, or"},
		{"&& in a condition", "<p>Hello</p>", "{% if order.first && order.total %}x{% endif %}", "17: {% if order.first && order.total %} cannot be read: compare with ==, !=, <, >, <=, >= or contains, and join with and, or"},
		{"no condition", "<p>Hello</p>", "{% if %}x{% endif %}", "17: behind if belongs what it looks at, such as {% if order.first %}"},
		{"a quote in a condition that is not closed", "<p>Hello</p>", "{% if order.id == 'x %}x{% endif %}", "17: the quote ' in {% if order.id == 'x %} is never closed"},
		{"not in a condition", "<p>Hello</p>", "{% if not order.first %}x{% endif %}", "17: there is no not: write {% unless … %}, or compare with == false"},
		{"nothing behind case", "<p>Hello</p>", "{% case %}{% when 1 %}x{% endcase %}", "17: behind case belongs what it looks at, such as {% case order.first %}"},
		{"an operator behind when", "<p>Hello</p>", "{% case order.id %}{% when = %}x{% endcase %}", "17: {% when = %} cannot be read: compare with ==, !=, <, >, <=, >= or contains, and join with and, or"},
		{"a for without in", "<p>Hello</p>", "{% for survey.choices %}x{% endfor %}", "17: a for must be like: for choice in survey.choices"},
		{"a variable that is mistyped", "<p>Hello</p>", "{{ order.totl }}", "17: order.totl is not a variable of this scene, did you mean order.total?"},
		{"a variable that is mistyped, in a condition", "<p>Hello</p>", "{% if order.totl %}{% endif %}", "17: order.totl is not a variable of this scene, did you mean order.total?"},
		{"a variable in capitals", "<p>Hello</p>", "{{ Order.total }}", `17: {{ Order.total }} must be a variable and filters, such as {{ customer.name }} or {{ customer.first_name | default: "there" }}`},
		{"a text for a variable", "<p>Hello</p>", "{{ 'x' }}", `17: {{ 'x' }} must be a variable and filters, such as {{ customer.name }} or {{ customer.first_name | default: "there" }}`},
		{"no variable", "<p>Hello</p>", "{{ }}", `17: {{  }} must be a variable and filters, such as {{ customer.name }} or {{ customer.first_name | default: "there" }}`},
		{"brackets in a variable", "<p>Hello</p>", "{{ order['id'] }}", `17: {{ order['id'] }} must be a variable and filters, such as {{ customer.name }} or {{ customer.first_name | default: "there" }}`},
		{"a date of what is none", "<p>Hello</p>", "{{ order.first | date: '%Y' }}", "17: the html cannot be filled in for a sample customer: the filter date takes a date, such as occasion.day, and the value is none"},
		{"a date's format of what is none", "<p>Hello</p>", "{{ order.id | date: 'YYYY-MM-DD' }}", "17: the html cannot be filled in for a sample customer: the filter date takes a date, such as occasion.day, and the value is none"},
		{"half an expression", "order.worth >= 1000", "order.worth >=", "4: audience: the expression ends too early: a value, a quote or a closing bracket is missing (near character 14 of the line)"},
		{"an order's field that is mistyped", "order.worth >= 1000", "order.wort >= 1000", "4: audience: order has no field wort, did you mean worth? (near character 7 of the line)"},
		{"a name that is mistyped", "order.worth >= 1000", "segmnt == 'Lost'", "4: audience: unknown name segmnt, did you mean segment?"},
		{"a single = in an expression", "order.worth >= 1000", "order.worth = 1000", "4: audience: there is no =: compare with == (near character 13 of the line)"},
		{"a number against a text", "order.worth >= 1000", "order.worth >= 'x'", "4: audience: >= joins what is of one kind, and here are a whole number and a text (near character 13 of the line)"},
		{"an expression that is a number", "order.worth >= 1000", "order.worth", "4: audience: the expression must be true or false, and is a whole number: compare it, as in order.worth >= 10000"},
		{"a bracket in an expression that is not closed", "order.worth >= 1000", "(order.worth >= 1000", "4: audience: the expression ends too early: a value, a quote or a closing bracket is missing (near character 20 of the line)"},
		{"a bracket too many in an expression", "order.worth >= 1000", "order.worth >= 1000)", "4: audience: ) does not belong here: join conditions with and, or, and compare with ==, !=, <, >, <=, >=, in or contains (near character 20 of the line)"},
		{"a quote in an expression that is not closed", "order.worth >= 1000", "segment == \"Lost", "4: audience: a quote is never closed (near character 17 of the line)"},
		{"a word for an operator", "order.worth >= 1000", "segment is 'Lost'", "4: audience: is does not belong here: join conditions with and, or, and compare with ==, !=, <, >, <=, >=, in or contains (near character 9 of the line)"},
		{"an operator in capitals", "order.worth >= 1000", "segment == 'Lost' AND r > 1", "4: audience: write and, or, not and in in lower-case letters (near character 19 of the line)"},
		{"a function", "order.worth >= 1000", "len(segment) > 1", "4: audience: unknown name len: an expression calls no functions"},
		{"in, without a list", "order.worth >= 1000", "segment in 'Lost'", `4: audience: in looks a value up in a list, as in segment in ["Lost", "At Risk"] (near character 9 of the line)`},
		{"a list of the wrong kind", "order.worth >= 1000", "r in ['a']", "4: audience: the list holds a text, and what is looked up in it is a whole number (near character 3 of the line)"},
		{"a sum of unlike things", "order.worth >= 1000", "segment + 1 == 'x'", "4: audience: + joins what is of one kind, and here are a text and a whole number (near character 9 of the line)"},
		{"not before a text", "order.worth >= 1000", "not segment", "4: audience: what stands behind not, - or + must suit it, and this is a text (near character 1 of the line)"},
		{"a number that is none", "order.worth >= 1000", "r > 1_0x", `4: audience: "1_0x" is no number (near character 8 of the line)`},
		{"a strange character", "order.worth >= 1000", "r > 1 § 2", "4: audience: the character § does not belong here (near character 7 of the line)"},
		{"an escape in an expression", "order.worth >= 1000", `segment == "\q"`, `4: audience: behind \ stands what is no escape: write \\ for a \ itself (near character 14 of the line)`},
		{"a pattern that is none", "order.worth >= 1000", `segment matches "("`, "4: audience: the pattern cannot be read: missing closing ): `(`"},
		{"a filter in an expression", "order.worth >= 1000", `segment | upper`, "4: audience: the expression ends too early: a value, a quote or a closing bracket is missing (near character 15 of the line)"},
		{"nothing behind a dot", "order.worth >= 1000", `order. > 1`, "4: audience: behind the dot belongs a name, as in order.worth (near character 10 of the line)"},
		{"a field of a text", "order.worth >= 1000", `segment.x == "a"`, "4: audience: only order and labels have fields, and this is a text (near character 9 of the line)"},
		{"a label against a number", "order.worth >= 1000", `labels.nope == 1`, "4: audience: == joins what is of one kind, and here are a text and a whole number (near character 13 of the line)"},
		{"and between unlike things", "order.worth >= 1000", `segment and r`, "4: audience: and joins what is of one kind, and here are a text and a whole number (near character 9 of the line)"},
		{"a division by 0", "order.worth >= 1000", `1 % 0 == 1`, "4: audience: this divides by 0 (near character 3 of the line)"},
		{"half a choice", "order.worth >= 1000", `r > 1 ? true`, "4: audience: the expression ends too early: a value, a quote or a closing bracket is missing (near character 12 of the line)"},
		{"a list that is not closed", "order.worth >= 1000", `segment in [`, "4: audience: the expression ends too early: a value, a quote or a closing bracket is missing (near character 12 of the line)"},
		{"a number without end", "order.worth >= 1000", `r > 99999999999999999999999`, "4: audience: the number is too large (near character 27 of the line)"},
		{"a duration in words", "delay: 2h", "delay: 2 hours", `5: "2 hours" is not a duration such as 30d or 48h`},
		{"a duration without its unit", "delay: 2h", "delay: 2", `5: "2" is not a duration such as 30d or 48h`},
		{"a fraction of a day", "delay: 2h", "delay: 1.5d", `5: "1.5d" is not a duration such as 30d or 48h`},
		{"the duration of a step in words", "after: 2d", "after: two days", `21: "two days" is not a duration such as 30d or 48h`},
		{"the time of a limit in words", "per: 1d", "per: day", `8: per: "day" is not a duration such as 30d or 48h`},
		{"how often, in words", "delay: 2h", "enter: twice", "5: enter must be once, each, or the least time between two times, such as 30d"},
		{"a share in words", "delay: 2h", "holdout: some", `5: holdout: "some" is not a share such as 5% or 0.5%`},
		{"a share that is too large", "delay: 2h", "holdout: 150%", "5: holdout: a holdout is at most 50% of the customers"},
		{"a schedule in words", "{signal: order_placed}\naud", "{signal: schedule, cron: 'every day'}\naud", `3: cron: a schedule has five fields (minute, hour, day of the month, month, day of the week), such as "0 10 * * 1"`},
		{"an hour that there is not", "{signal: order_placed}\naud", "{signal: schedule, cron: '0 25 * * *'}\naud", `3: cron: the hour of the schedule is from 0 to 23, and "25" is not`},
		{"a day in full", "{signal: order_placed}\naud", "{signal: schedule, cron: '0 10 * * Monday'}\naud", `3: cron: the day of the week of the schedule is from 0 to 7, and "Monday" is not`},
		{"no schedule", "{signal: order_placed}\naud", "{signal: schedule}\naud", `3: cron: a schedule has five fields (minute, hour, day of the month, month, day of the week), such as "0 10 * * 1"`},
		{"a locale with _", "  en:\n    subj", "  en_GB:\n    subj", `12: "en_GB" is not a locale such as en or zh-CN`},
		{"a language in words", "  en:\n    subj", "  english:\n    subj", `12: "english" is not a locale such as en or zh-CN`},
		{"two variants of one name", "delay: 2h", "variants: [{id: a, weight: 0}, {id: a, weight: 1}]", "5: two variants have this id"},
		{"a variant without a weight", "delay: 2h", "variants: [{id: a}]", "5: one variant at least has a weight above 0"},
		{"an amount in words", "delay: 2h", "budget: {per_day: lots}", `5: per_day must be an amount above 0, such as "100.00"`},
		{"an occasion that there is not", "{signal: order_placed}\naud", "{signal: occasion, occasion: party}\naud", "3: occasion must be birthday, anniversary, milestone, silence, repurchase or check_in"},
		{"a channel that there is not", "channel: email", "channel: mail", "6: channel must be email, sms, push, webhook or task"},
	} {
		body := strings.Replace(letter, c.old, c.new, 1)
		if body == letter {
			t.Errorf("%s: the case makes no mistake", c.name)
		}
		_, all := wrong(t, outreach.Check(nil, written(outreach.Scene, "letter", body), compilers))
		told := false
		for _, m := range all {
			told = told || strings.HasPrefix(fmt.Sprintf("%d: %s", m.Line, m.Message), c.want)
			if words := libraries.FindString(m.Message); words != "" {
				t.Errorf("%s: %q is no word of an operator's: %s", c.name, words, m.Message)
			}
		}
		if !told || len(all) > 3 {
			t.Errorf("%s:\n%v\nwant\n%s", c.name, all, c.want)
		}
	}
}

func TestMistakesOfBlocksAndTemplatesAreToldInPlainWords(t *testing.T) {
	for _, c := range []struct {
		name   string
		edited document.Document
		want   string
	}{
		{"a block's field that is mistyped", written(outreach.Block, "b", "en:\n  txt: Hello\n"), "2: content has no field txt, did you mean text?"},
		{"a block that is a word", written(outreach.Block, "b", "Hello\n"), "1: here belongs fields, each of them content, and not \"Hello\""},
		{"a block that is indented by a tab", written(outreach.Block, "b", "en:\n\ttext: Hello\n"), "2: this line is indented with a tab"},
		{"a template's channel that there is not", written(outreach.Template, "t", "mail:\n  en: {text: Hello}\n"), `2: "mail" is none of the channels`},
		{"a template's locale that is none", written(outreach.Template, "t", "sms:\n  en: {text: Hello}\n  english: {text: Hello}\n"), `3: "english" is not a locale`},
		{"a template's content that is a word", written(outreach.Template, "t", "sms: Hello\n"), "1: here belongs fields, each of them content"},
		{"a quote that is not closed", written(outreach.Template, "t", "sms:\n  en: {text: 'Hello}\n"), "2: "},
		{"what is no document behind one", written(outreach.Block, "b", "en: {text: a, html: b}\n---\n{[ nothing\n"), "2: what stands behind the document cannot be read: write one document"},
	} {
		_, all := wrong(t, outreach.Check(nil, c.edited, compilers))
		if len(all) == 0 || !strings.HasPrefix(fmt.Sprintf("%d: %s", all[0].Line, all[0].Message), c.want) || libraries.MatchString(all.Error()) {
			t.Errorf("%s: %v, want %s", c.name, all, c.want)
		}
	}
}

func TestATabIsToldWithItsColumn(t *testing.T) {
	_, all := wrong(t, outreach.Check(nil, written(outreach.Scene, "letter", strings.Replace(letter, "    subject", "  \tsubject", 1)), compilers))
	if len(all) != 1 || all[0].Line != 12 || all[0].Column != 3 {
		t.Errorf("%+v", all)
	}
}
