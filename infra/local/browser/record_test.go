package browser

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
)

// record is a test that is meant to fail: it keeps what it is told.
type record struct {
	testing.TB
	said    []string
	cleanup []func()
}

func (r *record) Helper()                     {}
func (r *record) Logf(string, ...any)         {}
func (r *record) Cleanup(f func())            { r.cleanup = append(r.cleanup, f) }
func (r *record) Errorf(f string, a ...any)   { r.said = append(r.said, fmt.Sprintf(f, a...)) }
func (r *record) Fatalf(f string, a ...any)   { r.Errorf(f, a...); runtime.Goexit() }
func (r *record) Fatal(a ...any)              { r.Errorf("%s", fmt.Sprint(a...)); runtime.Goexit() }
func (r *record) Failed() bool                { return len(r.said) > 0 }
func (r *record) mention(what string) (n int) { return strings.Count(strings.Join(r.said, "\n"), what) }

// failing runs a test of its own, to its end, and returns what it said.
func failing(t *testing.T, test func(t testing.TB)) *record {
	t.Helper()
	r := &record{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			for i := len(r.cleanup) - 1; i >= 0; i-- {
				r.cleanup[i]()
			}
		}()
		test(r)
	}()
	<-done
	return r
}
