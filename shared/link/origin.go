package link

import (
	"net/url"
	"slices"
	"strings"
)

// Origin returns the scheme and the host of an absolute address of http or https, with its port where it names one, as in
// "https://shop.example": both in lower case, and "" of any other address, of one that names a user, and of a host that is
// neither a name of letters, digits, hyphens and full stops nor an address of IP.
func Origin(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.User != nil || u.Hostname() == "" || strings.ContainsFunc(u.Host, noHost) {
		return ""
	}
	return u.Scheme + "://" + strings.ToLower(u.Host)
}

func noHost(r rune) bool { return r > '~' || !wordy(byte(r)) && !strings.ContainsRune("-.:[]", r) }

// Origins lists, sorted and each once, the origins of the addresses that stand in a text, or in the source of a document.
func Origins(text string) (all []string) {
	Text(text, func(address string) (string, bool) {
		if origin := Origin(address); origin != "" {
			all = append(all, origin)
		}
		return "", false
	})
	slices.Sort(all)
	return slices.Compact(all)
}
