package main

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"liuke/shared/api"
	"liuke/shared/customer"
	"liuke/shared/dynamo"
	"liuke/shared/fault"
	"liuke/shared/task"
)

// taskStates are what a list of tasks may be of.
var taskStates = []string{string(task.Open), string(task.InProgress), string(task.Done), string(task.Cancelled), overdue}

// overdue are tasks that should be done and are not, open or in progress.
const overdue = "overdue"

// taskQuery is a list that is asked for.
type taskQuery struct {
	state   string
	owner   *string // nil for anybody's
	subject []string
	limit   int
	cursor  string
}

// wants reports whether a task is of the list.
func (q *taskQuery) wants(t *task.Task, now time.Time) bool {
	switch {
	case q.owner != nil && t.Owner != *q.owner:
		return false
	case q.state == overdue:
		return t.Overdue(now)
	}
	return q.state == "" || string(t.State) == q.state
}

// tasks lists tasks: those that are not closed, the earliest due ahead; those that are, the latest ahead; or all of one
// customer. It reads a list that is kept, never all there is.
func (h *Handler) tasks(ctx context.Context, r *api.Request) (api.Response, error) {
	q, err := taskQueryOf(r)
	if err != nil {
		return api.Response{}, err
	}
	var list []task.Task
	var next string
	if id, ok := r.QueryStringParameters["customer"]; ok {
		list, next, err = h.tasksOf(ctx, q, id)
	} else if q.state == string(task.Done) || q.state == string(task.Cancelled) {
		list, next, err = h.closedTasks(ctx, q)
	} else {
		list, next, err = h.openTasks(ctx, q)
	}
	if err != nil {
		return api.Response{}, err
	}
	out := struct {
		Tasks      []taskView `json:"tasks"`
		NextCursor string     `json:"next_cursor,omitempty"`
	}{make([]taskView, len(list)), sealCursor(next, q.subject...)}
	for i := range list {
		out.Tasks[i] = h.viewOfTask(&list[i])
	}
	return api.JSON(http.StatusOK, out), nil
}

func taskQueryOf(r *api.Request) (q *taskQuery, err error) {
	q = &taskQuery{state: r.QueryStringParameters["state"]}
	if _, ok := r.QueryStringParameters["state"]; ok && !slices.Contains(taskStates, q.state) {
		return nil, fault.At("/state", "state is one of %s", strings.Join(taskStates, ", "))
	}
	owner, owned := r.QueryStringParameters["owner"]
	if len(owner) > task.MaxOwnerBytes {
		return nil, fault.At("/owner", "an owner's name has %d bytes at most", task.MaxOwnerBytes)
	}
	if owned {
		q.owner = &owner
	}
	if q.limit, err = limit(r, 50, 100); err != nil {
		return nil, err
	}
	q.subject = []string{"tasks", q.state, fmt.Sprint(owned), owner, r.QueryStringParameters["customer"]}
	q.cursor, err = openCursor(r, q.subject...)
	return q, err
}

// listed is the query as a list of the store has it.
func (q *taskQuery) listed(after string, limit int) *dynamo.ListedTasks {
	l := &dynamo.ListedTasks{Owner: q.owner, After: after, Limit: limit}
	if q.state != overdue {
		l.State = task.State(q.state)
	}
	return l
}

func (h *Handler) openTasks(ctx context.Context, q *taskQuery) ([]task.Task, string, error) {
	var through time.Time
	if q.state == overdue {
		through = h.now()
	}
	return h.store.OpenTasks(ctx, q.listed(q.cursor, q.limit), through)
}

// monthsBack is through how many months closed tasks are listed, this one included.
const monthsBack = 13

// closedTasks goes back through the months. A cursor holds the month and the place in it.
func (h *Handler) closedTasks(ctx context.Context, q *taskQuery) (list []task.Task, next string, err error) {
	const layout = "2006-01"
	this := h.now().UTC()
	this = time.Date(this.Year(), this.Month(), 1, 0, 0, 0, 0, time.UTC)
	month, after := this, ""
	if q.cursor != "" {
		name, rest, _ := strings.Cut(q.cursor, "/")
		if month, err = time.Parse(layout, name); err != nil {
			return nil, "", badCursor()
		}
		after = rest
	}
	for ; !month.Before(this.AddDate(0, 1-monthsBack, 0)); month, after = month.AddDate(0, -1, 0), "" {
		if len(list) == q.limit {
			return list, month.Format(layout) + "/", nil
		}
		some, more, err := h.store.ClosedTasks(ctx, q.listed(after, q.limit-len(list)), month)
		if err != nil {
			return nil, "", err
		}
		list = append(list, some...)
		if more != "" {
			return list, month.Format(layout) + "/" + more, nil
		}
	}
	return list, "", nil
}

// tasksOf lists the tasks about a customer, under all of its ids, the earliest due ahead.
func (h *Handler) tasksOf(ctx context.Context, q *taskQuery, id string) (list []task.Task, next string, err error) {
	c, err := customer.ParseID(id)
	if err != nil {
		return nil, "", fault.At("/customer", "%s", err.Error())
	}
	rec, err := h.store.Root(ctx, c)
	if err != nil {
		return nil, "", err
	}
	absorbed, err := h.store.Absorbed(ctx, rec.ID)
	if err != nil {
		return nil, "", err
	}
	place := func(t *task.Task) string { return fmt.Sprintf("%014d#%s", t.Due.UnixMilli(), t.Entry) }
	all, err := under(append([]customer.ID{rec.ID}, absorbed...), func(each customer.ID) ([]task.Task, error) { return h.store.Tasks(ctx, each) })
	if err != nil {
		return nil, "", err
	}
	for i := range all {
		if q.wants(&all[i], h.now()) && place(&all[i]) > q.cursor {
			list = append(list, all[i])
		}
	}
	slices.SortFunc(list, func(a, b task.Task) int { return cmp.Compare(place(&a), place(&b)) })
	if len(list) > q.limit {
		list = list[:q.limit]
		next = place(&list[q.limit-1])
	}
	return list, next, nil
}
