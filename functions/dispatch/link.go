package main

import (
	"net/url"
	"slices"
	"strings"

	"liuke/shared/link"
	"liuke/shared/message"
	"liuke/shared/scene"
	"liuke/shared/token"
)

// countClicks lets the links of a mail lead through a page that counts that they were followed: all but those to the
// customers' own pages, those to what is no plain address, and those to where no word of the operator's leads: to a scheme and
// host that stand neither in the words which the mail was made of nor in the address of the brand's shop. Whatever a value
// says, such as a name or the id of an order that anybody may have made up, nobody is redirected by it. An SMS keeps its links,
// which would take a segment more each.
func (h *Handler) countClicks(keys *token.Keyring, e message.Entry, said *scene.Rendered) {
	if e.Channel != message.Email {
		return
	}
	own, err := url.Parse(h.Settings.BaseURL)
	if err != nil {
		return
	}
	shop := link.Origin(h.look.Shop)
	written := func(origin string) bool {
		return origin != "" && (origin == shop || slices.Contains(said.Origins, origin))
	}
	made := map[string]string{}
	to := func(address string) (string, bool) {
		u, err := token.ParseURL(address)
		if err != nil || strings.EqualFold(u.Host, own.Host) || !written(link.Origin(address)) {
			return "", false
		}
		if made[address] == "" {
			sealed, err := keys.Seal(token.PurposeClick, token.Click{Entry: token.Entry{Customer: e.Customer, Entry: e.ID}, URL: address})
			if err != nil {
				return "", false
			}
			made[address] = h.Settings.link("r", sealed)
		}
		return made[address], true
	}
	said.HTML, said.Text = link.HTML(said.HTML, to), link.Text(said.Text, to)
}
