package dynamo

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"liuke/shared/fault"
	"liuke/shared/trial"
)

const attrBacktest = "backtest"

// BeginBacktest writes a backtest's record and lists it: 4 write units. It returns a Conflict where there is one of that id.
func (s *Store) BeginBacktest(ctx context.Context, r *trial.Record) (err error) {
	defer fault.Wrap(&err, "begin backtest %s", r.ID)
	record, err := encodeJob(BacktestKey(r.ID), &r.Job, r.Terms)
	if err != nil {
		return err
	}
	listed := attributes(BacktestListKey(r.ID))
	listed[attrBacktest], listed[attrExpires] = text(r.ID), record[attrExpires]
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
	r = &trial.Record{}
	if r.Job, err = decodeJob(id, item, &r.Terms); err != nil {
		return nil, err
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
	return s.advanceJob(ctx, BacktestKey(id), advancing(step, steps, at))
}

// FinishBacktest notes that a backtest is done whose report is kept. One that has ended already it lets be.
func (s *Store) FinishBacktest(ctx context.Context, id string, steps int, at time.Time) (err error) {
	defer fault.Wrap(&err, "finish backtest %s", id)
	return s.finishJob(ctx, BacktestKey(id), advancing(steps, steps, at), at)
}

// FailBacktest marks a backtest that is under way as failed and lets any other be.
func (s *Store) FailBacktest(ctx context.Context, id, reason string, at time.Time) (err error) {
	defer fault.Wrap(&err, "fail backtest %s", id)
	return s.failJob(ctx, BacktestKey(id), reason, at)
}
