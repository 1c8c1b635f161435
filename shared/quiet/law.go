package quiet

import (
	_ "embed" // the table of jurisdictions
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

//go:embed jurisdictions.tsv
var jurisdictions string

// Rule is one row of the table of jurisdictions: when marketing by some channels may arrive at a place, by law or by the
// strict custom of those who carry it. It is what the named source said on the day on which it was read, and no legal advice.
type Rule struct {
	Place    string   // ISO 3166: a country, "FR", or a subdivision of one, "US-FL"
	Channels []string // "sms", "call", "push", "email"
	Custom   bool     // and not law
	Hours    string   // by the recipient's clock: "Mon-Fri 10:00-13:00,14:00-20:00; Sat 09:00-17:00"; the rest is closed
	Holidays bool     // public holidays are closed as well, which Law cannot tell: whoever plans a campaign must
	Source   string
	Read     string // the day, 2006-01-02

	zones []string // of a subdivision
	week  week
}

// rules is the table, which the tests hold to be readable. It is read when it is first asked for: a function that sends
// nothing starts without it.
var rules = sync.OnceValue(func() []Rule {
	all, err := parseRules(jurisdictions)
	if err != nil {
		panic(err)
	}
	return all
})

// Rules returns the table of jurisdictions.
func Rules() []Rule { return slices.Clone(rules()) }

func parseRules(table string) (all []Rule, err error) {
	for line := range strings.Lines(table) {
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(line, "#") || line == "" {
			continue
		}
		cells := strings.Split(line, "\t")
		if len(cells) != 8 {
			return nil, fmt.Errorf("quiet: a row of jurisdictions has %d columns", len(cells))
		}
		r := Rule{Place: cells[0], Channels: strings.Split(cells[1], ","), Custom: cells[2] == "custom", Hours: cells[3], Holidays: cells[4] == "no", Read: cells[6], Source: cells[7]}
		if cells[5] != "-" {
			r.zones = strings.Fields(cells[5])
		}
		if r.week, err = parseWeek(r.Hours); err != nil {
			return nil, fmt.Errorf("quiet: hours of %s: %w", r.Place, err)
		}
		all = append(all, r)
	}
	return all, nil
}

// Recipient is what is known of where somebody is. Any of it may be "".
type Recipient struct {
	Country     string // ISO 3166-1, "US"
	Subdivision string // ISO 3166-2, "US-FL"
	TimeZone    string // IANA
	Locale      string // BCP 47
}

// Law is when marketing by one channel may arrive at one recipient, by all rules that may apply there.
type Law struct {
	Rules []Rule // that apply, in the table's order; none where nothing is known against any hour
	open  week
}

// Law returns the law for a recipient by a channel. The country is the one that is named, by itself or by the subdivision;
// else those in which the time zone is used; else the region of the locale. Of a country, its own rules hold, and of its
// subdivisions the named one's; where none is named, those of all in which the time zone is used, or of all there are. Where
// no country can be told, the rules of all countries hold together: the strictest reading. A channel that no rule names is
// free, as email is.
func (a *Atlas) Law(channel string, r Recipient) Law {
	l := Law{open: always()}
	countries, unknown := a.countries(r)
	for i := range rules() {
		rule := &rules()[i]
		country, _, isPart := strings.Cut(rule.Place, "-")
		if !slices.Contains(rule.Channels, channel) || !unknown && !slices.Contains(countries, country) {
			continue
		}
		if isPart && !a.within(rule, country, r) {
			continue
		}
		l.Rules = append(l.Rules, *rule)
		l.open.and(&rule.week)
	}
	return l
}

// countries returns where the recipient may be; unknown where that is anywhere.
func (a *Atlas) countries(r Recipient) (codes []string, unknown bool) {
	country, _, _ := strings.Cut(r.Subdivision, "-")
	for _, named := range []string{r.Country, country} {
		if named = strings.ToUpper(strings.TrimSpace(named)); len(a.regions[named]) > 0 {
			return []string{named}, false
		}
	}
	if zone := strings.TrimSpace(r.TimeZone); zone != "" {
		for code, zones := range a.regions {
			if slices.Contains(zones, zone) {
				codes = append(codes, code)
			}
		}
		if len(codes) > 0 || a.location(zone) != nil { // a zone that no country is listed with says nothing of the law
			return codes, len(codes) == 0
		}
	}
	if region := Region(r.Locale); len(a.regions[region]) > 0 {
		return []string{region}, false
	}
	return nil, true
}

// within reports whether the recipient may be in the rule's subdivision of the country.
func (a *Atlas) within(rule *Rule, country string, r Recipient) bool {
	switch sub := strings.ToUpper(strings.TrimSpace(r.Subdivision)); {
	case strings.HasPrefix(sub, country+"-"):
		return sub == rule.Place
	case slices.Contains(a.regions[country], strings.TrimSpace(r.TimeZone)):
		return slices.Contains(rule.zones, strings.TrimSpace(r.TimeZone))
	}
	return true
}

// Allows reports whether the law leaves t open everywhere in the place.
func (l *Law) Allows(t time.Time, p Place) bool {
	return !slices.ContainsFunc(p.zones, func(z zone) bool { return !l.openAt(t, z) })
}

func (l *Law) openAt(t time.Time, z zone) bool {
	local := t.Add(z.shift).In(z.location)
	return l.open.open(local.Weekday(), local.Hour()*60+local.Minute())
}

// lawLimit is how far ahead an opening is looked for where days may be closed: a week has all there are.
const lawLimit = 8 * 24 * time.Hour

// Opening returns the first moment from t on that neither the law nor the policy's quiet hours close anywhere in the place: t
// itself, or the beginning of a minute. It reports false where there is none within eight days. As with Hours.Opening only
// the local clock counts: what is due in an hour that daylight-saving time skips is due after it, and what is due in one
// that comes twice is due the first time; at the moment returned, and asked again, the answer is that moment.
func (l *Law) Opening(h Hours, t time.Time, p Place) (time.Time, bool) {
	limit := t.Add(lawLimit)
	for at := t; !at.After(limit); {
		next, ok := h.Opening(at, p)
		if !ok {
			return time.Time{}, false
		}
		for _, z := range p.zones {
			next = l.openingIn(next, z, limit)
		}
		if next.Equal(at) {
			return at, true
		}
		at = next
	}
	return time.Time{}, false
}

// openingIn returns the first moment from t on that the law leaves open in one zone, or one beyond the limit.
func (l *Law) openingIn(t time.Time, z zone, limit time.Time) time.Time {
	if l.openAt(t, z) {
		return t
	}
	at := t.Truncate(time.Minute)
	if end, ok := l.ahead(at, z); ok && z.offset(at) == z.offset(end) && z.offset(t) == z.offset(end) {
		return end
	}
	for !at.After(limit) && !l.openAt(at, z) { // the clock is put forward or back meanwhile, or nothing is open
		at = at.Add(time.Minute)
	}
	return at
}

// ahead is when the law opens if the clock is not changed meanwhile, within a day and a half.
func (l *Law) ahead(at time.Time, z zone) (time.Time, bool) {
	local := at.Add(z.shift).In(z.location)
	day, minute := local.Weekday(), local.Hour()*60+local.Minute()
	for n := range dayMinutes * 3 / 2 {
		if l.open.open(day, minute) {
			return at.Add(time.Duration(n) * time.Minute), true
		}
		if minute++; minute == dayMinutes {
			day, minute = (day+1)%7, 0
		}
	}
	return time.Time{}, false
}

// PlaceOf returns where a recipient is, as Place does, and by the country where no time zone is named.
func (a *Atlas) PlaceOf(r Recipient) Place {
	if l := a.location(r.TimeZone); l != nil {
		return At(l)
	}
	if codes, unknown := a.countries(Recipient{Country: r.Country, Subdivision: r.Subdivision}); !unknown {
		var p Place
		for _, name := range a.regions[codes[0]] {
			if l := a.location(name); l != nil {
				p.zones = append(p.zones, zone{location: l})
			}
		}
		if len(p.zones) > 0 {
			return p
		}
	}
	return a.Place("", r.Locale)
}
