package dynamo

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"liuke/shared/customer"
	"liuke/shared/fault"
	"liuke/shared/fold"
	"liuke/shared/order"
)

// batchKeys is how many items DynamoDB reads in one BatchGetItem.
const batchKeys = 100

// wanted is one item to read: a key of either table, and whose it is.
type wanted struct {
	want  int // index into the wants
	table string
	key   map[string]types.AttributeValue
	name  string // tells the item among all others of the call
	take  func(item map[string]types.AttributeValue, s *fold.State) error
}

// Load reads what is wanted, strongly consistent, 100 items a call. Each want has a state and an error of its own: a
// call that fails fails the wants that it had items of, a damaged item fails its own want.
func (s *Store) Load(ctx context.Context, wants []fold.Want) ([]fold.State, []error) {
	states, errs := make([]fold.State, len(wants)), make([]error, len(wants))
	var all []wanted
	for i := range wants {
		states[i].Customer.ID = wants[i].Customer
		states[i].Orders = make(map[string]order.Record, len(wants[i].Orders))
		all = append(all, s.wanted(i, &wants[i])...)
	}
	for len(all) > 0 {
		n := min(len(all), batchKeys)
		items, err := s.batchGet(ctx, all[:n])
		for _, w := range all[:n] {
			if item := items[w.name]; err == nil && item != nil {
				if bad := w.take(item, &states[w.want]); bad != nil {
					errs[w.want] = bad
				}
			} else if err != nil {
				errs[w.want] = err
			}
		}
		all = all[n:]
	}
	return states, errs
}

func (s *Store) wanted(i int, w *fold.Want) []wanted {
	out := []wanted{{
		want: i, table: s.customers, key: customerKey(w.Customer), name: string(w.Customer),
		take: func(item map[string]types.AttributeValue, s *fold.State) (err error) {
			s.Customer, err = decodeCustomer(item)
			return err
		},
	}}
	if w.Profile {
		out = append(out, s.wantedRecord(i, ProfileKey(w.Customer), func(item map[string]types.AttributeValue, s *fold.State) (err error) {
			s.Profile, err = decodeProfile(item)
			return err
		}))
	}
	for _, id := range w.Orders {
		out = append(out, s.wantedRecord(i, OrderKey(w.Customer, id), func(item map[string]types.AttributeValue, s *fold.State) (err error) {
			s.Orders[id], err = decodeOrder(item)
			return err
		}))
	}
	return out
}

func (s *Store) wantedRecord(i int, k Key, take func(map[string]types.AttributeValue, *fold.State) error) wanted {
	return wanted{want: i, table: s.records, key: attributes(k), name: k.PK + "\x00" + k.SK, take: take}
}

// batchGet reads up to 100 items of both tables and returns those that exist by name. What a call leaves unread is read
// again as long as there is progress; then it is Throttled.
func (s *Store) batchGet(ctx context.Context, list []wanted) (map[string]map[string]types.AttributeValue, error) {
	request := map[string]types.KeysAndAttributes{}
	for _, w := range list {
		r := request[w.table]
		r.ConsistentRead = aws.Bool(true)
		r.Keys = append(r.Keys, w.key)
		request[w.table] = r
	}
	items := make(map[string]map[string]types.AttributeValue, len(list))
	for len(request) > 0 {
		out, err := s.db().BatchGetItem(ctx, &dynamodb.BatchGetItemInput{
			RequestItems:           request,
			ReturnConsumedCapacity: types.ReturnConsumedCapacityTotal,
		})
		if err != nil {
			return nil, classify(err)
		}
		countRead(ctx, out.ConsumedCapacity...)
		progress := false
		for table, found := range out.Responses {
			for _, item := range found {
				progress = true
				if table == s.customers {
					items[textOf(item[attrID])] = item
				} else {
					items[textOf(item["pk"])+"\x00"+textOf(item["sk"])] = item
				}
			}
		}
		if request = out.UnprocessedKeys; len(request) > 0 && !progress {
			return nil, fault.New(fault.Throttled, "the table asks for a slower pace")
		}
	}
	return items, nil
}

// Commit writes a customer's item and orders, each on condition that it has not moved since the version before its
// own: the item alone as an update (1 write unit a KB begun), with orders as a transaction (2 a KB begun of each). It
// never touches what recalculations write. It returns Conflict where something has moved; then nothing is written.
func (s *Store) Commit(ctx context.Context, rec *customer.Record, orders []order.Record) (err error) {
	defer fault.Wrap(&err, "write customer")
	if len(orders) == 0 {
		return s.updateCustomer(ctx, rec, rec.Version-1)
	}
	u, condition := customerUpdate(rec, rec.Version-1)
	items := []types.TransactWriteItem{{Update: &types.Update{
		TableName:                 &s.customers,
		Key:                       customerKey(rec.ID),
		UpdateExpression:          u.expression(),
		ConditionExpression:       &condition,
		ExpressionAttributeNames:  u.names,
		ExpressionAttributeValues: u.values,
	}}}
	for i := range orders {
		items = append(items, types.TransactWriteItem{Put: s.putOrder(rec.ID, &orders[i])})
	}
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
