package dynamo

import (
	"context"
	"encoding/json"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"liuke/shared/customer"
	"liuke/shared/fault"
	"liuke/shared/message"
	"liuke/shared/task"
)

// The attributes of a task beside those that a ledger entry or an answer has as well. The index ByTime projects attrEntryState
// and attrTaskOwner, by which its lists are filtered.
const (
	attrTaskOwner   = "own"
	attrTier        = "tier"
	attrTitle       = "title"
	attrWhat        = "what"
	attrOutcome     = "out"
	attrTaskNote    = "note"
	attrTaskStarted = "t_started" // this and the following: Unix milliseconds
	attrCreated     = "t_created"
	attrTaskClosed  = "t_closed"
	attrAlarm       = "t_alarm"
	attrEscalations = "esc" // JSON text
)

// MakeTask writes a new task, the entry of the ledger that made it, and the person's contact record that counts it, nil
// where the scene counts nothing: in one transaction, two write units a KB begun of each, and one for the index. Each is on
// condition that it has not moved, the task that there is none; it returns Conflict otherwise, and then nothing is written.
func (s *Store) MakeTask(ctx context.Context, person customer.ID, e message.Entry, t task.Task, c *message.Contact) (err error) {
	defer fault.Wrap(&err, "make a task")
	put, err := s.taskPut(&t)
	if err != nil {
		return err
	}
	items := []types.TransactWriteItem{{Update: s.entryUpdate(&e)}, {Put: put}}
	if c != nil {
		contact, err := s.contactUpdate(person, c)
		if err != nil {
			return err
		}
		items = append(items, types.TransactWriteItem{Update: contact})
	}
	return s.transact(ctx, items)
}

// WriteTask writes a step of a task, one write unit a KB begun and one or two for the index, on condition that the stored
// one still has the version that t carries. It returns the task with its new version, or Conflict.
func (s *Store) WriteTask(ctx context.Context, t task.Task) (_ task.Task, err error) {
	defer fault.Wrap(&err, "write a task")
	put, err := s.taskPut(&t)
	if err != nil {
		return t, err
	}
	if err := s.putIf(ctx, put); err != nil {
		return t, err
	}
	t.Version++
	return t, nil
}

// Task reads one task, strongly consistent. It returns NotFound where there is none.
func (s *Store) Task(ctx context.Context, c customer.ID, entry string) (t task.Task, err error) {
	defer fault.Wrap(&err, "read a task")
	item, err := s.getRecord(ctx, TaskKey(c, entry))
	if err != nil {
		return t, err
	}
	if len(item) == 0 {
		return t, fault.New(fault.NotFound, "there is no such task")
	}
	return decodeTask(item)
}

// Tasks reads all of a customer's tasks, strongly consistent, in no order of time.
func (s *Store) Tasks(ctx context.Context, c customer.ID) (all []task.Task, err error) {
	defer fault.Wrap(&err, "read a customer's tasks")
	err = s.pages(ctx, s.family(customerPK(c), taskPrefix), func(items []map[string]types.AttributeValue) error {
		for _, item := range items {
			t, err := decodeTask(item)
			if err != nil {
				return err
			}
			all = append(all, t)
		}
		return nil
	})
	return all, err
}

// putIf puts an item on the put's condition.
func (s *Store) putIf(ctx context.Context, put *types.Put) error {
	out, err := s.db().PutItem(ctx, &dynamodb.PutItemInput{
		TableName: put.TableName, Item: put.Item, ConditionExpression: put.ConditionExpression,
		ExpressionAttributeNames: put.ExpressionAttributeNames, ExpressionAttributeValues: put.ExpressionAttributeValues,
		ReturnConsumedCapacity: types.ReturnConsumedCapacityTotal,
	})
	if err != nil {
		return classify(err)
	}
	countWrite(ctx, one(out.ConsumedCapacity)...)
	return nil
}

// taskPut puts the version behind the one that t carries.
func (s *Store) taskPut(t *task.Task) (*types.Put, error) {
	item, err := encodeTask(t)
	if err != nil {
		return nil, err
	}
	put := &types.Put{TableName: &s.records, Item: item}
	put.ConditionExpression, put.ExpressionAttributeNames, put.ExpressionAttributeValues = ifUnmoved(t.Version)
	return put, nil
}

func encodeTask(t *task.Task) (map[string]types.AttributeValue, error) {
	item := attributes(TaskKey(t.Customer, t.Entry))
	item[attrVersion] = number(t.Version + 1)
	item[attrScore] = number(int64(t.Score))
	at := OpenTaskIndex(t.Due, t.Entry)
	if t.State.Closed() {
		at = ClosedTaskIndex(t.Closed, t.Entry)
	}
	item[attrIPK], item[attrISK] = text(at.PK), text(at.SK)
	for name, value := range taskTexts(t) {
		if *value != "" {
			item[name] = text(*value)
		}
	}
	for name, value := range map[string]string{attrEntryState: string(t.State), attrOutcome: string(t.Outcome)} {
		if value != "" {
			item[name] = text(value)
		}
	}
	for name, at := range taskTimes(t) {
		if !at.IsZero() {
			item[name] = number(at.UnixMilli())
		}
	}
	if len(t.Escalations) > 0 {
		raw, err := json.Marshal(t.Escalations)
		if err != nil {
			return nil, fault.As(err, fault.Internal, "a task's escalations cannot be encoded")
		}
		item[attrEscalations] = text(string(raw))
	}
	return item, nil
}

func taskTexts(t *task.Task) map[string]*string {
	return map[string]*string{
		attrScene: &t.Scene, attrOccasion: &t.Occasion, attrSurvey: &t.Survey, attrInvitation: &t.Invitation, attrMetric: &t.Metric,
		attrTitle: &t.Title, attrWhat: &t.Text, attrTier: &t.Tier, attrTaskOwner: &t.Owner, attrTaskNote: &t.Note,
	}
}

func taskTimes(t *task.Task) map[string]*time.Time {
	return map[string]*time.Time{
		attrCreated: &t.Created, attrDue: &t.Due, attrTaskStarted: &t.Started, attrTaskClosed: &t.Closed, attrAlarm: &t.Alarm,
	}
}

// decodeTask reads a whole item.
func decodeTask(item map[string]types.AttributeValue) (task.Task, error) {
	t := task.Task{
		Customer: customer.ID(textOf(item["pk"])[len(customerPK("")):]),
		Entry:    textOf(item["sk"])[len(taskPrefix):],
		Version:  numberOf(item[attrVersion]),
		Score:    int(numberOf(item[attrScore])),
		State:    task.State(textOf(item[attrEntryState])),
		Outcome:  task.Outcome(textOf(item[attrOutcome])),
	}
	for name, value := range taskTexts(&t) {
		*value = textOf(item[name])
	}
	for name, at := range taskTimes(&t) {
		*at = millis(item[name])
	}
	if raw := textOf(item[attrEscalations]); raw != "" {
		if err := json.Unmarshal([]byte(raw), &t.Escalations); err != nil {
			return t, fault.New(fault.Internal, "a task's escalations are damaged")
		}
	}
	return t, nil
}

// ListedTasks says which tasks of a list are wanted.
type ListedTasks struct {
	State task.State // "" for any
	Owner *string    // nil for any, "" for nobody's
	After string     // where the page before ended, "" for the first
	Limit int        // 1 to 100
}

// OpenTasks lists tasks that are not closed, those due first ahead; through is the latest due time, zero for any. What was
// written a moment ago may be missing, and nothing that was closed is among them. next is "" after the last; until then a
// page may be short, even empty: no more than taskPages pages of the index are read for one. Half a read unit a page of 4 KB
// of the index, and one for each task.
func (s *Store) OpenTasks(ctx context.Context, l *ListedTasks, through time.Time) (list []task.Task, next string, err error) {
	defer fault.Wrap(&err, "list open tasks")
	from, to := "0", "~"
	if l.After != "" {
		from = l.After + "!" // behind it, and before any other
	}
	if !through.IsZero() {
		to = timed(through) + "$" // the character behind "#"
	}
	if from > to {
		return nil, "", nil
	}
	in := s.listed(openTasks, l)
	in.KeyConditionExpression = aws.String("ipk = :ipk AND isk BETWEEN :from AND :to")
	in.ExpressionAttributeValues[":from"], in.ExpressionAttributeValues[":to"] = text(from), text(to)
	return s.taskPage(ctx, in, l, func(t *task.Task) bool { return !t.State.Closed() })
}

// ClosedTasks lists the tasks that were closed in a month, the latest ahead. See OpenTasks for the rest.
func (s *Store) ClosedTasks(ctx context.Context, l *ListedTasks, month time.Time) (list []task.Task, next string, err error) {
	defer fault.Wrap(&err, "list closed tasks")
	before := "~"
	if l.After != "" {
		before = l.After
	}
	in := s.listed(closedTasksIPK(month), l)
	in.KeyConditionExpression = aws.String("ipk = :ipk AND isk < :before")
	in.ExpressionAttributeValues[":before"] = text(before)
	in.ScanIndexForward = aws.Bool(false)
	return s.taskPage(ctx, in, l, func(t *task.Task) bool { return t.State.Closed() })
}
