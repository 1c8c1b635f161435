package dynamo_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	"liuke/shared/campaign"
	"liuke/shared/fault"
	"liuke/shared/recalc"
)

func TestACampaignsRecordOnlyMovesForwardAndEndsOnce(t *testing.T) {
	t.Parallel()
	s := ledgerStore(t)
	ctx, at := t.Context(), time.Date(2026, 3, 5, 1, 2, 3, 4_000_000, time.UTC)
	do := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	begin := func(at time.Time, state recalc.State) *campaign.Record {
		t.Helper()
		r := &campaign.Record{
			Job: recalc.Job{ID: recalc.JobID(at), State: state, Started: at, Updated: at}, Scene: "sale",
			Terms: campaign.Terms{At: at.Add(30 * time.Second), Customers: 5, PerSecond: 7, Seed: 1 << 63},
		}
		do(s.BeginCampaign(ctx, r))
		return r
	}
	expect := func(want *campaign.Record) {
		t.Helper()
		got, err := s.Campaign(ctx, want.Scene, want.ID)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Fatal(err, diff)
		}
	}
	first := begin(at, recalc.Running)
	expect(first)
	if err := s.BeginCampaign(ctx, first); fault.CodeOf(err) != fault.Conflict {
		t.Errorf("a second of one id: %v, want Conflict", err)
	}
	if err := s.StartCampaign(ctx, "sale", first.ID, "run", at); fault.CodeOf(err) != fault.Conflict {
		t.Errorf("starting what is under way: %v, want Conflict", err)
	}
	later := at.Add(time.Minute)
	first.Step, first.Steps, first.Updated = 500, 900, later
	first.Counts = campaign.Counts{Seen: 500, Gone: 1, Audience: 20, Signalled: 20, Next: later}
	do(s.AdvanceCampaign(ctx, first, later))
	slower := *first
	slower.Step, slower.Counts.Seen = 400, 400
	do(s.AdvanceCampaign(ctx, &slower, later.Add(time.Minute)))
	expect(first)
	first.Step, first.Counts.Seen = 900, 900
	do(s.FinishCampaign(ctx, first, later))
	first.State, first.Finished = recalc.Done, later
	expect(first)
	do(s.FailCampaign(ctx, "sale", first.ID, "too late", later.Add(time.Hour)))
	expect(first)
	if _, err := s.CancelCampaign(ctx, "sale", first.ID, later); err != nil { // something of it may wait
		t.Error(err)
	}
	if _, err := s.CancelCampaign(ctx, "sale", first.ID, later); fault.CodeOf(err) != fault.Conflict {
		t.Errorf("cancelling what was cancelled: %v, want Conflict", err)
	}
	first.State, first.Reason = campaign.Cancelled, "an operator cancelled it"
	expect(first)

	second := begin(at.Add(time.Second), campaign.Filed)
	third := begin(at.Add(time.Hour), campaign.Filed)
	for _, c := range []struct {
		now  time.Time
		want []campaign.Filing
	}{
		{second.Terms.At, nil}, // its minute has not come
		{second.Terms.At.Add(time.Minute), []campaign.Filing{second.Filing()}},
		{at.Add(48 * time.Hour), []campaign.Filing{second.Filing(), third.Filing()}},
	} {
		got, err := s.FiledCampaigns(ctx, c.now)
		if diff := cmp.Diff(c.want, got); err != nil || diff != "" {
			t.Error(c.now, err, diff)
		}
	}
	do(s.StartCampaign(ctx, "sale", second.ID, "run", later))
	second.State, second.Run, second.Updated = recalc.Running, "run", later
	expect(second)
	do(s.UnfileCampaign(ctx, second.Filing()))
	cancelled, err := s.CancelCampaign(ctx, "sale", third.ID, later)
	third.State, third.Reason, third.Finished = campaign.Cancelled, "an operator cancelled it", later
	if diff := cmp.Diff(third, cancelled); err != nil || diff != "" {
		t.Error(err, diff)
	}
	if got, err := s.FiledCampaigns(ctx, at.Add(48*time.Hour)); err != nil || len(got) != 1 {
		t.Error(got, err)
	}
	for limit, want := range map[int][]*campaign.Record{1: {third}, 5: {third, second, first}} {
		got, err := s.Campaigns(ctx, "sale", limit)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Error(limit, err, diff)
		}
	}
	if all, err := s.Campaigns(ctx, "other", 5); err != nil || len(all) != 0 {
		t.Error(all, err)
	}
	if _, err := s.Campaign(ctx, "other", first.ID); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("of another scene: %v", err)
	}
	if _, err := s.CancelCampaign(ctx, "other", first.ID, later); fault.CodeOf(err) != fault.Conflict {
		t.Errorf("cancelling what there is not: %v", err)
	}
}

func TestAScheduleOnlyMovesForward(t *testing.T) {
	t.Parallel()
	s, at := ledgerStore(t), time.Date(2026, 3, 5, 1, 2, 0, 0, time.UTC)
	put := func(cron string, at time.Time, code fault.Code) {
		t.Helper()
		if err := s.PutRecurrence(t.Context(), "sale", campaign.Recurrence{Cron: cron, At: at}); fault.CodeOf(err) != code {
			t.Errorf("%s, %s: %v, want %q", cron, at, err, code)
		}
	}
	put("0 10 * * *", at, "")
	put("0 10 * * *", at, fault.Conflict)
	put("0 10 * * *", at.Add(-time.Hour), fault.Conflict)
	put("0 10 * * *", at.Add(time.Hour), "")
	put("0 11 * * *", at, "") // another schedule begins anew
	got, err := s.Recurrences(t.Context())
	if diff := cmp.Diff(map[string]campaign.Recurrence{"sale": {Cron: "0 11 * * *", At: at}}, got); err != nil || diff != "" {
		t.Error(err, diff)
	}
}

func TestOfRunsThatOperatorsStartAtOneTimeOneBegins(t *testing.T) {
	t.Parallel()
	s := ledgerStore(t)
	at := time.Date(2026, 3, 5, 1, 2, 3, 4_000_000, time.UTC)
	begin := func(i int, last string, state recalc.State) (string, fault.Code) {
		moment := at.Add(time.Duration(i) * time.Millisecond)
		r := &campaign.Record{
			Job: recalc.Job{ID: recalc.JobID(moment), State: state, Started: moment, Updated: moment}, Scene: "spring",
			Terms: campaign.Terms{At: moment.Add(time.Hour), Key: "k"},
		}
		if err := s.BeginNextCampaign(t.Context(), r, last); err != nil {
			return "", fault.CodeOf(err)
		}
		return r.ID, ""
	}
	for round, last := 0, ""; round < 3; round++ {
		if got, err := s.LastCampaign(t.Context(), "spring"); err != nil || got != last {
			t.Fatal(got, err)
		}
		begun := make(chan string, 8)
		var g errgroup.Group
		for i := range 8 {
			g.Go(func() error {
				id, code := begin(10*round+i, last, []recalc.State{recalc.Running, campaign.Filed}[i%2])
				if code == "" {
					begun <- id
				} else if code != fault.Conflict {
					t.Errorf("%v", code)
				}
				return nil
			})
		}
		_ = g.Wait()
		if len(begun) != 1 {
			t.Fatalf("%d began", len(begun))
		}
		last = <-begun
	}
	all, err := s.Campaigns(t.Context(), "spring", 10)
	if err != nil || len(all) != 3 || all[0].Terms.Key != "k" {
		t.Error(all, err)
	}
}
