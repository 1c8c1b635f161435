package demo

import (
	"context"
	"hash/fnv"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// followUp is a task as operators see it.
type followUp struct {
	ID       string `json:"task_id"`
	Customer string `json:"customer_id"`
	Title    string `json:"title"`
	Tier     string `json:"tier"`
	Owner    string `json:"owner"`
	State    string `json:"state"`
	Outcome  string `json:"outcome"`
	Level    int    `json:"level"`
	Overdue  bool   `json:"overdue"`
}

// tasks lists all tasks of a state; "" are those that are not closed.
func (d *play) tasks(ctx context.Context, state string) (all []followUp, err error) {
	query := url.Values{"limit": {"100"}}
	if state != "" {
		query.Set("state", state)
	}
	for {
		var list struct {
			Tasks []followUp `json:"tasks"`
			Next  string     `json:"next_cursor"`
		}
		if err := d.call(ctx, operator, http.MethodGet, "/v1/tasks?"+query.Encode(), nil, &list); err != nil {
			return nil, err
		}
		all = append(all, list.Tasks...)
		if list.Next == "" {
			return all, nil
		}
		query.Set("cursor", list.Next)
	}
}

// The people who look after customers that were let down.
const (
	desk = "service desk"
	head = "head of service"
)

// staff says whose the tasks are.
func (d *play) staff(ctx context.Context) error {
	return d.set(ctx, "tasks", map[string]any{"owner": desk, "escalate_to": head})
}

// work is an operator's morning: some tasks are done, some are taken on, and the rest have to wait. Which is which goes by
// the customer, whoever else has one.
func (d *play) work(ctx context.Context) error {
	open, err := d.tasks(ctx, "open")
	if err != nil {
		return err
	}
	slices.SortFunc(open, func(a, b followUp) int { return strings.Compare(a.Customer, b.Customer) })
	mended, taken := 0, 0
	for _, t := range open {
		h := fnv.New32a()
		h.Write([]byte(t.Customer))
		turn := h.Sum32() % 4
		if turn > 2 {
			continue
		}
		if err := d.change(ctx, t, map[string]any{"state": "in_progress", "owner": "Mei"}); err != nil {
			return err
		}
		if taken++; turn > 1 {
			continue
		}
		done := map[string]any{"state": "done", "outcome": "resolved", "note": "Called, listened, sent a replacement."}
		if err := d.change(ctx, t, done); err != nil {
			return err
		}
		d.mended[t.Customer] = true
		mended++
	}
	d.say("Of %d open tasks an operator takes on %d and is done with %d; whose they were is asked again.", len(open), taken, mended)
	return d.settle(ctx)
}

func (d *play) change(ctx context.Context, t followUp, body map[string]any) error {
	return d.call(ctx, operator, http.MethodPatch, "/v1/tasks/"+t.ID, body, nil)
}

// handedEvery says of how many customers who get no mail one finds a link in the parcel.
const handedEvery = 8

// invite asks a sample of customers beside those whose day it is, and returns the links that are to be handed out.
func (d *play) invite(ctx context.Context) (links map[string]string, err error) {
	var by, hand []string
	for i, b := range d.shop.Customers {
		switch {
		case !b.Joined.Before(end.AddDate(0, -1, 0)):
		case b.Consent && i%d.invited == 0:
			by = append(by, b.ID)
		case !b.Consent && i%handedEvery == 0:
			hand = append(hand, b.ID)
		}
	}
	const path = "/v1/surveys/nps/invitations"
	if len(by) > 0 {
		body := map[string]any{"customers": by, "name": "how was the autumn"}
		if err := d.call(ctx, operator, http.MethodPost, path, body, nil); err != nil {
			return nil, err
		}
	}
	links = map[string]string{}
	if len(hand) > 0 {
		var out struct {
			Invitations []struct {
				Customer string `json:"customer_id"`
				URL      string `json:"url"`
			} `json:"invitations"`
		}
		body := map[string]any{"customers": hand, "name": "in the parcel", "deliver": "link"}
		if err := d.call(ctx, operator, http.MethodPost, path, body, &out); err != nil {
			return nil, err
		}
		for _, i := range out.Invitations {
			links[i.Customer] = i.URL
		}
	}
	d.say("An operator asks %d customers more by mail.", len(by))
	return links, d.settle(ctx)
}
