package outreach

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"liuke/shared/budget"
	"liuke/shared/money"
)

// Effective returns the settings in the shape in which operators write them, with everything said, ready for JSON.
func (s *Settings) Effective(currency money.Currency) any {
	share, salt := percent(s.Policy.Holdout.Share), s.Policy.Holdout.Salt
	limits := []capFile{}
	for _, c := range s.Policy.Caps {
		limits = append(limits, capFile{string(c.Scope), string(c.Channel), c.Max, spell(c.Per)})
	}
	f := settingsFile{
		Quiet:  &quietFile{clockTime(s.Policy.Quiet.From), clockTime(s.Policy.Quiet.To)},
		Limits: &limits, Holdout: &share, Salt: &salt, Surveys: &surveyFile{spell(s.Policy.AskAgainAfter)},
	}
	for _, p := range s.Prices {
		f.Prices = append(f.Prices, priceFile{p.Channel, p.Country, SpellMicro(p.Each)})
	}
	if s.Limits.Dearest > 0 {
		f.Budget = s.effectiveBudget(currency)
	}
	if s.StopHints != nil {
		f.SMS = &smsFile{s.StopHints}
	}
	f.Topics, f.Descriptions = s.Topics, s.Descriptions
	return f
}

func (s *Settings) effectiveBudget(currency money.Currency) *budgetFile {
	written := func(m budget.Micro) *string {
		text := currency.Format(m.Amount(currency))
		return &text
	}
	b := &budgetFile{Message: written(s.Limits.Dearest), Scenes: map[string]sceneBudgetFile{}}
	if s.Limits.Day != nil {
		b.Day = written(*s.Limits.Day)
	}
	for id, m := range s.Limits.SceneDay {
		b.Scenes[id] = sceneBudgetFile{Day: written(m)}
	}
	for id, m := range s.Limits.Scene {
		b.Scenes[id] = sceneBudgetFile{Day: b.Scenes[id].Day, All: written(m)}
	}
	return b
}

func clockTime(minutes int) string { return fmt.Sprintf("%02d:%02d", minutes/60, minutes%60) }

func percent(share float64) string {
	const points = 1e8 // floats of shares such as 0.1% read as they were written
	return strconv.FormatFloat(math.Round(share*100*points)/points, 'f', -1, 64) + "%"
}

func spell(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d == 0:
		return "0"
	case d%day == 0 && d > day:
		return strconv.FormatInt(int64(d/day), 10) + "d"
	case d%time.Hour == 0:
		return strconv.FormatInt(int64(d/time.Hour), 10) + "h"
	}
	return d.String()
}

// SpellMicro writes an amount in decimal, with as many decimals as it has.
func SpellMicro(m budget.Micro) string {
	return strconv.FormatFloat(float64(m)/1e6, 'f', -1, 64) // at most twelve digits: a float holds them
}
