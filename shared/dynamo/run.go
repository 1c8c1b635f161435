package dynamo

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"liuke/shared/customer"
	"liuke/shared/fault"
	"liuke/shared/recalc"
)

// The attributes of a run's record and of its slices' (attrRun names a run elsewhere).
const (
	attrState    = "state"
	attrReason   = "reason"
	attrTerms    = "terms"
	attrStarted  = "started"
	attrFinished = "finished"
	attrDeadline = "deadline"
	attrSlices   = "slices"
	attrLanded   = "landed"
	attrScored   = "scored"
	attrFit      = "fit"
	attrReport   = "report"

	attrParts     = "parts"
	attrPartCount = "n"
	attrCursor    = "cursor"
	attrDone      = "done"
	attrRead      = "read"
	attrWrite     = "write"
)

// Run reads a run's record, strongly consistent; NotFound where there is none.
func (s *Store) Run(ctx context.Context, id string) (run *recalc.Run, err error) {
	defer fault.Wrap(&err, "read run")
	item, err := s.getRecord(ctx, RunKey(id))
	if err != nil {
		return nil, err
	}
	if len(item) == 0 {
		return nil, fault.New(fault.NotFound, "there is no such run")
	}
	return decodeRun(id, item)
}

func encodeRun(r *recalc.Run) (map[string]types.AttributeValue, error) {
	terms, err := json.Marshal(r.Terms)
	if err != nil {
		return nil, fault.As(err, fault.Internal, "the terms cannot be encoded")
	}
	item := attributes(RunKey(r.ID))
	item[attrState] = text(string(r.State))
	item[attrTerms] = text(string(terms))
	item[attrStarted] = number(r.Started.UnixMilli())
	item[attrDeadline] = number(r.Deadline.UnixMilli())
	item[attrSlices] = number(int64(r.Slices))
	return item, nil
}

func decodeRun(id string, item map[string]types.AttributeValue) (*recalc.Run, error) {
	r := &recalc.Run{
		ID:       id,
		State:    recalc.State(textOf(item[attrState])),
		Reason:   textOf(item[attrReason]),
		Started:  millis(item[attrStarted]),
		Finished: millis(item[attrFinished]),
		Deadline: millis(item[attrDeadline]),
		Slices:   int(numberOf(item[attrSlices])),
		Landed:   numbersOf(item[attrLanded]),
		Scored:   numbersOf(item[attrScored]),
	}
	for attr, into := range map[string]any{attrTerms: &r.Terms, attrFit: &r.Fit, attrReport: &r.Report} {
		raw := textOf(item[attr])
		if raw == "" {
			continue
		}
		if err := json.Unmarshal([]byte(raw), into); err != nil {
			return nil, fault.As(err, fault.Internal, "the run's %s is damaged", attr)
		}
	}
	return r, nil
}

// LandSlice notes that a slice's snapshot is complete, puts off the deadline and returns the run as it is then. It returns
// a Conflict where the run is not under way.
func (s *Store) LandSlice(ctx context.Context, run string, slice int, deadline time.Time) (*recalc.Run, error) {
	return s.addSlice(ctx, run, attrLanded, slice, deadline)
}

// ScoreSlice notes that a slice's parts are all scored, puts off the deadline and returns the run as it is then. It
// returns a Conflict where the run is not under way.
func (s *Store) ScoreSlice(ctx context.Context, run string, slice int, deadline time.Time) (*recalc.Run, error) {
	return s.addSlice(ctx, run, attrScored, slice, deadline)
}

func (s *Store) addSlice(ctx context.Context, run, attr string, slice int, deadline time.Time) (r *recalc.Run, err error) {
	defer fault.Wrap(&err, "note slice %d of run %s as %s", slice, run, attr)
	u := newUpdate()
	u.set(attrDeadline, number(deadline.UnixMilli()))
	u.add(attr, numberSet(slice))
	u.ifRunning()
	item, err := s.updateRecord(ctx, RunKey(run), u, ifRunning)
	if err != nil {
		return nil, err
	}
	return decodeRun(run, item)
}

// SaveFit keeps a run's fit, puts off the deadline and returns the run as it is then. It returns a Conflict where the run
// has its fit already, or is not under way.
func (s *Store) SaveFit(ctx context.Context, run string, fit *recalc.Fit, deadline time.Time) (r *recalc.Run, err error) {
	defer fault.Wrap(&err, "save fit of run %s", run)
	raw, err := json.Marshal(fit)
	if err != nil {
		return nil, fault.As(err, fault.Internal, "the fit cannot be encoded")
	}
	u := newUpdate()
	u.set(attrFit, text(string(raw)))
	u.set(attrDeadline, number(deadline.UnixMilli()))
	u.ifRunning()
	item, err := s.updateRecord(ctx, RunKey(run), u, ifRunning+" AND attribute_not_exists(#fit)")
	if err != nil {
		return nil, err
	}
	return decodeRun(run, item)
}

// FinishRun keeps a run's report, gives the lease back and, where the run was applied, names it as the current one: all
// or nothing. It returns a Conflict where the run is not under way.
func (s *Store) FinishRun(ctx context.Context, run *recalc.Run, report *recalc.Report, at time.Time) (err error) {
	defer fault.Wrap(&err, "finish run %s", run.ID)
	raw, err := json.Marshal(report)
	if err != nil {
		return fault.As(err, fault.Internal, "the report cannot be encoded")
	}
	u := newUpdate()
	u.set(attrReport, text(string(raw)))
	u.set(attrFinished, number(at.UnixMilli()))
	u.setState(recalc.Done)
	condition := ifRunning
	mine := "#run = :run"
	items := []types.TransactWriteItem{
		{Update: &types.Update{
			TableName: &s.records, Key: attributes(RunKey(run.ID)),
			UpdateExpression: u.expression(), ConditionExpression: &condition,
			ExpressionAttributeNames: u.names, ExpressionAttributeValues: u.values,
		}},
		{Delete: &types.Delete{
			TableName: &s.records, Key: attributes(RunLeaseKey()), ConditionExpression: &mine,
			ExpressionAttributeNames:  map[string]string{"#run": attrRun},
			ExpressionAttributeValues: map[string]types.AttributeValue{":run": text(run.ID)},
		}},
	}
	if run.Terms.Apply {
		current := attributes(CurrentRunKey())
		current[attrRun] = text(run.ID)
		items = append(items, types.TransactWriteItem{Put: &types.Put{TableName: &s.records, Item: current}})
	}
	return s.transact(ctx, items)
}

// Slice reads the progress of a slice, strongly consistent; one that has not begun is a slice without parts.
func (s *Store) Slice(ctx context.Context, run string, slice int) (out *recalc.Slice, err error) {
	defer fault.Wrap(&err, "read slice %d of run %s", slice, run)
	item, err := s.getRecord(ctx, SliceKey(run, slice))
	if err != nil {
		return nil, err
	}
	return decodeSlice(slice, item)
}

func decodeSlice(slice int, item map[string]types.AttributeValue) (*recalc.Slice, error) {
	out := &recalc.Slice{
		Number: slice,
		Cursor: customer.ID(textOf(item[attrCursor])),
		Scored: numbersOf(item[attrScored]),
		Read:   floatOf(item[attrRead]),
		Write:  floatOf(item[attrWrite]),
	}
	if b, ok := item[attrDone].(*types.AttributeValueMemberBOOL); ok {
		out.Done = b.Value
	}
	if raw := textOf(item[attrParts]); raw != "" {
		if err := json.Unmarshal([]byte(raw), &out.Parts); err != nil {
			return nil, fault.As(err, fault.Internal, "the slice's parts are damaged")
		}
	}
	return out, nil
}

// AdvanceSlice replaces a slice's progress by what follows it, on condition that it has not moved: its parts, cursor and
// whether it is done, and adds the read units that the step consumed. It returns a Conflict where it has moved.
func (s *Store) AdvanceSlice(ctx context.Context, run string, before, after *recalc.Slice, read float64) (err error) {
	defer fault.Wrap(&err, "advance slice %d of run %s", before.Number, run)
	parts, err := json.Marshal(after.Parts)
	if err != nil {
		return fault.As(err, fault.Internal, "the parts cannot be encoded")
	}
	u := newUpdate()
	u.set(attrParts, text(string(parts)))
	u.set(attrPartCount, number(int64(len(after.Parts))))
	u.set(attrCursor, text(string(after.Cursor)))
	u.set(attrDone, &types.AttributeValueMemberBOOL{Value: after.Done})
	u.add(attrRead, float(read))
	condition := "attribute_not_exists(#n)"
	if len(before.Parts) > 0 {
		condition = "#n = :before AND #done = :open"
		u.values[":before"] = number(int64(len(before.Parts)))
		u.values[":open"] = &types.AttributeValueMemberBOOL{}
	}
	_, err = s.updateRecord(ctx, SliceKey(run, before.Number), u, condition)
	return err
}

// ScorePart notes that a part is scored, adds the write units that it consumed and returns the slice as it is then. A
// part that is noted already changes nothing.
func (s *Store) ScorePart(ctx context.Context, run string, slice, part int, write float64) (out *recalc.Slice, err error) {
	defer fault.Wrap(&err, "note part %d of slice %d of run %s as scored", part, slice, run)
	u := newUpdate()
	u.add(attrScored, numberSet(part))
	u.add(attrWrite, float(write))
	u.values[":part"] = number(int64(part))
	item, err := s.updateRecord(ctx, SliceKey(run, slice), u, "attribute_not_exists(#scored) OR NOT contains(#scored, :part)")
	if fault.CodeOf(err) == fault.Conflict {
		return s.Slice(ctx, run, slice)
	}
	if err != nil {
		return nil, err
	}
	return decodeSlice(slice, item)
}

func millis(v types.AttributeValue) time.Time {
	if n := numberOf(v); n != 0 {
		return time.UnixMilli(n).UTC()
	}
	return time.Time{}
}

func numberSet(n int) types.AttributeValue {
	return &types.AttributeValueMemberNS{Value: []string{strconv.Itoa(n)}}
}

// numbersOf reads a set of whole numbers, ascending.
func numbersOf(v types.AttributeValue) []int {
	set, ok := v.(*types.AttributeValueMemberNS)
	if !ok {
		return nil
	}
	out := make([]int, 0, len(set.Value))
	for _, s := range set.Value {
		if n, err := strconv.Atoi(s); err == nil {
			out = append(out, n)
		}
	}
	slices.Sort(out)
	return out
}

func float(v float64) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatFloat(v, 'f', -1, 64)}
}

func floatOf(v types.AttributeValue) float64 {
	if n, ok := v.(*types.AttributeValueMemberN); ok {
		f, _ := strconv.ParseFloat(n.Value, 64)
		return f
	}
	return 0
}
