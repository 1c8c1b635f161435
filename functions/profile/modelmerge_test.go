package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"liuke/shared/customer"
	"liuke/shared/event"
)

// step is one thing that says who is who: from is to, or, where erase is set, who to is is to be erased.
type step struct {
	from, to customer.ID
	weak     bool // not where from went into another before
	erase    bool
}

// steps lists what the events say, and the erasures that were asked for.
func (t *traffic) steps() (all []step) {
	for _, e := range t.events {
		switch {
		case t.poison[keyOf(&e)]:
		case e.Type == event.Identify && e.User != "" && e.Anonymous != "":
			all = append(all, step{from: customer.ID("anonymous:" + e.Anonymous), to: e.Customer(), weak: true})
		case e.Type == event.Alias:
			all = append(all, step{from: customer.ID(e.Previous), to: e.Customer()},
				step{from: customer.ID("anonymous:" + e.Previous), to: e.Customer()})
		}
	}
	for _, id := range t.erasures {
		all = append(all, step{to: id, erase: true})
	}
	return slices.DeleteFunc(all, func(s step) bool { return s.from == s.to })
}

// standing says of each id who stands for it: itself, another, or nobody ("") where it was erased.
type standing map[customer.ID]customer.ID

// take makes one step, in the plainest way.
func (w standing) take(s step) standing {
	next := maps.Clone(w)
	from, to := w[s.from], w[s.to]
	if s.erase {
		next[s.to] = ""
		from = to
		to = ""
		if from == "" {
			return next
		}
	} else if from == "" || to == "" || from == to || s.weak && from != s.from {
		return w
	} else if strings.HasPrefix(string(to), "anonymous:") && !strings.HasPrefix(string(from), "anonymous:") {
		from, to = to, from
	}
	for id, by := range next {
		if by == from {
			next[id] = to
		}
	}
	return next
}

// partition writes who belongs together, whoever stands for them, and who is erased.
func (w standing) partition() string {
	groups := map[customer.ID][]string{}
	for id, by := range w {
		groups[by] = append(groups[by], string(id))
	}
	var all []string
	for by, ids := range groups {
		slices.Sort(ids)
		all = append(all, fmt.Sprintf("erased %v: %s", by == "", strings.Join(ids, "=")))
	}
	slices.Sort(all)
	return strings.Join(all, "; ")
}

// reachable reports whether the steps, taken in some order, lead to the standing.
func (t *traffic) reachable(end standing) bool {
	begin := standing{}
	for _, id := range t.customers {
		begin[id] = id
	}
	want := end.partition()
	seen := map[string]bool{}
	var search func(w standing, left []step) bool
	search = func(w standing, left []step) bool {
		if len(left) == 0 {
			return w.partition() == want
		}
		// Who stands for whom matters as well: for whether a visitor went into another before.
		state := fmt.Sprint(w, left)
		if seen[state] {
			return false
		}
		seen[state] = true
		for i, s := range left {
			if search(w.take(s), append(slices.Clone(left[:i]), left[i+1:]...)) {
				return true
			}
		}
		return false
	}
	return search(begin, t.steps())
}

// groups lists the ids that one customer stands for, group by group.
func (w standing) groups() (all [][]customer.ID) {
	by := map[customer.ID][]customer.ID{}
	for id, root := range w {
		if root != "" {
			by[root] = append(by[root], id)
		}
	}
	for _, ids := range by {
		slices.Sort(ids)
		all = append(all, ids)
	}
	slices.SortFunc(all, func(a, b []customer.ID) int { return cmp.Compare(a[0], b[0]) })
	return all
}
