package dynamo

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"liuke/shared/batch"
	"liuke/shared/fault"
	"liuke/shared/offer"
)

// The item families of offers; see package offer for the layout.

// OfferPoolKey is the description of a pool of codes.
func OfferPoolKey(pool string) Key { return Key{offersPK, poolPrefix + pool} }

// OfferCodeKey is one code of a pool, and OfferHintKey the hint of one of its shards.
func OfferCodeKey(pool string, k offer.Key) Key {
	return Key{offerPK(pool, k.Shard), codePrefix + k.Hash}
}
func OfferHintKey(pool string, shard int) Key { return Key{offerPK(pool, shard), "HINT"} }

func offerPK(pool string, shard int) string { return "OFFER#" + pool + "#" + strconv.Itoa(shard) }

const (
	offersPK   = "OFFERS"
	poolPrefix = "POOL#"
	codePrefix = "CODE#"

	attrCode    = "code"     // as it is spelled
	attrGivenTo = "given_to" // a ledger entry's id
	attrGivenAt = "given_at" // Unix milliseconds
	attrEpoch   = "epoch"
	attrAfter   = "after"

	codeLanes = 16 // codes that are written at a time
)

// PutPool describes a pool, in the place of what described it before. The pool must be valid.
func (s *Store) PutPool(ctx context.Context, p *offer.Pool) (err error) {
	defer fault.Wrap(&err, "write a pool of codes")
	body, err := json.Marshal(p)
	if err != nil {
		return fault.As(err, fault.Internal, "the pool cannot be encoded")
	}
	item := attributes(OfferPoolKey(p.ID))
	item[attrBody] = text(string(body))
	return s.put(ctx, &dynamodb.PutItemInput{Item: item})
}

// Pools reads all pools by their ids, strongly consistent.
func (s *Store) Pools(ctx context.Context) (all map[string]*offer.Pool, err error) {
	defer fault.Wrap(&err, "read the pools of codes")
	all = map[string]*offer.Pool{}
	err = s.pages(ctx, s.family(offersPK, poolPrefix), func(items []map[string]types.AttributeValue) error {
		for _, item := range items {
			p := &offer.Pool{}
			if err := json.Unmarshal([]byte(textOf(item[attrBody])), p); err != nil {
				return fault.As(err, fault.Internal, "a stored pool is damaged")
			}
			all[p.ID] = p
		}
		return nil
	})
	return all, err
}

// PutCodes puts codes into a pool, one write unit each. One that is there already stays as it is. What is written is found by
// claims for certain once ResetOffers has been called after it.
func (s *Store) PutCodes(ctx context.Context, p *offer.Pool, codes []string) (err error) {
	defer fault.Wrap(&err, "put codes into a pool")
	errs := make([]error, len(codes))
	batch.Each(len(codes), codeLanes, func(i int) {
		item := attributes(OfferCodeKey(p.ID, p.Key(codes[i])))
		item[attrCode] = text(codes[i])
		errs[i] = unlessConflict(s.put(ctx, &dynamodb.PutItemInput{Item: item, ConditionExpression: aws.String("attribute_not_exists(pk)")}))
	})
	return errors.Join(errs...)
}

// ResetOffers has claims look through a pool from its beginning: one write unit a shard. It may be repeated.
func (s *Store) ResetOffers(ctx context.Context, pool string) (err error) {
	defer fault.Wrap(&err, "set the hints of a pool back")
	errs := make([]error, offer.Shards)
	batch.Each(offer.Shards, codeLanes, func(shard int) {
		errs[shard] = s.updateAs(ctx, &types.Update{
			TableName: &s.records, Key: attributes(OfferHintKey(pool, shard)),
			UpdateExpression:          aws.String("ADD #epoch :one REMOVE #after"),
			ExpressionAttributeNames:  map[string]string{"#epoch": attrEpoch, "#after": attrAfter},
			ExpressionAttributeValues: map[string]types.AttributeValue{":one": number(1)},
		})
	})
	return errors.Join(errs...)
}

// FindCode reads, and moves hints, until a claim ends or has a code to give; see package offer for what that costs. A code is
// given by Claim, with the entry that has it.
func (s *Store) FindCode(ctx context.Context, pool string, c *offer.Claim) (step offer.Step, err error) {
	return s.findCode(ctx, pool, c, s.moveHint)
}

// HasCode reports whether a claim for the entry would find a code now. It writes nothing.
func (s *Store) HasCode(ctx context.Context, p *offer.Pool, entry string) (bool, error) {
	step, err := s.findCode(ctx, p.ID, offer.NewClaim(p, entry), func(context.Context, string, offer.Step) error { return nil })
	return step.Action == offer.Give, err
}

func (s *Store) findCode(ctx context.Context, pool string, c *offer.Claim, move func(context.Context, string, offer.Step) error) (step offer.Step, err error) {
	defer fault.Wrap(&err, "find a code")
	for {
		switch step = c.Next(); step.Action {
		case offer.ReadHint:
			item, err := s.getRecord(ctx, OfferHintKey(pool, step.Shard))
			if err != nil {
				return step, err
			}
			c.Hinted(offer.Hint{Epoch: numberOf(item[attrEpoch]), After: textOf(item[attrAfter])})
		case offer.ReadCodes:
			items, err := s.codes(ctx, pool, step)
			if err != nil {
				return step, err
			}
			c.Read(items)
		case offer.Advance:
			if err := unlessConflict(move(ctx, pool, step)); err != nil {
				return step, err
			}
			c.Moved()
		default:
			return step, nil
		}
	}
}

func (s *Store) codes(ctx context.Context, pool string, step offer.Step) (all []offer.Item, err error) {
	in := s.family(offerPK(pool, step.Shard), codePrefix)
	in.Limit = aws.Int32(int32(step.Limit))
	if step.After != "" {
		in.ExclusiveStartKey = attributes(OfferCodeKey(pool, offer.Key{Shard: step.Shard, Hash: step.After}))
	}
	out, err := s.db().Query(ctx, in)
	if err != nil {
		return nil, classify(err)
	}
	countRead(ctx, one(out.ConsumedCapacity)...)
	for _, item := range out.Items {
		all = append(all, offer.Item{
			Key:  offer.Key{Shard: step.Shard, Hash: textOf(item["sk"])[len(codePrefix):]},
			Code: textOf(item[attrCode]), GivenTo: textOf(item[attrGivenTo]),
		})
	}
	return all, nil
}

func (s *Store) moveHint(ctx context.Context, pool string, step offer.Step) error {
	u := &types.Update{
		TableName: &s.records, Key: attributes(OfferHintKey(pool, step.Shard)),
		UpdateExpression:          aws.String("SET #after = :after"),
		ConditionExpression:       aws.String("#epoch = :epoch AND (attribute_not_exists(#after) OR #after < :after)"),
		ExpressionAttributeNames:  map[string]string{"#epoch": attrEpoch, "#after": attrAfter},
		ExpressionAttributeValues: map[string]types.AttributeValue{":after": text(step.After), ":epoch": number(step.Epoch)},
	}
	if step.Epoch == 0 {
		u.ConditionExpression = aws.String("attribute_not_exists(#epoch) AND (attribute_not_exists(#after) OR #after < :after)")
		delete(u.ExpressionAttributeValues, ":epoch")
	}
	return s.updateAs(ctx, u)
}

// giveCode marks a code as an entry's, on condition that it is nobody's.
func (s *Store) giveCode(g offer.Given, entry string, at time.Time) *types.Update {
	p := offer.Pool{ID: g.Pool}
	return &types.Update{
		TableName: &s.records, Key: attributes(OfferCodeKey(g.Pool, p.Key(g.Code))),
		UpdateExpression:          aws.String("SET #to = :to, #at = :at"),
		ConditionExpression:       aws.String("attribute_exists(pk) AND attribute_not_exists(#to)"),
		ExpressionAttributeNames:  map[string]string{"#to": attrGivenTo, "#at": attrGivenAt},
		ExpressionAttributeValues: map[string]types.AttributeValue{":to": text(entry), ":at": number(at.UnixMilli())},
	}
}

// OfferStock counts a pool's codes, and those of them that were given: it reads them all, eventually consistent, some 16 read
// units for 2,000 codes.
func (s *Store) OfferStock(ctx context.Context, pool string) (codes, given int64, err error) {
	defer fault.Wrap(&err, "count the codes of a pool")
	var counts [offer.Shards][2]int64
	errs := make([]error, offer.Shards)
	batch.Each(offer.Shards, codeLanes, func(shard int) {
		in := s.family(offerPK(pool, shard), codePrefix)
		in.ConsistentRead = nil
		in.ProjectionExpression, in.ExpressionAttributeNames = aws.String("#to"), map[string]string{"#to": attrGivenTo}
		errs[shard] = s.pages(ctx, in, func(items []map[string]types.AttributeValue) error {
			for _, item := range items {
				counts[shard][0]++
				if item[attrGivenTo] != nil {
					counts[shard][1]++
				}
			}
			return nil
		})
	})
	for _, c := range counts {
		codes, given = codes+c[0], given+c[1]
	}
	return codes, given, errors.Join(errs...)
}
