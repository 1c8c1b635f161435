package limit

import (
	"hash/maphash"
	"sync"
	"time"
)

// Window lets each of many callers that nobody knows beforehand, such as addresses, have so many events within a span of
// time, in memory that their number does not set: beyond the most that it remembers it forgets all and begins anew. Keys are
// kept as hashes under a seed of this process's own, for one span at most. It is safe for concurrent use.
type Window struct {
	most  int
	span  time.Duration
	keys  int
	seed  maphash.Seed
	mu    sync.Mutex
	began time.Time
	count map[uint64]int
}

// NewWindow returns a window that lets most events pass within each span for each key, and remembers that many keys.
func NewWindow(most int, span time.Duration, keys int) *Window {
	return &Window{most: most, span: span, keys: keys, seed: maphash.MakeSeed(), count: map[uint64]int{}}
}

// Take counts one event of a key and returns 0, or returns after how long the next one may come. A nil Window lets
// everything pass.
func (w *Window) Take(key string, now time.Time) (wait time.Duration) {
	if w == nil {
		return 0
	}
	hash := maphash.String(w.seed, key)
	w.mu.Lock()
	defer w.mu.Unlock()
	if passed := now.Sub(w.began); passed < 0 || passed >= w.span {
		clear(w.count)
		w.began = now
	}
	if w.count[hash] >= w.most {
		return w.began.Add(w.span).Sub(now)
	}
	if _, known := w.count[hash]; !known && len(w.count) >= w.keys {
		clear(w.count)
	}
	w.count[hash]++
	return 0
}
