package scene

import (
	"slices"
	"sync"
	"time"

	"liuke/shared/customer"
	"liuke/shared/message"
	"liuke/shared/quiet"
)

// quietHours defers to the first whole minute that is open at the recipient's place: by the policy, by the customer's own
// word, and, for marketing, by the law there. Where there is none within days, the message is held.
func (r *Rules) quietHours(c *Candidate) Verdict {
	if !c.Scene.Quiet {
		return Verdict{}
	}
	to := quiet.Recipient{
		Country: c.Profile.Get(customer.TraitCountry), Subdivision: c.Profile.Get(customer.TraitSubdivision),
		TimeZone: c.Profile.TimeZone(), Locale: c.Profile.Locale(),
	}
	place := r.Atlas.PlaceOf(to)
	lawful := r.Policy.Quiet.Opening
	if channel := c.Channel(); c.Scene.Kind == Marketing && regulated()[channel] {
		law := r.Atlas.Law(string(channel), to)
		lawful = func(t time.Time, p quiet.Place) (time.Time, bool) { return law.Opening(r.Policy.Quiet, t, p) }
	}
	own, has := ownHours(&c.Profile)
	for at := c.Now; ; {
		next, ok := lawful(at, place)
		if ok && has {
			next, ok = own.Opening(next, place)
		}
		switch {
		case !ok || next.Sub(c.Now) > patience:
			return hold("never_open")
		case !next.Equal(at):
			at = next
		case at.Equal(c.Now):
			return Verdict{}
		default:
			return Verdict{Outcome: Defer, Reason: "quiet", Until: at.UTC()}
		}
	}
}

// patience is how long a message waits for an opening at most.
const patience = 9 * 24 * time.Hour

// regulated are the channels that the table of jurisdictions has a word on.
var regulated = sync.OnceValue(func() map[message.Channel]bool {
	out := map[message.Channel]bool{}
	for _, rule := range quiet.Rules() {
		for _, channel := range mixable {
			if slices.Contains(rule.Channels, string(channel)) {
				out[channel] = true
			}
		}
	}
	return out
})

// ownHours are the quiet hours that the customer has asked for; not ok where there are none.
func ownHours(p *customer.Profile) (h quiet.Hours, ok bool) {
	from, to, ok := p.Quiet()
	if !ok {
		return h, false
	}
	for _, f := range []struct {
		text string
		at   *int
	}{{from, &h.From}, {to, &h.To}} {
		t, err := time.Parse("15:04", f.text)
		if err != nil {
			return h, false
		}
		*f.at = t.Hour()*60 + t.Minute()
	}
	return h, true
}
