package suite

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"liuke/infra/local/standin"
	"liuke/shared/channel/ses/receipt"
	"liuke/shared/message"
	"liuke/shared/token"
)

// verdict is what a run comes to.
type verdict struct {
	mu                                           sync.Mutex
	accepted                                     map[string][]standin.Message // SES's journal, by entry
	sent, unknown, left, suppressed, lost, twice int
	unbooked, known                              int
	unsent, kept                                 int // claims that came to nothing, and those of them that still count against limits
	shown                                        map[string]int
}

// check compares the ledger with the stand-in's journal of the messages that it took, entry by entry, and prints the tally.
func (r *faultRun) check() {
	took := time.Since(r.started)
	v := &verdict{accepted: r.journal(), shown: map[string]int{}}
	var g errgroup.Group
	g.SetLimit(8)
	for _, p := range r.recipients {
		g.Go(func() error { return r.judge(v, p) })
	}
	if err := g.Wait(); err != nil {
		r.Fatal(err)
	}
	mails := 0
	for entry, each := range v.accepted {
		mails += len(each)
		if len(each) > 1 {
			v.twice++
			r.Errorf("duplicated: entry %s was taken %d times", entry, len(each))
		}
	}
	if v.kept > v.unsent/4 { // dispatch holds a message without it where the contact record keeps moving
		r.Errorf("%d of %d claims that came to nothing still count against their customers' limits", v.kept, v.unsent)
	}
	if v.known != len(v.accepted) {
		r.Errorf("%d messages were sent whose entries no customer has", len(v.accepted)-v.known)
	}
	lines, faults, kills := r.plan.tally()
	for _, line := range lines {
		r.Log(line)
	}
	w := &r.plan.windows
	r.Logf("seed %d: %d messages to %d customers in %.0f s, %.0f a second; %d faults, %d of them kills, %d of those inside a send",
		r.seed, r.messages, len(r.recipients), took.Seconds(), float64(r.messages)/took.Seconds(), faults, kills, w.kills)
	r.Logf("%d lost, %d duplicated, %d unknown; %d sent, %d held for who had unsubscribed, %d for suppressed addresses; %d mails, %d of which have no receipt",
		v.lost, v.twice, v.unknown, v.sent, v.left, v.suppressed, mails, v.unbooked)
	r.Logf("%d of %d claims that came to nothing still count against limits", v.kept, v.unsent)
	for _, name := range slices.Sorted(maps.Keys(v.shown)) {
		r.Logf("%d times: %s", v.shown[name], name)
	}
	if v.unknown > w.kills {
		r.Errorf("%d entries are unknown, and %d kills were inside a send", v.unknown, w.kills)
	}
	if faults < r.messages/50 || kills < r.messages/200 {
		r.Errorf("%d faults, %d of them kills, are too few to show anything of %d messages: %d and %d are wanted", faults, kills, r.messages, r.messages/50, r.messages/200)
	}
	if gone := r.messages / 2 / unsubscribeEvery; v.left < gone {
		r.Errorf("%d messages were held for who had unsubscribed, of %d customers", v.left, gone)
	}
	for _, d := range r.Permissions().Denied {
		r.Errorf("refused: %s", d.What)
	}
	state, err := r.State(r.Context())
	if err != nil {
		r.Fatal(err)
	}
	for _, q := range state.Queues {
		if q.Dead > 0 {
			r.Errorf("%d dead letters of %s", q.Dead, q.Name)
		}
	}
	for function, u := range r.Units() {
		r.Logf("%s: %.2f write and %.2f read units a message", function, u.Write/float64(r.messages), u.Read/float64(r.messages))
	}
}

// journal is what SES took, by the entry that each message names in its tag.
func (r *faultRun) journal() map[string][]standin.Message {
	var keys *token.Keyring
	for _, secret := range r.App.OfType("AWS::SecretsManager::Secret") {
		if secret.Short() == "tokenkeys" {
			value, _ := r.secrets.Value(secret.ARN)
			var err error
			if keys, err = token.NewKeyring([]byte(value)); err != nil {
				r.Fatal(err)
			}
		}
	}
	taken := map[string][]standin.Message{}
	for _, m := range r.outbox.Messages("") {
		var id token.Entry
		if err := keys.Open(token.PurposeEntry, m.Tags[receipt.EntryTag], &id); err != nil {
			r.Fatalf("message %s names no entry: %v", m.ID, err)
		}
		taken[id.Entry] = append(taken[id.Entry], m)
	}
	return taken
}

// judge compares all that the ledger says of a customer.
func (r *faultRun) judge(v *verdict, p *recipient) error {
	entries, next, err := r.store.Messages(r.Context(), p.id, 100, "")
	if err != nil || next != "" {
		return fmt.Errorf("read the entries of %s: %w, and more at %q", p.id, err, next)
	}
	d, err := r.store.Dossier(r.Context(), message.Wanted{Customer: p.id})
	if err != nil {
		return err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	claims, counts := 0, 0 // entries that were claimed, and of those the ones that were sent, or may have been
	for _, e := range entries {
		if len(v.accepted[e.ID]) > 0 {
			v.known++
		}
		if !e.Claimed.IsZero() {
			claims++
			if e.State != message.Held && e.State != message.Failed {
				counts++
			}
		}
		wanted := slices.ContainsFunc(p.expects, func(x *expected) bool { return x.scene() == e.Scene && x.occasion() == e.Occasion && e.Step == 0 })
		if !wanted && (e.State == message.Held || e.State == message.Deferred && e.Due.After(r.Clock.Now())) && len(v.accepted[e.ID]) == 0 {
			continue // another scene that the same cause sets off
		}
		r.entry(v, p, e)
	}
	stamps := len(d.Contact.Stamps)
	if stamps < counts || stamps > claims {
		r.fault(v, "%d stamps in a contact record for %d messages of %d claims", stamps, counts, claims)
	}
	v.unsent += claims - counts
	v.kept += max(stamps-counts, 0)
	for _, want := range p.expects {
		here := slices.IndexFunc(entries, func(e message.Entry) bool { return e.Scene == want.scene() && e.Occasion == want.occasion() })
		if here < 0 {
			v.lost++
			r.fault(v, "lost: no entry of %s", want.scene())
		}
	}
	return nil
}

// entry judges one entry by SES's journal.
func (r *faultRun) entry(v *verdict, p *recipient, e message.Entry) {
	taken := v.accepted[e.ID]
	switch e.State {
	case message.Sent:
		v.sent++
		if len(taken) == 0 {
			v.lost++
			r.fault(v, "lost: %s is sent, and SES never took it", e.Scene)
		}
	case message.Unknown:
		v.unknown++
		if len(taken) > 0 {
			r.fault(v, "%s is unknown, although SES took it and said so", e.Scene)
		}
		if !r.plan.windows.shut[e.ID] {
			r.fault(v, "%s is unknown (%s), and its sender was not killed in the middle", e.Scene, e.Reason)
		}
	case message.Held:
		switch {
		case p.fate == unsubscribes && e.Gate == "consent":
			v.left++
		case (p.fate == bounces || p.fate == complains) && e.Gate == "suppression":
			v.suppressed++
		default:
			v.lost++
			r.fault(v, "lost: %s is held by the gate %s: %s", e.Scene, e.Gate, e.Reason)
		}
		if len(taken) > 0 {
			r.fault(v, "%s is held, and SES took it", e.Scene)
		}
	default:
		v.lost++
		r.fault(v, "lost: %s is left %s (%s)", e.Scene, e.State, e.Reason)
	}
	if p.fate == unsubscribes && len(taken) > 0 {
		r.fault(v, "%s was sent to who had unsubscribed", e.Scene)
	}
	for _, m := range taken {
		r.receipt(v, p, e, m)
	}
}

// receipt judges what the ledger has of the receipts of a message that SES took, and when it went out.
func (r *faultRun) receipt(v *verdict, p *recipient, e message.Entry, m standin.Message) {
	booked := !e.Delivered.IsZero()
	switch p.fate {
	case bounces:
		booked = !e.Bounced.IsZero()
	case complains:
		booked = booked && !e.Complained.IsZero()
	}
	if !booked || len(v.accepted[e.ID]) == 1 && e.Provider != m.ID {
		v.unbooked++
		r.fault(v, "%s was taken and has not all of its receipts", e.Scene)
	}
	if p.zone == "" {
		return
	}
	place, err := time.LoadLocation(p.zone)
	if err != nil {
		r.Fatal(err)
	}
	if hour := m.SentAt.In(place).Hour(); hour < 8 || hour >= 21 {
		r.fault(v, "a wish went to %s at %s there", p.zone, m.SentAt.In(place).Format("15:04"))
	}
}

// fault reports one kind of fault three times, and then counts.
func (r *faultRun) fault(v *verdict, format string, args ...any) {
	const most = 3
	if v.shown[format]++; v.shown[format] <= most {
		r.Errorf(format, args...)
	}
}
