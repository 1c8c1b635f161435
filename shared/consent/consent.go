// Package consent is what customers say of how they want to be reached, and the proof of it: which purposes, what text they
// were shown, by which door they said it, and when. Every change is a record of its own beside the profile, which says what
// stands: it is added to and never written over, and goes only with the customer.
package consent

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"liuke/shared/customer"
	"liuke/shared/event"
)

// Change is one purpose of which a customer has spoken. Given is nil where a word was taken back.
type Change struct {
	Purpose string `json:"purpose"` // "channel:email", "topic:offers", Personalised
	Given   *bool  `json:"given"`
}

// Personalised is the purpose of offers that are made by what is known of the customer.
const Personalised = "personalised_offers"

// Record is one word of a customer's.
type Record struct {
	Event   string    `json:"event"` // the id of the event that it came with
	Time    time.Time `json:"at"`
	Changes []Change  `json:"changes"`
	customer.Proof
}

// ProofOf returns the proof that an event brings: an identify call its trait consent_proof, an event of the customers' own
// pages and keywords its property proof. It returns an Invalid error as customer.ParseProof does.
func ProofOf(e *event.Event) (p customer.Proof, err error) {
	switch {
	case e.Type == event.Identify:
		p, err = customer.ParseProof(e.Traits)
	case own(e):
		var properties struct {
			Proof customer.Proof `json:"proof"`
		}
		_ = json.Unmarshal(e.Properties, &properties) // of the suite's own making
		p = properties.Proof
	}
	if p.Source == "" {
		p.Source = customer.ByAPI
		if e.Source == event.SourceImport {
			p.Source = customer.ByImport
		}
	}
	return p, err
}

// own reports whether an event is of the suite's own making.
func own(e *event.Event) bool {
	return e.Type == event.Track && e.Source == event.SourceSurvey && (e.Name == event.Unsubscribed || e.Name == event.PreferencesChanged)
}

// Purpose returns the purpose that a trait holds the customer's word on; ok is false for any other trait.
func Purpose(trait string) (purpose string, ok bool) {
	if channel, found := strings.CutPrefix(trait, customer.ConsentTrait("")); found {
		return "channel:" + channel, true
	}
	if topic, found := strings.CutPrefix(trait, customer.TopicTrait("")); found {
		return "topic:" + topic, true
	}
	return Personalised, trait == customer.TraitPersonalised
}

// Of returns the record of what an event says, given the traits as they stood before it; ok is false where it says nothing
// that is new: no consent, or the same as stood, with no text that the customer was shown. A word that comes late, after a
// later one, is a record as well.
func Of(id string, at time.Time, said map[string]string, before map[string]customer.Trait, proof customer.Proof) (r Record, ok bool) {
	r = Record{Event: id, Time: at, Proof: proof}
	for _, name := range slices.Sorted(maps.Keys(said)) {
		purpose, is := Purpose(name)
		stood := before[name]
		if !is || stood.Event == id || stood.Value == said[name] && !proof.Text() {
			continue
		}
		c := Change{Purpose: purpose}
		if v := said[name]; v != "" {
			given := v == "true"
			c.Given = &given
		}
		r.Changes = append(r.Changes, c)
	}
	return r, len(r.Changes) > 0
}
