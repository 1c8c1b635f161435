package recount

import (
	"context"
	"slices"

	"golang.org/x/sync/errgroup"

	"liuke/shared/customer"
	"liuke/shared/fault"
	"liuke/shared/measure"
	"liuke/shared/message"
)

// Uniter finds who became one person. See package dynamo for each.
type Uniter interface {
	AbsorbedAmong(ctx context.Context, ids []customer.ID) ([]bool, error)
	Root(ctx context.Context, id customer.ID) (customer.Record, error)
	Absorbed(ctx context.Context, id customer.ID) ([]customer.ID, error)
	Enrolments(ctx context.Context, person customer.ID, scene string) ([]measure.Enrolment, error)
	EnrolAgain(ctx context.Context, e *measure.Enrolment, ref message.Ref) error
	Supersede(ctx context.Context, e *measure.Enrolment) error
}

// unite brings up to date those enrolments whose customers were absorbed since. It writes only where two of one person's are
// found, once; whatever crashes in between, the next count finds the rest.
func (c *Counter) unite(ctx context.Context, all []measure.Enrolment) error {
	ids := make([]customer.ID, len(all))
	for i := range all {
		ids[i] = all[i].Person
	}
	absorbed, err := c.Store.AbsorbedAmong(ctx, ids)
	if err != nil {
		return err
	}
	for i := range all {
		if !absorbed[i] {
			continue
		}
		united, err := c.person(ctx, &all[i])
		if err != nil {
			return err
		}
		for _, e := range united {
			// The survivor's may be among these as well, and be read before it was superseded.
			if at := slices.IndexFunc(all, func(o measure.Enrolment) bool { return o.Person == e.Person }); at >= 0 {
				all[at] = e
			}
		}
	}
	return nil
}

// peopleAtOnce is of how many of those who became one person the enrolments are read at once: whoever may send events may make a
// person of thousands.
const peopleAtOnce = 16

// person unites a person's enrolments in the trial of one of them, and returns them: the first has the entries of all, and the
// others are superseded. An entry is added before the enrolment that it comes from is superseded, so that nothing is ever left
// out. Where the first is not counted any more, all stay as they are.
func (c *Counter) person(ctx context.Context, of *measure.Enrolment) (all []measure.Enrolment, err error) {
	root, err := c.Store.Root(ctx, of.Person)
	if fault.CodeOf(err) == fault.Gone {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	people, err := c.Store.Absorbed(ctx, root.ID)
	if err != nil {
		return nil, err
	}
	people = append(people, root.ID)
	found := make([][]measure.Enrolment, len(people))
	g, within := errgroup.WithContext(ctx)
	g.SetLimit(peopleAtOnce)
	for i, id := range people {
		g.Go(func() (err error) {
			found[i], err = c.Store.Enrolments(within, id, of.Scene)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	for _, enrolled := range found {
		for i := range enrolled {
			if enrolled[i].Trial == of.Trial {
				all = append(all, enrolled[i])
			}
		}
	}
	if len(all) == 0 {
		return nil, nil
	}
	first := &all[measure.First(all)]
	if first.Person != of.Person && !c.Now().Before(first.Final()) {
		return all, nil
	}
	for i := range all {
		if other := &all[i]; other != first {
			if err := c.hand(ctx, first, other); err != nil {
				return nil, err
			}
		}
	}
	return all, nil
}

// hand gives the entries of a person's later enrolment to the first.
func (c *Counter) hand(ctx context.Context, first, other *measure.Enrolment) error {
	for _, ref := range other.Entries {
		if !first.Lacks(ref, other.At) {
			continue
		}
		if err := c.Store.EnrolAgain(ctx, first, ref); err != nil {
			return err
		}
		first.Entries = append(first.Entries, ref)
	}
	if other.Superseded {
		return nil
	}
	other.Superseded = true
	return c.Store.Supersede(ctx, other)
}
