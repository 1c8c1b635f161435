package main

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"reflect"
	"time"

	"liuke/shared/api"
	"liuke/shared/customer"
	"liuke/shared/document"
	"liuke/shared/dynamo"
	"liuke/shared/fault"
	"liuke/shared/queue"
	"liuke/shared/request"
	"liuke/shared/signal"
	"liuke/shared/task"
)

// Tasks keeps what people are asked to do. See package dynamo for each.
type Tasks interface {
	Task(ctx context.Context, c customer.ID, entry string) (task.Task, error)
	Tasks(ctx context.Context, c customer.ID) ([]task.Task, error)
	OpenTasks(ctx context.Context, l *dynamo.ListedTasks, through time.Time) ([]task.Task, string, error)
	ClosedTasks(ctx context.Context, l *dynamo.ListedTasks, month time.Time) ([]task.Task, string, error)
	WriteTask(ctx context.Context, t task.Task) (task.Task, error)
	PutDue(ctx context.Context, minute time.Time, id string, sig signal.Signal) error
}

type taskView struct {
	TaskID      task.ID           `json:"task_id"`
	CustomerID  customer.ID       `json:"customer_id"` // whom the task was made about; absorbed since, perhaps
	Scene       string            `json:"scene"`       // that calls for it
	Occasion    string            `json:"occasion"`    // id of the signal that set it off
	Answer      *taskAnswerView   `json:"answer"`      // that it is about; null for none
	Title       string            `json:"title"`
	Text        string            `json:"text"`
	Tier        string            `json:"tier"`
	Owner       string            `json:"owner"` // "" for nobody's
	State       task.State        `json:"state"`
	Outcome     task.Outcome      `json:"outcome,omitempty"`
	Note        string            `json:"note"`
	Overdue     bool              `json:"overdue"`
	Level       int               `json:"level"` // how often it was escalated
	Escalations []task.Escalation `json:"escalations"`
	CreatedAt   time.Time         `json:"created_at"`
	DueAt       time.Time         `json:"due_at"`
	EscalatesAt *time.Time        `json:"escalates_at"` // where it is not closed by then
	StartedAt   *time.Time        `json:"started_at"`
	ClosedAt    *time.Time        `json:"closed_at"`
	Version     int64             `json:"version"` // as the header etag has it
}

type taskAnswerView struct {
	Survey     string `json:"survey"`
	Invitation string `json:"invitation"`
	Metric     string `json:"metric,omitempty"`
	Score      int    `json:"score"`
}

func (h *Handler) viewOfTask(t *task.Task) taskView {
	v := taskView{
		TaskID: t.ID(), CustomerID: t.Customer, Scene: t.Scene, Occasion: t.Occasion, Title: cmp.Or(t.Title, t.Scene), Text: t.Text, Tier: t.Tier,
		Owner: t.Owner, State: t.State, Outcome: t.Outcome, Note: t.Note, Overdue: t.Overdue(h.now()), Level: t.Level(),
		Escalations: append([]task.Escalation{}, t.Escalations...), CreatedAt: t.Created.UTC(), DueAt: t.Due.UTC(),
		EscalatesAt: timeOf(t.Alarm), StartedAt: timeOf(t.Started), ClosedAt: timeOf(t.Closed), Version: t.Version,
	}
	if t.Survey != "" {
		v.Answer = &taskAnswerView{t.Survey, t.Invitation, t.Metric, t.Score}
	}
	return v
}

func (h *Handler) answerTask(t *task.Task) api.Response {
	out := api.JSON(http.StatusOK, h.viewOfTask(t))
	out.Headers["etag"] = etag(versionOf(t))
	return out
}

// versionOf is the version of a task in the form that etags are made of and compared with.
func versionOf(t *task.Task) *document.Document {
	return &document.Document{Version: t.Version, Body: string(t.State)}
}

// oneTask reads the task that the path names. It returns Gone where its customer was erased.
func (h *Handler) oneTask(ctx context.Context, r *api.Request) (task.Task, error) {
	c, entry, err := task.ID(pathParameter(r, "id")).Parse()
	if err != nil {
		return task.Task{}, err
	}
	t, err := h.store.Task(ctx, c, entry)
	if fault.CodeOf(err) == fault.NotFound {
		if _, gone := h.store.Root(ctx, c); gone != nil {
			return task.Task{}, gone
		}
	}
	return t, err
}

// task shows one task.
func (h *Handler) task(ctx context.Context, r *api.Request) (api.Response, error) {
	t, err := h.oneTask(ctx, r)
	if err != nil {
		return api.Response{}, err
	}
	return h.answerTask(&t), nil
}

// taskRequest is what an operator changes of a task; what is left out stays.
type taskRequest struct {
	Owner   *string       `json:"owner"` // "" for nobody's
	State   *task.State   `json:"state"`
	Outcome *task.Outcome `json:"outcome"`
	Note    *string       `json:"note"`
	Due     *string       `json:"due"` // RFC 3339
}

// change reads the body of a request.
func (q *taskRequest) change() (*task.Change, error) {
	c := &task.Change{Owner: q.Owner, State: q.State, Outcome: q.Outcome, Note: q.Note}
	if q.Due != nil {
		due, err := time.Parse(time.RFC3339, *q.Due)
		if err != nil {
			return nil, fault.At("/due", "due is a time such as 2026-03-01T17:00:00+08:00")
		}
		c.Due = &due
	}
	return c, nil
}

// errTaskMoved says that a task is not at the version that the request names.
var errTaskMoved error = fault.New(fault.Conflict, "the task was changed since: read it again, and send the etag of what you read as If-Match")

// changeTask changes a task, where the request's If-Match lets it. A request that says what stands already changes nothing,
// whatever its If-Match, so that it can be repeated: when a task about an answer is done, the signal that has the customer
// asked again is sent behind the write, and whoever repeats the request sends the same signal again.
func (h *Handler) changeTask(ctx context.Context, r *api.Request) (api.Response, error) {
	var q taskRequest
	body, err := api.Body(r, maxRequestBytes)
	if err != nil {
		return api.Response{}, err
	}
	if err := request.Parse(body, &q); err != nil {
		return api.Response{}, err
	}
	change, err := q.change()
	if err != nil {
		return api.Response{}, err
	}
	var t task.Task
	err = again(ctx, func() error {
		stored, err := h.oneTask(ctx, r)
		if err != nil {
			return err
		}
		match := matches(api.Header(r, "if-match"), versionOf(&stored))
		next, err := stored.Apply(change, h.now())
		switch {
		case err != nil && !match && fault.CodeOf(err) == fault.Conflict:
			return errTaskMoved
		case err != nil:
			return err
		case reflect.DeepEqual(next, stored):
			t = stored
			return nil
		case !match:
			return errTaskMoved
		}
		t, err = h.keepTask(ctx, &stored, &next)
		return err
	})
	if err != nil {
		return api.Response{}, err
	}
	if change.State != nil {
		if err := h.askAgain(ctx, &t); err != nil {
			return api.Response{}, err
		}
	}
	return h.answerTask(&t), nil
}

// keepTask files the alarm of a task, where it is another, and then writes it: one on file of which the task does not know
// is passed over.
func (h *Handler) keepTask(ctx context.Context, before, next *task.Task) (task.Task, error) {
	if !next.Alarm.IsZero() && !next.Alarm.Equal(before.Alarm) {
		due, err := next.DueSignal()
		if err != nil {
			return *before, err
		}
		if err := h.store.PutDue(ctx, next.Alarm, next.DueID(), due); err != nil {
			return *before, err
		}
	}
	t, err := h.store.WriteTask(ctx, *next)
	if fault.CodeOf(err) == fault.Conflict {
		return *before, errMoved{fault.As(err, fault.Conflict, "others keep changing the same task: try again")}
	}
	return t, err
}

// askAgain has the customer asked again whose answer a task that is done was about, once however often it is called.
func (h *Handler) askAgain(ctx context.Context, t *task.Task) error {
	sig, ok, err := t.Again()
	if err != nil || !ok {
		return err
	}
	body, err := json.Marshal(signal.Pack{Signals: []signal.Signal{sig}})
	if err != nil {
		return err
	}
	return h.signals.Send(ctx, queue.Message{Body: string(body)})
}
