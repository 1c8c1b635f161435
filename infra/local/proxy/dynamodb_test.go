package proxy

import (
	"encoding/json"
	"slices"
	"testing"
)

func TestExpand(t *testing.T) {
	cases := []struct {
		name, operation, body string
		want                  []touch // nil: refused
	}{
		{"a single-table operation touches its table", "GetItem", `{"TableName":"a","Key":{}}`, []touch{{"GetItem", "a", ""}}},
		{"an operation on an index touches the index", "Query", `{"TableName":"a","IndexName":"x"}`, []touch{{"Query", "a", "x"}}},
		{"a batch write touches each table", "BatchWriteItem", `{"RequestItems":{"a":[]}}`, []touch{{"BatchWriteItem", "a", ""}}},
		{"a transaction touches what its parts touch, once each", "TransactWriteItems",
			`{"TransactItems":[{"Put":{"TableName":"a"}},{"Update":{"TableName":"a"}},{"Put":{"TableName":"a"}},{"Delete":{"TableName":"b"}},{"ConditionCheck":{"TableName":"b"}}]}`,
			[]touch{{"PutItem", "a", ""}, {"UpdateItem", "a", ""}, {"DeleteItem", "b", ""}, {"ConditionCheckItem", "b", ""}}},
		{"a transactional read touches as reads do", "TransactGetItems", `{"TransactItems":[{"Get":{"TableName":"a"}}]}`, []touch{{"GetItem", "a", ""}}},
		{"keys in other letters name nothing", "GetItem", `{"tablename":"a"}`, nil},
		{"an operation without a table is refused", "PutItem", `{"Item":{}}`, nil},
		{"an unknown part of a transaction is refused", "TransactWriteItems", `{"TransactItems":[{"Upsert":{"TableName":"a"}}]}`, nil},
		{"an empty transaction is refused", "TransactWriteItems", `{"TransactItems":[{"Put":null}]}`, nil},
		{"a body that is no object is refused", "GetItem", `[]`, nil},
		{"null is refused", "GetItem", `null`, nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			e, err := expand(c.operation, []byte(c.body))
			if (err != nil) != (c.want == nil) || err == nil && !slices.Equal(e.touched, c.want) {
				t.Errorf("touched = %v, %v; want %v", e.touched, err, c.want)
			}
		})
	}
}

// FuzzExpand holds that no body makes a call that needs no permission, and that the table which is checked is the one
// that the engine will find under the exact key.
func FuzzExpand(f *testing.F) {
	for _, seed := range [][2]string{
		{"GetItem", `{"TableName":"a","tableName":"b"}`},
		{"Query", `{"TableName":"a","IndexName":"x"}`},
		{"BatchGetItem", `{"RequestItems":{"a":{"Keys":[]},"b":{}}}`},
		{"TransactWriteItems", `{"TransactItems":[{"Put":{"TableName":"a"}},{"Update":{"TableName":"b"}}]}`},
		{"TransactGetItems", `{"TransactItems":[{"Get":{"TableName":"a"}}]}`},
		{"ListTables", `{}`},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, name, body string) {
		e, err := expand(name, []byte(body))
		if err != nil {
			return
		}
		if len(e.touched) == 0 {
			t.Fatalf("%s %s needs nothing", name, body)
		}
		var plain map[string]any
		if err := json.Unmarshal([]byte(body), &plain); err != nil {
			t.Fatalf("%s was taken and is no JSON: %v", body, err)
		}
		for _, touched := range e.touched {
			if table, ok := plain["TableName"].(string); ok && name == "GetItem" && touched.table != table {
				t.Errorf("%s: checked %q, the engine sees %q", body, touched.table, table)
			}
		}
	})
}
