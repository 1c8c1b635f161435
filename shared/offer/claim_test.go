package offer_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"liuke/shared/offer"
)

// table is a table of conditional writes, of one pool: every method is one request, all or nothing.
type table struct {
	codes   [offer.Shards][]offer.Item // by hash
	hints   [offer.Shards]offer.Hint
	entries map[string]offer.Given // the ledger
	writes  int
}

func (s *table) find(k offer.Key) (int, bool) {
	return slices.BinarySearchFunc(s.codes[k.Shard], k.Hash, func(i offer.Item, hash string) int { return strings.Compare(i.Key.Hash, hash) })
}

// put is an import's write of one code, on condition that there is none.
func (s *table) put(p *offer.Pool, code string) {
	k := p.Key(code)
	if i, ok := s.find(k); !ok {
		s.codes[k.Shard] = slices.Insert(s.codes[k.Shard], i, offer.Item{Key: k, Code: code})
	}
}

func (s *table) window(shard int, after string, limit int) []offer.Item {
	codes := s.codes[shard]
	i, ok := s.find(offer.Key{Shard: shard, Hash: after})
	if ok {
		i++
	}
	return slices.Clone(codes[i:min(i+limit, len(codes))])
}

type outcome int

const (
	written outcome = iota
	codeTaken
	entryMoved
)

// give is the transaction.
func (s *table) give(step offer.Step, entry string, g offer.Given) outcome {
	s.writes++
	i, ok := s.find(step.Item.Key)
	switch _, has := s.entries[entry]; {
	case has:
		return entryMoved
	case !ok || s.codes[step.Shard][i].GivenTo != "":
		return codeTaken
	}
	s.codes[step.Shard][i].GivenTo = entry
	s.entries[entry] = g
	return written
}

func (s *table) advance(step offer.Step) {
	if h := &s.hints[step.Shard]; h.Epoch == step.Epoch && h.After < step.After {
		h.After = step.After
	}
}

// worker claims a code for an entry, one request at a time; what it holds is lost when it crashes.
type worker struct {
	entry string
	claim *offer.Claim // nil before the entry was read
	last  offer.Action
	done  bool
}

// step makes the worker's next request. Unclear is one of whose outcome it is not told.
func (w *worker) step(s *table, p *offer.Pool, unclear bool) {
	if w.claim == nil {
		if _, has := s.entries[w.entry]; has {
			w.done = true
			return
		}
		w.claim = offer.NewClaim(p, w.entry)
		return
	}
	step := w.claim.Next()
	w.last = step.Action
	switch step.Action {
	case offer.ReadHint:
		w.claim.Hinted(s.hints[step.Shard])
	case offer.ReadCodes:
		w.claim.Read(s.window(step.Shard, step.After, step.Limit))
	case offer.Advance:
		s.advance(step)
		w.claim.Moved()
	case offer.Give:
		switch got := s.give(step, w.entry, w.claim.Given(step)); {
		case unclear || got == entryMoved:
			w.claim = nil
		case got == codeTaken:
			w.claim.Taken()
		default:
			w.done = true
		}
	case offer.Empty:
		w.done = true
	case offer.Busy:
		w.claim = nil
	}
}

// importer puts codes one at a time and then sets back the hints of all shards, one at a time; after a crash it begins anew.
type importer struct {
	codes []string
	at    int
}

func (i *importer) step(s *table, p *offer.Pool) (done bool) {
	switch {
	case i.at < len(i.codes):
		s.put(p, i.codes[i.at])
	case i.at < len(i.codes)+offer.Shards:
		h := &s.hints[i.at-len(i.codes)]
		h.Epoch, h.After = h.Epoch+1, ""
	default:
		return true
	}
	i.at++
	return false
}

func (s *table) check(t *rapid.T) {
	given := map[string]string{}
	for shard := range s.codes {
		for _, item := range s.codes[shard] {
			if item.GivenTo == "" {
				continue
			}
			if other, twice := given[item.GivenTo]; twice {
				t.Fatalf("%s has %s and %s", item.GivenTo, other, item.Code)
			}
			given[item.GivenTo] = item.Code
			if s.entries[item.GivenTo].Code != item.Code {
				t.Fatalf("%s was given %s, and the ledger has %q", item.GivenTo, item.Code, s.entries[item.GivenTo].Code)
			}
		}
	}
	if len(given) != len(s.entries) {
		t.Fatalf("%d codes are given, and %d entries have one", len(given), len(s.entries))
	}
}

// crowded are codes of two shards alone, so that there are several windows of each.
var crowded = func() (codes []string) {
	p := &offer.Pool{ID: "p"}
	for i := 0; len(codes) < 150; i++ {
		if code := fmt.Sprint("CODE-", i); p.Key(code).Shard < 2 {
			codes = append(codes, code)
		}
	}
	return codes
}()

// Workers of several entries, some with the same one, and imports, some of the same codes, take turns request by request,
// crash anywhere and begin anew, and are not told what came of some writes.
func TestACodeIsGivenOnceAndAnEntryHasOneWhateverCrashes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := &offer.Pool{ID: "p"}
		s := &table{entries: map[string]offer.Given{}}
		all := rapid.SampledFrom([]int{0, 1, 20, len(crowded)}).Draw(t, "codes")
		code := func(i int) string { return crowded[i%len(crowded)] }
		for i := range all / 2 { // imported before
			s.put(p, code(i))
		}
		var imports []*importer
		for range rapid.IntRange(0, 4).Draw(t, "imports") {
			i := &importer{}
			for range rapid.IntRange(0, 40).Draw(t, "size") {
				i.codes = append(i.codes, code(rapid.IntRange(0, max(all-1, 0)).Draw(t, "code")))
			}
			imports = append(imports, i)
		}
		entries := rapid.SampledFrom([]int{1, 30, 200}).Draw(t, "entries")
		workers := make([]*worker, entries+rapid.IntRange(0, 10).Draw(t, "duplicates"))
		for i := range workers {
			workers[i] = &worker{entry: fmt.Sprint("entry-", i%entries)}
		}
		had := map[string]offer.Given{}
		turn := func(w *worker, crash, unclear bool) {
			if crash {
				w.claim, w.done = nil, false
			}
			if !w.done {
				w.step(s, p, unclear)
			}
			if g, ok := s.entries[w.entry]; ok {
				if first, known := had[w.entry]; known && first != g {
					t.Fatalf("%s had %+v, and now %+v", w.entry, first, g)
				}
				had[w.entry] = g
			}
		}
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		for range rapid.IntRange(0, 6000).Draw(t, "turns") {
			kind, pick := random.IntN(24), random.IntN(1<<20)
			if len(imports) > 0 && kind == 0 {
				i := imports[pick%len(imports)]
				for range 1 + pick%3*pick%100 { // an import is quick beside a claim that hangs
					if done := i.step(s, p); !done && pick%29 == 0 {
						i.at = 0
					}
				}
				continue
			}
			turn(workers[pick%len(workers)], pick%97 == 0, kind == 2)
			if pick%64 == 0 {
				s.check(t)
			}
		}
		// Whatever was begun is finished in the end: imports are repeated until they are through, and messages redelivered.
		for _, i := range imports {
			for !i.step(s, p) {
			}
		}
		total := 0
		for shard := range s.codes {
			total += len(s.codes[shard])
		}
		for _, w := range workers {
			turn(w, true, false)
			for requests := 0; !w.done; requests++ {
				if turn(w, false, false); requests > 1000 {
					t.Fatal("a claim does not end")
				}
			}
		}
		s.check(t)
		if want := min(entries, total); len(s.entries) != want {
			t.Fatalf("%d of %d entries have one of %d codes", len(s.entries), entries, total)
		}
	})
}

// The figures of the package comment: what a claim reads and writes, and how often two meet.
func TestWhatClaimsCost(t *testing.T) {
	p := &offer.Pool{ID: "p"}
	s := &table{entries: map[string]offer.Given{}}
	const codes, claims, together = 20_000, 19_000, 32 // as many run at the same time: two a shard
	for i := range codes {
		s.put(p, fmt.Sprint("CODE-", i))
	}
	var reads, advances, taken int
	running := make([]*worker, 0, together)
	for next := 0; next < claims || len(running) > 0; {
		for len(running) < together && next < claims {
			running = append(running, &worker{entry: fmt.Sprint("entry-", next)})
			next++
		}
		for _, w := range running {
			before := s.writes
			w.step(s, p, false)
			switch {
			case w.claim == nil:
			case w.last == offer.ReadCodes:
				reads++
			case w.last == offer.Advance:
				advances++
			case w.last == offer.Give && s.writes > before && !w.done:
				taken++
			}
			w.last = -1
		}
		running = slices.DeleteFunc(running, func(w *worker) bool { return w.done })
	}
	t.Logf("a claim reads %.2f windows, moves %.3f hints and finds %.3f codes taken", float64(reads)/claims, float64(advances)/claims, float64(taken)/claims)
	if len(s.entries) != claims || float64(reads)/claims > 1.5 || float64(advances)/claims > .15 || float64(taken)/claims > .15 {
		t.Errorf("%d of %d have a code", len(s.entries), claims)
	}
	last := &worker{entry: "one more"}
	for range codes - claims {
		w := &worker{entry: fmt.Sprint("late-", len(s.entries))}
		for !w.done {
			w.step(s, p, false)
		}
	}
	for !last.done {
		last.step(s, p, false)
	}
	if last.last != offer.Empty || len(s.entries) != codes {
		t.Errorf("with all %d codes given, of which %d, a claim ends with %v", codes, len(s.entries), last.last)
	}
}

// A claim that hangs between reading a window and moving the hint must not move it over codes that were imported meanwhile.
func TestAHintIsNotMovedOverWhatWasImportedMeanwhile(t *testing.T) {
	p := &offer.Pool{ID: "p"}
	var codes []string // of one shard, by hash
	for i := 0; len(codes) < 21; i++ {
		if code := fmt.Sprint("CODE-", i); p.Key(code).Shard == 3 {
			codes = append(codes, code)
		}
	}
	slices.SortFunc(codes, func(a, b string) int { return strings.Compare(p.Key(a).Hash, p.Key(b).Hash) })
	s := &table{entries: map[string]offer.Given{}}
	whole := func(i *importer) {
		for !i.step(s, p) {
		}
	}
	whole(&importer{codes: codes[1:]})
	for i := range 18 {
		s.codes[3][i].GivenTo = "another"
	}
	hung := &worker{entry: "entry"}
	for hung.claim == nil || hung.claim.Next().Action != offer.Advance {
		hung.step(s, p, false)
	}
	whole(&importer{codes: codes[:1]})
	for _, w := range []*worker{hung, {entry: "second"}, {entry: "third"}} {
		for !w.done {
			w.step(s, p, false)
		}
		if _, ok := s.entries[w.entry]; !ok {
			t.Errorf("%s has no code of the three that are left", w.entry)
		}
	}
	if s.hints[3].After != "" {
		t.Errorf("the hint was moved over %s, which was free", codes[0])
	}
}
