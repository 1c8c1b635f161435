package webhook

import (
	"bytes"
	"encoding/json"
	"testing"

	"liuke/shared/channel"
)

// FuzzReadErrcode reads bodies of any kind: only an errcode of 0 says that a message was taken, and only another one that
// it was not.
func FuzzReadErrcode(f *testing.F) {
	for _, body := range []string{`{"errcode":0}`, `{"errcode":45009,"errmsg":"x"}`, `{"ERRCODE":0}`, `{"errcode":1e2}`, `[]`, ``} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		failed := readErrcode(bytes.NewReader(body))
		if (failed == nil || failed.Outcome != channel.Unknown) && !json.Valid(body) {
			t.Errorf("%q is understood", body)
		}
		if failed == nil && !bytes.ContainsRune(body, '0') {
			t.Errorf("%q is a yes", body)
		}
	})
}
