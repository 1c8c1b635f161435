package dynamo

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"liuke/shared/fault"
	"liuke/shared/importfile"
)

// The attributes of an import's record, of its place in the list and of its refused rows (state, reason, started and
// finished are those of a run's).
const (
	attrImport         = "import"
	attrImportRequest  = "request" // JSON
	attrImportRows     = "rows"
	attrImportAccepted = "accepted"
	attrImportRefused  = "refused" // a count; of refused rows themselves, JSON
	attrImportTaken    = "taken"   // JSON
	attrImportBytes    = "bytes"
	attrImportTag      = "etag"
	attrImportFound    = "found" // JSON
	attrImportWorker   = "worker"
	attrImportCreated  = "created"
	attrImportExpires  = "ttl" // Unix seconds
)

const (
	importsPK     = "IMPORTS"
	importPrefix  = "IMPORT#"
	refusedPrefix = "REFUSED#"
	// refusedPerItem keeps an item of refused rows far from DynamoDB's 400 KB.
	refusedPerItem = 250
)

// ImportKey is the record of one import.
func ImportKey(id string) Key { return Key{importPrefix + id, "IMPORT"} }

// ImportListKey lists an import among all, by when it was asked for.
func ImportListKey(i *importfile.Import) Key {
	return Key{importsPK, importPrefix + i.Created.UTC().Format(runListLayout) + "#" + i.ID}
}

// ImportRefusedKey is some of the refused rows of an import: those of a step that began behind so many rows.
func ImportRefusedKey(id string, rows int64, part int) Key {
	return Key{importPrefix + id, fmt.Sprintf("%s%012d#%d", refusedPrefix, rows, part)}
}

// CreateImport keeps a new import and lists it: 4 write units. It returns a Conflict error where there is one of its id.
func (s *Store) CreateImport(ctx context.Context, i *importfile.Import) (err error) {
	defer fault.Wrap(&err, "keep import")
	request, err := json.Marshal(i.Request)
	if err != nil {
		return fault.As(err, fault.Internal, "the request cannot be encoded")
	}
	expires := number(i.Created.Add(importfile.KeptFor).Unix())
	record := attributes(ImportKey(i.ID))
	record[attrState] = text(string(i.State))
	record[attrImportRequest] = text(string(request))
	record[attrImportRows] = number(0)
	record[attrImportCreated] = number(i.Created.UnixMilli())
	record[attrImportExpires] = expires
	listed := attributes(ImportListKey(i))
	listed[attrImport], listed[attrImportExpires] = text(i.ID), expires
	return s.transact(ctx, []types.TransactWriteItem{
		{Put: &types.Put{TableName: &s.records, Item: record, ConditionExpression: aws.String("attribute_not_exists(pk)")}},
		{Put: &types.Put{TableName: &s.records, Item: listed}},
	})
}

// Import reads an import's record, strongly consistent; NotFound where there is none.
func (s *Store) Import(ctx context.Context, id string) (i *importfile.Import, err error) {
	defer fault.Wrap(&err, "read import")
	item, err := s.getRecord(ctx, ImportKey(id))
	if err != nil {
		return nil, err
	}
	if len(item) == 0 {
		return nil, fault.New(fault.NotFound, "there is no such import, or not any more")
	}
	return decodeImport(id, item)
}

func decodeImport(id string, item map[string]types.AttributeValue) (*importfile.Import, error) {
	i := &importfile.Import{
		ID:     id,
		State:  importfile.State(textOf(item[attrState])),
		Reason: textOf(item[attrReason]),
		Progress: importfile.Progress{
			Rows:     numberOf(item[attrImportRows]),
			Accepted: numberOf(item[attrImportAccepted]),
			Refused:  numberOf(item[attrImportRefused]),
			Bytes:    numberOf(item[attrImportBytes]),
		},
		Tag:      textOf(item[attrImportTag]),
		Worker:   textOf(item[attrImportWorker]),
		Created:  millis(item[attrImportCreated]),
		Started:  millis(item[attrStarted]),
		Finished: millis(item[attrFinished]),
	}
	for attr, into := range map[string]any{attrImportRequest: &i.Request, attrImportFound: &i.Found, attrImportTaken: &i.Taken} {
		raw := textOf(item[attr])
		if raw == "" {
			continue
		}
		if err := json.Unmarshal([]byte(raw), into); err != nil {
			return nil, fault.As(err, fault.Internal, "the import's %s is damaged", attr)
		}
	}
	return i, nil
}

// AdvanceImport replaces an import's progress by what follows it, on condition that it has not moved, and returns the
// import as it is then: 1 write unit, and before it those of the refused rows that are listed. It returns a Conflict
// error where it has moved.
func (s *Store) AdvanceImport(ctx context.Context, before *importfile.Import, step importfile.Step) (after *importfile.Import, err error) {
	defer fault.Wrap(&err, "advance import %s", before.ID)
	if err := s.listRefused(ctx, before, step.Listed); err != nil {
		return nil, err
	}
	found, err := json.Marshal(step.Found)
	if err != nil {
		return nil, fault.As(err, fault.Internal, "the columns cannot be encoded")
	}
	taken, err := json.Marshal(step.Taken)
	if err != nil {
		return nil, fault.As(err, fault.Internal, "what was taken cannot be encoded")
	}
	u := newUpdate()
	u.set(attrState, text(string(step.State)))
	u.set(attrImportRows, number(step.Progress.Rows))
	u.set(attrImportAccepted, number(step.Progress.Accepted))
	u.set(attrImportRefused, number(step.Progress.Refused))
	u.set(attrImportBytes, number(step.Progress.Bytes))
	u.set(attrImportTag, text(step.Tag))
	u.set(attrImportFound, text(string(found)))
	u.set(attrImportTaken, text(string(taken)))
	u.set(attrImportWorker, text(step.Worker))
	if step.Reason != "" {
		u.set(attrReason, text(step.Reason))
	}
	if before.Started.IsZero() {
		u.set(attrStarted, number(step.At.UnixMilli()))
	}
	if step.State.Ended() {
		u.set(attrFinished, number(step.At.UnixMilli()))
	}
	u.values[":before"], u.values[":stood"] = number(before.Progress.Rows), text(string(before.State))
	item, err := s.updateRecord(ctx, ImportKey(before.ID), u, "#"+attrImportRows+" = :before AND #"+attrState+" = :stood")
	if err != nil {
		return nil, err
	}
	return decodeImport(before.ID, item)
}

// listRefused keeps refused rows beside the import. The same rows from the same place are the same items.
func (s *Store) listRefused(ctx context.Context, i *importfile.Import, listed []importfile.Refused) error {
	part := 0
	for rows := range slices.Chunk(listed, refusedPerItem) {
		raw, err := json.Marshal(rows)
		if err != nil {
			return fault.As(err, fault.Internal, "the refused rows cannot be encoded")
		}
		item := attributes(ImportRefusedKey(i.ID, i.Progress.Rows, part))
		item[attrImportRefused] = text(string(raw))
		item[attrImportExpires] = number(i.Created.Add(importfile.KeptFor).Unix())
		out, err := s.db().PutItem(ctx, &dynamodb.PutItemInput{
			TableName: &s.records, Item: item, ReturnConsumedCapacity: types.ReturnConsumedCapacityTotal,
		})
		if err != nil {
			return classify(err)
		}
		countWrite(ctx, one(out.ConsumedCapacity)...)
		part++
	}
	return nil
}

// ImportRefused reads the refused rows that are listed with an import, in the order of the file. Those of a step that
// is not done yet may be among them.
func (s *Store) ImportRefused(ctx context.Context, id string) (rows []importfile.Refused, err error) {
	defer fault.Wrap(&err, "read refused rows of import")
	in := s.family(ImportKey(id).PK, refusedPrefix)
	for {
		out, err := s.db().Query(ctx, in)
		if err != nil {
			return nil, classify(err)
		}
		countRead(ctx, one(out.ConsumedCapacity)...)
		for _, item := range out.Items {
			var some []importfile.Refused
			if err := json.Unmarshal([]byte(textOf(item[attrImportRefused])), &some); err != nil {
				return nil, fault.As(err, fault.Internal, "the refused rows are damaged")
			}
			rows = append(rows, some...)
		}
		if in.ExclusiveStartKey = out.LastEvaluatedKey; len(in.ExclusiveStartKey) == 0 {
			return rows, nil
		}
	}
}

// Imports reads the latest imports, newest first, at most limit.
func (s *Store) Imports(ctx context.Context, limit int) (all []*importfile.Import, err error) {
	defer fault.Wrap(&err, "list imports")
	in := s.family(importsPK, importPrefix)
	in.ScanIndexForward, in.Limit = aws.Bool(false), aws.Int32(int32(limit))
	out, err := s.db().Query(ctx, in)
	if err != nil {
		return nil, classify(err)
	}
	countRead(ctx, one(out.ConsumedCapacity)...)
	for _, item := range out.Items {
		i, err := s.Import(ctx, textOf(item[attrImport]))
		if fault.CodeOf(err) == fault.NotFound {
			continue
		}
		if err != nil {
			return nil, err
		}
		all = append(all, i)
	}
	return all, nil
}
