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
	case len(in.Node) > maxNameBytes:
		return nil, fault.At("/node", "node has at most %d bytes", maxNameBytes)
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

// link makes the links of invitations and counts them as sent.
func (h *Handler) link(ctx context.Context, s *survey.Survey, node string, all []invitationView) error {
	keys, err := token.Load(ctx, h.tokens)
	if err != nil {
		return err
	}
	now := h.now().UTC().Truncate(time.Millisecond)
	if err := h.store.MarkHours(ctx, now, survey.HourAt(s.ID, now)); err != nil {
		return err
	}
	errs := make([]error, len(all))
	batch.Each(len(all), customersAtOnce, func(i int) {
		errs[i] = h.linkOne(ctx, keys, s, node, i, &all[i], now)
	})
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

const customersAtOnce = 8

func (h *Handler) linkOne(ctx context.Context, keys *token.Keyring, s *survey.Survey, node string, at int, to *invitationView, now time.Time) error {
	rec, err := h.store.Root(ctx, to.Customer)
	if fault.CodeOf(err) == fault.Gone {
		return fault.At("/customers/"+strconv.Itoa(at), "the customer was erased")
	}
	if err != nil {
		return err
	}
	labels, err := segment.ParseLabels(rec.Scores.Labels)
	if err != nil {
		return err
	}
	cell := survey.Cell{Segment: rec.Scores.Segment, Tier: string(labels.Get("abc")), Node: node, Channel: deliverLink}
	expires := now.Add(s.Invite.Expires)
	tok, err := keys.Seal(token.PurposeSurvey, token.Survey{
		Survey: s.ID, Customer: to.Customer, Invitation: to.Invitation, Expires: expires,
		Segment: cell.Segment, Tier: cell.Tier, Node: cell.Node, Channel: cell.Channel,
	})
	if err != nil {
		return err
	}
	to.URL, to.Expires = h.baseURL+"/s/"+tok, &expires
	return h.store.PutInvitation(ctx, &tally.Asked{
		Survey: s.ID, Invitation: to.Invitation, Customer: to.Customer, Cell: cell, Sent: now,
	})
}
