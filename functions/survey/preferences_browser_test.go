package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"liuke/infra/local/browser"
	"liuke/shared/customer"
	"liuke/shared/token"
)

// centre returns the address of the samples' customer's preferences.
func (b *testBundle) centre(t *testing.T) string {
	t.Helper()
	sealed, err := b.keys.Seal(token.PurposePreferences, token.Preferences{Customer: "user-0001"})
	if err != nil {
		t.Fatal(err)
	}
	return b.site(t) + "/p/" + sealed
}

func TestPreferencesAreChangedByKeyboardAlone(t *testing.T) {
	inBrowser(t)
	for name, c := range map[string]struct {
		screen                 browser.Options
		label, saved, off, new string
	}{
		"in English, on a desktop": {in(desktop, "en"), "E-mail", "Saved", "E-mail: off", "Text message: on"},
		"in Chinese, on a phone":   {in(phone, "zh-CN"), "电子邮件", "已保存", "电子邮件：关闭", "短信：开启"},
	} {
		t.Run(name, func(t *testing.T) {
			b := setup(t)
			b.known(map[string]string{customer.ConsentTrait("email"): "true"})
			p := browser.Open(t, b.centre(t), c.screen)
			p.Screenshot("preferences")
			p.Check()
			p.TabTo("#channel-email")
			if e := p.Focused(); e.Role != "checkbox" || e.Name != c.label || !e.Checked {
				t.Errorf("focused is %s", e)
			}
			p.Press(browser.Space)
			p.TabTo("#channel-sms")
			p.Press(browser.Space)
			p.Submit() // from where one is, without the button
			p.Screenshot("saved")
			p.Check()
			if text := p.Text(); p.Title() != c.saved || !strings.Contains(text, c.off) || !strings.Contains(text, c.new) {
				t.Errorf("it ends at %q: %s", p.Title(), text)
			}
			_, changed := b.changed(t)
			if diff := cmp.Diff(map[string]bool{"email": false, "sms": true}, changed.Channels); diff != "" || changed.Topics != nil || changed.Personalised != nil || changed.Quiet != nil || changed.Locale != "" {
				t.Errorf("%s %+v", diff, changed)
			}
			p.TabTo("a.more") // back to where all stands as it was saved, before any of it is folded
			p.Submit()
			if p.Find("#channel-email").Checked || !p.Find("#channel-sms").Checked {
				t.Errorf("shown again are %s and %s", p.Find("#channel-email"), p.Find("#channel-sms"))
			}
		})
	}
}

func TestOneTapStopsEverything(t *testing.T) {
	inBrowser(t)
	for name, c := range map[string]struct {
		screen  browser.Options
		stopped string
	}{
		"on a small phone in English":        {in(smallPhone, "en"), "We will send you no more messages."},
		"on a phone in Chinese, in the dark": {in(browser.Options{Width: 390, Height: 844, Scale: 2, Mobile: true, Dark: true}, "zh-CN"), "我们不会再向您发送任何消息。"},
	} {
		t.Run(name, func(t *testing.T) {
			b := setup(t)
			b.known(map[string]string{customer.ConsentTrait("email"): "true", customer.ConsentTrait("push"): "true"})
			p := browser.Open(t, b.centre(t), c.screen)
			p.Screenshot("preferences")
			p.Check()
			p.Follow(func() { p.Tap("button[name=stop]") })
			p.Screenshot("stopped")
			p.Check()
			if !strings.Contains(p.Text(), c.stopped) {
				t.Errorf("it ends at %q: %s", p.Title(), p.Text())
			}
			_, changed := b.changed(t)
			if diff := cmp.Diff(map[string]bool{"email": false, "sms": false, "push": false}, changed.Channels); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestProgramsLookAtPagesByHead(t *testing.T) {
	b := setup(t)
	for _, address := range []string{b.centre(t), b.site(t) + "/f/" + sampleForm, b.invite(t, b.site(t), "nps")} {
		out, err := http.Head(address)
		if err != nil {
			t.Fatal(err)
		}
		if err := out.Body.Close(); err != nil {
			t.Fatal(err)
		}
		if out.StatusCode != http.StatusOK || !strings.HasPrefix(out.Header.Get("Content-Type"), "text/html") {
			t.Errorf("%s: %s, %s", address, out.Status, out.Header.Get("Content-Type"))
		}
	}
	if len(b.sent)+len(b.answers) > 0 {
		t.Errorf("looking changed something: %v %v", b.sent, b.answers)
	}
}
