package dynamo

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"liuke/shared/fault"
	"liuke/shared/survey"
)

// Surveys reads the surveys as they stand: those that come with the suite, and in their place or beside them those that
// operators have written. Strongly consistent.
func (s *Store) Surveys(ctx context.Context) (all survey.Catalogue, err error) {
	defer fault.Wrap(&err, "read surveys")
	if all, err = survey.BuiltIn(); err != nil {
		return nil, err
	}
	err = s.pages(ctx, s.family(surveysPK, surveyPrefix), func(items []map[string]types.AttributeValue) error {
		for _, item := range items {
			own, err := decodeSurvey(item)
			if err != nil {
				return err
			}
			all[own.ID] = own
		}
		return nil
	})
	return all, err
}

// SurveyVersion reads a version of a survey: one that operators have written, or that comes with the suite. It returns
// NotFound where there is none.
func (s *Store) SurveyVersion(ctx context.Context, id string, version int) (_ *survey.Survey, err error) {
	defer fault.Wrap(&err, "read a version of a survey")
	item, err := s.getRecord(ctx, SurveyVersionKey(id, version))
	if err != nil {
		return nil, err
	}
	if len(item) > 0 {
		return decodeSurvey(item)
	}
	all, err := survey.BuiltIn()
	if err != nil {
		return nil, err
	}
	found, err := all.Find(id)
	if err == nil && found.Version != version {
		err = fault.New(fault.NotFound, "there is no such version of the survey")
	}
	return found, err
}

// PutSurvey writes the next version of a survey in JSON. It returns Conflict where the one before, of which it is the
// successor (0 for a survey that nobody has written yet), stands no more.
func (s *Store) PutSurvey(ctx context.Context, next *survey.Survey, body string, before int, now time.Time) (err error) {
	defer fault.Wrap(&err, "write survey")
	put := func(k Key) *types.Put {
		item := attributes(k)
		item[attrVersion] = number(int64(next.Version))
		item[attrBody] = text(body)
		item[attrEdited] = number(now.UnixMilli())
		return &types.Put{TableName: &s.records, Item: item}
	}
	current, version := put(SurveyKey(next.ID)), put(SurveyVersionKey(next.ID, next.Version))
	current.ConditionExpression, current.ExpressionAttributeNames, current.ExpressionAttributeValues = ifUnmoved(int64(before))
	version.ConditionExpression, version.ExpressionAttributeNames, version.ExpressionAttributeValues = ifUnmoved(0)
	return s.transact(ctx, []types.TransactWriteItem{{Put: current}, {Put: version}})
}

// SurveyVersions reads the versions of a survey that operators have written, ascending; strongly consistent.
func (s *Store) SurveyVersions(ctx context.Context, id string) (all []*survey.Survey, err error) {
	defer fault.Wrap(&err, "read the versions of a survey")
	err = s.pages(ctx, s.family(surveyPK(id), versionPrefix), func(items []map[string]types.AttributeValue) error {
		for _, item := range items {
			v, err := decodeSurvey(item)
			if err != nil {
				return err
			}
			all = append(all, v)
		}
		return nil
	})
	return all, err
}

func decodeSurvey(item map[string]types.AttributeValue) (*survey.Survey, error) {
	own, err := survey.Parse([]byte(textOf(item[attrBody])))
	return own, fault.As(err, fault.Internal, "a stored survey is damaged")
}
