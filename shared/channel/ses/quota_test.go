package ses_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"liuke/shared/channel/channeltest"
	"liuke/shared/channel/ses"
	"liuke/shared/fault"
)

func TestTheQuotaIsTheAccounts(t *testing.T) {
	for _, c := range []struct {
		name, body string
		status     int
		want       ses.Quota
		code       fault.Code
	}{
		{"a quota", `{"SendQuota":{"Max24HourSend":50000,"MaxSendRate":14,"SentLast24Hours":1234}}`, 200, ses.Quota{PerSecond: 14, PerDay: 50000, Sent: 1234}, ""},
		{"no limit a day", `{"SendQuota":{"Max24HourSend":-1,"MaxSendRate":500,"SentLast24Hours":0}}`, 200, ses.Quota{PerSecond: 500, PerDay: -1}, ""},
		{"no quota", `{}`, 200, ses.Quota{}, fault.Unavailable},
		{"no answer", `{"message":"no"}`, 429, ses.Quota{}, fault.Unavailable},
	} {
		t.Run(c.name, func(t *testing.T) {
			calls := 0
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				calls++
				if r.Method != http.MethodGet || r.URL.Path != "/v2/email/account" {
					t.Errorf("asked %s %s", r.Method, r.URL.Path)
				}
				w.WriteHeader(c.status)
				fmt.Fprint(w, c.body)
			}))
			t.Cleanup(server.Close)
			got, err := ses.New(channeltest.Config(server.URL), "hello@example.com", "liuke").Quota(t.Context())
			if got != c.want || fault.CodeOf(err) != c.code || calls != 1 {
				t.Errorf("%+v, %v, after %d calls", got, err, calls)
			}
		})
	}
}
