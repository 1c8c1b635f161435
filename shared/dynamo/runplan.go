package dynamo

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"liuke/shared/fault"
	"liuke/shared/recalc"
)

// LeaseHolder reads which run holds the lease, strongly consistent; "" for none.
func (s *Store) LeaseHolder(ctx context.Context) (run string, err error) {
	defer fault.Wrap(&err, "read lease of recalculations")
	return s.runNamedAt(ctx, RunLeaseKey())
}

// CurrentRun reads which run the standing scores are from, strongly consistent: the last that was applied. It is "" where
// there is none yet.
func (s *Store) CurrentRun(ctx context.Context) (run string, err error) {
	defer fault.Wrap(&err, "read current run")
	return s.runNamedAt(ctx, CurrentRunKey())
}

func (s *Store) runNamedAt(ctx context.Context, k Key) (string, error) {
	item, err := s.getRecord(ctx, k)
	return textOf(item[attrRun]), err
}

func (s *Store) getRecord(ctx context.Context, k Key) (map[string]types.AttributeValue, error) {
	out, err := s.db().GetItem(ctx, &dynamodb.GetItemInput{
		TableName:              &s.records,
		Key:                    attributes(k),
		ConsistentRead:         aws.Bool(true),
		ReturnConsumedCapacity: types.ReturnConsumedCapacityTotal,
	})
	if err != nil {
		return nil, classify(err)
	}
	countRead(ctx, one(out.ConsumedCapacity)...)
	return out.Item, nil
}

// BeginRun writes a run's record and its documents, lists it, and gives it the lease, and marks the run before it failed where over is not
// nil: all or nothing, on condition that there is no such run yet, that the lease is still the holder's ("" for nobody's),
// and that over's deadline has not moved. It returns a Conflict otherwise.
func (s *Store) BeginRun(ctx context.Context, run *recalc.Run, holder string, over *recalc.Run) (err error) {
	defer fault.Wrap(&err, "begin run %s", run.ID)
	record, err := encodeRun(run)
	if err != nil {
		return err
	}
	listed := attributes(RunListKey(run.Started, run.ID))
	listed[attrRun] = text(run.ID)
	lease := attributes(RunLeaseKey())
	lease[attrRun] = text(run.ID)
	leasePut := &types.Put{TableName: &s.records, Item: lease, ConditionExpression: aws.String("attribute_not_exists(pk)")}
	if holder != "" {
		leasePut.ConditionExpression = aws.String("#run = :holder")
		leasePut.ExpressionAttributeNames = map[string]string{"#run": attrRun}
		leasePut.ExpressionAttributeValues = map[string]types.AttributeValue{":holder": text(holder)}
	}
	items := []types.TransactWriteItem{
		{Put: &types.Put{TableName: &s.records, Item: record, ConditionExpression: aws.String("attribute_not_exists(pk)")}},
		{Put: &types.Put{TableName: &s.records, Item: listed}},
		{Put: leasePut},
	}
	if len(run.Documents) > 0 {
		documents, err := encodeDocuments(run)
		if err != nil {
			return err
		}
		items = append(items, types.TransactWriteItem{Put: &types.Put{TableName: &s.records, Item: documents}})
	}
	if over != nil {
		u := failing("it made no progress until its deadline", run.Started)
		u.names["#deadline"] = attrDeadline
		u.values[":seen"] = number(over.Deadline.UnixMilli())
		items = append(items, types.TransactWriteItem{Update: &types.Update{
			TableName:                 &s.records,
			Key:                       attributes(RunKey(over.ID)),
			UpdateExpression:          u.expression(),
			ConditionExpression:       aws.String(ifRunning + " AND #deadline = :seen"),
			ExpressionAttributeNames:  u.names,
			ExpressionAttributeValues: u.values,
		}})
	}
	return s.transact(ctx, items)
}

func (s *Store) transact(ctx context.Context, items []types.TransactWriteItem) error {
	out, err := s.db().TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{
		TransactItems:          items,
		ReturnConsumedCapacity: types.ReturnConsumedCapacityTotal,
	})
	if err != nil {
		return classify(err)
	}
	countWrite(ctx, out.ConsumedCapacity...)
	return nil
}

// failing marks a run that is under way as failed.
func failing(reason string, at time.Time) *update {
	u := newUpdate()
	u.set(attrReason, text(reason))
	u.set(attrFinished, number(at.UnixMilli()))
	u.setState(recalc.Failed)
	return u
}

// setState sets a run's state, for an update on condition ifRunning.
func (u *update) setState(state recalc.State) {
	u.set(attrState, text(string(state)))
	u.ifRunning()
}

// ifRunning prepares the condition ifRunning.
func (u *update) ifRunning() {
	u.names["#"+attrState] = attrState
	u.values[":running"] = text(string(recalc.Running))
}

const ifRunning = "#state = :running"

// FailRun marks a run that is under way as failed and lets any other be; its lease stays and holds nobody back.
func (s *Store) FailRun(ctx context.Context, run, reason string, at time.Time) (err error) {
	defer fault.Wrap(&err, "fail run %s", run)
	_, err = s.updateRecord(ctx, RunKey(run), failing(reason, at), ifRunning)
	if fault.CodeOf(err) == fault.Conflict {
		return nil
	}
	return err
}

// updateRecord updates an item of Records on a condition and returns what it is then.
func (s *Store) updateRecord(ctx context.Context, k Key, u *update, condition string) (map[string]types.AttributeValue, error) {
	out, err := s.db().UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName:                 &s.records,
		Key:                       attributes(k),
		UpdateExpression:          u.expression(),
		ConditionExpression:       &condition,
		ExpressionAttributeNames:  u.names,
		ExpressionAttributeValues: u.values,
		ReturnValues:              types.ReturnValueAllNew,
		ReturnConsumedCapacity:    types.ReturnConsumedCapacityTotal,
	})
	if err != nil {
		return nil, classify(err)
	}
	countWrite(ctx, one(out.ConsumedCapacity)...)
	return out.Attributes, nil
}

// CountCustomers says about how many customers there are. DynamoDB counts every six hours or so; 0 may mean that it has
// not counted yet.
func (s *Store) CountCustomers(ctx context.Context) (n int64, err error) {
	defer fault.Wrap(&err, "count customers")
	out, err := s.db().DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: &s.customers})
	if err != nil {
		return 0, classify(err)
	}
	if out.Table == nil {
		return 0, nil
	}
	return aws.ToInt64(out.Table.ItemCount), nil
}

// Runs reads the records of the latest runs, newest first, at most limit.
func (s *Store) Runs(ctx context.Context, limit int) (runs []*recalc.Run, err error) {
	defer fault.Wrap(&err, "list runs")
	return newest(ctx, s, s.family(runsPK, runListPrefix), limit, attrRun, s.Run)
}

// newest reads the records that the last items of a list name, the last first, at most limit; one that is gone is left out.
func newest[R any](ctx context.Context, s *Store, list *dynamodb.QueryInput, limit int, id string, read func(context.Context, string) (*R, error)) (all []*R, err error) {
	list.ScanIndexForward, list.Limit = aws.Bool(false), aws.Int32(int32(limit))
	out, err := s.db().Query(ctx, list)
	if err != nil {
		return nil, classify(err)
	}
	countRead(ctx, one(out.ConsumedCapacity)...)
	for _, item := range out.Items {
		r, err := read(ctx, textOf(item[id]))
		if fault.CodeOf(err) == fault.NotFound {
			continue
		}
		if err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	return all, nil
}
