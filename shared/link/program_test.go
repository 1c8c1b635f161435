package link_test

import (
	"testing"

	"liuke/shared/link"
)

func TestProgramsByTheirWord(t *testing.T) {
	const phone = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Mobile/15E148 Safari/604.1"
	agent := func(name string) map[string]string { return map[string]string{"user-agent": name} }
	for name, c := range map[string]struct {
		method  string
		headers map[string]string
		want    bool
	}{
		"a phone":                 {"GET", agent(phone), false},
		"WeChat":                  {"GET", agent("Mozilla/5.0 (Linux; Android 13) AppleWebKit/537.36 Chrome/116.0.0.0 Mobile Safari/537.36 XWEB/1160065 MMWEBSDK/20230805 MicroMessenger/8.0.42"), false},
		"a Cubot":                 {"GET", agent("Mozilla/5.0 (Linux; Android 9; CUBOT_X18_Plus) AppleWebKit/537.36 Chrome/110.0 Mobile Safari/537.36"), false},
		"Outlook":                 {"GET", agent("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36 Edg/124.0"), false},
		"a head":                  {"HEAD", agent(phone), true},
		"nobody":                  {"GET", nil, true},
		"a prefetch":              {"GET", map[string]string{"user-agent": phone, "purpose": "prefetch"}, true},
		"a prerender":             {"GET", map[string]string{"user-agent": phone, "sec-purpose": "prefetch;prerender"}, true},
		"a preview of Safari's":   {"GET", map[string]string{"user-agent": phone, "x-purpose": "preview"}, true},
		"a preview of a chat":     {"GET", agent("Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)"), true},
		"a preview of Facebook's": {"GET", agent("facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)"), true},
		"a search engine":         {"GET", agent("Mozilla/5.0 (compatible; Baiduspider/2.0; +http://www.baidu.com/search/spider.html)"), true},
		"a library":               {"GET", agent("python-requests/2.31"), true},
		"a scanner":               {"GET", agent("Mozilla/5.0 (compatible; BarracudaCentral)"), true},
	} {
		got := link.Program(c.method, func(h string) string { return c.headers[h] })
		if got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
