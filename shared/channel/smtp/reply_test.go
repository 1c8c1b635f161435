package smtp

import (
	"net/textproto"
	"strings"
	"testing"
)

// FuzzReplied reads replies of any kind: nothing but codes may get into a reason, and only a server's no may suppress.
func FuzzReplied(f *testing.F) {
	f.Add(550, "5.1.1 <li@example.com>: unknown", int(recipient))
	f.Add(451, "4.7.1\nli@example.com", int(dot))
	f.Add(250, "5.1.1 ok", int(dot))
	f.Fuzz(func(t *testing.T, code int, text string, at int) {
		s := &session{stage: stage(at)}
		e := s.replied(&textproto.Error{Code: code, Msg: text})
		if strings.ContainsFunc(strings.TrimPrefix(e.Reason, "smtp_"), func(r rune) bool { return !strings.ContainsRune("-_.0123456789", r) }) {
			t.Errorf("%d %q makes the reason %q", code, text, e.Reason)
		}
		if e.Suppress && (code/100 != 5 || s.stage < recipient) {
			t.Errorf("%d %q at %d suppresses", code, text, at)
		}
		if s.stage == dot && code/100 != 4 && code/100 != 5 && e.Outcome != "unknown" {
			t.Errorf("%d after the dot is %s", code, e.Outcome)
		}
	})
}
