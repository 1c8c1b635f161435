package quiet_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"liuke/shared/quiet"
)

func TestEveryRuleSaysWhereItWasRead(t *testing.T) {
	for _, r := range quiet.Rules() {
		if _, err := time.Parse(time.DateOnly, r.Read); err != nil || len(r.Source) < 20 || len(r.Channels) == 0 || r.Hours == "" {
			t.Errorf("%+v", r)
		}
		if country, _, _ := strings.Cut(r.Place, "-"); len(country) != 2 || strings.ToUpper(r.Place) != r.Place {
			t.Errorf("%q is no place of ISO 3166", r.Place)
		}
	}
}

func TestLawByPlaceAndChannel(t *testing.T) {
	atlas := quiet.NewAtlas(location(t, "Asia/Shanghai"))
	none := quiet.Hours{}
	for _, c := range []struct {
		name, channel string
		who           quiet.Recipient
		at, want      string // "" for never
	}{
		{"texts to China wait for the morning", "sms", quiet.Recipient{TimeZone: "Asia/Shanghai"}, "2026-01-15T07:59:00+08:00", "2026-01-15T08:00:00+08:00"},
		{"of two rules of China the stricter holds", "sms", quiet.Recipient{Country: "cn", TimeZone: "Asia/Shanghai"}, "2026-01-15T20:00:00+08:00", "2026-01-16T08:00:00+08:00"},
		{"email is free", "email", quiet.Recipient{TimeZone: "Asia/Shanghai"}, "2026-01-15T03:00:00+08:00", "2026-01-15T03:00:00+08:00"},
		{"texts to Florida stop at eight", "sms", quiet.Recipient{Subdivision: "US-FL", TimeZone: "America/New_York"}, "2026-01-15T20:00:00-05:00", "2026-01-16T08:00:00-05:00"},
		{"texts to New York State go on until nine", "sms", quiet.Recipient{Subdivision: "US-NY", TimeZone: "America/New_York"}, "2026-01-15T20:59:59-05:00", "2026-01-15T20:59:59-05:00"},
		{"of the eastern United States without a state, all states there hold", "sms", quiet.Recipient{TimeZone: "America/New_York"}, "2026-01-15T18:00:00-05:00", "2026-01-16T10:00:00-05:00"},
		{"the rules of the east do not bear on the west", "sms", quiet.Recipient{TimeZone: "America/Los_Angeles"}, "2026-01-15T19:59:00-08:00", "2026-01-15T19:59:00-08:00"},
		{"Texas rests on Sunday morning", "sms", quiet.Recipient{Subdivision: "us-tx", TimeZone: "America/Chicago"}, "2026-01-18T09:00:00-06:00", "2026-01-18T12:00:00-06:00"},
		{"calls to France rest at noon", "call", quiet.Recipient{TimeZone: "Europe/Paris"}, "2026-01-15T13:00:00+01:00", "2026-01-15T14:00:00+01:00"},
		{"calls to France rest from Friday to Monday", "call", quiet.Recipient{TimeZone: "Europe/Paris"}, "2026-01-16T20:00:00+01:00", "2026-01-19T10:00:00+01:00"},
		{"texts to France may go on Saturday and not on Sunday", "sms", quiet.Recipient{Country: "FR", TimeZone: "Europe/Paris"}, "2026-01-17T20:30:00+01:00", "2026-01-19T08:00:00+01:00"},
		{"Germany has no rule here", "sms", quiet.Recipient{TimeZone: "Europe/Berlin"}, "2026-01-15T03:00:00+01:00", "2026-01-15T03:00:00+01:00"},
		{"the country that is named counts, not that of the time zone", "sms", quiet.Recipient{Country: "DE", TimeZone: "Asia/Shanghai"}, "2026-01-15T03:00:00+08:00", "2026-01-15T03:00:00+08:00"},
		{"the locale counts where nothing else is known", "push", quiet.Recipient{Locale: "ko-KR"}, "2026-01-15T21:00:00+09:00", "2026-01-16T08:00:00+09:00"},
		{"a zone that belongs to nobody is read strictly", "sms", quiet.Recipient{TimeZone: "UTC", Locale: "de-DE"}, "2026-01-15T18:00:00Z", "2026-01-16T10:00:00Z"},
		{"of whom nothing is known all rules hold, wherever that is", "sms", quiet.Recipient{}, "2026-01-16T00:00:00+08:00", "2026-01-16T13:00:00+08:00"},
		{"and over the weekend", "sms", quiet.Recipient{}, "2026-01-17T14:01:00+08:00", "2026-01-19T13:00:00+08:00"},
		{"whom nothing is known of may never be called", "call", quiet.Recipient{}, "2026-01-15T12:00:00+08:00", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			law := atlas.Law(c.channel, c.who)
			got, ok := law.Opening(none, instant(t, c.at), atlas.PlaceOf(c.who))
			if c.want == "" {
				if ok {
					t.Errorf("opens at %s", got)
				}
				return
			}
			if want := instant(t, c.want); !ok || !got.Equal(want) {
				t.Errorf("opens at %s, %v; want %s, by %d rules", got.In(want.Location()), ok, want, len(law.Rules))
			}
		})
	}
}

func TestThePlaceOfACountryIsAllOfIt(t *testing.T) {
	atlas := quiet.NewAtlas(location(t, "Asia/Shanghai"))
	night := hours(t, "21:00", "08:00")
	for _, who := range []quiet.Recipient{{Country: "US"}, {Subdivision: "US-FL"}, {Locale: "en-US"}, {Country: "us", Locale: "zh-CN"}} {
		got, ok := night.Opening(instant(t, "2026-01-15T13:30:00Z"), atlas.PlaceOf(who))
		if want := instant(t, "2026-01-15T18:00:00Z"); !ok || !got.Equal(want) {
			t.Errorf("%+v opens at %s, %v; want %s", who, got.UTC(), ok, want)
		}
	}
}

// Whoever is known less of is written to at no time at which somebody better known might not be.
func TestKnowingLessNeverOpensAnHour(t *testing.T) {
	atlas := quiet.NewAtlas(location(t, "Europe/Berlin"))
	places := []string{"FR", "CN", "DE", "US-NY"}
	for _, r := range quiet.Rules() {
		places = append(places, r.Place)
	}
	at := quiet.At(time.UTC)
	rapid.Check(t, func(t *rapid.T) {
		place := rapid.SampledFrom(places).Draw(t, "place")
		channel := rapid.SampledFrom([]string{"sms", "call", "push", "email"}).Draw(t, "channel")
		country, _, part := strings.Cut(place, "-")
		known := quiet.Recipient{Country: country}
		if part {
			known.Subdivision = place
		}
		exact, whole, nothing := atlas.Law(channel, known), atlas.Law(channel, quiet.Recipient{Country: country}), atlas.Law(channel, quiet.Recipient{})
		when := time.Date(2026, 6, 1, 0, rapid.IntRange(0, 7*24*60-1).Draw(t, "minute"), 0, 0, time.UTC)
		if nothing.Allows(when, at) && !whole.Allows(when, at) || whole.Allows(when, at) && !exact.Allows(when, at) {
			t.Fatalf("%s to %s at %s: exactly %v, by country %v, unknown %v", channel, place, when.Format("Mon 15:04"), exact.Allows(when, at), whole.Allows(when, at), nothing.Allows(when, at))
		}
	})
}

// The search is held against looking at every minute, around changes of the clock, with the policy's quiet hours. What is
// due once is due at one moment: asked again then, the answer stands, and no later question has an earlier answer.
func TestWhatIsDueIsDueOnceAtTheFirstMomentThatIsOpen(t *testing.T) {
	atlas := quiet.NewAtlas(location(t, "Europe/Berlin"))
	zones := []string{"Europe/Paris", "America/New_York", "America/Chicago", "America/Los_Angeles", "Asia/Kolkata", "Australia/Lord_Howe", "Africa/Casablanca", "UTC", ""}
	changes := []string{"2026-03-29T01:00:00Z", "2026-10-25T01:00:00Z", "2026-03-08T07:00:00Z", "2026-11-01T06:00:00Z", "2026-04-04T15:00:00Z", "2026-10-03T15:30:00Z", "2026-06-05T18:00:00Z"}
	rapid.Check(t, func(t *rapid.T) {
		from := rapid.IntRange(0, 1439).Draw(t, "from")
		h := quiet.Hours{From: from, To: (from + rapid.IntRange(0, 720).Draw(t, "length")) % 1440}
		who := quiet.Recipient{TimeZone: rapid.SampledFrom(zones).Draw(t, "zone"), Country: rapid.SampledFrom([]string{"", "FR", "US", "AU", "DE"}).Draw(t, "country")}
		channel := rapid.SampledFrom([]string{"sms", "call", "email"}).Draw(t, "channel")
		base, _ := time.Parse(time.RFC3339, rapid.SampledFrom(changes).Draw(t, "around"))
		at := base.Add(time.Duration(rapid.IntRange(-36*3600, 36*3600).Draw(t, "seconds")) * time.Second)
		law, place := atlas.Law(channel, who), atlas.PlaceOf(who)
		open := func(t time.Time) bool { return !h.Quiet(t, place) && law.Allows(t, place) }

		got, ok := law.Opening(h, at, place)
		want, found := at, open(at)
		for minute := at.Truncate(time.Minute).Add(time.Minute); !found && minute.Before(at.Add(4*24*time.Hour)); minute = minute.Add(time.Minute) {
			want, found = minute, open(minute)
		}
		if !found {
			if ok && got.Before(at.Add(4*24*time.Hour)) {
				t.Fatalf("opens at %s, and minute by minute never", got)
			}
			return
		}
		if !ok || !got.Equal(want) {
			t.Fatalf("%s to %+v, quiet %+v, from %s: opens at %s, %v; minute by minute %s", channel, who, h, at, got, ok, want)
		}
		if again, ok := law.Opening(h, got, place); !ok || !again.Equal(got) {
			t.Fatalf("asked again at %s it is due at %s", got, again)
		}
		later := at.Add(time.Duration(rapid.IntRange(0, 12*3600).Draw(t, "later")) * time.Second)
		if next, ok := law.Opening(h, later, place); ok && next.Before(got) {
			t.Fatalf("asked at %s it is due at %s, and before at %s", later, next, got)
		}
	})
}

// The hour from two to three comes twice; what waits for half past two is due in the first, and is gone when the second comes.
func TestAMessageInTheOverlapIsDueOnce(t *testing.T) {
	atlas := quiet.NewAtlas(location(t, "Europe/Berlin"))
	who := quiet.Recipient{TimeZone: "Europe/Berlin"}
	law, place, h := atlas.Law("sms", who), atlas.PlaceOf(who), hours(t, "21:00", "02:30")
	var due []time.Time
	for minute := instant(t, "2026-10-24T22:00:00+02:00"); minute.Before(instant(t, "2026-10-25T02:30:00+02:00")); minute = minute.Add(time.Minute) {
		at, ok := law.Opening(h, minute, place)
		if !ok {
			t.Fatal("never open")
		}
		due = append(due, at)
	}
	if due = slices.CompactFunc(due, time.Time.Equal); len(due) != 1 || !due[0].Equal(instant(t, "2026-10-25T02:30:00+02:00")) {
		t.Errorf("due at %v", due)
	}
}
