package inbound_test

import (
	"testing"
	"time"

	"liuke/shared/channel/sms/inbound"
)

const plain = `{"originationNumber":"+14255550156","destinationNumber":"+12065550152","messageKeyword":"KEYWORD_1","messageBody":"STOP","inboundMessageId":"in-1","previousPublishedMessageId":"out-1"}`

func TestParse(t *testing.T) {
	want := inbound.Message{ID: "in-1", From: "+14255550156", To: "+12065550152", Body: "STOP", Previous: "out-1", Time: time.Date(2026, 3, 1, 8, 31, 2, 0, time.UTC)}
	if m, err := inbound.Parse([]byte(plain), want.Time); err != nil || m != want {
		t.Errorf("%+v, %v", m, err)
	}
	for _, raw := range []string{"", "null", "{}", `{"originationNumber":"+1"}`, `{"inboundMessageId":"1"}`, `{"eventType":"TEXT_SENT","messageId":"1"}`} {
		if m, err := inbound.Parse([]byte(raw), want.Time); err == nil {
			t.Errorf("%s is read as %+v", raw, m)
		}
	}
}

func TestWord(t *testing.T) {
	for body, want := range map[string]inbound.Word{
		"STOP": inbound.Stop, " stop. ": inbound.Stop, "Stop All": inbound.Stop, "Unsubscribe!": inbound.Stop, "ＴＤ": inbound.Stop, "td": inbound.Stop, "T": inbound.Stop,
		"R": inbound.Stop, "ｒ": inbound.Stop, "TD": inbound.Stop, "回复R": inbound.Stop, "拒收": inbound.Stop,
		"退订": inbound.Stop, "“退订”。": inbound.Stop, "\u200b退訂\u00a0": inbound.Stop, "opt-out": inbound.Stop, "ARRÊT": inbound.Stop,
		"START": inbound.Start, "unstop": inbound.Start, "Help?": inbound.Help, "帮助": inbound.Help,
		"": inbound.None, "please stop writing to my mother": inbound.None, "don't stop": inbound.None, "yes": inbound.None, "退订了吗": inbound.None, "R u there": inbound.None,
	} {
		m := inbound.Message{Body: body}
		if got := m.Word(); got != want {
			t.Errorf("%q is %q, want %q", body, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(plain))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if m, err := inbound.Parse(raw, time.Time{}); err == nil && (m.ID == "" || m.From == "") {
			t.Errorf("%+v", m)
		} else {
			m.Word()
		}
	})
}
