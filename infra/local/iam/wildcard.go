package iam

import (
	"strings"
	"unicode/utf8"
)

// pattern is a text of a policy in which * stands for any run of characters, also none and also across ":" and "/",
// and ? for exactly one.
type pattern struct {
	text     string
	kind     patternKind
	original string // as the policy spells it
}

type patternKind int

const (
	exact patternKind = iota
	prefix
	everything
	wild
)

// newPattern compiles the text; what it matches must be folded to the same case by the caller.
func newPattern(text string) pattern {
	star := strings.IndexAny(text, "*?")
	switch {
	case star < 0:
		return pattern{text, exact, text}
	case text == "*":
		return pattern{text, everything, text}
	case star == len(text)-1 && text[star] == '*':
		return pattern{text[:star], prefix, text}
	default:
		return pattern{text, wild, text}
	}
}

// match reports whether the pattern covers the whole of s.
func (p pattern) match(s string) bool {
	switch p.kind {
	case exact:
		return s == p.text
	case prefix:
		return strings.HasPrefix(s, p.text)
	case everything:
		return true
	default:
		return glob(p.text, s)
	}
}

// String gives the text as the policy spells it.
func (p pattern) String() string { return p.original }

// glob matches in time proportional to len(text)·len(s) at worst: on a mismatch only the last star is tried again.
func glob(text, s string) bool {
	t, i := 0, 0
	star, resume := -1, 0
	for i < len(s) {
		switch {
		case t < len(text) && text[t] == '*':
			star, resume = t, i
			t++
		case t < len(text) && text[t] == '?':
			_, size := utf8.DecodeRuneInString(s[i:])
			t, i = t+1, i+size
		case t < len(text) && text[t] == s[i]:
			t, i = t+1, i+1
		case star >= 0:
			_, size := utf8.DecodeRuneInString(s[resume:])
			resume += size
			t, i = star+1, resume
		default:
			return false
		}
	}
	return strings.Trim(text[t:], "*") == ""
}

// arnParts is how many parts, divided by colons, an ARN has; the last may hold colons of its own.
const arnParts = 6

// arnLike matches two ARNs part by part, so that a wildcard does not reach over a colon, as the Arn condition
// operators do.
func arnLike(text, arn string) bool {
	want, have := strings.SplitN(text, ":", arnParts), strings.SplitN(arn, ":", arnParts)
	if len(want) != arnParts || len(have) != arnParts {
		return text == "*" || text == arn
	}
	for i := range want {
		if !newPattern(want[i]).match(have[i]) {
			return false
		}
	}
	return true
}
