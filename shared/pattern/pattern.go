// Package pattern holds back the compiling of regular expressions until they are asked for first, so that a function
// starts without those that its requests may never need.
package pattern

import (
	"regexp"
	"sync"
)

// New returns what compiles the expression when it is called first, and returns it from then on. It panics, at each call,
// over an expression that is none; a test compiles every one of them. It is safe for concurrent use.
func New(expression string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expression) })
}
