package proxy

import (
	"errors"
	"reflect"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	ddb "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
)

// oneFault strikes the first call. A call that was dropped may still be ending when the next begins.
type oneFault struct {
	before, after Fault
	mu            sync.Mutex
	calls         []Call
}

func (o *oneFault) Before(c Call) Fault {
	o.mu.Lock()
	o.calls = append(o.calls, c)
	o.mu.Unlock()
	if c.Sequence == 1 {
		return o.before
	}
	return None
}

func (o *oneFault) After(c Call) Fault {
	if c.Sequence == 1 {
		return o.after
	}
	return None
}

func TestFaults(t *testing.T) {
	cases := []struct {
		name   string
		fault  *oneFault
		done   bool // the call took effect
		killed bool
		code   string // the error that the service answers with, "" where the connection breaks
	}{
		{"a throttled call is not done", &oneFault{before: Throttle}, false, false, "ProvisionedThroughputExceededException"},
		{"a call that fails before is not done", &oneFault{before: Fail}, false, false, "InternalServerError"},
		{"a call that fails after is done", &oneFault{after: Fail}, true, false, "InternalServerError"},
		{"a call that is dropped before is not done", &oneFault{before: Drop}, false, false, ""},
		{"a call whose answer is dropped is done", &oneFault{after: Drop}, true, false, ""},
		{"a process can be killed before its call is done", &oneFault{before: Kill}, false, true, ""},
		{"a process can be killed once its call is done", &oneFault{after: Kill}, true, true, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			b := setup(t, c.fault, nil, allow("CUSTOMERS", "dynamodb:*"))
			_, err := b.dynamoDB().PutItem(t.Context(), &dynamodb.PutItemInput{TableName: &b.customers, Item: id("c1")})
			var api smithy.APIError
			switch {
			case err == nil:
				t.Error("the call succeeded")
			case c.code == "" && errors.As(err, &api) || c.code != "" && (!errors.As(err, &api) || api.ErrorCode() != c.code):
				t.Errorf("error = %v, want the code %q", err, c.code)
			}
			out, err := b.dynamoDB().GetItem(t.Context(), &dynamodb.GetItemInput{TableName: &b.customers, Key: id("c1")})
			if err != nil {
				t.Fatal(err)
			}
			if done := len(out.Item) > 0; done != c.done {
				t.Errorf("done = %v, want %v", done, c.done)
			}
			if killed := len(b.killed) == 1 && b.killed[0].Process == "process-7" && b.killed[0].Action == "dynamodb:PutItem"; killed != c.killed {
				t.Errorf("killed = %+v, want %v", b.killed, c.killed)
			}
		})
	}
}

func TestClientsRideOutAPlan(t *testing.T) {
	plan := NewPlan(7, Rates{Throttle: 6, Fail: 9, Drop: 9})
	b := setup(t, plan, nil, allow("CUSTOMERS", "dynamodb:*"))
	b.cfg = retrying(b.cfg)
	db := b.dynamoDB()
	for i := range 60 {
		if _, err := db.UpdateItem(t.Context(), &dynamodb.UpdateItemInput{TableName: &b.customers, Key: id(string(rune('a' + i%20))),
			UpdateExpression: ptr("SET v = :v"), ExpressionAttributeValues: map[string]ddb.AttributeValue{":v": &ddb.AttributeValueMemberN{Value: "1"}}}); err != nil {
			t.Fatalf("update %d: %v", i, err)
		}
	}
	out, err := db.Scan(t.Context(), &dynamodb.ScanInput{TableName: &b.customers})
	if err != nil || out.Count != 20 {
		t.Fatalf("scan = %d items, %v; want 20", out.Count, err)
	}
	seen := map[Fault]int{}
	for _, i := range plan.Injected() {
		seen[i.Fault]++
	}
	if seen[Throttle] == 0 || seen[Fail] == 0 || seen[Drop] == 0 {
		t.Errorf("injected = %v, want some of each", seen)
	}
}

func ptr(s string) *string { return &s }

func TestPlan(t *testing.T) {
	actions := []string{"dynamodb:GetItem", "dynamodb:TransactWriteItems", "sqs:SendMessageBatch"}
	run := func(p *Plan, n int) []Injection {
		for i := range n {
			c := Call{Function: "profile", Action: actions[i%3], Sequence: i + 1}
			if p.Before(c) == None {
				p.After(c)
			}
		}
		return p.Injected()
	}
	t.Run("the same seed strikes the same calls", func(t *testing.T) {
		a, b := run(NewPlan(1, Rates{Kill: 20, Fail: 30}), 3000), run(NewPlan(1, Rates{Kill: 20, Fail: 30}), 3000)
		if len(a) != len(b) || len(a) == 0 {
			t.Fatalf("%d and %d faults", len(a), len(b))
		}
		for i := range a {
			if !reflect.DeepEqual(a[i], b[i]) {
				t.Fatalf("fault %d: %+v and %+v", i, a[i], b[i])
			}
		}
	})
	t.Run("every action is struck before and after, about as often as asked", func(t *testing.T) {
		struck := map[string]int{}
		for _, i := range run(NewPlan(2, Rates{Kill: 20}), 6000) {
			key := i.Call.Action
			if i.After {
				key += " after"
			}
			struck[key]++
		}
		for _, action := range actions {
			for _, key := range []string{action, action + " after"} {
				if n := struck[key]; n < 60 || n > 140 { // 2,000 calls, one in 20
					t.Errorf("%s struck %d times, want about 100", key, n)
				}
			}
		}
	})
	t.Run("the limit ends it", func(t *testing.T) {
		p := NewPlan(3, Rates{Kill: 2})
		p.Limit = 5
		if n := len(run(p, 1000)); n != 5 {
			t.Errorf("%d faults, want 5", n)
		}
	})
	t.Run("other functions are spared", func(t *testing.T) {
		p := NewPlan(3, Rates{Kill: 2})
		p.Functions = []string{"rfm"}
		if n := len(run(p, 1000)); n != 0 {
			t.Errorf("%d faults, want none", n)
		}
	})
}
