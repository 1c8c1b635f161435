package quiet

import (
	"strings"
	"testing"

	"liuke/shared/fault"
)

func TestHoursOfAWeek(t *testing.T) {
	w, err := parseWeek("Sat-Mon 10:00-13:00,23:00-24:00; Wed 00:00-00:01")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		day, minute int
		want        bool
	}{
		{6, 600, true}, {0, 779, true}, {1, 600, true}, {1, 599, false}, {1, 780, false}, {1, 1439, true}, {2, 600, false}, {3, 0, true}, {3, 1, false}, {5, 600, false},
	} {
		if got := w[c.day][c.minute/64]>>(c.minute%64)&1 == 1; got != c.want {
			t.Errorf("day %d, minute %d: %v", c.day, c.minute, got)
		}
	}
	for _, bad := range []string{"", "Mon", "Mon 10", "Foo 10:00-11:00", "Mon 11:00-10:00", "Mon 10:00-10:00", "Mon 10:00-25:00", "Mon-Foo 10:00-11:00"} {
		if _, err := parseWeek(bad); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%q is taken: %v", bad, err)
		}
	}
}

func TestTablesThatAreRefused(t *testing.T) {
	good := strings.SplitAfter(jurisdictions, "\n")
	row := good[len(good)-2]
	if _, err := parseRules(strings.Join(good, "")); err != nil {
		t.Error(err)
	}
	for _, bad := range []string{"US\tsms\n", strings.Replace(row, "Mon-Sun", "Mon-", 1)} {
		if rules, err := parseRules(bad); err == nil {
			t.Errorf("%q is taken for %+v", bad, rules)
		}
	}
}
