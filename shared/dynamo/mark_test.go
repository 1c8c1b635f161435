package dynamo_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"liuke/shared/survey"
)

func TestAMarkThatWasSetAgainStays(t *testing.T) {
	store, ctx := answerStore(t), t.Context()
	first, again := survey.HourAt("nps", answeredAt), survey.HourAt("nps", answeredAt.Add(time.Hour))
	other := survey.HourAt("nps_2", answeredAt)
	if err := store.MarkHours(ctx, answeredAt, first, again, other); err != nil {
		t.Fatal(err)
	}
	read, err := store.Marks(ctx, "nps")
	if d := cmp.Diff([]survey.Mark{{Hour: first, At: answeredAt}, {Hour: again, At: answeredAt}}, read); d != "" || err != nil {
		t.Fatalf("%v %s", err, d)
	}
	later := answeredAt.Add(time.Millisecond)
	if err := store.MarkHours(ctx, later, again); err != nil {
		t.Fatal(err)
	}
	for _, m := range read {
		if err := store.Unmark(ctx, m); err != nil {
			t.Fatal(err)
		}
	}
	left, err := store.Marks(ctx, "")
	if d := cmp.Diff([]survey.Mark{{Hour: again, At: later}, {Hour: other, At: answeredAt}}, left); d != "" || err != nil {
		t.Errorf("%v %s", err, d)
	}
}
