package dynamo

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"liuke/shared/budget"
	"liuke/shared/fault"
)

// BudgetKey is one counter of a limit in money.
func BudgetKey(c budget.Counter) Key {
	return Key{"BUDGET#" + c.Account + "#" + strconv.Itoa(c.Shard), "SPENT"}
}

const (
	attrSpent         = "spent" // micro-units
	attrBudgetExpires = "ttl"   // Unix seconds
	// budgetKeptFor is how long a day's counters are kept.
	budgetKeptFor = 40 * 24 * time.Hour
)

// Reserve sets aside what a reservation asks for: one write unit an account, and one for each counter that is found full. The
// reservation has ended when it returns without an error: with Reserved, Spent or Dear. After an error nobody can tell what is
// set aside of it, and its cost may be lost to the limits.
func (s *Store) Reserve(ctx context.Context, r *budget.Reserve) (end budget.Step, err error) {
	defer fault.Wrap(&err, "set money aside")
	for {
		switch step := r.Next(); step.Action {
		case budget.Add:
			switch err := s.spend(ctx, step); fault.CodeOf(err) {
			case "":
				r.Added()
			case fault.Conflict:
				r.Full()
			default:
				return step, err
			}
		case budget.Undo:
			if err := s.AddSpent(ctx, []budget.Change{{Counter: step.Counter, Delta: step.Delta}}); err != nil {
				return step, err
			}
			r.Undone()
		default:
			return step, nil
		}
	}
}

// spend adds to a counter, as long as it stays within its quota.
func (s *Store) spend(ctx context.Context, step budget.Step) error {
	u := s.spentUpdate(budget.Change{Counter: step.Counter, Delta: step.Delta})
	u.ConditionExpression = aws.String("attribute_not_exists(#spent) OR #spent <= :most")
	u.ExpressionAttributeValues[":most"] = number(int64(step.AtMost))
	return s.updateAs(ctx, u)
}

// AddSpent makes changes to counters that no entry is written with, one after the other; one write unit each.
func (s *Store) AddSpent(ctx context.Context, changes []budget.Change) (err error) {
	defer fault.Wrap(&err, "change what is spent")
	for _, c := range changes {
		if err := s.updateAs(ctx, s.spentUpdate(c)); err != nil {
			return err
		}
	}
	return nil
}

// Spent reads what the counters of an account come to, reserved or spent, strongly consistent.
func (s *Store) Spent(ctx context.Context, a budget.Account) (sum budget.Micro, err error) {
	defer fault.Wrap(&err, "read what is spent")
	all, err := s.Counters(ctx, a)
	for _, spent := range all {
		sum += spent
	}
	return sum, err
}

// Counters reads what each counter of accounts holds, reserved or spent, strongly consistent: a read unit each.
func (s *Store) Counters(ctx context.Context, accounts ...budget.Account) (all budget.Counters, err error) {
	defer fault.Wrap(&err, "read the counters of budgets")
	var list []wanted
	names := map[string]string{}
	for _, a := range accounts {
		for shard := range a.Shards {
			c := budget.Counter{Account: a.ID, Shard: shard}
			w := s.wantedRecord(0, BudgetKey(c), nil)
			list, names[w.name] = append(list, w), c.Name()
		}
	}
	items, err := s.batchGet(ctx, list)
	all = budget.Counters{}
	for name, item := range items {
		all[names[name]] = budget.Micro(numberOf(item[attrSpent]))
	}
	return all, err
}

// spentUpdate adds to a counter, without condition.
func (s *Store) spentUpdate(c budget.Change) *types.Update {
	u := &types.Update{
		TableName: &s.records, Key: attributes(BudgetKey(c.Counter)),
		UpdateExpression:          aws.String("ADD #spent :delta"),
		ExpressionAttributeNames:  map[string]string{"#spent": attrSpent},
		ExpressionAttributeValues: map[string]types.AttributeValue{":delta": number(int64(c.Delta))},
	}
	if day, err := time.Parse(time.DateOnly, c.Account[strings.LastIndexByte(c.Account, '/')+1:]); err == nil {
		u.UpdateExpression = aws.String("SET #ttl = :ttl ADD #spent :delta")
		u.ExpressionAttributeNames["#ttl"] = attrBudgetExpires
		u.ExpressionAttributeValues[":ttl"] = number(day.Add(budgetKeptFor).Unix())
	}
	return u
}

// updateAs makes the update of a transaction alone.
func (s *Store) updateAs(ctx context.Context, u *types.Update) error {
	out, err := s.db().UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName:                 u.TableName,
		Key:                       u.Key,
		UpdateExpression:          u.UpdateExpression,
		ConditionExpression:       u.ConditionExpression,
		ExpressionAttributeNames:  u.ExpressionAttributeNames,
		ExpressionAttributeValues: u.ExpressionAttributeValues,
		ReturnConsumedCapacity:    types.ReturnConsumedCapacityTotal,
	})
	if err != nil {
		return classify(err)
	}
	countWrite(ctx, one(out.ConsumedCapacity)...)
	return nil
}
