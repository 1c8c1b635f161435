package campaign

import (
	"encoding/json"
	"strings"
	"sync"

	"liuke/shared/message"
	"liuke/shared/push"
	"liuke/shared/scene"
	"liuke/shared/sms"
	"liuke/shared/token"
)

// sampleLink is about as long as links to surveys are.
var sampleLink = "https://example.com/u/" + strings.Repeat("x", 80)

// nobodysKeys seal what is as long as what dispatch seals, and open nothing.
var nobodysKeys = sync.OnceValues(func() (*token.Keyring, error) {
	return token.NewKeyring([]byte(`{"current":"the keys of a simulation, which seal nothing"}`))
})

// sealed is a token as long as that of a candidate's message; "" for what dispatch could not seal either.
func sealed(purpose string, payload any) string {
	keys, err := nobodysKeys()
	if err != nil {
		return ""
	}
	text, err := keys.Seal(purpose, payload)
	if err != nil {
		return ""
	}
	return text
}

// saying is how a candidate is spoken to, with links and a code that are nobody's: to the customer's own pages as long as they will be.
func (b *Basis) saying(c *scene.Candidate, entry string) scene.Saying {
	say := scene.Saying{
		Step: c.Step, Variant: c.Variant, Segment: c.Scores.Segment, Channel: c.Channel(), Sender: "sample", Look: b.Look,
		Links: scene.Links{Unsubscribe: sampleLink, Preferences: sampleLink}, Stop: b.Settings.StopHint(c.Profile.Locale(), ""),
	}
	if b.BaseURL != "" && measured(c.Channel()) {
		at := strings.TrimSuffix(b.BaseURL, "/")
		say.Links.Unsubscribe = at + "/u/" + sealed(token.PurposeUnsubscribe, token.Unsubscribe{Customer: c.Person, Channel: string(c.Channel()), Entry: entry})
		say.Links.Preferences = at + "/p/" + sealed(token.PurposePreferences, token.Preferences{Customer: c.Person})
	}
	if c.Survey != nil {
		say.Links.Survey = scene.QuestionOf(c.Survey, c.Profile.Locale(), sampleLink)
	}
	if c.Scene.Offer != nil {
		say.Code = "SAMPLE-CODE"
	}
	return say
}

// measured reports whether a channel has a limit that a message's length may be over.
func measured(ch message.Channel) bool { return ch == message.SMS || ch == message.Push }

// unfit returns why the channel would refuse a message as it is, by what dispatch's channels ask before they hand it over; "" where
// they would not.
func (b *Basis) unfit(c *scene.Candidate, entry string, said scene.Rendered) (reason string) {
	to := c.Scene.Address(c.Channel(), c.Profile)
	switch c.Channel() {
	case message.SMS:
		return sms.Unfit(to, said.Text, b.Segments)
	case message.Push:
		p, reason := push.PlatformOf(to)
		if reason != "" {
			return reason
		}
		note := push.Note{Title: said.Title, Text: said.Text, Entry: sealed(token.PurposeEntry, token.Entry{Customer: c.Person, Entry: entry})}
		if len(said.Data) > 0 {
			note.Data, _ = json.Marshal(said.Data) // texts by texts: it cannot fail
		}
		_, reason = p.Compose(note)
		return reason
	}
	return ""
}
