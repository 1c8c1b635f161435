package main

import (
	"context"
	"encoding/json"
	"iter"
	"slices"
	"time"

	"liuke/shared/batch"
	"liuke/shared/budget"
	"liuke/shared/campaign"
	"liuke/shared/customer"
	"liuke/shared/dynamo"
	"liuke/shared/fault"
	"liuke/shared/message"
	"liuke/shared/offer"
	"liuke/shared/outreach"
	"liuke/shared/queue"
	"liuke/shared/recalc"
	"liuke/shared/signal"
	"liuke/shared/snapshot"
	"liuke/shared/survey"
)

// Campaigns keeps the records of campaigns, and what they go by. See package dynamo for each.
type Campaigns interface {
	outreach.Store
	Campaign(ctx context.Context, scene, id string) (*campaign.Record, error)
	AdvanceCampaign(ctx context.Context, r *campaign.Record, at time.Time) error
	FinishCampaign(ctx context.Context, r *campaign.Record, at time.Time) error
	FailCampaign(ctx context.Context, scene, id, reason string, at time.Time) error
	Dossiers(ctx context.Context, ids []customer.ID) ([]message.Dossier, error)
	SuppressedAmong(ctx context.Context, addresses []message.Address) ([]bool, error)
	Surveys(ctx context.Context) (survey.Catalogue, error)
	// Counters reads what each counter of accounts holds.
	Counters(ctx context.Context, accounts ...budget.Account) (budget.Counters, error)
	Pools(ctx context.Context) (map[string]*offer.Pool, error)
	// OfferStock counts a pool's codes, and those of them that were given.
	OfferStock(ctx context.Context, pool string) (codes, given int64, err error)
}

// Limits of a worker.
const (
	readsAtOnce   = 8       // calls that read dossiers side by side
	maxTableBytes = 4 << 20 // rows of a simulation that are held before they are kept
)

// campaign goes on with a run of a scene over all customers from where its message says, as backtest does. It looks before
// each part whether an operator has cancelled the run, and waits where its pace says so.
func (h *Handler) campaign(ctx context.Context, m *recalc.Message) error {
	record, err := h.Store.Campaign(ctx, m.Scene, m.Campaign)
	if fault.CodeOf(err) == fault.NotFound {
		return fault.As(err, fault.Invalid, "the message is of no campaign")
	}
	if err != nil {
		return err
	}
	if record.Late(m.Step) {
		return nil
	}
	work, basis, err := h.campaignFrom(ctx, record, m.Step)
	if err != nil {
		return h.campaignLost(ctx, record, err)
	}
	parts, done := work.Ahead()
	var keys []string
	for _, p := range parts {
		keys = append(keys, recalc.NamesKey(record.Run, p))
	}
	for raw, err := range h.fetch(ctx, keys) {
		if err != nil {
			return h.campaignLost(ctx, record, err)
		}
		names, err := snapshot.Names(raw)
		if err != nil || done > len(names) {
			return h.failCampaign(ctx, record, "a part of the recalculation's snapshot is damaged", fault.As(err, fault.Internal, "damaged"))
		}
		if over, err := h.cancelled(ctx, record); over || err != nil {
			return err
		}
		for chunk := range slices.Chunk(names[done:], campaign.Chunk) {
			if wait := work.Wait(h.Now()); wait > 0 || h.Left(ctx) < margin {
				return h.pauseCampaign(ctx, record, work, wait)
			}
			if err := h.reach(ctx, record, basis, work, chunk); err != nil {
				return err
			}
			if work.Full() {
				return h.finishCampaign(ctx, record, work)
			}
		}
		done = 0
	}
	return h.finishCampaign(ctx, record, work)
}

// cancelled reports whether a run has ended meanwhile.
func (h *Handler) cancelled(ctx context.Context, record *campaign.Record) (bool, error) {
	now, err := h.Store.Campaign(ctx, record.Scene, record.ID)
	return err == nil && now.State != recalc.Running, err
}

// reach looks at a chunk of customers, and tells outreach of those for whom the campaign is.
func (h *Handler) reach(ctx context.Context, record *campaign.Record, basis *campaign.Basis, work *campaign.Work, ids []customer.ID) error {
	dossiers, suppressed, err := h.dossiers(ctx, record, basis, ids)
	if err != nil {
		return err
	}
	packs, err := work.Look(ids, dossiers, suppressed, h.Now())
	if err != nil {
		return err
	}
	if work.TableBytes() > maxTableBytes {
		if err := h.keepTable(ctx, record, work); err != nil {
			return err
		}
	}
	return h.tellPacks(ctx, record, packs)
}

// dossiers reads what is known of customers, and for a simulation which of their addresses are suppressed.
func (h *Handler) dossiers(ctx context.Context, record *campaign.Record, basis *campaign.Basis, ids []customer.ID) ([]message.Dossier, map[message.Address]bool, error) {
	chunks := slices.Collect(slices.Chunk(ids, dynamo.DossiersAtOnce))
	read := make([][]message.Dossier, len(chunks))
	asked := make([][]message.Address, len(chunks))
	gone := make([][]bool, len(chunks))
	errs := make([]error, len(chunks))
	batch.Each(len(chunks), readsAtOnce, func(i int) {
		if read[i], errs[i] = h.Store.Dossiers(ctx, chunks[i]); errs[i] != nil || !record.Terms.Simulated {
			return
		}
		for n := range read[i] {
			asked[i] = append(asked[i], basis.Addresses(read[i][n].Profile)...)
		}
		gone[i], errs[i] = h.Store.SuppressedAmong(ctx, asked[i])
	})
	var all []message.Dossier
	suppressed := map[message.Address]bool{}
	for i := range chunks {
		if errs[i] != nil {
			return nil, nil, errs[i]
		}
		all = append(all, read[i]...)
		for n, is := range gone[i] {
			if is {
				suppressed[asked[i][n]] = true
			}
		}
	}
	return all, suppressed, nil
}

// tellPacks sends signals, which the queue holds back until they are to be heard.
func (h *Handler) tellPacks(ctx context.Context, record *campaign.Record, packs []campaign.Pack) error {
	var messages []queue.Message
	told := 0
	for _, p := range packs {
		var pack signal.Pack
		for _, id := range p.Customers {
			sig, err := record.Signal(id, p.Heard)
			if err != nil {
				return fault.As(err, fault.Internal, "a signal cannot be encoded")
			}
			pack.Signals = append(pack.Signals, sig)
		}
		body, err := json.Marshal(pack)
		if err != nil {
			return fault.As(err, fault.Internal, "the signals cannot be encoded")
		}
		messages = append(messages, queue.Message{Body: string(body), Delay: max(p.Heard.Sub(h.Now()), 0)})
		told += len(p.Customers)
	}
	if len(messages) == 0 {
		return nil
	}
	if err := h.Signals.Send(ctx, messages...); err != nil {
		return err
	}
	h.Counter.Count("CampaignSignals", told)
	return nil
}

// campaignFrom returns the work of a run after so many customers, and what it goes by.
func (h *Handler) campaignFrom(ctx context.Context, record *campaign.Record, step int) (*campaign.Work, *campaign.Basis, error) {
	basis, err := h.basis(ctx, record)
	if err != nil {
		return nil, nil, err
	}
	if step > 0 {
		raw, err := h.Lake.Get(ctx, campaign.StateKey(record, step))
		if err != nil {
			return nil, nil, err
		}
		work, err := campaign.Resume(basis, record, raw)
		return work, basis, err
	}
	run, err := h.Store.Run(ctx, record.Run)
	if err != nil {
		return nil, nil, err
	}
	progress, err := h.slices(ctx, run)
	if err != nil {
		return nil, nil, err
	}
	var parts []recalc.Part
	for _, s := range progress {
		parts = append(parts, s.Parts...)
	}
	return campaign.Begin(basis, record, parts), basis, nil
}

// pauseCampaign leaves the work to the next invocation, which begins after a while.
func (h *Handler) pauseCampaign(ctx context.Context, record *campaign.Record, work *campaign.Work, wait time.Duration) error {
	if err := h.keepTable(ctx, record, work); err != nil {
		return err
	}
	raw, err := work.Keep()
	if err != nil {
		return err
	}
	if err := h.Lake.Put(ctx, campaign.StateKey(record, work.Step()), "application/json", raw); err != nil {
		return err
	}
	next := record.Message(work.Step())
	next.Wait = wait
	if err := h.Phases.SendPhases(ctx, next); err != nil {
		return err
	}
	return h.Store.AdvanceCampaign(ctx, progressed(record, work), h.Now())
}

// progressed is the record as far as the work has come.
func progressed(record *campaign.Record, work *campaign.Work) *campaign.Record {
	next := *record
	next.Step, next.Steps, next.Counts = work.Step(), work.Steps(), work.Counts()
	return &next
}

const csvType = "text/csv; charset=utf-8"

// keepTable keeps the rows of a simulation that have gathered.
func (h *Handler) keepTable(ctx context.Context, record *campaign.Record, work *campaign.Work) error {
	rows, from, ok := work.Take()
	if !ok {
		return nil
	}
	return h.Lake.Put(ctx, campaign.TableKey(record, from), csvType, rows)
}

// finishCampaign keeps what a simulation came to, and notes then that the run is done.
func (h *Handler) finishCampaign(ctx context.Context, record *campaign.Record, work *campaign.Work) error {
	if record.Terms.Simulated {
		if err := h.keepTable(ctx, record, work); err != nil {
			return err
		}
		if err := h.keepReport(ctx, record, work); err != nil {
			return err
		}
	}
	if err := h.Store.FinishCampaign(ctx, progressed(record, work), h.Now()); err != nil {
		return err
	}
	counts := work.Counts()
	h.Log.InfoContext(ctx, "campaign done", "campaign", record.Name(), "simulated", record.Terms.Simulated, "customers", counts.Seen, "signalled", counts.Signalled)
	if record.Terms.Simulated {
		h.Counter.Count("SimulationsDone", 1)
	} else {
		h.Counter.Count("CampaignsDone", 1)
		h.Counter.Count("CampaignUnjudged", int(counts.Unjudged))
	}
	return nil
}

// keepReport keeps the rows of a simulation as one object, its report, and the examples, which name customers, apart.
func (h *Handler) keepReport(ctx context.Context, record *campaign.Record, work *campaign.Work) error {
	var keys []string
	for _, from := range work.Tables() {
		keys = append(keys, campaign.TableKey(record, from))
	}
	report, err := json.Marshal(work.Report(false))
	if err != nil {
		return fault.As(err, fault.Internal, "the report cannot be encoded")
	}
	examples, err := json.Marshal(work.Report(true))
	if err != nil {
		return fault.As(err, fault.Internal, "the report cannot be encoded")
	}
	var rows iter.Seq2[[]byte, error] = withHeader(campaign.Header(), h.fetch(ctx, keys))
	return all(
		func() error { return h.Lake.PutStream(ctx, campaign.RowsKey(record), csvType, rows) },
		func() error { return h.Lake.Put(ctx, campaign.ReportKey(record), "application/json", report) },
		func() error { return h.Lake.Put(ctx, campaign.ExamplesKey(record), "application/json", examples) },
	)
}

// campaignLost fails a run whose snapshot or scene is no longer there; any other error it returns.
func (h *Handler) campaignLost(ctx context.Context, record *campaign.Record, err error) error {
	if fault.CodeOf(err) != fault.NotFound {
		return err
	}
	return h.failCampaign(ctx, record, "the scene, or the recalculation's snapshot, is no longer kept", err)
}

func (h *Handler) failCampaign(ctx context.Context, record *campaign.Record, reason string, cause error) error {
	if err := h.Store.FailCampaign(ctx, record.Scene, record.ID, reason, h.Now()); err != nil {
		return err
	}
	h.Log.ErrorContext(ctx, "campaign failed", "campaign", record.Name(), "error", cause.Error())
	h.Counter.Count("CampaignsFailed", 1)
	return nil
}
