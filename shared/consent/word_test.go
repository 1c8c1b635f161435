package consent_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"liuke/shared/consent"
)

func at(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

func TestWordsAreHeard(t *testing.T) {
	t.Parallel()
	stop := func(id string, ms int64) consent.Word { return consent.Word{ID: id, Stop: true, Time: at(ms)} }
	start := func(id string, ms int64) consent.Word { return consent.Word{ID: id, Time: at(ms)} }
	for _, c := range []struct {
		name  string
		words []consent.Word
		stop  bool
	}{
		{"nothing was said", nil, false},
		{"who asks for silence gets it", []consent.Word{stop("a", 5)}, true},
		{"who takes that back is written to", []consent.Word{stop("a", 5), start("b", 6)}, false},
		{"a word that comes late does not undo a later one", []consent.Word{start("b", 6), stop("a", 5)}, false},
		{"a word that is delivered again is the same word", []consent.Word{stop("a", 5), start("b", 6), stop("a", 5)}, false},
		{"a word that is published again is the same word", []consent.Word{stop("a", 5), start("b", 6), stop("a", 7)}, false},
		{"a word that was published again, and came first so, was said when it was said", []consent.Word{stop("a", 7), start("b", 6), stop("a", 5)}, false},
		{"the same word said anew is another one", []consent.Word{stop("a", 5), start("b", 6), stop("c", 7)}, true},
		{"of two words of one moment silence counts", []consent.Word{stop("a", 5), start("b", 5)}, true},
		{"in either order", []consent.Word{start("b", 5), stop("a", 5)}, true},
	} {
		var w consent.Words
		for _, word := range c.words {
			w.Hear(word)
		}
		if stopped, resumed := w.Last(); (stopped > 0 && stopped >= resumed) != c.stop {
			t.Errorf("%s: stopped at %d, resumed at %d", c.name, stopped, resumed)
		}
	}
}

// TestWordsComeToTheSameInAnyOrder compares with a model: of each word the first copy's time, of these the latest of each kind.
func TestWordsComeToTheSameInAnyOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, consent.MaxWords).Draw(t, "words")
		var said []consent.Word
		for i := range n {
			w := consent.Word{ID: fmt.Sprint(i), Stop: rapid.Bool().Draw(t, "stop")}
			for range rapid.IntRange(1, 3).Draw(t, "copies") {
				w.Time = at(rapid.Int64Range(1, 12).Draw(t, "time"))
				said = append(said, w)
			}
		}
		first := map[string]int64{}
		for _, w := range said {
			if ms, ok := first[w.ID]; !ok || w.Time.UnixMilli() < ms {
				first[w.ID] = w.Time.UnixMilli()
			}
		}
		var stop, start int64
		for _, w := range said {
			if w.Stop {
				stop = max(stop, first[w.ID])
			} else {
				start = max(start, first[w.ID])
			}
		}
		var words consent.Words
		for _, w := range rapid.Permutation(said).Draw(t, "arrival") {
			words.Hear(w)
		}
		if gotStop, gotStart := words.Last(); gotStop != stop || gotStart != start {
			t.Fatalf("stopped at %d and resumed at %d, want %d and %d", gotStop, gotStart, stop, start)
		}
		for _, w := range said {
			if ms, changed := words.Hear(w); changed || ms.UnixMilli() != first[w.ID] {
				t.Fatalf("%+v again changed %v and was said at %d, want %d", w, changed, ms.UnixMilli(), first[w.ID])
			}
		}
		raw, err := json.Marshal(words)
		var back consent.Words
		if err != nil || json.Unmarshal(raw, &back) != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(words, back); diff != "" {
			t.Fatalf("kept differently (-want +got):\n%s", diff)
		}
	})
}

func TestManyWordsTakeNoMoreRoomAndTheLastStillCounts(t *testing.T) {
	t.Parallel()
	var said []consent.Word
	for i := range 5 * consent.MaxWords {
		said = append(said, consent.Word{ID: fmt.Sprint(i), Stop: i%2 == 0, Time: at(int64(i + 1))})
	}
	for _, order := range []func([]consent.Word){func([]consent.Word) {}, slices.Reverse[[]consent.Word]} {
		list := slices.Clone(said)
		order(list)
		var w consent.Words
		for _, word := range append(list, list...) {
			w.Hear(word)
		}
		if stopped, resumed := w.Last(); len(w.Recent) != consent.MaxWords || resumed != int64(len(said)) || stopped != resumed-1 {
			t.Errorf("%d are kept; stopped at %d, resumed at %d", len(w.Recent), stopped, resumed)
		}
	}
}
