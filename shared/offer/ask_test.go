package offer_test

import (
	"strings"
	"testing"

	"liuke/shared/fault"
	"liuke/shared/offer"
)

func TestWhatAWebhookAnswers(t *testing.T) {
	for _, c := range []struct {
		name, said, code string
		ok               bool
	}{
		{"a code", `{"code":"SAVE10-7QX"}`, "SAVE10-7QX", true},
		{"a code beside what else it says", ` {"code": "a_b.c", "worth": [1, {"code": 2}], "code2": "x"} `, "a_b.c", true},
		{"the longest code", `{"code":"` + strings.Repeat("x", 64) + `"}`, strings.Repeat("x", 64), true},
		{"a code that is blank", `{"code":""}`, "", true},
		{"a code that is null", `{"code":null}`, "", true},
		{"null", `null`, "", true},
		{"nothing", ``, "", false},
		{"an answer without a code", `{}`, "", false},
		{"what stands elsewhere", `{"error":"sold out"}`, "", false},
		{"a code in something else", `{"data":{"code":"A-1"}}`, "", false},
		{"an object for a code", `{"code":{"code":"A-1"}}`, "", false},
		{"a code beside one whose name is spelled otherwise", `{"code":"A","CODE":"C"}`, "A", true},
		{"a code behind one whose name is spelled otherwise", `{"Code":17,"code":"A"}`, "A", true},
		{"a name that is spelled otherwise", `{"CODE":"C"}`, "", false},
		{"two codes", `{"code":"A","code":"C"}`, "", false},
		{"two codes that are alike", `{"code":"A","code":"A"}`, "", false},
		{"two codes, one of them by an escape", `{"code":null,"c\u006fde":"C"}`, "", false},
		{"a list of codes", `{"code":["A-1"]}`, "", false},
		{"a number", `{"code":17}`, "", false},
		{"a yes", `{"code":true}`, "", false},
		{"a list", `[{"code":"A-1"}]`, "", false},
		{"a text", `"A-1"`, "", false},
		{"the bare code", `A-1`, "", false},
		{"a page", `<html>It works!</html>`, "", false},
		{"one that breaks off", `{"code":"A-1"`, "", false},
		{"two answers", `{"code":"A-1"}{"code":"A-2"}`, "", false},
		{"a code with a line end", `{"code":"A-1\r\nBcc: all@example.com"}`, "", false},
		{"a code with markup", `{"code":"<b>A-1</b>"}`, "", false},
		{"a code with a variable of the content", `{"code":"{{ customer.name }}"}`, "", false},
		{"a code with a blank", `{"code":" A-1"}`, "", false},
		{"a code of other letters", `{"code":"Ä-1"}`, "", false},
		{"a code of broken letters", "{\"code\":\"A\xff\"}", "", false},
		{"a code that is too long", `{"code":"` + strings.Repeat("x", 65) + `"}`, "", false},
		{"what is nested deep", strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000), "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			code, err := offer.ReadAnswer([]byte(c.said))
			if code != c.code || (err == nil) != c.ok || err != nil && fault.CodeOf(err) != fault.Invalid {
				t.Errorf("%q, %v", code, err)
			}
		})
	}
}

// FuzzReadAnswer reads answers of any kind: what is taken for a code is spelled as a pool's codes are.
func FuzzReadAnswer(f *testing.F) {
	for _, said := range []string{`{"code":"A-1"}`, `{"code":""}`, `{"CODE":"\u0041"}`, `null`, `{"code":{}}`, ``} {
		f.Add([]byte(said))
	}
	f.Fuzz(func(t *testing.T, said []byte) {
		code, err := offer.ReadAnswer(said)
		if code != "" && (err != nil || (&offer.Pool{}).Check(code) != nil) {
			t.Errorf("%q is taken of %q, %v", code, said, err)
		}
		if err == nil && code == "" && len(said) == 0 {
			t.Error("nothing is an answer")
		}
	})
}
