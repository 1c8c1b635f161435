package recalc_test

import (
	"encoding/csv"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"liuke/shared/customer"
	"liuke/shared/recalc"
	"liuke/shared/segment"
)

func TestNoIDIsAFormulaInTheScoresAndEachComesBackAsItWas(t *testing.T) {
	t.Parallel()
	ids := []customer.ID{"=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\tx", "'", "'=1", "''", "plain", "a=b", "anonymous:-1"}
	var lines []recalc.Line
	opts := options(t)
	lost, err := segment.ParseLabels("rfm10\tLost")
	if err != nil {
		t.Fatal(err)
	}
	result := recalc.Result{Labels: *opts.Models.NewTally()}
	for _, id := range ids {
		lines = append(lines, recalc.Line{ID: id, In: true, Labels: lost})
		result.Labels.Add(segment.Labels{}, lost, 1, 1)
	}
	table := opts.Table(lines, "CNY")
	records, err := csv.NewReader(strings.NewReader(string(table))).ReadAll()
	if err != nil || len(records) != len(ids) {
		t.Fatal(records, err)
	}
	for i, record := range records {
		if strings.ContainsAny(record[0][:1], "=+-@\t\r") {
			t.Errorf("%q is written %q, which a spreadsheet runs", ids[i], record[0])
		}
	}
	members := opts.IndexOf()
	members.Add(0, 0, &result)
	index, err := json.Marshal(members)
	if err != nil {
		t.Fatal(err)
	}
	o := objects{recalc.IndexKey("r"): index, recalc.TableKey("r", 0, 0): table}
	page, err := recalc.SegmentMembers(t.Context(), o, "r", segment.Default, "Lost", "", len(ids))
	if err != nil || !slices.Equal(page.Customers, ids) {
		t.Errorf("%q came back as %q, %v", ids, page.Customers, err)
	}
}
