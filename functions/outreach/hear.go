package main

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"liuke/shared/customer"
	"liuke/shared/message"
	"liuke/shared/outreach"
	"liuke/shared/scene"
	"liuke/shared/signal"
)

// waitSlack is how much longer than its delays a journey may take for each of its steps, which may wait for an hour that is
// not quiet.
const waitSlack = 72 * time.Hour

// hears returns the scenes whose goal the signal meets, or that may wait for it, as far as one can tell without the customer.
func hears(all []*scene.Scene, sig signal.Signal) (some []*scene.Scene) {
	if sig.Scene != "" {
		return nil
	}
	event := eventOf(sig)
	for _, sc := range all {
		if sc.Goal.Met(sig) || event != "" && sc.Waits(event) {
			some = append(some, sc)
		}
	}
	return some
}

// eventOf is the name of the event that a signal tells of, "" where it tells of none.
func eventOf(sig signal.Signal) string {
	var d signal.EventData
	if sig.Kind != signal.Happened || json.Unmarshal(sig.Data, &d) != nil {
		return ""
	}
	return d.Event
}

// hear books what a signal means for scenes that the customer has entered: it may meet their goals, and be what a journey
// waits for. Goals come first, so that whoever has met one is not written to for that very reason.
func (h *Handler) hear(ctx context.Context, d *message.Dossier, t task, out *result) error {
	entered, err := h.entered(ctx, d, t)
	if err != nil {
		return err
	}
	for _, sc := range t.hears {
		if sc.Goal.Met(t.sig) {
			if err := h.book(ctx, d, sc, t, entered[sc.ID], out); err != nil {
				return err
			}
		}
	}
	event := eventOf(t.sig)
	for _, sc := range t.hears {
		if event == "" || !sc.Waits(event) {
			continue
		}
		for _, first := range entered[sc.ID] {
			if err := h.wake(ctx, d, sc, t, first, out); err != nil {
				return err
			}
		}
	}
	return nil
}

// entered reads the entries by which the customer entered the scenes that hear the signal, oldest first, as far back as they
// may bear on it. They stand under the customer or the person; or else, after a merge, under one of those whom that absorbed.
func (h *Handler) entered(ctx context.Context, d *message.Dossier, t task) (map[string][]message.Entry, error) {
	wanted := map[string][]string{}
	var missing []string
	for _, sc := range t.hears {
		span := sc.Span() + time.Duration(len(sc.Steps))*waitSlack
		if sc.Goal != nil {
			span = max(span, sc.Goal.Within+time.Minute) // of the record's minute
		}
		for _, e := range d.Contact.EnteredOf(sc.ID) {
			if age := t.sig.Time.Sub(e.At); age >= 0 && age <= span {
				wanted[sc.ID] = append(wanted[sc.ID], e.Entry)
				if _, ok := d.Entries[e.Entry]; !ok {
					missing = append(missing, e.Entry)
				}
			}
		}
	}
	missing, err := h.look(ctx, d, missing, t.sig.Customer, d.Person)
	if err == nil && len(missing) > 0 {
		var absorbed []customer.ID
		if absorbed, err = h.Store.Absorbed(ctx, d.Person); err == nil {
			_, err = h.look(ctx, d, missing, absorbed...)
		}
	}
	if err != nil {
		return nil, err
	}
	found := map[string][]message.Entry{}
	for id, entries := range wanted {
		for _, entry := range entries {
			if e, ok := d.Entries[entry]; ok {
				found[id] = append(found[id], e)
			}
		}
	}
	return found, nil
}

// look reads entries into the dossier that stand under any of the owners, and returns those that don't.
func (h *Handler) look(ctx context.Context, d *message.Dossier, ids []string, owners ...customer.ID) (missing []string, err error) {
	if len(ids) == 0 || len(owners) == 0 {
		return ids, nil
	}
	slices.Sort(owners)
	var refs []message.Ref
	for _, owner := range slices.Compact(owners) {
		for _, id := range ids {
			refs = append(refs, message.Ref{Customer: owner, Entry: id})
		}
	}
	entries, err := h.Store.Entries(ctx, refs)
	for ref, e := range entries {
		d.Entries[ref.Entry] = e
	}
	for _, id := range ids {
		if _, ok := d.Entries[id]; !ok {
			missing = append(missing, id)
		}
	}
	return missing, err
}

// wake decides on the step of a journey that waits for the signal's event, if it does: if the step has begun to wait, and has
// not been decided. An event that happened before is none that came, and one wakes a journey once.
func (h *Handler) wake(ctx context.Context, d *message.Dossier, sc *scene.Scene, t task, first message.Entry, out *result) error {
	ids := entriesOf(sc, first.Customer, first.Occasion, len(sc.Steps))
	missing := slices.DeleteFunc(slices.Clone(ids), func(id string) bool { _, ok := d.Entries[id]; return ok })
	if _, err := h.look(ctx, d, missing, first.Customer); err != nil {
		return err
	}
	step, since := outreach.Standing(sc, first.Customer, first.Occasion, d.Entries)
	if step == scene.Exit || sc.Steps[step].WaitFor != eventOf(t.sig) || t.sig.Time.Before(since) {
		return nil
	}
	for _, id := range ids {
		if e, ok := d.Entries[id]; ok && (e.Occasion == t.sig.ID || e.Came == t.sig.ID || e.Step == step) {
			return nil
		}
	}
	woken := task{signal: t.signal, scene: sc, entry: ids[step], journey: ids[:step], sig: signal.Signal{
		ID: first.Occasion, Kind: first.Kind, Customer: first.Customer, Time: first.Caused, Data: first.Data,
		Scene: sc.ID, Step: step, Came: t.sig.ID,
	}}
	out.count("Woken")
	return h.decide(ctx, d, woken, out)
}
