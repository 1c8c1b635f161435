package dynamo

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"liuke/shared/customer"
	"liuke/shared/fault"
)

// Seal keeps a customer's key under its pseudonym, one write unit. It comes before the item that carries the key, so
// that whatever the key has sealed can be opened; a key whose item was not written after all is harmless.
func (s *Store) Seal(ctx context.Context, k customer.Key) (err error) {
	defer fault.Wrap(&err, "keep a customer's key")
	item := attributes(SealKey(k.Pseudonym()))
	item[attrKey] = &types.AttributeValueMemberB{Value: k[:]}
	out, err := s.db().PutItem(ctx, &dynamodb.PutItemInput{
		TableName: &s.records, Item: item, ReturnConsumedCapacity: types.ReturnConsumedCapacityTotal,
	})
	if err != nil {
		return classify(err)
	}
	countWrite(ctx, one(out.ConsumedCapacity)...)
	return nil
}

// Keys reads the keys of pseudonyms, strongly consistent, 100 a call, one read unit each. A pseudonym that
// is not in the map has no key: the customer was erased.
func (s *Store) Keys(ctx context.Context, pseudonyms []string) (keys map[string]customer.Key, err error) {
	defer fault.Wrap(&err, "read customers' keys")
	keys = make(map[string]customer.Key, len(pseudonyms))
	list := make([]wanted, 0, len(pseudonyms))
	for _, p := range pseudonyms {
		if _, twice := keys[p]; !twice {
			keys[p] = customer.Key{}
			list = append(list, s.wantedRecord(0, SealKey(p), nil))
		}
	}
	clear(keys)
	for chunk := range slices.Chunk(list, batchKeys) {
		items, err := s.batchGet(ctx, chunk)
		if err != nil {
			return nil, err
		}
		for _, item := range items {
			k, err := customer.KeyOf(bytesOf(item[attrKey]))
			if err != nil {
				return nil, err
			}
			keys[k.Pseudonym()] = k
		}
	}
	return keys, nil
}
