package quiet

import (
	_ "embed" // the table of regions
	"strings"
	"sync"
	"time"
)

// unknownSpan is how far a recipient of whom nothing is known may be from the business's own zone, either way: three
// hours cover every country's main territory but the widest, and leave seven hours open beside quiet hours of eleven.
const unknownSpan = 3 * time.Hour

//go:embed regions.tsv
var regions string

// Atlas finds where recipients may be. It is safe for concurrent use.
type Atlas struct {
	business *time.Location
	regions  map[string][]string // ISO 3166 code → IANA names

	mu    sync.Mutex
	known map[string]*time.Location // nil for names that are no zone
}

// NewAtlas returns the atlas of a business in the time zone.
func NewAtlas(business *time.Location) *Atlas {
	a := &Atlas{business: business, regions: make(map[string][]string, 256), known: map[string]*time.Location{}}
	for line := range strings.Lines(regions) {
		code, zones, ok := strings.Cut(strings.TrimSpace(line), "\t")
		if ok && !strings.HasPrefix(code, "#") {
			a.regions[code] = strings.Fields(zones)
		}
	}
	return a
}

// Place returns where a recipient is, in this order: the time zone that the profile names (IANA); else everywhere in
// the region of the locale (BCP 47, zh-CN or zh_Hans_CN); else anywhere from three hours west of the business's own
// zone to three hours east of it. A name that is no zone, or a locale without a region, counts as absent.
func (a *Atlas) Place(timeZone, locale string) Place {
	if l := a.location(timeZone); l != nil {
		return At(l)
	}
	var p Place
	for _, name := range a.regions[Region(locale)] {
		if l := a.location(name); l != nil {
			p.zones = append(p.zones, zone{location: l})
		}
	}
	if len(p.zones) > 0 {
		return p
	}
	for shift := -unknownSpan; shift <= unknownSpan; shift += time.Hour {
		p.zones = append(p.zones, zone{location: a.business, shift: shift})
	}
	return p
}

const (
	maxZoneName   = 64
	maxKnownZones = 1024 // more names than there are: what profiles make up is not kept
)

func (a *Atlas) location(name string) *time.Location {
	name = strings.TrimSpace(name)
	if name == "" || name == "Local" || len(name) > maxZoneName {
		return nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if l, ok := a.known[name]; ok {
		return l
	}
	l, err := time.LoadLocation(name)
	if err != nil {
		l = nil
	}
	if len(a.known) < maxKnownZones {
		a.known[name] = l
	}
	return l
}

// Region returns the region of a BCP 47 locale as an upper-case ISO 3166 code, "" where it names none.
func Region(locale string) string {
	parts := strings.FieldsFunc(locale, func(r rune) bool { return r == '-' || r == '_' })
	for i, part := range parts {
		if i == 0 {
			continue
		}
		if len(part) == 1 { // extensions and private use follow
			return ""
		}
		if len(part) == 2 {
			return strings.ToUpper(part)
		}
	}
	return ""
}
