package main

import (
	"context"
	"encoding/json"
	"time"

	"liuke/shared/channel"
	"liuke/shared/channel/webhook"
	"liuke/shared/fault"
	"liuke/shared/message"
	"liuke/shared/offer"
	"liuke/shared/scene"
)

// Asker asks the destinations of webhooks, as webhook.Channel does.
type Asker interface {
	Ask(ctx context.Context, to, id string, question json.RawMessage) (reply []byte, some bool, err error)
}

var _ Asker = (*webhook.Channel)(nil)

// askAgain is how long a message waits in the queue for a code that nobody has given yet, and how long a destination that does not
// answer is asked nothing: what waits for it must not keep others waiting.
const askAgain = time.Minute

// asks reports whether a message is to carry a code that a webhook is asked for, and has none yet.
func (h *Handler) asks(e *message.Entry) bool {
	sc := h.scenes.Scene(e.Scene)
	return sc != nil && sc.Offer.Asks() && e.Code.Code == ""
}

// code puts the code on an entry that is to have one of a webhook: that of the journey's first step, or what is given to the
// question. The question has the first step's entry for its id, so that a journey has one code, whichever of its steps asks first and
// however often. It is in the ledger with the step to sending, and not before: until then nothing was sent, and the same is asked
// again.
func (h *Handler) code(ctx context.Context, sc *scene.Scene, d *message.Dossier, e *message.Entry) (obstacle, error) {
	if !h.asks(e) {
		return obstacle{}, nil
	}
	first := sc.EntryID(e.Customer, e.Occasion, 0)
	if e.Step > 0 {
		before, err := h.Store.Entry(ctx, e.Customer, first)
		if err != nil && fault.CodeOf(err) != fault.NotFound {
			return obstacle{}, err
		}
		if e.Code = before.Code.Carried(); e.Code.Code != "" {
			return obstacle{}, nil
		}
	}
	if h.Offers == nil {
		return obstacle{gate: scene.GateOffer, why: offer.ReasonNotSetUp}, nil
	}
	if h.silent.Has(sc.Offer.Webhook, h.Now()) {
		return obstacle{}, h.askLater(sc, "nothing")
	}
	question, err := json.Marshal(offer.Question{
		Scene: sc.ID, Entry: first, Customer: d.Person, Variant: e.Variant, Language: d.Profile.Locale(), Segment: d.Scores.Segment,
	})
	if err != nil {
		return obstacle{}, err
	}
	reply, some, err := h.Offers.Ask(ctx, sc.Offer.Webhook, first, question)
	if err != nil {
		return h.unanswered(ctx, sc, err)
	}
	code := ""
	if some {
		if code, err = offer.ReadAnswer(reply); err != nil {
			return obstacle{}, h.askLater(sc, "bad_reply")
		}
	}
	if code == "" {
		return obstacle{gate: scene.GateOffer, why: offer.ReasonNone}, nil
	}
	e.Code = offer.Given{Webhook: sc.Offer.Webhook, Code: code}
	if h.room(ctx) < 0 {
		return obstacle{}, fault.New(fault.Unavailable, "too little time is left for a send to begin")
	}
	return obstacle{}, nil
}

// unanswered says what becomes of a message whose code was asked for in vain. Nothing was sent: where nobody can tell whether the
// question arrived it is asked again.
func (h *Handler) unanswered(ctx context.Context, sc *scene.Scene, asked error) (obstacle, error) {
	switch outcome, reason := channel.OutcomeOf(asked); outcome {
	case channel.Refused:
		h.Log.WarnContext(ctx, "question refused", "scene", sc.ID, "destination", sc.Offer.Webhook, "reason", reason)
		return obstacle{gate: scene.GateOffer, why: offer.ReasonRefused}, nil
	case channel.Blocked:
		h.Count.Count("OffersBlocked", 1)
		return obstacle{}, fault.New(fault.Internal, "the destination %s, which is asked for codes, says %s", sc.Offer.Webhook, reason)
	case channel.Unknown:
		h.silent.Note(sc.Offer.Webhook, h.Now())
		return obstacle{}, h.askLater(sc, reason)
	default:
		return obstacle{}, h.askLater(sc, reason)
	}
}

// askLater puts a message back for whose code is asked again in a while.
func (h *Handler) askLater(sc *scene.Scene, reason string) error {
	h.Count.Count("OffersPutOff", 1)
	return &putOff{fault.New(fault.Throttled, "the destination %s, which is asked for codes, says %s", sc.Offer.Webhook, reason), askAgain}
}

// spare is how much of the room for a message's moment is left for what is asked before it is sent.
func (h *Handler) spare(e *message.Entry) time.Duration {
	if h.asks(e) {
		return webhook.AskTimeout
	}
	return 0
}
