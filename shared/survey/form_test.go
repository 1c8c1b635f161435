package survey_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"liuke/shared/fault"
	"liuke/shared/survey"
)

func multi(fields ...string) string {
	var b strings.Builder
	for i := 0; i < len(fields); i += 2 {
		b.WriteString("--x\r\nContent-Disposition: form-data; " + fields[i] + "\r\n\r\n" + fields[i+1] + "\r\n")
	}
	return b.String() + "--x--\r\n"
}

const (
	encoded = "application/x-www-form-urlencoded"
	object  = "application/json"
	parts   = "multipart/form-data; boundary=x"
)

func TestDecode(t *testing.T) {
	for _, c := range []struct {
		name, kind, body string
		want             survey.Form
	}{
		{"a plain form", encoded + "; charset=UTF-8", "score=9&comment=g%C3%BCnstig+%26+gut", fields("score", "9", "comment", "günstig & gut")},
		{"fields of others are left to the check", encoded, "utm=1&score=9&utm=2", fields("utm", "1", "score", "9", "utm", "2")},
		{"a form in parts", parts, multi(`name="score"`, "7", `name="comment"`, "两行\r\n"), fields("score", "7", "comment", "两行\r\n")},
		{"JSON with a number", object, `{"score":10,"comment":"ok"}`, fields("score", "10", "comment", "ok")},
		{"JSON with a number in a string", object, `{"score":"10"}`, fields("score", "10")},
		{"JSON with a list", object, `{"reason":["price","other"]}`, fields("reason", "price", "reason", "other")},
		{"JSON with null", object, `{"score":null,"comment":null}`, fields()},
		{"JSON with a fraction is left to the check", object, `{"score":9.5}`, fields("score", "9.5")},
		{"what the form says of itself", encoded, "_asked=score,+comment&_partial=1&_version=3&_started=t0&_response=r1&_back=https%3A%2F%2Fa.example%2F&website=spam",
			survey.Form{Fields: map[string][]string{}, Asked: []string{"score", "comment"}, Partial: true, Version: 3, Started: "t0", Response: "r1", Back: "https://a.example/", Trap: "spam"}},
		{"the same in JSON", object, `{"_asked":["score","comment"],"_partial":true,"_version":3}`,
			survey.Form{Fields: map[string][]string{}, Asked: []string{"score", "comment"}, Partial: true, Version: 3}},
		{"partial may be said not to be", encoded, "_partial=false", survey.Form{Fields: map[string][]string{}}},
		{"a field of its own twice the same", encoded, "_back=a&_back=a", survey.Form{Fields: map[string][]string{}, Back: "a"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := survey.Decode(c.kind, []byte(c.body))
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestDecodeRefuses(t *testing.T) {
	for _, c := range []struct{ name, kind, body, pointer string }{
		{"a form that is not escaped", encoded, "score=%zz", ""},
		{"a form of a thousand fields", encoded, strings.Repeat("a=1&", 1000), ""},
		{"two pages to go back to", encoded, "_back=a&_back=b", "/_back"},
		{"a version of words", encoded, "_version=new", "/_version"},
		{"parts with a file", parts, multi(`name="comment"; filename="a.txt"`, "7"), ""},
		{"parts cut short", parts, multi(`name="score"`, "7")[:30], ""},
		{"parts without a boundary", "multipart/form-data", multi(), ""},
		{"too many parts", parts, multi(strings.Split(strings.Repeat(`name="a"|1|`, survey.MaxFields)+`name="b"|1`, "|")...), ""},
		{"JSON with an object", object, `{"score":{"a":1}}`, "/score"},
		{"JSON with a list of numbers", object, `{"reason":[1]}`, "/reason"},
		{"a JSON list", object, `[1]`, ""},
		{"JSON null", object, `null`, ""},
		{"an empty body said to be JSON", object, "", ""},
		{"another type", "text/plain", "score=9", ""},
		{"no type", "", "score=9", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := survey.Decode(c.kind, []byte(c.body))
			if e, ok := err.(*fault.Error); !ok || e.Code != fault.Invalid || e.Pointer != c.pointer {
				t.Errorf("got %+v, %#v, want invalid at %q", got, err, c.pointer)
			}
		})
	}
}
