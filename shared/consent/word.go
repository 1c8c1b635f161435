package consent

import (
	"cmp"
	"slices"
	"time"
)

// Word is one word by which the owner of a number asks for no more messages, or takes that back.
type Word struct {
	ID   string // of the message, the provider's: what comes again under it is the same word
	Stop bool
	Time time.Time // when it was said; of what comes again with a later time, the first counts
}

// MaxWords is how many words of a number are told apart: the last by their times. Of those before, one that comes again with
// another time counts as a new one.
const MaxWords = 16

// Words are what the owner of a number has said. They are the same in whatever order the words come, and however often.
type Words struct {
	// Stopped and Resumed are when the owner last said either, Unix milliseconds, of words that are no longer in Recent; 0 for
	// never.
	Stopped int64   `json:"stop,omitempty"`
	Resumed int64   `json:"start,omitempty"`
	Recent  []Heard `json:"recent,omitempty"` // by time
}

// Heard is a word as Words keep it.
type Heard struct {
	ID   string `json:"i"`
	Stop bool   `json:"s,omitempty"`
	Time int64  `json:"t"` // Unix milliseconds
}

// Hear adds a word. It returns when it was said first, as far as that is known, and whether anything changed.
func (w *Words) Hear(word Word) (first time.Time, changed bool) {
	h := Heard{word.ID, word.Stop, word.Time.UnixMilli()}
	if i := slices.IndexFunc(w.Recent, func(o Heard) bool { return o.ID == h.ID }); i >= 0 {
		if w.Recent[i].Time <= h.Time {
			return time.UnixMilli(w.Recent[i].Time).UTC(), false
		}
		w.Recent = slices.Delete(w.Recent, i, i+1)
	}
	before := *w
	w.Recent = append(slices.Clone(w.Recent), h)
	slices.SortFunc(w.Recent, func(a, b Heard) int { return cmp.Or(cmp.Compare(a.Time, b.Time), cmp.Compare(a.ID, b.ID)) })
	if len(w.Recent) > MaxWords {
		if gone := w.Recent[0]; gone.Stop {
			w.Stopped = max(w.Stopped, gone.Time)
		} else {
			w.Resumed = max(w.Resumed, gone.Time)
		}
		w.Recent = w.Recent[1:]
	}
	same := w.Stopped == before.Stopped && w.Resumed == before.Resumed && slices.Equal(w.Recent, before.Recent)
	return word.Time.Truncate(time.Millisecond).UTC(), !same
}

// Last returns when the owner last asked for no more messages, and when that was last taken back, Unix milliseconds; 0 for never.
// Messages are unwanted unless the second is later: of two words of one moment, the one that asks for silence counts.
func (w *Words) Last() (stopped, resumed int64) {
	stopped, resumed = w.Stopped, w.Resumed
	for _, h := range w.Recent {
		if h.Stop {
			stopped = max(stopped, h.Time)
		} else {
			resumed = max(resumed, h.Time)
		}
	}
	return stopped, resumed
}
