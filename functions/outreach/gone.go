package main

import (
	"context"

	"liuke/shared/message"
	"liuke/shared/signal"
)

// Why a message that waited is held: its scene is not there to go on with. Dispatch says the same of one that was claimed.
const (
	gateEnabled = "enabled"
	reasonGone  = "scene_gone"
	reasonOff   = "scene_off"
)

// off is why nothing goes on that came due for one scene, and whether that is so: the scene was taken back meanwhile, or switched
// off.
func (h *Handler) off(sig signal.Signal) (reason string, ok bool) {
	if sig.Scene == "" {
		return "", false
	}
	switch sc := h.scenes.Scene(sig.Scene); {
	case sc == nil:
		return reasonGone, true
	case !sc.Enabled:
		return reasonOff, true
	}
	return "", false
}

// waiting are the entries of which the one may wait that a signal came due for: of a scene that is gone, nobody knows any more by
// which channel it was named.
func waiting(sig signal.Signal) (ids []string) {
	for _, channel := range message.Channels() {
		ids = append(ids, message.ID(sig.Customer, sig.Scene, sig.ID, sig.Step, channel))
	}
	return ids
}

// close holds what waited for a scene that is not there to go on with. What was decided otherwise, or never waited, stays as it is.
func (h *Handler) close(ctx context.Context, d *message.Dossier, t task, out *result) error {
	for _, id := range t.waits {
		e, ok := d.Entries[id]
		if !ok || e.State != message.Deferred {
			continue
		}
		next, err := e.Hold(gateEnabled, t.off, h.Now())
		if err != nil {
			return err
		}
		if d.Entries[id], err = h.Store.WriteEntry(ctx, next); err != nil {
			return err
		}
		out.count("Held_" + gateEnabled)
	}
	return nil
}
