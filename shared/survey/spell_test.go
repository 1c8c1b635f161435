package survey

import (
	"regexp"
	"strings"
	"testing"
)

// FuzzSpelling holds the checks by hand to the regular expressions that say the same.
func FuzzSpelling(f *testing.F) {
	word := regexp.MustCompile(`\A[a-z][a-z0-9]*(_[a-z0-9]+)*\z`)
	tag := regexp.MustCompile(`\A[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}\z`)
	key := regexp.MustCompile(`\A[a-z0-9_-]{16,64}\z`)
	for _, s := range []string{
		"", "a", "_", "a_", "_a", "a__b", "a1_2b", "1a", "A", "a-b", "a\n", "é", strings.Repeat("a", 32), strings.Repeat("a", 33),
		"en", "zh-CN", "zh-Hans-CN", "e", "engl", "en-", "-en", "en-x", "en-123456789", "en-a1-b2-c3-d4", "en_GB", "12",
		"delivery-form-4c1d9e", "0123456789abcde", "0123456789abcdeF", strings.Repeat("-", 64), strings.Repeat("-", 65),
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if got, want := isWord(s), len(s) <= maxWordBytes && word.MatchString(s); got != want {
			t.Errorf("%q is a word: %t", s, got)
		}
		if got, want := isTag(s), tag.MatchString(s); got != want {
			t.Errorf("%q is a tag: %t", s, got)
		}
		if got, want := isFormKey(s), key.MatchString(s); got != want {
			t.Errorf("%q is a key: %t", s, got)
		}
	})
}
