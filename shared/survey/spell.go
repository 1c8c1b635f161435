package survey

import (
	"slices"
	"strings"
)

// How ids are spelled is checked by hand: this package is part of the function that customers wait for, which needs no
// regular expressions otherwise.

const (
	lower   = "abcdefghijklmnopqrstuvwxyz"
	upper   = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	decimal = "0123456789"
)

const maxWordBytes = 32

// reserved are what the pages' addresses and forms call things of their own; no question has such an id.
var reserved = []string{FieldTrap, "lang", "page", "thanks", "in", "key"}

// made reports whether a text is made of the characters alone.
func made(s, of string) bool { return strings.Trim(s, of) == "" }

// isWord reports whether a text is lower-case words joined by underscores: "a1_b2".
func isWord(s string) bool {
	if len(s) > maxWordBytes || s == "" || !strings.Contains(lower, s[:1]) {
		return false
	}
	return !slices.ContainsFunc(strings.Split(s, "_"), func(part string) bool { return part == "" || !made(part, lower+decimal) })
}

// isTag reports whether a text looks like a BCP 47 tag: a language and up to three subtags.
func isTag(s string) bool {
	parts := strings.Split(s, "-")
	if n := len(parts[0]); n < 2 || n > 3 || !made(parts[0], lower+upper) || len(parts) > 4 {
		return false
	}
	return !slices.ContainsFunc(parts[1:], func(part string) bool { return len(part) < 2 || len(part) > 8 || !made(part, lower+upper+decimal) })
}

// isFormKey reports whether a text can be the key of a public form.
func isFormKey(s string) bool { return len(s) >= 16 && len(s) <= 64 && made(s, lower+decimal+"-_") }
