package dynamo

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
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
	attrMetric        = "metric"
	attrInvitation    = "inv"
	attrScore         = "score"
	attrValues        = "a" // JSON of all but the texts
	attrTexts         = "t" // JSON of the texts
	attrComplete      = "done"
	attrCell          = "c" // JSON
	attrInsight       = "ins"
	attrBrought       = "x" // JSON of what an import brought along
	attrLocale        = "locale"
	attrRevision      = "rev"
	attrAnswered      = "answered" // Unix milliseconds
	attrRevised       = "revised"  // Unix milliseconds
)

// The index ByTime lists what has attributes for it; see keys.go for the keys. It holds what is counted of an answer, not
// its texts.
const (
	indexByTime = "ByTime"
	attrIPK     = "ipk"
	attrISK     = "isk"
)

// Answer reads the answer to an invitation, strongly consistent; nil where there is none.
func (s *Store) Answer(ctx context.Context, c customer.ID, surveyID, invitation string) (_ *survey.Answer, err error) {
	defer fault.Wrap(&err, "read answer")
	item, err := s.getRecord(ctx, AnswerKey(c, surveyID, invitation))
	if err != nil || len(item) == 0 {
		return nil, err
	}
	a, err := decodeAnswer(item)
	return &a, err
}

// PutAnswer replaces the answer that stands (nil where none does) by its next revision: for an answer of up to 1 KB a write
// unit, and another for the index. It returns a Conflict error where another revision has come since before was read.
func (s *Store) PutAnswer(ctx context.Context, before *survey.Answer, after survey.Answer) (err error) {
	defer fault.Wrap(&err, "write answer")
	item, err := encodeAnswer(&after)
	if err != nil {
		return err
	}
	in := &dynamodb.PutItemInput{
		Item: item, ConditionExpression: aws.String("attribute_not_exists(pk)"),
	}
	if before != nil {
		in.ConditionExpression = aws.String("#rev = :rev")
		in.ExpressionAttributeNames = map[string]string{"#rev": attrRevision}
		in.ExpressionAttributeValues = map[string]types.AttributeValue{":rev": number(int64(before.Revision))}
	}
	return s.put(ctx, in)
}

// Answers reads a customer's answers, by survey and invitation, at most limit of them; all where it is 0.
func (s *Store) Answers(ctx context.Context, c customer.ID, limit int) (all []survey.Answer, err error) {
	defer fault.Wrap(&err, "read answers")
	in := s.family(customerPK(c), answerPrefix)
	take := func(items []map[string]types.AttributeValue) error {
		for _, item := range items {
			a, err := decodeAnswer(item)
			if err != nil {
				return err
			}
			all = append(all, a)
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

// AnswersOfHour reads what is counted of the answers to a survey that were first given in an hour, UTC, after a time within
// it (zero for all), by that time: through the index, so without texts and revision, and those of the last moments may lack.
func (s *Store) AnswersOfHour(ctx context.Context, surveyID string, hour, after time.Time) (all []survey.Answer, err error) {
	defer fault.Wrap(&err, "read the answers of an hour")
	in := s.indexed(answersIPK(surveyID, hour))
	if !after.IsZero() {
		in.KeyConditionExpression = aws.String("ipk = :ipk AND isk > :after")
		in.ExpressionAttributeValues[":after"] = text(timed(after) + "$") // the character behind "#"
	}
	err = s.pages(ctx, in, func(items []map[string]types.AttributeValue) error {
		for _, item := range items {
			a, err := decodeAnswer(item)
			if err != nil {
				return err
			}
			all = append(all, a)
		}
		return nil
	})
	return all, err
}

// MaxResponses is how many answers Responses reads at most.
const MaxResponses = 100

// Responses reads the answers to a survey that were first given in an hour, whole, the latest first, at most limit of
// them and MaxResponses, and those alone that come behind the cursor, the ResponseCursor of an answer. It reads none where
// there are none behind it.
func (s *Store) Responses(ctx context.Context, surveyID string, hour time.Time, cursor string, limit int) (all []survey.Answer, err error) {
	defer fault.Wrap(&err, "read responses")
	in := s.indexed(answersIPK(surveyID, hour))
	in.ScanIndexForward, in.Limit = aws.Bool(false), aws.Int32(int32(min(limit, MaxResponses)))
	if cursor != "" {
		in.KeyConditionExpression = aws.String("ipk = :ipk AND isk < :before")
		in.ExpressionAttributeValues[":before"] = text(cursor)
	}
	for {
		out, err := s.db().Query(ctx, in)
		if err != nil {
			return nil, classify(err)
		}
		countRead(ctx, one(out.ConsumedCapacity)...)
		whole, err := s.wholeRecords(ctx, out.Items)
		if err != nil {
			return nil, err
		}
		for _, item := range whole {
			a, err := decodeAnswer(item)
			if err != nil {
				return nil, err
			}
			all = append(all, a)
		}
		in.ExclusiveStartKey = out.LastEvaluatedKey
		if len(all) > 0 || len(in.ExclusiveStartKey) == 0 { // else all of them were deleted meanwhile
			return all, nil
		}
	}
}

// wholeRecords reads the records that rows of the index stand for, at most MaxResponses, in their order, strongly consistent. One
// that was deleted meanwhile is left out.
func (s *Store) wholeRecords(ctx context.Context, rows []map[string]types.AttributeValue) (all []map[string]types.AttributeValue, err error) {
	if len(rows) == 0 {
		return nil, nil
	}
	list := make([]wanted, len(rows))
	for i, row := range rows {
		list[i] = s.wantedRecord(i, Key{textOf(row["pk"]), textOf(row["sk"])}, nil)
	}
	found, err := s.batchGet(ctx, list)
	if err != nil {
		return nil, err
	}
	for _, w := range list {
		if item, ok := found[w.name]; ok {
			all = append(all, item)
		}
	}
	return all, nil
}

// ResponseCursor is where a list of responses goes on behind an answer.
func ResponseCursor(a *survey.Answer) string {
	return AnswersIndex(a.Survey, a.Invitation, a.Answered).SK
}

// indexed is the query for one partition of the index ByTime.
func (s *Store) indexed(ipk string) *dynamodb.QueryInput {
	return &dynamodb.QueryInput{
		TableName: &s.records, IndexName: aws.String(indexByTime),
		KeyConditionExpression:    aws.String("ipk = :ipk"),
		ExpressionAttributeValues: map[string]types.AttributeValue{":ipk": text(ipk)},
		ReturnConsumedCapacity:    types.ReturnConsumedCapacityTotal,
	}
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

// brought is what an import brought along beside an answer.
type brought struct {
	Tags       []string          `json:"tags,omitempty"`
	Properties map[string]string `json:"properties,omitempty"`
}

func encodeAnswer(a *survey.Answer) (map[string]types.AttributeValue, error) {
	item := attributes(AnswerKey(a.Customer, a.Survey, a.Invitation))
	at := AnswersIndex(a.Survey, a.Invitation, a.Answered)
	item[attrIPK], item[attrISK] = text(at.PK), text(at.SK)
	item[attrSurvey] = text(a.Survey)
	item[attrSurveyVersion] = number(int64(a.Version))
	item[attrInvitation] = text(a.Invitation)
	item[attrLocale] = text(a.Locale)
	item[attrRevision] = number(int64(a.Revision))
	item[attrAnswered] = number(a.Answered.UnixMilli())
	item[attrRevised] = number(a.Revised.UnixMilli())
	if a.Kind != "" {
		item[attrMetric], item[attrScore] = text(string(a.Kind)), number(int64(a.Score))
	}
	if a.Complete {
		item[attrComplete] = number(1)
	}
	texts, values := a.Values.Texts()
	for _, part := range []struct {
		name  string
		empty bool
		value any
	}{
		{attrValues, len(values) == 0, values},
		{attrTexts, len(texts) == 0, texts},
		{attrCell, a.Cell == survey.Cell{}, a.Cell},
		{attrInsight, a.Insight.IsZero(), a.Insight},
		{attrBrought, len(a.Tags)+len(a.Properties) == 0, brought{a.Tags, a.Properties}},
	} {
		if part.empty {
			continue
		}
		raw, err := json.Marshal(part.value)
		if err != nil {
			return nil, fault.As(err, fault.Internal, "the answer cannot be encoded")
		}
		item[part.name] = text(string(raw))
	}
	return item, nil
}

// customerOf returns whose partition it is; "" where it is no customer's.
func customerOf(pk string) customer.ID {
	id, _ := strings.CutPrefix(pk, customerPrefix)
	if id == pk {
		return ""
	}
	return customer.ID(id)
}

func decodeAnswer(item map[string]types.AttributeValue) (survey.Answer, error) {
	a := survey.Answer{
		Survey:     textOf(item[attrSurvey]),
		Version:    int(numberOf(item[attrSurveyVersion])),
		Kind:       survey.Kind(textOf(item[attrMetric])),
		Customer:   customerOf(textOf(item["pk"])),
		Invitation: textOf(item[attrInvitation]),
		Score:      int(numberOf(item[attrScore])),
		Complete:   numberOf(item[attrComplete]) == 1,
		Locale:     textOf(item[attrLocale]),
		Revision:   int(numberOf(item[attrRevision])),
		Answered:   time.UnixMilli(numberOf(item[attrAnswered])).UTC(),
		Revised:    time.UnixMilli(numberOf(item[attrRevised])).UTC(),
		Values:     survey.Values{},
	}
	var texts map[string]string
	var b brought
	for name, to := range map[string]any{
		attrValues: &a.Values, attrTexts: &texts, attrCell: &a.Cell, attrInsight: &a.Insight, attrBrought: &b,
	} {
		if raw := textOf(item[name]); raw != "" {
			if err := json.Unmarshal([]byte(raw), to); err != nil {
				return a, fault.As(err, fault.Internal, "the stored answer is damaged")
			}
		}
	}
	for id, t := range texts {
		a.Values[id] = survey.Value{Text: t}
	}
	a.Tags, a.Properties = slices.Clip(b.Tags), b.Properties
	return a, nil
}
