package dynamo

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"liuke/shared/archive"
	"liuke/shared/customer"
	"liuke/shared/fault"
)

// The attributes of a replay's record and of an export's.
const (
	attrReplayFrom    = "from" // Unix milliseconds, as all moments here
	attrReplayTo      = "to"
	attrReplayDays    = "days" // a set of those that are done
	attrReplayEvents  = "events"
	attrReplayErased  = "gone"
	attrReplayDamaged = "damaged"
	attrUpdated       = "updated"
	attrExportID      = "export"
	attrExportObject  = "object"
)

// replayKept is how long the record of a replay is kept.
const replayKept = 400 * 24 * time.Hour

// ReplayKey is the record of one replay.
func ReplayKey(id string) Key { return Key{"REPLAY#" + id, "REPLAY"} }

// ExportKey is the record of a customer's latest export.
func ExportKey(c customer.ID) Key { return Key{customerPK(c), "EXPORT"} }

// BeginReplay writes a replay's record, one write unit. It returns a Conflict where there is one of that id.
func (s *Store) BeginReplay(ctx context.Context, r *archive.ReplayRecord) (err error) {
	defer fault.Wrap(&err, "begin replay %s", r.ID)
	item := attributes(ReplayKey(r.ID))
	item[attrReplayFrom] = number(r.Request.From.UnixMilli())
	item[attrReplayTo] = number(r.Request.To.UnixMilli())
	item[attrStarted] = number(r.Started.UnixMilli())
	item[attrExpires] = number(r.Started.Add(replayKept).Unix())
	return s.putRecord(ctx, item, aws.String("attribute_not_exists(pk)"))
}

func (s *Store) putRecord(ctx context.Context, item map[string]types.AttributeValue, condition *string) error {
	out, err := s.db().PutItem(ctx, &dynamodb.PutItemInput{
		TableName: &s.records, Item: item, ConditionExpression: condition, ReturnConsumedCapacity: types.ReturnConsumedCapacityTotal,
	})
	if err != nil {
		return classify(err)
	}
	countWrite(ctx, one(out.ConsumedCapacity)...)
	return nil
}

// Replay reads a replay's record, strongly consistent; NotFound where there is none.
func (s *Store) Replay(ctx context.Context, id string) (r *archive.ReplayRecord, err error) {
	defer fault.Wrap(&err, "read replay")
	item, err := s.getRecord(ctx, ReplayKey(id))
	if err != nil {
		return nil, err
	}
	if len(item) == 0 {
		return nil, fault.New(fault.NotFound, "there is no such replay")
	}
	r = &archive.ReplayRecord{
		ID:      id,
		Request: archive.ReplayRequest{From: millis(item[attrReplayFrom]), To: millis(item[attrReplayTo])},
		Started: millis(item[attrStarted]),
		Updated: millis(item[attrUpdated]),
		Count: archive.Count{
			Events:  int(numberOf(item[attrReplayEvents])),
			Erased:  int(numberOf(item[attrReplayErased])),
			Damaged: int(numberOf(item[attrReplayDamaged])),
		},
	}
	if days, ok := item[attrReplayDays].(*types.AttributeValueMemberSS); ok {
		for _, d := range slices.Sorted(slices.Values(days.Value)) {
			r.Done = append(r.Done, archive.Day(d))
		}
	}
	return r, nil
}

// FinishReplayDay notes that a day of a replay is done and adds what became of its events. A day that is noted already
// changes nothing.
func (s *Store) FinishReplayDay(ctx context.Context, id string, day archive.Day, count archive.Count, at time.Time) (err error) {
	defer fault.Wrap(&err, "note day %s of replay %s as done", day, id)
	u := newUpdate()
	u.set(attrUpdated, number(at.UnixMilli()))
	u.add(attrReplayDays, &types.AttributeValueMemberSS{Value: []string{string(day)}})
	u.add(attrReplayEvents, number(int64(count.Events)))
	u.add(attrReplayErased, number(int64(count.Erased)))
	u.add(attrReplayDamaged, number(int64(count.Damaged)))
	u.values[":day"] = text(string(day))
	_, err = s.updateRecord(ctx, ReplayKey(id), u, "attribute_exists(pk) AND (attribute_not_exists(#days) OR NOT contains(#days, :day))")
	if fault.CodeOf(err) == fault.Conflict {
		return nil
	}
	return err
}

// exportMoments is an export's record as JSON, beside its id.
type exportMoments struct {
	Asked    time.Time `json:"asked"`
	Finished time.Time `json:"finished,omitzero"`
	Object   string    `json:"object,omitempty"`
}

// Export reads the record of a customer's latest export, strongly consistent; NotFound where there is none.
func (s *Store) Export(ctx context.Context, id customer.ID) (r *archive.ExportRecord, err error) {
	defer fault.Wrap(&err, "read export")
	item, err := s.getRecord(ctx, ExportKey(id))
	if err != nil {
		return nil, err
	}
	if len(item) == 0 {
		return nil, fault.New(fault.NotFound, "there is no export of the customer")
	}
	var m exportMoments
	if err := json.Unmarshal([]byte(textOf(item[attrExportObject])), &m); err != nil {
		return nil, fault.As(err, fault.Internal, "the export's record is damaged")
	}
	return &archive.ExportRecord{ID: textOf(item[attrExportID]), Asked: m.Asked, Finished: m.Finished, Object: m.Object}, nil
}

// PutExport writes the record of a customer's export, over the one before, one write unit. It expires with its object.
func (s *Store) PutExport(ctx context.Context, id customer.ID, r *archive.ExportRecord) (err error) {
	defer fault.Wrap(&err, "keep export")
	item, err := encodeExport(r)
	if err != nil {
		return err
	}
	key := attributes(ExportKey(id))
	item["pk"], item["sk"] = key["pk"], key["sk"]
	return s.putRecord(ctx, item, nil)
}

// FinishExport notes where the file of an export is. It returns a Conflict where another export has been asked for since,
// or the record is gone.
func (s *Store) FinishExport(ctx context.Context, id customer.ID, r *archive.ExportRecord) (err error) {
	defer fault.Wrap(&err, "finish export")
	item, err := encodeExport(r)
	if err != nil {
		return err
	}
	u := newUpdate()
	for name, value := range item {
		u.set(name, value)
	}
	_, err = s.updateRecord(ctx, ExportKey(id), u, "#export = :export")
	return err
}

func encodeExport(r *archive.ExportRecord) (map[string]types.AttributeValue, error) {
	raw, err := json.Marshal(exportMoments{r.Asked, r.Finished, r.Object})
	if err != nil {
		return nil, fault.As(err, fault.Internal, "the export's record cannot be encoded")
	}
	return map[string]types.AttributeValue{
		attrExportID:     text(r.ID),
		attrExportObject: text(string(raw)),
		attrExpires:      number(r.Asked.Add(archive.ExportKept).Unix()),
	}, nil
}
