package proxy

import (
	"errors"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	ddb "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
)

// once is a transaction that can be done but once.
func once(b *testBundle, token, pk string) *dynamodb.TransactWriteItemsInput {
	return &dynamodb.TransactWriteItemsInput{ClientRequestToken: &token, TransactItems: []ddb.TransactWriteItem{{Put: &ddb.Put{
		TableName: &b.records, Item: record(pk), ConditionExpression: aws.String("attribute_not_exists(pk)"),
	}}}}
}

func TestATransactionIsDoneOnceForAToken(t *testing.T) {
	cases := []struct {
		name   string
		faults Injector
		before [][2]string // token and key of the transactions that came first
		last   [2]string
		code   string // the error of the last, "" where it succeeds
	}{
		{"sent again because the answer was lost, it is done already", &oneFault{after: Drop}, nil, [2]string{"one", "x"}, ""},
		{"sent again because the answer was an error, it is done already", &oneFault{after: Fail}, nil, [2]string{"one", "x"}, ""},
		{"sent again because it never arrived, it is done now", &oneFault{before: Drop}, nil, [2]string{"one", "x"}, ""},
		{"the same under another token is done again, and fails on its condition", nil, [][2]string{{"one", "x"}}, [2]string{"two", "x"}, "TransactionCanceledException"},
		{"another under the same token is refused", nil, [][2]string{{"one", "x"}}, [2]string{"one", "y"}, "IdempotentParameterMismatchException"},
		{"the token of one that was cancelled is as good as new", nil, [][2]string{{"zero", "x"}, {"one", "x"}}, [2]string{"one", "y"}, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			b := setup(t, c.faults, nil, allow("RECORDS", "dynamodb:*"))
			if c.faults != nil {
				b.cfg = retrying(b.cfg)
			}
			for _, before := range c.before {
				b.dynamoDB().TransactWriteItems(t.Context(), once(b, before[0], before[1])) // may be cancelled
			}
			_, err := b.dynamoDB().TransactWriteItems(t.Context(), once(b, c.last[0], c.last[1]))
			var api smithy.APIError
			if c.code == "" && err != nil || c.code != "" && (!errors.As(err, &api) || api.ErrorCode() != c.code) {
				t.Errorf("error = %v, want the code %q", err, c.code)
			}
		})
	}
}

func TestATokenIsKnownForAMinute(t *testing.T) {
	var known tokens
	now := time.Unix(1_800_000_000, 0)
	begun, ref := known.begin("one", []byte("a"), now)
	if begun == nil || ref != nil {
		t.Fatalf("the first time = %v, %v; want a transaction", begun, ref)
	}
	if again, ref := known.begin("one", []byte("a"), now); again != nil || ref == nil || ref.kind != underWay {
		t.Errorf("while it is under way = %v, %v; want a refusal", again, ref)
	}
	known.end(begun, true, now)
	known.end(begun, false, now) // what is done stays done
	if again, ref := known.begin("one", []byte("a"), now.Add(tokenFor-1)); again != nil || ref != nil {
		t.Errorf("within the minute = %v, %v; want to hear that it is done", again, ref)
	}
	if again, ref := known.begin("one", []byte("b"), now.Add(tokenFor)); again == nil || ref != nil {
		t.Errorf("after the minute = %v, %v; want a transaction", again, ref)
	}
	if len(known.known) != 1 || len(known.done) != 0 {
		t.Errorf("%d tokens are kept, %d of them done; want the last alone", len(known.known), len(known.done))
	}
}
