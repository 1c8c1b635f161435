package dynamo

import (
	"context"
	"encoding/json"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"liuke/shared/fault"
	"liuke/shared/recalc"
)

// The attributes of a job's record, beside those that it shares with a run's.
const (
	attrJobStep  = "parts_read"
	attrJobSteps = "parts_to_read"
)

// encodeJob returns the record of a job with its terms; it expires.
func encodeJob(k Key, j *recalc.Job, terms any) (map[string]types.AttributeValue, error) {
	raw, err := json.Marshal(terms)
	if err != nil {
		return nil, fault.As(err, fault.Internal, "the terms cannot be encoded")
	}
	record := attributes(k)
	record[attrRun] = text(j.Run)
	record[attrState] = text(string(j.State))
	record[attrTerms] = text(string(raw))
	record[attrStarted] = number(j.Started.UnixMilli())
	record[attrUpdated] = number(j.Updated.UnixMilli())
	record[attrJobStep] = number(int64(j.Step))
	record[attrJobSteps] = number(int64(j.Steps))
	record[attrExpires] = number(j.Started.Add(recalc.JobKept).Unix())
	return record, nil
}

// decodeJob reads the record of a job and its terms.
func decodeJob(id string, item map[string]types.AttributeValue, terms any) (j recalc.Job, err error) {
	j = recalc.Job{
		ID:       id,
		Run:      textOf(item[attrRun]),
		State:    recalc.State(textOf(item[attrState])),
		Reason:   textOf(item[attrReason]),
		Started:  millis(item[attrStarted]),
		Updated:  millis(item[attrUpdated]),
		Finished: millis(item[attrFinished]),
		Step:     int(numberOf(item[attrJobStep])),
		Steps:    int(numberOf(item[attrJobSteps])),
	}
	if err := json.Unmarshal([]byte(textOf(item[attrTerms])), terms); err != nil {
		return j, fault.As(err, fault.Internal, "the terms of the job are damaged")
	}
	return j, nil
}

// advancing notes how far a job is.
func advancing(step, steps int, at time.Time) *update {
	u := newUpdate()
	u.set(attrJobStep, number(int64(step)))
	u.set(attrJobSteps, number(int64(steps)))
	u.set(attrUpdated, number(at.UnixMilli()))
	u.ifRunning()
	return u
}

// advanceJob writes an advance to a job that is under way. One that is as far already, or has ended, it lets be.
func (s *Store) advanceJob(ctx context.Context, k Key, u *update) error {
	return let(s.updateRecord(ctx, k, u, ifRunning+" AND #"+attrJobStep+" < :"+attrJobStep))
}

// finishJob writes that a job is done. One that has ended already it lets be.
func (s *Store) finishJob(ctx context.Context, k Key, u *update, at time.Time) error {
	u.set(attrFinished, number(at.UnixMilli()))
	u.setState(recalc.Done)
	return let(s.updateRecord(ctx, k, u, ifRunning))
}

// failJob marks a job that is under way as failed and lets any other be.
func (s *Store) failJob(ctx context.Context, k Key, reason string, at time.Time) error {
	return let(s.updateRecord(ctx, k, failing(reason, at), ifRunning))
}

// let turns the Conflict of an update whose condition does not hold into nothing.
func let(_ map[string]types.AttributeValue, err error) error {
	if fault.CodeOf(err) == fault.Conflict {
		return nil
	}
	return err
}
