package iam

import (
	"regexp"
	"strings"
	"testing"
)

// FuzzGlob holds the matcher against the regular expression that means the same.
func FuzzGlob(f *testing.F) {
	for _, seed := range [][2]string{
		{"*", ""}, {"a*b*c", "aXbXc"}, {"a*?", "a"}, {"**", "x"}, {"a?c", "aéc"}, {"*??", "中"}, {"*ab", "aab"},
		{"arn:aws:s3:::lake/runs/*", "arn:aws:s3:::lake/runs/1/a.csv"}, {"a*", "b"}, {"", ""},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, text, s string) {
		if strings.Count(text, "*") > 8 || len(text)+len(s) > 200 {
			return
		}
		var expr strings.Builder
		expr.WriteString(`(?s)\A`)
		for _, r := range text {
			switch r {
			case '*':
				expr.WriteString(".*")
			case '?':
				expr.WriteString(".")
			default:
				expr.WriteString(regexp.QuoteMeta(string(r)))
			}
		}
		re, err := regexp.Compile(expr.String() + `\z`)
		if err != nil || strings.ToValidUTF8(text, "") != text || strings.ToValidUTF8(s, "") != s {
			return
		}
		if got, want := newPattern(text).match(s), re.MatchString(s); got != want {
			t.Errorf("pattern %q on %q = %v, want %v", text, s, got, want)
		}
	})
}
