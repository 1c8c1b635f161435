package dynamo

import (
	"context"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"liuke/shared/customer"
	"liuke/shared/fault"
	"liuke/shared/survey"
)

// The attributes of an answer.
const (
	attrSurvey        = "survey"
	attrSurveyVersion = "sv"
	attrInvitation    = "inv"
	attrScore         = "score"
	attrComment       = "comment"
	attrLocale        = "locale"
	attrRevision      = "rev"
	attrAnswered      = "answered" // Unix milliseconds
	attrRevised       = "revised"  // Unix milliseconds
)

// scorePrefix is before the score in the names of a counter's attributes: s0 to s10.
const scorePrefix = "s"

// Answer reads the answer to an invitation, strongly consistent; nil where there is none.
func (s *Store) Answer(ctx context.Context, c customer.ID, surveyID, invitation string) (_ *survey.Answer, err error) {
	defer fault.Wrap(&err, "read answer")
	out, err := s.db().GetItem(ctx, &dynamodb.GetItemInput{
		TableName:              &s.records,
		Key:                    attributes(AnswerKey(c, surveyID, invitation)),
		ConsistentRead:         aws.Bool(true),
		ReturnConsumedCapacity: types.ReturnConsumedCapacityTotal,
	})
	if err != nil {
		return nil, classify(err)
	}
	countRead(ctx, one(out.ConsumedCapacity)...)
	if len(out.Item) == 0 {
		return nil, nil
	}
	a := decodeAnswer(c, out.Item)
	return &a, nil
}

// PutAnswer replaces the answer that stands (nil where none does) by its next revision and counts the difference, in
// one transaction: 4 write units for an answer of up to 1 KB. A revision with the score of the one before changes no
// count and costs 1. It returns a Conflict error where another revision has come since before was read.
func (s *Store) PutAnswer(ctx context.Context, before *survey.Answer, after survey.Answer) (err error) {
	defer fault.Wrap(&err, "write answer")
	put := &types.Put{TableName: &s.records, Item: encodeAnswer(&after)}
	if before == nil {
		put.ConditionExpression = aws.String("attribute_not_exists(pk)")
	} else {
		put.ConditionExpression = aws.String("#rev = :rev")
		put.ExpressionAttributeNames = map[string]string{"#rev": attrRevision}
		put.ExpressionAttributeValues = map[string]types.AttributeValue{":rev": number(int64(before.Revision))}
	}
	change := survey.Change(before, after)
	if change.Zero() {
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
	out, err := s.db().TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{
		TransactItems:          []types.TransactWriteItem{{Put: put}, {Update: s.countUpdate(&after, change)}},
		ReturnConsumedCapacity: types.ReturnConsumedCapacityTotal,
	})
	if err != nil {
		return classify(err)
	}
	countWrite(ctx, out.ConsumedCapacity...)
	return nil
}

func (s *Store) countUpdate(a *survey.Answer, change survey.Counts) *types.Update {
	names, values := map[string]string{}, map[string]types.AttributeValue{}
	expression := ""
	for score, n := range change {
		if n == 0 {
			continue
		}
		name := scorePrefix + strconv.Itoa(score)
		if expression != "" {
			expression += ", "
		}
		expression += "#" + name + " :" + name
		names["#"+name], values[":"+name] = name, number(n)
	}
	return &types.Update{
		TableName:                 &s.records,
		Key:                       attributes(CounterKey(a.Survey, survey.CounterShard(a.Customer))),
		UpdateExpression:          aws.String("ADD " + expression),
		ExpressionAttributeNames:  names,
		ExpressionAttributeValues: values,
	}
}

// Answers reads a customer's answers, by survey and invitation, at most limit of them; all where it is 0.
func (s *Store) Answers(ctx context.Context, c customer.ID, limit int) (all []survey.Answer, err error) {
	defer fault.Wrap(&err, "read answers")
	in := s.family(customerPK(c), answerPrefix)
	take := func(items []map[string]types.AttributeValue) error {
		for _, item := range items {
			all = append(all, decodeAnswer(c, item))
		}
		return nil
	}
	if limit == 0 {
		return all, s.pages(ctx, in, take)
	}
	in.Limit = aws.Int32(int32(limit))
	out, err := s.db().Query(ctx, in)
	if err != nil {
		return nil, classify(err)
	}
	countRead(ctx, one(out.ConsumedCapacity)...)
	return all, take(out.Items)
}

// Counts reads how many answers to a survey gave each score: one read unit, however many there are.
func (s *Store) Counts(ctx context.Context, surveyID string) (sum survey.Counts, err error) {
	defer fault.Wrap(&err, "read the counts of a survey")
	out, err := s.db().Query(ctx, s.family(surveyPK(surveyID), counterPrefix))
	if err != nil {
		return survey.Counts{}, classify(err)
	}
	countRead(ctx, one(out.ConsumedCapacity)...)
	for _, item := range out.Items {
		var c survey.Counts
		for score := range c {
			c[score] = numberOf(item[scorePrefix+strconv.Itoa(score)])
		}
		sum = sum.Plus(c)
	}
	return sum, nil
}

// family is the strongly consistent query for the items of a partition whose sort key begins with prefix.
func (s *Store) family(pk, prefix string) *dynamodb.QueryInput {
	return &dynamodb.QueryInput{
		TableName:                 &s.records,
		KeyConditionExpression:    aws.String("pk = :pk AND begins_with(sk, :prefix)"),
		ExpressionAttributeValues: map[string]types.AttributeValue{":pk": text(pk), ":prefix": text(prefix)},
		ConsistentRead:            aws.Bool(true),
		ReturnConsumedCapacity:    types.ReturnConsumedCapacityTotal,
	}
}

func encodeAnswer(a *survey.Answer) map[string]types.AttributeValue {
	item := attributes(AnswerKey(a.Customer, a.Survey, a.Invitation))
	item[attrSurvey] = text(a.Survey)
	item[attrSurveyVersion] = number(int64(a.Version))
	item[attrInvitation] = text(a.Invitation)
	item[attrScore] = number(int64(a.Score))
	item[attrLocale] = text(a.Locale)
	item[attrRevision] = number(int64(a.Revision))
	item[attrAnswered] = number(a.Answered.UnixMilli())
	item[attrRevised] = number(a.Revised.UnixMilli())
	if a.Comment != "" {
		item[attrComment] = text(a.Comment)
	}
	return item
}

func decodeAnswer(c customer.ID, item map[string]types.AttributeValue) survey.Answer {
	return survey.Answer{
		Survey:     textOf(item[attrSurvey]),
		Version:    int(numberOf(item[attrSurveyVersion])),
		Customer:   c,
		Invitation: textOf(item[attrInvitation]),
		Given:      survey.Given{Score: int(numberOf(item[attrScore])), Comment: textOf(item[attrComment])},
		Locale:     textOf(item[attrLocale]),
		Revision:   int(numberOf(item[attrRevision])),
		Answered:   time.UnixMilli(numberOf(item[attrAnswered])).UTC(),
		Revised:    time.UnixMilli(numberOf(item[attrRevised])).UTC(),
	}
}
