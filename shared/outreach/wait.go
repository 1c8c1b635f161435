package outreach

import (
	"time"

	"liuke/shared/message"
	"liuke/shared/scene"
)

// Wait is what a message waits for that is on its way.
type Wait struct {
	For         string    `json:"for"`                   // one of the constants
	Destination string    `json:"destination,omitempty"` // of WaitsForCode: which is asked
	Until       time.Time `json:"until,omitzero"`        // when it goes on: the gates are asked again; zero where nobody can tell
	GivenUp     time.Time `json:"given_up_at,omitzero"`  // of a message that may be sent: when its moment has gone
}

// What a message waits for.
const (
	WaitsForQuiet    = scene.GateQuietHours // the end of quiet hours
	WaitsForCode     = "offer_code"         // a webhook gives its code, and has not yet
	WaitsForProvider = "provider"           // the provider has said later
	WaitsForTurn     = "turn"               // in its queue, for which provider's pace and quota are the usual reason
)

// soon is how long what may be sent is taken to be on its way: it waits for nothing that anybody need know of.
const soon = time.Minute

// Waits is what an entry waits for, told from what is stored alone; nil where it waits for nothing. The scene is the entry's, nil where
// it is gone. Coded tells of the first step's entry that it has a code, which the others carry.
func Waits(e *message.Entry, sc *scene.Scene, coded bool, now time.Time) *Wait {
	w := &Wait{GivenUp: e.Claimed.Add(message.Patience)}
	switch {
	case e.State == message.Deferred:
		return &Wait{For: e.Gate, Until: e.Due}
	case e.State != message.Claimed:
		return nil
	case sc != nil && sc.Offer.Asks() && e.Code.Code == "" && !coded:
		w.For, w.Destination = WaitsForCode, sc.Offer.Webhook
	case e.Reason != "":
		w.For = WaitsForProvider
	case now.Sub(e.Claimed) >= soon:
		w.For = WaitsForTurn
	default:
		return nil
	}
	return w
}

// moments is how times are written in words.
const moments = "2006-01-02 15:04 UTC"

// Says says what a message waits for, to an operator; reason is the entry's.
func (w *Wait) Says(reason string, now time.Time) string {
	says := "it waits for its turn, as the provider's pace and quota let it be sent"
	switch w.For {
	case WaitsForCode:
		says = "it waits for its code, for which the destination " + w.Destination + " is asked every minute"
	case WaitsForProvider:
		says = "the provider says " + reason + ", and it is tried again"
	case WaitsForTurn:
	default:
		return Says(reason) + ", at " + w.Until.UTC().Format(moments)
	}
	if now.Before(w.GivenUp) {
		return says + "; it is given up at " + w.GivenUp.UTC().Format(moments)
	}
	return "its moment has gone, and nobody has given it up yet: look at the dead letters of Messages"
}
