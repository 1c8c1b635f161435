package main

import (
	"context"

	"liuke/shared/channel"
	"liuke/shared/fault"
	"liuke/shared/message"
	"liuke/shared/outreach"
	"liuke/shared/scene"
	"liuke/shared/token"
)

// obstacle is why a claimed message is not sent: a gate that holds it, or, without a gate, why it fails.
type obstacle struct{ gate, why string }

// gateEnabled holds what was claimed before its scene was switched off.
const gateEnabled = "enabled"

// prepared is a message ready for its channel.
type prepared struct {
	channel.Message
	locale string
}

// prepare looks again at what may have changed since the claim, and makes the message. A code that is got for it is put on the entry.
func (h *Handler) prepare(ctx context.Context, keys *token.Keyring, d message.Dossier, e *message.Entry) (prepared, obstacle, error) {
	sc := h.scenes.Scene(e.Scene)
	switch {
	case sc == nil:
		return prepared{}, obstacle{why: reasonNoScene}, nil
	case !sc.Enabled:
		return prepared{}, obstacle{gate: gateEnabled, why: reasonOff}, nil
	case h.Channels[e.Channel] == nil:
		return prepared{}, obstacle{why: reasonNoChannel}, nil
	case h.Now().Sub(e.Claimed) > message.Patience:
		return prepared{}, obstacle{why: reasonExpired}, nil
	}
	address := sc.Address(e.Channel, d.Profile)
	c := scene.Candidate{Scene: sc, Step: e.Step, Chosen: e.Channel, Profile: d.Profile, Now: h.Now()}
	if address != "" && e.Channel != message.Webhook { // where a webhook goes is no customer's address
		suppressed, err := h.Store.Suppressed(ctx, e.Channel, address)
		if err != nil {
			return prepared{}, obstacle{}, err
		}
		c.Suppressed = map[message.Channel]bool{e.Channel: suppressed}
	}
	if err := h.asking(ctx, &c, *e); err != nil {
		return prepared{}, obstacle{}, err
	}
	var err error
	if c.GoalMet, err = h.goalMet(ctx, sc, *e); err != nil {
		return prepared{}, obstacle{}, err
	}
	if v := scene.Recheck(c); v.Outcome != scene.Pass {
		return prepared{}, obstacle{gate: v.Gate, why: v.Reason}, nil
	}
	if o, err := h.code(ctx, sc, &d, e); err != nil || o.gate != "" {
		return prepared{}, o, err
	}
	links, err := h.links(keys, &c, *e)
	if err != nil {
		return prepared{}, obstacle{}, err
	}
	ledger, err := keys.Seal(token.PurposeEntry, token.Entry{Customer: e.Customer, Entry: e.ID})
	if err != nil {
		return prepared{}, obstacle{}, err
	}
	said, failed, cause := outreach.Say(sc, scene.Saying{
		Step: e.Step, Variant: e.Variant, Channel: e.Channel, Segment: d.Scores.Segment, Sender: h.Settings.senderName(), Look: h.look, Links: links,
		Stop: h.stopHint(d.Profile.Locale(), links), Code: e.Code.Code,
	}, d.Profile, *e)
	if cause != nil {
		h.Log.ErrorContext(ctx, "content not made", "scene", sc.ID, "error", cause.Error())
	}
	if failed != "" {
		return prepared{}, obstacle{why: failed}, nil
	}
	h.countClicks(keys, *e, &said)
	out, err := compose(e.Channel, said)
	if err != nil {
		return prepared{}, obstacle{}, err
	}
	out.To, out.Ledger, out.Transactional = address, ledger, sc.Kind == scene.Transactional
	if e.Channel == message.Email {
		out.Unsubscribe = links.Unsubscribe
	}
	return prepared{Message: out, locale: said.Locale}, obstacle{}, nil
}

// links seals the customer's own links.
func (h *Handler) links(keys *token.Keyring, c *scene.Candidate, e message.Entry) (out scene.Links, err error) {
	unsubscribe, err := keys.Seal(token.PurposeUnsubscribe, token.Unsubscribe{Customer: e.Customer, Channel: string(e.Channel), Entry: e.ID})
	if err != nil {
		return out, err
	}
	preferences, err := keys.Seal(token.PurposePreferences, token.Preferences{Customer: e.Customer})
	if err != nil {
		return out, err
	}
	out.Unsubscribe, out.Preferences = h.Settings.link("u", unsubscribe), h.Settings.link("p", preferences)
	out.Survey, err = h.question(keys, c, e)
	return out, err
}

// conclude writes what the provider's answer means for an entry that is sending.
func (h *Handler) conclude(ctx context.Context, d message.Dossier, e message.Entry, out prepared, id string, sendErr error) error {
	if sendErr == nil {
		return h.settle(ctx, e, "Sent", h.Store.WriteEntry, func(e message.Entry) (message.Entry, error) {
			next, err := e.Accept(id, out.locale, h.Now())
			return next.Settle(h.cost(&e, &out)), err
		})
	}
	if channel.Suppresses(sendErr) {
		h.suppress(ctx, e.Channel, out.To, sendErr)
	}
	outcome, reason := channel.OutcomeOf(sendErr)
	h.Log.WarnContext(ctx, "message not sent", "scene", e.Scene, "outcome", outcome, "reason", reason)
	switch outcome {
	case channel.Refused:
		return h.settle(ctx, e, "Failed", h.uncounted(d), func(e message.Entry) (message.Entry, error) { return e.Fail(reason) })
	case channel.Throttled, channel.Blocked:
		metric, code := "ProviderThrottled", fault.Throttled
		if outcome == channel.Blocked {
			metric, code = "ProviderBlocked", fault.Internal
		}
		err := h.settle(ctx, e, metric, h.Store.WriteEntry, func(e message.Entry) (message.Entry, error) { return e.PutBack(reason) })
		if err != nil {
			return err
		}
		return fault.New(code, "the provider says %s", reason)
	default:
		return h.settle(ctx, e, "Unknown", h.Store.WriteEntry, func(e message.Entry) (message.Entry, error) { return e.Lose(reason) })
	}
}

// suppress lists an address as one that takes no message any more. Where that cannot be written the entry is failed all the
// same: the provider says so again with the next message.
func (h *Handler) suppress(ctx context.Context, ch message.Channel, address string, sendErr error) {
	_, reason := channel.OutcomeOf(sendErr)
	if err := h.Store.Suppress(ctx, ch, address, reason, h.Now()); err != nil {
		h.Log.WarnContext(ctx, "address not suppressed", "channel", ch, "code", fault.CodeOf(err))
		return
	}
	h.Count.Count("Suppressed", 1)
}

// settle writes the last step of a send. Where a receipt has moved the entry meanwhile the step is taken from there;
// where the receipt has said it all, nothing is left to write.
func (h *Handler) settle(ctx context.Context, e message.Entry, metric string, write writer, step func(message.Entry) (message.Entry, error)) error {
	for try := 1; ; try++ {
		next, err := step(e)
		if err != nil {
			return nil // settled by a receipt
		}
		_, err = write(ctx, next)
		if err == nil {
			h.Count.Count(metric, 1)
			return nil
		}
		if try == settleTries || fault.CodeOf(err) != fault.Conflict {
			return err
		}
		stored, err := h.Store.Entry(ctx, e.Customer, e.ID)
		if fault.CodeOf(err) == fault.NotFound {
			h.Count.Count("EntryGone", 1)
			return nil // its customer was erased while it was being sent
		}
		if err != nil {
			return err
		}
		if stored.Attempt != e.Attempt {
			return nil // the step was written and its answer lost; another try has begun since
		}
		e = stored
	}
}
