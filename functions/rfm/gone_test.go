package main

import (
	"maps"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"liuke/shared/customer"
)

// TestWhoStandsForNobodyIsNotInARun lets customers be absorbed and erased, before a run and while one is under way.
func TestWhoStandsForNobodyIsNotInARun(t *testing.T) {
	w := newWorld(t)
	w.paged.rows = 9
	histories := shop(11, 120)
	w.put(histories)
	ids := slices.Sorted(maps.Keys(histories))
	w.become(ids[5], "into", &types.AttributeValueMemberS{Value: string(ids[6])})
	w.become(ids[7], "erased", &types.AttributeValueMemberN{Value: "1700000000"})
	stay := maps.Clone(histories)
	delete(stay, ids[5])
	delete(stay, ids[7])
	run := w.run(`{}`)
	w.expect(run, w.compute(run, stay, stood{}), w.told())

	for i, attribute := range map[int]string{50: "into", 60: "erased"} { // seen by the scan, gone when scores are written
		w.order(ids[i], customer.DayOf(w.now, w.settings.Zone)-1, 999_999)
		w.order(ids[i], customer.DayOf(w.now, w.settings.Zone)-2, 999_999)
		before := w.record(ids[i]).Scores
		id := w.plan(`{}`)
		for w.scanning(id) {
			body, _ := w.phases.take()
			if !w.deliver(body) {
				t.Fatal("not acknowledged")
			}
		}
		w.become(ids[i], attribute, &types.AttributeValueMemberS{Value: "x"})
		w.drain()
		w.done(id)
		if told := w.told()[ids[i]]; w.record(ids[i]).Scores != before || len(told) != 0 {
			t.Errorf("a customer who came to be %s was scored %+v, and told %q", attribute, w.record(ids[i]).Scores, told)
		}
	}
}

// scanning reports whether a run's customers are not all read yet.
func (w *world) scanning(id string) bool {
	w.t.Helper()
	run, err := w.store.Run(w.t.Context(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	return !run.Complete(run.Landed)
}

// become sets an attribute that says that an item stands for nobody any more.
func (w *world) become(id customer.ID, attribute string, value types.AttributeValue) {
	w.t.Helper()
	_, err := w.db.UpdateItem(w.t.Context(), &dynamodb.UpdateItemInput{
		TableName: &w.customers, Key: map[string]types.AttributeValue{"id": &types.AttributeValueMemberS{Value: string(id)}},
		UpdateExpression:          aws.String("SET #a = :a"),
		ExpressionAttributeNames:  map[string]string{"#a": attribute},
		ExpressionAttributeValues: map[string]types.AttributeValue{":a": value},
	})
	if err != nil {
		w.t.Fatal(err)
	}
}
