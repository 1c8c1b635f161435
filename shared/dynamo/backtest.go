package dynamo

import (
	"context"
	"encoding/json"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"liuke/shared/fault"
	"liuke/shared/recalc"
	"liuke/shared/trial"
)

// The attributes of a backtest's record, beside those that it shares with a run's.
const (
	attrBacktest    = "backtest"
	attrPartsRead   = "parts_read"
	attrPartsToRead = "parts_to_read"
)

// BeginBacktest writes a backtest's record and lists it: 4 write units. It returns a Conflict where there is one of that id.
func (s *Store) BeginBacktest(ctx context.Context, r *trial.Record) (err error) {
	defer fault.Wrap(&err, "begin backtest %s", r.ID)
	terms, err := json.Marshal(r.Terms)
	if err != nil {
		return fault.As(err, fault.Internal, "the terms cannot be encoded")
	}
	expires := number(r.Started.Add(trial.Kept).Unix())
	record := attributes(BacktestKey(r.ID))
	record[attrRun] = text(r.Run)
	record[attrState] = text(string(r.State))
	record[attrTerms] = text(string(terms))
	record[attrStarted] = number(r.Started.UnixMilli())
	record[attrUpdated] = number(r.Updated.UnixMilli())
	record[attrPartsRead] = number(int64(r.Step))
	record[attrPartsToRead] = number(int64(r.Steps))
	record[attrExpires] = expires
	listed := attributes(BacktestListKey(r.ID))
	listed[attrBacktest], listed[attrExpires] = text(r.ID), expires
	return s.transact(ctx, []types.TransactWriteItem{
		{Put: &types.Put{TableName: &s.records, Item: record, ConditionExpression: aws.String("attribute_not_exists(pk)")}},
		{Put: &types.Put{TableName: &s.records, Item: listed}},
	})
}

// Backtest reads a backtest's record, strongly consistent; NotFound where there is none.
func (s *Store) Backtest(ctx context.Context, id string) (r *trial.Record, err error) {
	defer fault.Wrap(&err, "read backtest")
	item, err := s.getRecord(ctx, BacktestKey(id))
	if err != nil {
		return nil, err
	}
	if len(item) == 0 {
		return nil, fault.New(fault.NotFound, "there is no such backtest, or not any more")
	}
	r = &trial.Record{
		ID:       id,
		Run:      textOf(item[attrRun]),
		State:    recalc.State(textOf(item[attrState])),
		Reason:   textOf(item[attrReason]),
		Started:  millis(item[attrStarted]),
		Updated:  millis(item[attrUpdated]),
		Finished: millis(item[attrFinished]),
		Step:     int(numberOf(item[attrPartsRead])),
		Steps:    int(numberOf(item[attrPartsToRead])),
	}
	if err := json.Unmarshal([]byte(textOf(item[attrTerms])), &r.Terms); err != nil {
		return nil, fault.As(err, fault.Internal, "the backtest's terms are damaged")
	}
	return r, nil
}

// Backtests reads the records of the latest backtests, newest first, at most limit.
func (s *Store) Backtests(ctx context.Context, limit int) (all []*trial.Record, err error) {
	defer fault.Wrap(&err, "list backtests")
	return newest(ctx, s, s.family(backtestsPK, backtestPrefix), limit, attrBacktest, s.Backtest)
}

// AdvanceBacktest notes how far a backtest is that is under way. One that is as far already, or has ended, it lets be.
func (s *Store) AdvanceBacktest(ctx context.Context, id string, step, steps int, at time.Time) (err error) {
	defer fault.Wrap(&err, "advance backtest %s", id)
	u := newUpdate()
	u.set(attrPartsRead, number(int64(step)))
	u.set(attrPartsToRead, number(int64(steps)))
	u.set(attrUpdated, number(at.UnixMilli()))
	u.ifRunning()
	return let(s.updateRecord(ctx, BacktestKey(id), u, ifRunning+" AND #parts_read < :parts_read"))
}

// FinishBacktest notes that a backtest is done whose report is kept. One that has ended already it lets be.
func (s *Store) FinishBacktest(ctx context.Context, id string, steps int, at time.Time) (err error) {
	defer fault.Wrap(&err, "finish backtest %s", id)
	u := newUpdate()
	u.set(attrPartsRead, number(int64(steps)))
	u.set(attrPartsToRead, number(int64(steps)))
	u.set(attrUpdated, number(at.UnixMilli()))
	u.set(attrFinished, number(at.UnixMilli()))
	u.setState(recalc.Done)
	return let(s.updateRecord(ctx, BacktestKey(id), u, ifRunning))
}

// FailBacktest marks a backtest that is under way as failed and lets any other be.
func (s *Store) FailBacktest(ctx context.Context, id, reason string, at time.Time) (err error) {
	defer fault.Wrap(&err, "fail backtest %s", id)
	return let(s.updateRecord(ctx, BacktestKey(id), failing(reason, at), ifRunning))
}

// let turns the Conflict of an update whose condition does not hold into nothing.
func let(_ map[string]types.AttributeValue, err error) error {
	if fault.CodeOf(err) == fault.Conflict {
		return nil
	}
	return err
}
