package main

import (
	"context"
	"net/http"
	"time"

	"liuke/shared/api"
	"liuke/shared/archive"
	"liuke/shared/customer"
	"liuke/shared/fault"
)

// Jobs keeps what was asked of the archive.
type Jobs interface {
	archive.Store
	// Replay returns NotFound where there is none of the id.
	Replay(ctx context.Context, id string) (*archive.ReplayRecord, error)
}

// queued says that what was asked for will be done.
type queued struct {
	State string `json:"state"` // "queued"
}

// erase has a customer erased for good, with all whom it absorbed. Whether there is or was such a customer makes no
// difference: one whose events are under way must not come to be.
func (h *Handler) erase(ctx context.Context, r *api.Request) (api.Response, error) {
	id, err := customer.ParseID(pathParameter(r, "id"))
	if err != nil {
		return api.Response{}, err
	}
	if err := noBody(r); err != nil {
		return api.Response{}, err
	}
	if err := h.archive.Erase(ctx, id); err != nil {
		return api.Response{}, err
	}
	return api.JSON(http.StatusAccepted, queued{"queued"}), nil
}

// exportRetry is after how many seconds it is worth asking for an export again.
const exportRetry = "5"

// export sends the client to the file of all that is known of a customer, once it is made; asking for it starts that.
func (h *Handler) export(ctx context.Context, r *api.Request) (api.Response, error) {
	rec, _, err := h.person(ctx, r)
	if err != nil {
		return api.Response{}, err
	}
	if rec.Version == 0 {
		return api.Response{}, fault.New(fault.NotFound, "there is no such customer")
	}
	record, err := h.archive.Export(ctx, rec.ID)
	if err != nil {
		return api.Response{}, err
	}
	if record.Done() {
		to, err := h.lake.PresignGet(ctx, record.Object, presigned)
		if err != nil {
			return api.Response{}, err
		}
		return api.Redirect(to), nil
	}
	out := api.JSON(http.StatusAccepted, struct {
		queued
		Asked time.Time `json:"asked_at"`
	}{queued{"queued"}, record.Asked})
	out.Headers["retry-after"] = exportRetry
	return out, nil
}

// replayView is a replay as operators see it.
type replayView struct {
	ID       string     `json:"replay_id"`
	From     time.Time  `json:"from"`
	To       time.Time  `json:"to"`
	State    string     `json:"state"` // "running" or "done"
	Days     int        `json:"days"`
	DaysDone int        `json:"days_done"`
	Events   int        `json:"events"`  // fed again, of the days that are done
	Erased   int        `json:"erased"`  // left out, for their customers were erased
	Damaged  int        `json:"damaged"` // that cannot be read
	Started  time.Time  `json:"started_at"`
	Updated  *time.Time `json:"updated_at"`
}

func viewOf(r *archive.ReplayRecord) replayView {
	state := "running"
	if r.Complete() {
		state = "done"
	}
	return replayView{
		ID: r.ID, From: r.Request.From, To: r.Request.To, State: state, Days: len(r.Request.Days()), DaysDone: len(r.Done),
		Events: r.Count.Events, Erased: r.Count.Erased, Damaged: r.Count.Damaged, Started: r.Started, Updated: timeOf(r.Updated),
	}
}

// startReplay has the events that came in during a range of time fed through profile again.
func (h *Handler) startReplay(ctx context.Context, r *api.Request) (api.Response, error) {
	body, err := api.Body(r, maxRequestBytes)
	if err != nil {
		return api.Response{}, err
	}
	request, err := archive.ParseReplayRequest(body)
	if err != nil {
		return api.Response{}, err
	}
	record, err := h.archive.Replay(ctx, request)
	if err != nil {
		return api.Response{}, err
	}
	out := api.JSON(http.StatusAccepted, viewOf(record))
	out.Headers["location"] = "replays/" + record.ID // beside the address that was posted to
	return out, nil
}

// replay shows how far a replay has come.
func (h *Handler) replay(ctx context.Context, r *api.Request) (api.Response, error) {
	id := pathParameter(r, "id")
	if !archive.IsReplayID(id) {
		return api.Response{}, fault.New(fault.NotFound, "there is no such replay, or not any more")
	}
	record, err := h.store.Replay(ctx, id)
	if err != nil {
		return api.Response{}, err
	}
	return api.JSON(http.StatusOK, viewOf(record)), nil
}
