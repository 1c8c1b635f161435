package outreach

import (
	"context"
	"time"

	"liuke/shared/message"
	"liuke/shared/scene"
	"liuke/shared/signal"
	"liuke/shared/survey"
)

// Candidate is what a dossier says of a customer for whom a signal sets a scene off. What only reads of their own tell is left to
// Suppressed, and to whoever decides on journeys.
func Candidate(d *message.Dossier, sc *scene.Scene, sig signal.Signal, ask scene.Ask, s *survey.Survey, now time.Time) scene.Candidate {
	return scene.Candidate{
		Scene: sc, Signal: sig, Person: d.Person, Profile: d.Profile, Scores: d.Scores, Contact: d.Contact, Now: now,
		Ask: ask, Survey: s, Step: sig.Step,
	}
}

// Suppressed looks which of the step's channels lead to an address that must not be sent to, up to the first that is free: that
// is the one to be chosen.
func Suppressed(ctx context.Context, c *scene.Candidate, look func(ctx context.Context, channel message.Channel, address string) (bool, error)) error {
	for _, channel := range c.Scene.Step(c.Step).Channels {
		address := scene.Address(channel, c.Profile)
		if address == "" || !c.Profile.Consents(string(channel)) {
			continue
		}
		suppressed, err := look(ctx, channel, address)
		if err != nil {
			return err
		}
		if !suppressed {
			return nil
		}
		if c.Suppressed == nil {
			c.Suppressed = map[message.Channel]bool{}
		}
		c.Suppressed[channel] = true
	}
	return nil
}
