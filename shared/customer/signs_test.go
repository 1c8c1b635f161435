package customer_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"liuke/shared/customer"
	"liuke/shared/fault"
)

// said is one thing that signs take note of.
type said func(*customer.Signs)

// anySaid draws something of each kind, close enough together that moments and months coincide.
func anySaid() *rapid.Generator[said] {
	return rapid.OneOf(
		rapid.Custom(func(t *rapid.T) said {
			sign := customer.Sign(rapid.IntRange(0, int(customer.CheckIn)).Draw(t, "sign"))
			m := customer.Month(rapid.IntRange(-3, 100).Draw(t, "month"))
			return func(s *customer.Signs) { s.Add(sign, m) }
		}),
		rapid.Custom(func(t *rapid.T) said {
			m := customer.Metric(rapid.IntRange(0, int(customer.CES)).Draw(t, "metric"))
			o := customer.Opinion{Score: rapid.Int64Range(-1, 10).Draw(t, "score"), Time: rapid.Int64Range(-3, 3).Draw(t, "answered")}
			return func(s *customer.Signs) { s.Answered(m, o) }
		}),
		rapid.Custom(func(t *rapid.T) said {
			touch := customer.Touch{
				Channel: rapid.SampledFrom([]string{"", "google", "newsletter", "微信", strings.Repeat("x", customer.MaxChannelBytes+1)}).Draw(t, "channel"),
				Time:    rapid.Int64Range(-3, 3).Draw(t, "touched"),
			}
			return func(s *customer.Signs) { s.Touched(touch) }
		}),
	)
}

func signsOf(all []said) *customer.Signs {
	var s customer.Signs
	for _, note := range all {
		note(&s)
	}
	return &s
}

func TestSignsAreWhatWasSaidInAnyOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		all := rapid.SliceOf(anySaid()).Draw(t, "said")
		a, b := signsOf(all), signsOf(rapid.Permutation(all).Draw(t, "arrival"))
		if !a.Equal(b) {
			t.Fatalf("%+v in one order, %+v in another", a, b)
		}
		sameSigns(t, a)
	})
}

func TestMergedSignsAreThoseOfBoth(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		one, other := rapid.SliceOf(anySaid()).Draw(t, "one"), rapid.SliceOf(anySaid()).Draw(t, "other")
		a, b, all := signsOf(one), signsOf(other), signsOf(append(one[:len(one):len(one)], other...))
		a.Birthday, a.Declared = customer.Birthday{Month: 2, Day: 29}, "shop"
		b.Declared = "fair"
		all.Birthday, all.Declared = a.Birthday, a.Declared
		before := b.Clone()
		a.Merge(b)
		if !a.Equal(all) || !b.Equal(&before) {
			t.Fatalf("merged %+v, want %+v", a, all)
		}
		sameSigns(t, a)
	})
}

func TestSignsOfACopyAreItsOwn(t *testing.T) {
	t.Parallel()
	var a customer.Signs
	a.Add(customer.Review, 600)
	b := a.Clone()
	b.Add(customer.Review, 600)
	b.Answered(customer.NPS, customer.Opinion{Score: 3, Time: 1})
	if a.Of(customer.Review).Total() != 1 || b.Of(customer.Review).Total() != 2 || a.Opinion(customer.NPS).Time != 0 {
		t.Error("what a copy takes note of is in the original")
	}
}

func TestOpinionsAndCampaigns(t *testing.T) {
	t.Parallel()
	var s customer.Signs
	for _, test := range []struct {
		name    string
		note    func() bool
		changed bool
	}{
		{"the first answer counts", func() bool { return s.Answered(customer.NPS, customer.Opinion{Score: 9, Time: 5}) }, true},
		{"the same again changes nothing", func() bool { return s.Answered(customer.NPS, customer.Opinion{Score: 9, Time: 5}) }, false},
		{"an earlier one does not count", func() bool { return s.Answered(customer.NPS, customer.Opinion{Score: 1, Time: 4}) }, false},
		{"the worse of two at once counts", func() bool { return s.Answered(customer.NPS, customer.Opinion{Score: 8, Time: 5}) }, true},
		{"an answer of no time is none", func() bool { return s.Answered(customer.CES, customer.Opinion{Score: 8}) }, false},
		{"the first campaign counts", func() bool { return s.Touched(customer.Touch{Channel: "b", Time: 5}) }, true},
		{"a later one does not", func() bool { return s.Touched(customer.Touch{Channel: "a", Time: 6}) }, false},
		{"an earlier one does", func() bool { return s.Touched(customer.Touch{Channel: "c", Time: -4}) }, true},
	} {
		if got := test.note(); got != test.changed {
			t.Errorf("%s: %v", test.name, got)
		}
	}
	if o := s.Opinion(customer.NPS); o != (customer.Opinion{Score: 8, Time: 5}) || s.Opinion(customer.CES).Time != 0 || s.Channel() != "c" {
		t.Errorf("%+v", s)
	}
}

func TestOpenTicketsAreNeverLessThanNone(t *testing.T) {
	t.Parallel()
	var s customer.Signs
	s.Add(customer.TicketResolved, 600)
	if s.OpenTickets() != 0 {
		t.Error("a resolved ticket that was never opened")
	}
	for range 3 {
		s.Add(customer.TicketOpened, 601)
	}
	if s.OpenTickets() != 2 {
		t.Errorf("%d open tickets, want 2", s.OpenTickets())
	}
}

func TestTraitsDescribeBirthdayAndChannel(t *testing.T) {
	t.Parallel()
	var p customer.Profile
	var s customer.Signs
	s.Touched(customer.Touch{Channel: "google", Time: 1})
	say := func(name, value string, at int64) { p.Set(name, customer.Trait{Value: value, Time: at, Event: "e"}) }
	if s.Describe(&p) {
		t.Error("no traits change something")
	}
	say(customer.TraitBirthday, "1990-05-17", 1)
	say(customer.TraitChannel, " Trade Fair\t", 1)
	if !s.Describe(&p) || s.Describe(&p) || s.Birthday != (customer.Birthday{Month: 5, Day: 17}) || s.Channel() != "trade fair" {
		t.Errorf("%+v", s)
	}
	say(customer.TraitBirthday, "", 2)
	say(customer.TraitChannel, strings.Repeat("x", customer.MaxChannelBytes+1), 2)
	if !s.Describe(&p) || s.Birthday != (customer.Birthday{}) || s.Channel() != "google" {
		t.Errorf("what is taken back is kept: %+v", s)
	}
}

func TestMetricsHaveTheNamesOfSurveys(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]customer.Metric{"nps": customer.NPS, "csat": customer.CSAT, "ces": customer.CES} {
		if m, ok := customer.MetricOf(name); !ok || m != want {
			t.Errorf("%s is %v, %v", name, m, ok)
		}
	}
	for _, name := range []string{"", "NPS", "stars"} {
		if _, ok := customer.MetricOf(name); ok {
			t.Errorf("%q is a metric", name)
		}
	}
}

func sameSigns(t fataler, s *customer.Signs) {
	b, _ := s.MarshalBinary()
	var back customer.Signs
	if err := back.UnmarshalBinary(b); err != nil || !back.Equal(s) {
		t.Fatalf("%+v came back as %+v: %v", s, back, err)
	}
}

func TestSignsOfAShortEncoding(t *testing.T) {
	t.Parallel()
	var s customer.Signs
	if b, _ := s.MarshalBinary(); b != nil {
		t.Errorf("no signs take %d bytes", len(b))
	}
	s.Birthday = customer.Birthday{Month: 5, Day: 17}
	s.Touched(customer.Touch{Channel: "google", Time: 1_772_000_000_000})
	s.Answered(customer.NPS, customer.Opinion{Score: 9, Time: 1_772_000_000_000})
	s.Add(customer.TicketOpened, 674)
	s.Add(customer.TicketResolved, 674)
	s.Add(customer.Review, 673)
	b, _ := s.MarshalBinary()
	t.Logf("a birthday, a campaign, an answer, a resolved ticket and a review take %d bytes", len(b))
	if len(b) > 60 {
		t.Errorf("%d bytes, want at most 60", len(b))
	}
}

func FuzzSignsDecodeOnlyWhatTheyEncode(f *testing.F) {
	s := customer.Signs{Birthday: customer.Birthday{Month: 2, Day: 29}, Declared: "fair"}
	s.Touched(customer.Touch{Channel: "微信", Time: -5})
	s.Answered(customer.CES, customer.Opinion{Score: 7, Time: 1_772_000_000_000})
	for m := range customer.Month(70) {
		s.Add(customer.Sign(m%7), 600+m)
	}
	b, _ := s.MarshalBinary()
	f.Add(b)
	f.Add([]byte{1})
	f.Fuzz(func(t *testing.T, b []byte) {
		var s customer.Signs
		if err := s.UnmarshalBinary(b); err != nil {
			if fault.CodeOf(err) != fault.Internal || !s.Equal(&customer.Signs{}) {
				t.Fatalf("%v, and left %+v", err, s)
			}
			return
		}
		sameSigns(t, &s)
	})
}

func TestDamagedSignsAreAnError(t *testing.T) {
	t.Parallel()
	for name, b := range map[string][]byte{
		"a version and nothing else": {1},
		"another version":            {2, 1, 5, 17},
		"a day that is none":         {1, 1, 2, 30},
		"a field twice":              {1, 1, 5, 17, 1, 5, 17},
		"fields out of order":        {1, 2, 1, 'x', 1, 5, 17},
		"an unknown field":           {1, 9, 1},
		"a text cut short":           {1, 2, 5, 'x'},
		"an empty text":              {1, 2, 0},
		"an answer of no time":       {1, 16, 4, 0},
		"a count of nothing":         {1, 32, 3, 1, 0, 0},
	} {
		s := customer.Signs{Declared: "stays"}
		if err := s.UnmarshalBinary(b); fault.CodeOf(err) != fault.Internal || s.Declared != "stays" {
			t.Errorf("%s: %v, %+v", name, err, s)
		}
	}
}
