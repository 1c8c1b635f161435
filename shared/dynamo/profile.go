package dynamo

import (
	"context"
	"encoding/json"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"liuke/shared/customer"
	"liuke/shared/fault"
)

const attrTraits = "traits"

// Profile reads a customer's traits and consent, strongly consistent. Where there is none yet, Version is 0.
func (s *Store) Profile(ctx context.Context, id customer.ID) (p customer.Profile, err error) {
	defer fault.Wrap(&err, "read profile")
	return s.traits(ctx, ProfileKey(id))
}

func (s *Store) traits(ctx context.Context, k Key) (customer.Profile, error) {
	out, err := s.db().GetItem(ctx, &dynamodb.GetItemInput{
		TableName:              &s.records,
		Key:                    attributes(k),
		ConsistentRead:         aws.Bool(true),
		ReturnConsumedCapacity: types.ReturnConsumedCapacityTotal,
	})
	if err != nil {
		return customer.Profile{}, classify(err)
	}
	countRead(ctx, one(out.ConsumedCapacity)...)
	return decodeProfile(out.Item)
}

// PutProfile writes a customer's traits and consent. Version is that of the new profile; it returns Conflict where the
// stored one is not at the version before.
func (s *Store) PutProfile(ctx context.Context, id customer.ID, p *customer.Profile) (err error) {
	defer fault.Wrap(&err, "write profile")
	return s.putTraits(ctx, ProfileKey(id), p)
}

func (s *Store) putTraits(ctx context.Context, k Key, p *customer.Profile) error {
	put, err := s.putOf(k, p)
	if err != nil {
		return err
	}
	out, err := s.db().PutItem(ctx, &dynamodb.PutItemInput{
		TableName:                 put.TableName,
		Item:                      put.Item,
		ConditionExpression:       put.ConditionExpression,
		ExpressionAttributeNames:  put.ExpressionAttributeNames,
		ExpressionAttributeValues: put.ExpressionAttributeValues,
		ReturnConsumedCapacity:    types.ReturnConsumedCapacityTotal,
	})
	if err != nil {
		return classify(err)
	}
	countWrite(ctx, one(out.ConsumedCapacity)...)
	return nil
}

// putProfile is the write of a customer's traits as part of a transaction.
func (s *Store) putProfile(id customer.ID, p *customer.Profile) (*types.Put, error) {
	return s.putOf(ProfileKey(id), p)
}

func (s *Store) putOf(k Key, p *customer.Profile) (*types.Put, error) {
	traits, err := json.Marshal(p)
	if err != nil {
		return nil, fault.As(err, fault.Internal, "the profile cannot be encoded")
	}
	item := attributes(k)
	item[attrVersion] = number(p.Version)
	item[attrTraits] = text(string(traits))
	put := &types.Put{TableName: &s.records, Item: item}
	put.ConditionExpression, put.ExpressionAttributeNames, put.ExpressionAttributeValues = ifUnmoved(p.Version - 1)
	return put, nil
}

// decodeProfile reads an item of the PROFILE family; no item is an empty profile.
func decodeProfile(item map[string]types.AttributeValue) (customer.Profile, error) {
	var p customer.Profile
	if len(item) == 0 {
		return p, nil
	}
	if err := json.Unmarshal([]byte(textOf(item[attrTraits])), &p); err != nil {
		return p, fault.New(fault.Internal, "the stored profile is damaged")
	}
	p.Version = numberOf(item[attrVersion])
	return p, nil
}
