package outreach

import (
	"time"

	"liuke/shared/budget"
	"liuke/shared/money"
	"liuke/shared/offer"
	"liuke/shared/scene"
)

// Means are what messages of a scene take that others then lack, as they stood when they were read: money and codes. They are
// for whoever asks what would come of a message, and keep nothing of the answer.
type Means struct {
	Spent budget.Counters `json:"spent"`
	Pool  *offer.Pool     `json:"pool,omitempty"`  // of the scene's offer; nil where it names none that there is
	Codes int64           `json:"codes,omitempty"` // that the pool has left
}

// Afford sets aside what a candidate's message may cost, as whoever claims it does, or says why the message is held.
func (m *Means) Afford(s *Settings, c *scene.Candidate, currency money.Currency, zone *time.Location, entry string) (r budget.Reservation, why string) {
	fare, why, err := s.FareOf(c, currency, zone)
	if err != nil {
		return r, budget.ReasonDear // beyond all counting
	}
	reserve := fare.Reserve(entry)
	if why != "" || reserve == nil {
		return r, why
	}
	if m.Spent == nil {
		m.Spent = budget.Counters{}
	}
	if why = m.Spent.Reserve(reserve).Reason(); why != "" {
		return r, why
	}
	return reserve.Reservation(), ""
}

// Give takes a code for a candidate's message, where it is to have one and carries none yet, or says why the message is held.
func (m *Means) Give(c *scene.Candidate, carries bool) (why string) {
	if !Takes(c.Scene, carries) {
		return ""
	}
	if why := m.Pool.Refuses(c.Scene.ID, c.Now); why != "" {
		return why
	}
	if m.Codes <= 0 {
		return offer.ReasonEmpty
	}
	m.Codes--
	return ""
}

// Takes reports whether a message of the scene takes a code of a pool: where it has an offer of one, and the message carries no
// code yet, as those do that follow one with a code.
func Takes(sc *scene.Scene, carries bool) bool {
	return sc.Offer != nil && sc.Offer.Pool != "" && !carries
}
