package suite

import (
	"strings"

	"liuke/infra/local/proxy"
)

// trouble is one kind of fault: where it strikes, and how often in 100,000 messages.
type trouble struct {
	where string // "dispatch ses:SendEmail": a function's calls; or "messages": a queue
	what  string
	often int

	fault proxy.Fault // of calls
	after bool        // the call was made, and its answer is what is lost
}

// slow befalls calls: they take seconds, while others pass by.
const slow = "slow"

// What befalls a queue.
const (
	twiceAtOnce = "handed out twice at once"
	againLater  = "handed out again later"
	withheld    = "held back, so that others overtake it"
)

// troubles lists all kinds of fault. Nothing but a kill leaves it open for good whether SES took a message: its other faults
// either refuse it or lose the answer to one that it took, so that whatever ends as unknown was killed.
func troubles() (all []trouble) {
	calls := func(where string, f proxy.Fault, before, after int) {
		all = append(all, trouble{where, f.String() + " before", before, f, false}, trouble{where, f.String() + " after", after, f, true})
	}
	calls("dispatch ses:SendEmail", proxy.Kill, 120, 120)
	calls("dispatch dynamodb:UpdateItem", proxy.Kill, 90, 90)
	calls("dispatch dynamodb:BatchGetItem", proxy.Kill, 20, 0)
	calls("dispatch dynamodb:GetItem", proxy.Kill, 10, 0)
	calls("outreach dynamodb:TransactWriteItems", proxy.Kill, 60, 60)
	calls("outreach sqs:SendMessageBatch", proxy.Kill, 60, 60)
	calls("outreach dynamodb:BatchGetItem", proxy.Kill, 15, 0)
	calls("outreach dynamodb:PutItem", proxy.Kill, 8, 8)
	calls("outreach dynamodb:Query", proxy.Kill, 4, 0)
	calls("outreach dynamodb:DeleteItem", proxy.Kill, 8, 8)
	calls("receipts dynamodb:UpdateItem", proxy.Kill, 60, 60)
	calls("receipts dynamodb:GetItem", proxy.Kill, 20, 0)

	calls("outreach dynamodb:BatchGetItem", proxy.Throttle, 80, 0)
	calls("outreach dynamodb:TransactWriteItems", proxy.Throttle, 120, 0)
	calls("dispatch dynamodb:BatchGetItem", proxy.Throttle, 60, 0)
	calls("dispatch dynamodb:UpdateItem", proxy.Throttle, 120, 0)
	calls("receipts dynamodb:UpdateItem", proxy.Throttle, 120, 0)
	calls("dispatch ses:SendEmail", proxy.Throttle, 120, 0)

	calls("outreach dynamodb:TransactWriteItems", proxy.Fail, 40, 40)
	calls("dispatch dynamodb:UpdateItem", proxy.Fail, 40, 60)
	calls("receipts dynamodb:UpdateItem", proxy.Fail, 0, 60)
	calls("dispatch ses:SendEmail", proxy.Fail, 0, 80)

	calls("outreach dynamodb:TransactWriteItems", proxy.Drop, 40, 80)
	calls("outreach sqs:SendMessageBatch", proxy.Drop, 0, 60)
	calls("dispatch dynamodb:UpdateItem", proxy.Drop, 0, 120)
	calls("receipts dynamodb:UpdateItem", proxy.Drop, 0, 60)
	calls("dispatch ses:SendEmail", proxy.Drop, 0, 150)

	all = append(all, trouble{where: "outreach dynamodb:TransactWriteItems", what: slow, often: 250},
		trouble{where: "dispatch dynamodb:UpdateItem", what: slow, often: 60}, trouble{where: "dispatch ses:SendEmail", what: slow, often: 60},
		trouble{where: "receipts dynamodb:UpdateItem", what: slow, often: 40})

	for _, q := range []struct {
		name                 string
		twice, again, behind int
	}{{"signals", 40, 60, 20}, {"messages", 120, 200, 80}, {"receipts", 200, 250, 80}} {
		all = append(all, trouble{where: q.name, what: twiceAtOnce, often: q.twice},
			trouble{where: q.name, what: againLater, often: q.again}, trouble{where: q.name, what: withheld, often: q.behind})
	}
	return all
}

// function is the one that the fault strikes, itself or by its queue.
func (t *trouble) function() string {
	switch name, _, _ := strings.Cut(t.where, " "); name {
	case "signals":
		return "outreach"
	case "messages":
		return "dispatch"
	default:
		return name
	}
}

// mostInARow is how many calls one fault strikes at most, each once: what befalls a table lasts longer than a client tries.
func (t *trouble) mostInARow() int {
	if strings.Contains(t.where, "dynamodb:") {
		switch t.fault {
		case proxy.Throttle:
			return 8
		case proxy.Fail:
			return 4
		case proxy.Drop:
			return 2
		}
	}
	return 1
}
