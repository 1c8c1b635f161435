package main

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"liuke/shared/api"
	"liuke/shared/batch"
	"liuke/shared/customer"
	"liuke/shared/fault"
	"liuke/shared/queue"
	"liuke/shared/request"
	"liuke/shared/segment"
	"liuke/shared/signal"
	"liuke/shared/survey"
	"liuke/shared/survey/tally"
	"liuke/shared/token"
)

// Invitations keeps the invitations that others send.
type Invitations interface {
	// PutInvitation may be repeated with the same.
	PutInvitation(ctx context.Context, a *tally.Asked) error
	MarkHours(ctx context.Context, now time.Time, hours ...survey.Hour) error
}

// Sender sends messages to a queue.
type Sender interface {
	Send(ctx context.Context, messages ...queue.Message) error
}

// Secret holds the keys of the tokens.
type Secret interface {
	Value(ctx context.Context) ([]byte, error)
}

// maxInvited is how many customers are invited by one request.
const maxInvited = 1000

type invitationsBody struct {
	Customers []string `json:"customers"`
	Name      string   `json:"name"`    // of the occasion: the same customers under the same name are invited once
	Node      string   `json:"node"`    // where it is not the survey's
	Deliver   string   `json:"deliver"` // "message", or "link" for who sends the links
}

type invitationsView struct {
	Survey      string           `json:"survey"`
	Name        string           `json:"name"`
	Invitations []invitationView `json:"invitations"`
}

type invitationView struct {
	Customer   customer.ID `json:"customer_id"`
	Invitation string      `json:"invitation"`
	URL        string      `json:"url,omitempty"` // of links
	Expires    *time.Time  `json:"expires_at,omitempty"`
}

// The ways to deliver invitations.
const (
	deliverMessage = "message"
	deliverLink    = "link"
)

// invite asks customers: by messages, through the gates that all messages pass, or by links that the caller sends.
func (h *Handler) invite(ctx context.Context, r *api.Request) (api.Response, error) {
	body, err := api.Body(r, maxInvited*(customer.MaxIDBytes+4)+maxRequestBytes)
	if err != nil {
		return api.Response{}, err
	}
	in := invitationsBody{Deliver: deliverMessage}
	if err := request.Parse(body, &in); err != nil {
		return api.Response{}, err
	}
	s, err := h.oneSurvey(ctx, pathParameter(r, "survey"))
	if err != nil {
		return api.Response{}, err
	}
	customers, err := in.check(s)
	if err != nil {
		return api.Response{}, err
	}
	if in.Name == "" {
		in.Name = h.now().UTC().Format(time.RFC3339Nano)
	}
	if in.Node == "" {
		in.Node = s.Node
	}
	out := invitationsView{Survey: s.ID, Name: in.Name}
	for _, c := range customers {
		out.Invitations = append(out.Invitations, invitationView{Customer: c, Invitation: invitationOf(s.ID, in.Name, c)})
	}
	if in.Deliver == deliverLink {
		if err := h.link(ctx, s, in.Node, out.Invitations); err != nil {
			return api.Response{}, err
		}
		return api.JSON(http.StatusCreated, out), nil
	}
	if err := h.request(ctx, s, in.Node, out.Invitations); err != nil {
		return api.Response{}, err
	}
	return api.JSON(http.StatusAccepted, out), nil
}

// check returns whom to invite, each once.
func (in *invitationsBody) check(s *survey.Survey) ([]customer.ID, error) {
	switch {
	case s.Closed:
		return nil, fault.New(fault.Conflict, "the survey is closed: it takes no more answers")
	case len(in.Customers) == 0 || len(in.Customers) > maxInvited:
		return nil, fault.At("/customers", "name 1 to %d customers", maxInvited)
	case in.Deliver != deliverMessage && in.Deliver != deliverLink:
		return nil, fault.At("/deliver", "deliver is %s or %s", deliverMessage, deliverLink)
	case len(in.Name) > maxNameBytes:
		return nil, fault.At("/name", "name has at most %d bytes", maxNameBytes)
	}
	about := *s
	if about.Node = in.Node; in.Node != "" {
		if err := about.Validate(); err != nil { // of a survey that stands, the node alone can be wrong
			return nil, err
		}
	}
	customers := make([]customer.ID, 0, len(in.Customers))
	known := map[customer.ID]bool{}
	for i, text := range in.Customers {
		id, err := customer.ParseID(text)
		if err != nil {
			return nil, fault.At("/customers/"+strconv.Itoa(i), "this is no customer id: 1 to %d bytes without control characters", customer.MaxIDBytes)
		}
		if !known[id] {
			known[id] = true
			customers = append(customers, id)
		}
	}
	return customers, nil
}

const maxNameBytes = 64

// invitationOf is the id of a customer's invitation on an occasion, so that one that is sent again is the same.
func invitationOf(surveyID, name string, c customer.ID) string {
	sum := sha256.Sum256([]byte(surveyID + "\x00" + name + "\x00" + string(c)))
	return "req-" + strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:15]))
}

const signalsAMessage = 25

// request tells outreach whom to ask.
func (h *Handler) request(ctx context.Context, s *survey.Survey, node string, all []invitationView) error {
	now := h.now()
	var messages []queue.Message
	for some := range slices.Chunk(all, signalsAMessage) {
		var pack signal.Pack
		for _, to := range some {
			data, err := json.Marshal(signal.RequestData{Survey: s.ID, Invitation: to.Invitation, Node: node})
			if err != nil {
				return fault.As(err, fault.Internal, "the invitation cannot be encoded")
			}
			pack.Signals = append(pack.Signals, signal.Signal{
				ID: signal.RequestID(s.ID, to.Invitation), Kind: signal.Requested, Customer: to.Customer, Time: now, Data: data,
			})
		}
		body, err := json.Marshal(pack)
		if err != nil {
			return fault.As(err, fault.Internal, "the invitations cannot be encoded")
		}
		messages = append(messages, queue.Message{Body: string(body)})
	}
	return h.signals.Send(ctx, messages...)
}

// link makes the links of invitations and counts them as sent. Where one cannot be made, none is counted.
func (h *Handler) link(ctx context.Context, s *survey.Survey, node string, all []invitationView) error {
	keys, err := token.Load(ctx, h.tokens)
	if err != nil {
		return err
	}
	now := h.now().UTC().Truncate(time.Millisecond)
	sent := make([]tally.Asked, len(all))
	err = eachCustomer(len(all), func(i int) (err error) {
		sent[i] = tally.Asked{Survey: s.ID, Invitation: all[i].Invitation, Customer: all[i].Customer, Sent: now}
		if sent[i].Cell, err = h.cell(ctx, all[i].Customer, node); fault.CodeOf(err) == fault.Gone {
			return fault.At("/customers/"+strconv.Itoa(i), "the customer was erased: leave it out")
		}
		return err
	})
	if err != nil {
		return err
	}
	expires := now.Add(s.Invite.Expires)
	for i := range all {
		tok, err := keys.Seal(token.PurposeSurvey, tokenOf(&sent[i], expires))
		if err != nil {
			return err
		}
		all[i].URL, all[i].Expires = h.baseURL+"/s/"+tok, &expires
	}
	if err := h.store.MarkHours(ctx, now, survey.HourAt(s.ID, now)); err != nil {
		return err
	}
	return eachCustomer(len(all), func(i int) error { return h.store.PutInvitation(ctx, &sent[i]) })
}

// cell is what an invitation by a link is counted by. It returns Gone where the customer was erased.
func (h *Handler) cell(ctx context.Context, c customer.ID, node string) (survey.Cell, error) {
	rec, err := h.store.Root(ctx, c)
	if err != nil {
		return survey.Cell{}, err
	}
	labels, err := segment.ParseLabels(rec.Scores.Labels)
	return survey.Cell{Segment: rec.Scores.Segment, Tier: string(labels.Tier(segment.Tiers)), Node: node, Channel: deliverLink}, err
}

func tokenOf(a *tally.Asked, expires time.Time) token.Survey {
	return token.Survey{
		Survey: a.Survey, Customer: a.Customer, Invitation: a.Invitation, Expires: expires,
		Segment: a.Cell.Segment, Tier: a.Cell.Tier, Node: a.Cell.Node, Channel: a.Cell.Channel,
	}
}

const customersAtOnce = 8

// eachCustomer calls do for 0 to n−1, some of them side by side, and returns the first error in their order.
func eachCustomer(n int, do func(i int) error) error {
	errs := make([]error, n)
	batch.Each(n, customersAtOnce, func(i int) { errs[i] = do(i) })
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
