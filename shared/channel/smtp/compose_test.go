package smtp_test

import (
	"context"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"liuke/shared/channel/channeltest"
	"liuke/shared/channel/smtp"
)

func TestTheMail(t *testing.T) {
	s := &server{}
	m := hello()
	m.Subject = strings.Repeat("久违的朋友，", 40)
	m.Text = "Hello,\n.\n..dots\r\nand ünïcode = " + strings.Repeat("长", 400)
	id, err := s.send(t, m)
	if err != nil || id != "abc-DEF_123@shop.example" {
		t.Fatalf("%q, %v", id, err)
	}
	if s.mailFrom != "FROM:<hello@shop.example>" || s.rcptTo != "TO:<li@example.com>" {
		t.Errorf("envelope %s, %s", s.mailFrom, s.rcptTo)
	}
	got, err := open(s.provider.Taken()[0])
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"From": `"Shop" <hello@shop.example>`, "To": "li@example.com", "Message-Id": "<abc-DEF_123@shop.example>",
		"Date": "Tue, 14 Nov 2023 22:13:20 +0000", "Mime-Version": "1.0", "X-Liuke-Entry": "abc-DEF_123",
		"List-Unsubscribe": "<https://example.com/u/abc>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
	} {
		if got.header.Get(name) != want {
			t.Errorf("%s: %s", name, got.header.Get(name))
		}
	}
	if len(got.header) != 10 || got.subject != m.Subject || got.longest > 90 {
		t.Errorf("%d headers, subject %q, lines up to %d", len(got.header), got.subject, got.longest)
	}
	if got.text != lines(m.Text) || got.html != m.HTML {
		t.Errorf("text %q, HTML %q", got.text, got.html)
	}
}

// lines writes each line break as a mail's reader gives it back.
func lines(text string) string {
	return strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text)
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	s := &server{provider: channeltest.NewProvider(t, channeltest.Accept)}
	config := s.config(s.start(t))
	config.Roots, config.From = s.roots, `"Müller, 留客" <hello@shop.example>`
	ch, err := smtp.New(config)
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		m := hello()
		m.Subject = rapid.StringMatching(`[!-~ü留🎁]([!-~ ü留🎁]{0,80}[!-~ü留🎁])?`).Draw(t, "subject")
		m.Text = rapid.StringMatching(`(\.|[a-z =]|ü|🎁|\r|\n){1,200}`).Draw(t, "text")
		m.HTML = rapid.StringMatching(`(\.|[<>a-z&=]|留| |\n){1,200}`).Draw(t, "html")
		if strings.Contains(m.Subject, "=?") {
			t.Skip("which reads as an encoded word, whoever writes it")
		}
		if _, err := ch.Send(context.Background(), m); err != nil {
			t.Fatal(err)
		}
		all := s.provider.Taken()
		got, err := open(all[len(all)-1])
		if err != nil {
			t.Fatal(err)
		}
		if got.subject != m.Subject || got.text != lines(m.Text) || got.html != lines(m.HTML) || got.longest > 100 {
			t.Fatalf("got %q, %q, %q, lines up to %d", got.subject, got.text, got.html, got.longest)
		}
		if from, err := got.header.AddressList("From"); err != nil || from[0].Name != "Müller, 留客" {
			t.Fatalf("from %v, %v", from, err)
		}
	})
}
