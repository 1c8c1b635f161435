package proxy

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"liuke/infra/local/iam"
)

// dynamoDBLimit is the most that a request to DynamoDB may hold: 16 MB.
const dynamoDBLimit = 16 << 20

// dynamoDBMetered are the operations that can tell what capacity they consumed; true: they consume write units.
var dynamoDBMetered = map[string]bool{
	"BatchGetItem": false, "GetItem": false, "Query": false, "Scan": false, "TransactGetItems": false,
	"BatchWriteItem": true, "DeleteItem": true, "PutItem": true, "TransactWriteItems": true, "UpdateItem": true,
}

// dynamoDBUnread are the operations whose tables stand in a statement's text, which is not read here.
var dynamoDBUnread = []string{"ExecuteStatement", "BatchExecuteStatement", "ExecuteTransaction"}

func (p *Proxy) readDynamoDB(r *http.Request) (operation, error) {
	name, err := target(r, "DynamoDB_20120810.")
	if err != nil {
		return operation{}, err
	}
	if slices.Contains(dynamoDBUnread, name) {
		return operation{}, refusal{kind: unknown, message: "PartiQL is not checked on one machine, so " + name + " is refused"}
	}
	body, err := readBody(r, dynamoDBLimit)
	if err != nil {
		return operation{}, err
	}
	e, err := expand(name, body)
	if err != nil {
		return operation{}, err
	}
	op := operation{name: name, body: e.body, token: e.token}
	if _, ok := dynamoDBMetered[name]; ok && !e.metered {
		op.body = append([]byte(`{"ReturnConsumedCapacity":"TOTAL",`), bytes.TrimLeft(op.body, " \t\r\n")[1:]...)
	}
	for _, t := range e.touched {
		op.calls = append(op.calls, iam.Call{Action: "dynamodb:" + t.action, Resource: p.table(t)})
	}
	return op, nil
}

// touch is one action on one table, or on one of its indexes.
type touch struct{ action, table, index string }

type expansion struct {
	touched []touch
	metered bool   // the caller asks for consumed capacity itself
	token   string // of a transaction, "" where it has none
	body    []byte // the request without the token
}

// transactActions are the permissions that the parts of a transaction need.
var transactActions = map[string]string{
	"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "ConditionCheck": "ConditionCheckItem", "Get": "GetItem",
}

// expand lists what a DynamoDB request needs. Keys are compared exactly, as DynamoDB does.
func expand(name string, body []byte) (expansion, error) {
	e := expansion{body: body}
	var request map[string]json.RawMessage
	if err := json.Unmarshal(body, &request); err != nil || request == nil {
		return e, refusal{kind: invalid, message: "the request is not a JSON object"}
	}
	_, e.metered = request["ReturnConsumedCapacity"]
	var err error
	switch name {
	case "BatchGetItem", "BatchWriteItem":
		var tables map[string]json.RawMessage
		if err := json.Unmarshal(request["RequestItems"], &tables); err != nil || len(tables) == 0 {
			return e, refusal{kind: invalid, message: "RequestItems is not an object of tables"}
		}
		for table := range tables {
			e.add(touch{action: name, table: table})
		}
	case "TransactGetItems", "TransactWriteItems":
		if err = e.addTransaction(request["TransactItems"]); err != nil {
			return e, err
		}
		if e.token = takeToken(request); e.token != "" {
			e.body, err = json.Marshal(request)
		}
	case "ListTables", "DescribeLimits", "DescribeEndpoints", "ListBackups", "ListGlobalTables", "ListExports", "ListImports":
		e.add(touch{action: name})
	default:
		table, ok := text(request, "TableName")
		if !ok || table == "" {
			return e, refusal{kind: invalid, message: name + " names no table"}
		}
		index, _ := text(request, "IndexName")
		e.add(touch{name, table, index})
	}
	return e, err
}

func (e *expansion) addTransaction(raw json.RawMessage) error {
	var items []map[string]map[string]json.RawMessage
	if err := json.Unmarshal(raw, &items); err != nil || len(items) == 0 {
		return refusal{kind: invalid, message: "TransactItems is not a list of operations"}
	}
	for _, item := range items {
		if len(item) == 0 {
			return refusal{kind: invalid, message: "an item of TransactItems is empty"}
		}
		for part, operation := range item {
			if operation == nil {
				continue // an operation that is null is none
			}
			action, known := transactActions[part]
			table, ok := text(operation, "TableName")
			if !known || !ok || table == "" {
				return refusal{kind: invalid, message: "an item of TransactItems is no operation on a table"}
			}
			e.add(touch{action: action, table: table})
		}
	}
	if len(e.touched) == 0 {
		return refusal{kind: invalid, message: "TransactItems holds no operation"}
	}
	return nil
}

func (e *expansion) add(t touch) {
	if !slices.Contains(e.touched, t) {
		e.touched = append(e.touched, t)
	}
}

func text(object map[string]json.RawMessage, key string) (string, bool) {
	var s *string
	if err := json.Unmarshal(object[key], &s); err != nil || s == nil {
		return "", false
	}
	return *s, true
}

// table is the ARN of what is touched. It is made here: the engine's own ARNs carry a region of their own.
func (p *Proxy) table(t touch) string {
	if t.table == "" {
		return "*"
	}
	arn := t.table
	if !strings.HasPrefix(arn, "arn:") {
		arn = "arn:aws:dynamodb:" + p.cfg.Authority.Region + ":" + p.cfg.Authority.Account + ":table/" + t.table
	}
	if t.index != "" {
		arn += "/index/" + t.index
	}
	return arn
}

// target reads the operation from X-Amz-Target, which must begin with the service's prefix.
func target(r *http.Request, prefix string) (string, error) {
	name, ok := strings.CutPrefix(r.Header.Get("X-Amz-Target"), prefix)
	if !ok || name == "" || strings.ContainsFunc(name, notLetter) {
		return "", refusal{kind: unknown, message: "X-Amz-Target names no operation of " + strings.TrimSuffix(prefix, ".")}
	}
	return name, nil
}

func notLetter(c rune) bool { return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') }
