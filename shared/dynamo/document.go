package dynamo

import (
	"context"
	"encoding/json"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"liuke/shared/document"
	"liuke/shared/fault"
	"liuke/shared/recalc"
)

const (
	attrBody   = "body"
	attrEdited = "edited"
)

// Document reads a document, strongly consistent. One that was never edited has Version 0.
func (s *Store) Document(ctx context.Context, name string) (d document.Document, err error) {
	defer fault.Wrap(&err, "read document %s", name)
	item, err := s.getRecord(ctx, DocumentKey(name))
	if err != nil || len(item) == 0 {
		return document.Document{Name: name}, err
	}
	return decodeDocument(item), nil
}

// Documents reads all documents in the order of their names, strongly consistent.
func (s *Store) Documents(ctx context.Context) (all []document.Document, err error) {
	defer fault.Wrap(&err, "list documents")
	return s.documentsOf(ctx, documentsPK)
}

func (s *Store) documentsOf(ctx context.Context, pk string) (all []document.Document, err error) {
	err = s.pages(ctx, s.family(pk, documentPrefix), func(items []map[string]types.AttributeValue) error {
		for _, item := range items {
			all = append(all, decodeDocument(item))
		}
		return nil
	})
	return all, err
}

// PutDocument writes a document beside or in the place of those that so many edits had made (document.Edits). Version is
// that of the new one; it returns Conflict where the stored one is not at the version before, or any other was edited since,
// so that what holds for all of them together holds. A document that is taken back stays as one with an empty body, so
// that versions go on.
func (s *Store) PutDocument(ctx context.Context, d *document.Document, edits int64) (err error) {
	defer fault.Wrap(&err, "write document %s", d.Name)
	return s.putDocument(ctx, d, edits, DocumentKey(d.Name), attributes(DocumentEditsKey()))
}

// putDocument writes a document, and the item that counts edits with whatever else that says.
func (s *Store) putDocument(ctx context.Context, d *document.Document, edits int64, at Key, all map[string]types.AttributeValue) error {
	item := attributes(at)
	item[attrVersion] = number(d.Version)
	item[attrBody] = text(d.Body)
	item[attrEdited] = number(d.Edited.UnixMilli())
	put := &types.Put{TableName: &s.records, Item: item}
	put.ConditionExpression, put.ExpressionAttributeNames, put.ExpressionAttributeValues = ifUnmoved(d.Version - 1)
	all[attrVersion] = number(edits + 1)
	count := &types.Put{TableName: &s.records, Item: all}
	count.ConditionExpression, count.ExpressionAttributeNames, count.ExpressionAttributeValues = ifUnmoved(edits)
	return s.transact(ctx, []types.TransactWriteItem{{Put: put}, {Put: count}})
}

// RunDocuments reads the documents that stood when a run was planned, strongly consistent; none where none was edited.
func (s *Store) RunDocuments(ctx context.Context, run string) (all []document.Document, err error) {
	defer fault.Wrap(&err, "read documents of run %s", run)
	item, err := s.getRecord(ctx, RunDocumentsKey(run))
	if err != nil || len(item) == 0 {
		return nil, err
	}
	if err := json.Unmarshal([]byte(textOf(item[attrBody])), &all); err != nil {
		return nil, fault.As(err, fault.Internal, "the run's documents are damaged")
	}
	return all, nil
}

func encodeDocuments(run *recalc.Run) (map[string]types.AttributeValue, error) {
	raw, err := json.Marshal(run.Documents)
	if err != nil {
		return nil, fault.As(err, fault.Internal, "the documents cannot be encoded")
	}
	item := attributes(RunDocumentsKey(run.ID))
	item[attrBody] = text(string(raw))
	return item, nil
}

func decodeDocument(item map[string]types.AttributeValue) document.Document {
	return document.Document{
		Name:    textOf(item["sk"])[len(documentPrefix):],
		Version: numberOf(item[attrVersion]),
		Body:    textOf(item[attrBody]),
		Edited:  millis(item[attrEdited]),
	}
}
