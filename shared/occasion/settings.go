package occasion

import (
	"slices"

	"liuke/shared/fault"
	"liuke/shared/request"
)

// Since says from when a silence is counted.
type Since string

// What a silence may be counted from.
const (
	SinceOrder Since = "order" // the last order; who never ordered is never silent
	SinceSeen  Since = "seen"  // the last sign of life, an order or anything else
)

// Limits of the settings.
const (
	maxLead   = 60 // days
	maxLevels = 32
	maxNumber = 1_000_000 // orders
	maxDays   = 3650
)

// Settings say what an operator wants to be told of.
type Settings struct {
	Kinds          []Kind  `json:"kinds"`                  // those that are told
	BirthdayLead   int     `json:"birthday_days_before"`   // 0 to 60: how many days ahead a birthday is told
	Milestones     []int64 `json:"milestones"`             // numbers of orders, ascending
	SilenceDays    []int   `json:"silence_days"`           // after how many days of silence, ascending
	SilenceSince   Since   `json:"silence_since"`          // from when it is counted
	RepurchaseLead int     `json:"repurchase_days_before"` // 0 to 60: how many days ahead a due order is told
}

// Defaults are the settings of who has said nothing: all kinds, each on its day.
func Defaults() Settings {
	return Settings{
		Kinds:        Kinds(),
		Milestones:   []int64{5, 10, 25, 50, 100, 200, 500, 1000},
		SilenceDays:  []int{30, 60, 90, 180, 365},
		SilenceSince: SinceOrder,
	}
}

// ParseSettings reads settings as JSON, strictly; what is absent is as Defaults has it. It returns an Invalid error with
// the pointer to the member at fault.
func ParseSettings(body []byte) (Settings, error) {
	s := Defaults()
	if err := request.Parse(body, &s); err != nil {
		return Settings{}, err
	}
	if err := s.Validate(); err != nil {
		return Settings{}, err
	}
	return s, nil
}

// Validate returns an Invalid error at the first member that is wrong.
func (s *Settings) Validate() error {
	for i, k := range s.Kinds {
		if !slices.Contains(Kinds(), k) || slices.Contains(s.Kinds[:i], k) {
			return fault.At("/kinds", "kinds lists some of %v, each once", Kinds())
		}
	}
	switch {
	case s.BirthdayLead < 0 || s.BirthdayLead > maxLead:
		return fault.At("/birthday_days_before", "birthday_days_before is 0 to %d", maxLead)
	case s.RepurchaseLead < 0 || s.RepurchaseLead > maxLead:
		return fault.At("/repurchase_days_before", "repurchase_days_before is 0 to %d", maxLead)
	case !ascending(s.Milestones, maxNumber):
		return fault.At("/milestones", "milestones are up to %d ascending numbers of orders, from 1 to %d", maxLevels, maxNumber)
	case !ascending(s.SilenceDays, maxDays):
		return fault.At("/silence_days", "silence_days are up to %d ascending numbers of days, from 1 to %d", maxLevels, maxDays)
	case s.SilenceSince != SinceOrder && s.SilenceSince != SinceSeen:
		return fault.At("/silence_since", "silence_since is %s or %s", SinceOrder, SinceSeen)
	}
	return nil
}

func ascending[N int | int64](list []N, most N) bool {
	before := N(0)
	for _, n := range list {
		if n <= before || n > most {
			return false
		}
		before = n
	}
	return len(list) <= maxLevels
}
