package importfile_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"liuke/shared/importfile"
	"liuke/shared/survey"
)

// TestEditionsInAnyOrderEndTheSame draws editions of one answer.
func TestEditionsInAnyOrderEndTheSame(t *testing.T) {
	edition := rapid.Custom(func(t *rapid.T) survey.Answer {
		day := func(name string) time.Time { return now.AddDate(0, 0, rapid.IntRange(0, 2).Draw(t, name)) }
		score := rapid.IntRange(0, 1).Draw(t, "score")
		a := survey.Answer{Survey: "nps", Customer: "c", Score: score, Revision: 1, Answered: day("given"), Revised: day("changed"), Values: survey.Values{"score": survey.Number(score)}}
		if text := rapid.SampledFrom([]string{"", "a", "b", "aa"}).Draw(t, "comment"); text != "" {
			a.Values["comment"] = survey.Value{Text: text}
		}
		if tag := rapid.SampledFrom([]string{"", "x", "y"}).Draw(t, "tag"); tag != "" {
			a.Tags, a.Properties = []string{tag}, map[string]string{"p": tag}
		}
		return a
	})
	rapid.Check(t, func(t *rapid.T) {
		editions := rapid.SliceOfN(edition, 1, 5).Draw(t, "editions")
		end := func(order []survey.Answer) survey.Answer {
			var standing *survey.Answer
			for range 2 {
				for _, a := range order {
					next, changed := importfile.Over(standing, a)
					if standing != nil && changed != (next.Revision == standing.Revision+1) {
						t.Fatalf("changed %v from revision %d to %d", changed, standing.Revision, next.Revision)
					}
					standing = &next
				}
			}
			for _, a := range order {
				if _, changed := importfile.Over(standing, a); changed {
					t.Fatalf("%+v changes %+v, in which it is", a, standing)
				}
			}
			last := *standing
			last.Revision = 0
			return last
		}
		if d := cmp.Diff(end(editions), end(rapid.Permutation(editions).Draw(t, "order"))); d != "" {
			t.Fatalf("another order ends otherwise:\n%s", d)
		}
	})
}

func TestALaterExportWithATagMoreIsTaken(t *testing.T) {
	read := func(tags string) survey.Answer {
		f, err := importfile.NewReader(strings.NewReader("Response ID,Email,Score,Created At,Survey Type,Tags\n1,a@example.com,3,2024-01-05,nps,"+tags+"\n"),
			importfile.Request{Kind: importfile.Delighted}, settings(t), now)
		if err != nil {
			t.Fatal(err)
		}
		row, err := f.Next()
		if err != nil {
			t.Fatal(err)
		}
		return *row.Answer
	}
	first := read("")
	second, changed := importfile.Over(&first, read("late"))
	if !changed || !slices.Equal(second.Tags, []string{"late"}) || second.Revision != 2 {
		t.Errorf("%+v", second)
	}
	if third, changed := importfile.Over(&second, read("")); changed {
		t.Errorf("the earlier export takes the tag away again: %+v", third)
	}
}
