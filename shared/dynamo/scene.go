package dynamo

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"liuke/shared/document"
	"liuke/shared/fault"
)

// SceneDocuments reads what operators have written of scenes, blocks and templates, in the order of the documents' names,
// with one strongly consistent query: a read unit for each 4 KB of them.
func (s *Store) SceneDocuments(ctx context.Context) (all []document.Document, err error) {
	defer fault.Wrap(&err, "list documents of scenes")
	return s.documentsOf(ctx, scenesPK)
}

// SceneEdits reads how many edits made those documents (document.Edits), and some of the documents that Document reads, in
// the order of their names, of Version 0 where one was never edited: what whoever keeps the scenes asks for again and again.
// Strongly consistent, in one call, a read unit for each 4 KB of each.
func (s *Store) SceneEdits(ctx context.Context, beside ...string) (edits int64, others []document.Document, err error) {
	defer fault.Wrap(&err, "count edits of scenes")
	all := []wanted{s.wantedRecord(0, SceneEditsKey(), nil)}
	for _, name := range beside {
		all = append(all, s.wantedRecord(0, DocumentKey(name), nil))
	}
	items, err := s.batchGet(ctx, all)
	if err != nil {
		return 0, nil, err
	}
	for i, name := range beside {
		d := document.Document{Name: name}
		if item := items[all[i+1].name]; item != nil {
			d = decodeDocument(item)
		}
		others = append(others, d)
	}
	return numberOf(items[all[0].name][attrVersion]), others, nil
}

// attrEvents is a set of names of events, beside the counter of edits.
const attrEvents = "events"

// SceneEvents reads the names of the events that the scenes ask for, as PutSceneDocument was told of them; none where no scene
// was edited. One read unit, strongly consistent.
func (s *Store) SceneEvents(ctx context.Context) (names map[string]bool, err error) {
	defer fault.Wrap(&err, "read which events scenes ask for")
	item, err := s.getRecord(ctx, SceneEditsKey())
	if err != nil {
		return nil, err
	}
	names = map[string]bool{}
	if set, ok := item[attrEvents].(*types.AttributeValueMemberSS); ok {
		for _, name := range set.Value {
			names[name] = true
		}
	}
	return names, nil
}

// PutSceneDocument writes one of those documents, as PutDocument does: beside or in the place of those that so many edits had
// made. It returns Conflict where the stored one is not at the version before, or any other was edited since. Events are the
// names of those that the scenes ask for with it, for SceneEvents.
func (s *Store) PutSceneDocument(ctx context.Context, d *document.Document, edits int64, events []string) (err error) {
	defer fault.Wrap(&err, "write document %s", d.Name)
	counter := attributes(SceneEditsKey())
	if len(events) > 0 {
		counter[attrEvents] = &types.AttributeValueMemberSS{Value: events}
	}
	return s.putDocument(ctx, d, edits, SceneDocumentKey(d.Name), counter)
}
