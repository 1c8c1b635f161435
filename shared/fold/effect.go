package fold

import (
	"context"
	"slices"
	"time"

	"liuke/shared/customer"
	"liuke/shared/fault"
)

// foldChain folds all of one customer's events, one transaction's worth after the other.
func (f *Folder) foldChain(ctx context.Context, g *group, state State, err error, outcomes []Outcome) {
	for {
		f.foldGroup(ctx, g, state, err, outcomes)
		if g = g.next; g == nil {
			return
		}
		state, err = f.load(ctx, want(g.changes))
	}
}

func (f *Folder) foldGroup(ctx context.Context, g *group, state State, err error, outcomes []Outcome) {
	var verdicts []verdict
	if err == nil && !state.Erased {
		state, verdicts, err = f.effect(ctx, g, state)
	}
	for i, at := range g.at {
		o := &outcomes[at]
		switch {
		case err != nil:
			o.Err = err
		case state.Erased:
			o.Erased = true
		case verdicts[i].err != nil:
			o.Err = verdicts[i].err
		default:
			o.Signals, o.Err = f.signals(&g.changes[i], &state)
			o.Key, o.Dropped = state.Key(), verdicts[i].dropped
		}
	}
}

// effect makes a group's effect durable. It returns the state after, and a verdict for each change.
func (f *Folder) effect(ctx context.Context, g *group, state State) (after State, verdicts []verdict, err error) {
	if state, err = f.link(ctx, g, state); err != nil || state.Erased {
		return state, nil, err
	}
	if err := f.describeGroups(ctx, g); err != nil {
		return state, nil, err
	}
	var key newKey
	for attempt := 0; ; attempt++ {
		after, verdicts, err := f.try(ctx, g, state, &key)
		if err == nil {
			f.shorten(ctx, &state)
			return after, verdicts, nil
		}
		if err := f.pause(ctx, attempt, err); err != nil {
			return state, nil, err
		}
		if state, err = f.load(ctx, want(g.changes)); err != nil || state.Erased {
			return state, nil, err
		}
	}
}

// try folds a group into a state once.
func (f *Folder) try(ctx context.Context, g *group, state State, key *newKey) (State, []verdict, error) {
	keyless, err := f.give(&state.Customer, key)
	if err != nil {
		return state, nil, err
	}
	w, after, verdicts := f.apply(state, g.changes, keyless)
	if w.Customer == nil {
		return after, verdicts, nil
	}
	if keyless {
		if err := f.keep(ctx, key); err != nil {
			return state, nil, err
		}
	}
	return after, verdicts, f.Store.Write(ctx, &w)
}

// MaxVia is how many items on the way are remembered beside the first and the last.
const MaxVia = 16

// shorten makes the way of an absorbed item one hop again. It only saves later folds time: where it fails, the next
// fold does it.
func (f *Folder) shorten(ctx context.Context, s *State) {
	if s.Hops < 2 {
		return
	}
	rec := s.Path[0].Clone()
	rec.Into, rec.Via = s.Customer.ID, nil
	for i := range s.Path[1:] {
		if id := s.Path[1+i].ID; id != rec.ID && id != rec.Into && !slices.Contains(rec.Via, id) {
			rec.Via = append(rec.Via, id)
		}
	}
	rec.Via = rec.Via[max(0, len(rec.Via)-MaxVia):]
	rec.Version++
	_ = f.Store.Shorten(ctx, &rec)
}

// describeGroups applies what the changes say of the groups that customers belong to.
func (f *Folder) describeGroups(ctx context.Context, g *group) error {
	for i := range g.changes {
		c := &g.changes[i]
		for attempt := 0; len(c.groupTraits) > 0; attempt++ {
			p, err := f.Store.Group(ctx, c.group)
			if err != nil {
				return err
			}
			before := p.Version
			for name, value := range c.groupTraits {
				if changed, _ := p.Set(name, customer.Trait{Value: value, Time: c.said.UnixMilli(), Event: c.id}); changed {
					p.Version = before + 1
				}
			}
			if p.Version == before {
				break
			}
			if err = f.Store.PutGroup(ctx, c.group, &p); err == nil {
				break
			}
			if err := f.pause(ctx, attempt, err); err != nil {
				return err
			}
		}
	}
	return nil
}

// newKey is a key made for a customer without one; all attempts at folding share it.
type newKey struct {
	customer.Key
	kept bool // where the lake's readers find it
}

// give puts a key into a customer's item that has none, and says whether it had none.
func (f *Folder) give(rec *customer.Record, k *newKey) (keyless bool, err error) {
	if !rec.Key.IsZero() {
		return false, nil
	}
	if k.IsZero() {
		if k.Key, err = customer.NewKey(f.Random); err != nil {
			return true, err
		}
	}
	rec.Key = k.Key
	return true, nil
}

// keep makes a new key readable before any item carries it.
func (f *Folder) keep(ctx context.Context, k *newKey) error {
	if k.kept {
		return nil
	}
	err := f.Store.Seal(ctx, k.Key)
	k.kept = err == nil
	return err
}

func (f *Folder) load(ctx context.Context, w Want) (State, error) {
	states, errs := f.Store.Load(ctx, []Want{w})
	return states[0], errs[0]
}

// maxAttempts is how often a conflict is folded in place before it goes back to the queue.
const maxAttempts = 8

// pause waits before the next attempt where err is a conflict; it returns an error where there is to be none.
func (f *Folder) pause(ctx context.Context, attempt int, err error) error {
	if fault.CodeOf(err) != fault.Conflict || attempt+1 >= maxAttempts {
		return err
	}
	longest := min(20*time.Millisecond<<attempt, time.Second)
	if f.Sleep(ctx, time.Duration(f.Jitter()*float64(longest))) != nil {
		return err
	}
	return nil
}
