package lake_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"liuke/infra/local/bucket"
	"liuke/infra/local/engine"
	"liuke/shared/customer"
	"liuke/shared/event"
	"liuke/shared/fault"
	"liuke/shared/lake"
	"liuke/shared/lake/line"
)

// conditional returns a lake over an engine that honours conditional writes.
func conditional(t *testing.T) (*lake.Lake, aws.Config) {
	t.Helper()
	h, err := bucket.Handler(t.TempDir(), slog.New(slog.DiscardHandler), nil)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	cfg := engine.Config(server.URL)
	if _, err := client(cfg).CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String("lake")}); err != nil {
		t.Fatal(err)
	}
	return lake.New(cfg, "lake"), cfg
}

var day = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

// entries returns sorted lines of a customer each.
func entries(t *testing.T, ids ...string) []line.Entry {
	t.Helper()
	var out []line.Entry
	for _, id := range ids {
		e := event.Event{ID: event.MessageID(id), Type: event.Track, User: id, Received: received, Source: event.SourceSegment}
		raw, err := line.Seal(&e, customer.Key{id[0]})
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, line.EntryOf(raw))
	}
	return line.Sort(out)
}

func read(t *testing.T, l *lake.Lake, objects []lake.Object) (ids []string) {
	t.Helper()
	for _, o := range objects {
		for e, err := range l.Lines(t.Context(), o) {
			if err != nil {
				t.Fatal(err)
			}
			if o.Stage == lake.Days && !o.Holds(string(e.Customer)) {
				t.Errorf("%s holds a line of another shard", o.Key)
			}
			ids = append(ids, string(e.ID))
		}
	}
	slices.Sort(ids)
	return ids
}

func TestAShardTakesEachLineOnce(t *testing.T) {
	l, _ := conditional(t)
	for _, step := range []struct {
		ids   []string
		fresh int
	}{{[]string{"b", "d"}, 2}, {[]string{"a", "b", "c"}, 2}, {[]string{"a", "d"}, 0}, {nil, 0}, {[]string{"e"}, 1}} {
		fresh, err := l.MergeShard(t.Context(), day, "all", entries(t, step.ids...))
		if err != nil || fresh != step.fresh {
			t.Fatalf("%v: %d new, %v; want %d", step.ids, fresh, err, step.fresh)
		}
	}
	objects, err := l.Compacted(t.Context(), day)
	if err != nil || len(objects) != 1 || objects[0].Key != "days/2026-03-01/all.ndjson.gz" {
		t.Fatalf("%+v, %v", objects, err)
	}
	if got := read(t, l, objects); !slices.Equal(got, []string{"a", "b", "c", "d", "e"}) {
		t.Errorf("lines %v", got)
	}
}

func TestWorkersThatMergeAtOnceLoseNothing(t *testing.T) {
	l, _ := conditional(t)
	const workers = 6
	var wg sync.WaitGroup
	conflicts := make([]int, workers)
	for w := range workers {
		mine := entries(t, fmt.Sprintf("%c", 'a'+w), "z")
		wg.Go(func() {
			for {
				_, err := l.MergeShard(t.Context(), day, "all", mine)
				if fault.CodeOf(err) != fault.Conflict {
					if err != nil {
						t.Error(err)
					}
					return
				}
				conflicts[w]++
			}
		})
	}
	wg.Wait()
	objects, err := l.Compacted(t.Context(), day)
	if err != nil {
		t.Fatal(err)
	}
	if got := read(t, l, objects); !slices.Equal(got, []string{"a", "b", "c", "d", "e", "f", "z"}) {
		t.Errorf("lines %v after conflicts %v", got, conflicts)
	}
}

func TestTheFirstPlanOfADayStands(t *testing.T) {
	l, _ := conditional(t)
	for i, size := range []int64{100 << 20, 1, 1 << 40} {
		if digits, err := l.Digits(t.Context(), day, size); err != nil || digits != 1 {
			t.Errorf("plan %d: %d digits, %v; want 1", i, digits, err)
		}
	}
	for size, want := range map[int64]int{0: 0, 16 << 20: 0, 16<<20 + 1: 1, 256 << 20: 1, 256<<20 + 1: 2, 4 << 30: 2, 4<<30 + 1: 3, 1 << 40: 3} {
		if got, err := l.Digits(t.Context(), day.AddDate(0, 0, int(size%1000)+want+1), size); err != nil || got != want {
			t.Errorf("%d bytes: %d digits, %v; want %d", size, got, err, want)
		}
	}
}

func TestAShardThatIsFullGoesOnInAnotherObject(t *testing.T) {
	l, cfg := conditional(t)
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	full := entries(t, "m")[0].Raw
	filler := bytes.Repeat([]byte("x"), 400<<10)
	for n := range 660 {
		fmt.Fprintf(z, `{"customer":"%s","id":"f-%04d","time":"","received":"","properties":"%s"}`+"\n", strings.Repeat("0", 32), n, filler)
	}
	z.Write(append(full, '\n'))
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := client(cfg).PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("lake"), Key: aws.String("days/2026-03-01/all.ndjson.gz"), Body: bytes.NewReader(out.Bytes())}); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		ids   []string
		fresh int
	}{{[]string{"a", "m", "z"}, 2}, {[]string{"a", "m", "n"}, 1}} {
		if fresh, err := l.MergeShard(t.Context(), day, "all", entries(t, step.ids...)); err != nil || fresh != step.fresh {
			t.Fatalf("%v: %d new, %v; want %d", step.ids, fresh, err, step.fresh)
		}
	}
	objects, err := l.Compacted(t.Context(), day)
	if err != nil || len(objects) != 2 || objects[0].Shard != "all" || objects[1].Shard != "all" {
		t.Fatalf("%+v, %v", objects, err)
	}
	if got := read(t, l, objects); len(got) != 664 || !slices.Equal(got[661:], []string{"m", "n", "z"}) || got[0] != "a" {
		t.Errorf("%d lines", len(got))
	}
}

func TestADaysObjectsAreListedInTheOrderInWhichLinesMove(t *testing.T) {
	for name, start := range map[string]func(*testing.T) *lake.Lake{
		"on files": func(t *testing.T) *lake.Lake { l, _ := conditional(t); return l },
		"in memory": func(t *testing.T) *lake.Lake {
			return lake.New(engine.Config(engine.StartQueues(t)), engine.NewBucket(t))
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := start(t)
			at := func(d time.Duration) []event.Event {
				return []event.Event{{ID: "a", Type: event.Track, User: "a", Received: day.Add(d), Source: event.SourceSegment}}
			}
			for _, d := range []time.Duration{23 * time.Hour, 0, 24 * time.Hour, -time.Hour, -366 * 24 * time.Hour} {
				if err := l.PutSealed(t.Context(), at(d), keys(1)); err != nil {
					t.Fatal(err)
				}
			}
			if err := l.PutPart(t.Context(), day, "0f", entries(t, "a")); err != nil {
				t.Fatal(err)
			}
			if _, err := l.MergeShard(t.Context(), day, "0f", entries(t, "a")); err != nil {
				t.Fatal(err)
			}
			pending, err := l.Pending(t.Context(), day)
			if err != nil || len(pending) != 3 || pending[0].Stage != lake.Hours || !pending[1].Hour.Equal(day.Add(23*time.Hour)) ||
				pending[2].Stage != lake.Parts || pending[2].Shard != "0f" || pending[2].Size == 0 {
				t.Errorf("pending %+v, %v", pending, err)
			}
			if !pending[2].Holds("0f"+strings.Repeat("1", 30)) || pending[2].Holds("0e") || !pending[0].Holds("0e") {
				t.Error("a part holds its shard alone, an hour anybody")
			}
			compacted, err := l.Compacted(t.Context(), day)
			if err != nil || len(compacted) != 1 || compacted[0].Stage != lake.Days || compacted[0].Shard != "0f" {
				t.Errorf("compacted %+v, %v", compacted, err)
			}
			days, err := l.PendingDays(t.Context(), day.Add(30*time.Hour))
			if want := []time.Time{day.AddDate(0, 0, -366), day.AddDate(0, 0, -1), day}; err != nil || !slices.EqualFunc(days, want, time.Time.Equal) {
				t.Errorf("days %v, %v; want %v", days, err, want)
			}
			if days, err = l.CompactedDays(t.Context()); err != nil || len(days) != 1 || !days[0].Equal(day) {
				t.Errorf("compacted days %v, %v", days, err)
			}
			if err := l.Delete(t.Context(), pending[0].Key, pending[0].Key, "events/none"); err != nil {
				t.Fatal(err)
			}
			for _, err := range l.Lines(t.Context(), pending[0]) {
				if fault.CodeOf(err) != fault.NotFound {
					t.Errorf("what was deleted reads as %v", err)
				}
			}
		})
	}
}

func TestObjectsThatAreNotOursAreRefusedInBoundedMemory(t *testing.T) {
	l, cfg := conditional(t)
	zip := func(pieces ...[]byte) []byte {
		var out bytes.Buffer
		z := gzip.NewWriter(&out)
		for _, p := range pieces {
			z.Write(p)
		}
		z.Close()
		return out.Bytes()
	}
	whole := zip(entries(t, "a")[0].Raw, []byte("\n"), entries(t, "b")[0].Raw)
	bomb := slices.Repeat([][]byte{append(bytes.Repeat([]byte("0"), 99<<10), '\n')}, 400)
	for _, c := range []struct {
		name  string
		body  []byte
		lines int
		code  fault.Code
	}{
		{"two lines, the last without an end", whole, 2, ""},
		{"no lines", zip(), 0, ""},
		{"an empty object", nil, 0, fault.Invalid},
		{"no gzip", []byte("{}\n"), 0, fault.Invalid},
		{"half an object", whole[:len(whole)/2], -1, fault.Invalid},
		{"a line without end", zip(bytes.Repeat([]byte("0"), 1<<20)), 0, fault.Invalid},
		{"a bomb", zip(bomb...), -1, fault.Invalid},
	} {
		t.Run(c.name, func(t *testing.T) {
			key := "events/2026/03/01/08/x.ndjson.gz"
			if _, err := client(cfg).PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("lake"), Key: &key, Body: bytes.NewReader(c.body)}); err != nil {
				t.Fatal(err)
			}
			n, last := 0, error(nil)
			for _, err := range l.Lines(t.Context(), lake.Object{Key: key, Stage: lake.Hours}) {
				if last = err; err == nil {
					n++
				}
			}
			if fault.CodeOf(last) != c.code || c.lines >= 0 && n != c.lines {
				t.Errorf("%d lines, %v; want %d, %q", n, last, c.lines, c.code)
			}
			all, size, err := l.Entries(t.Context(), lake.Object{Key: key, Stage: lake.Hours})
			if fault.CodeOf(err) != c.code || c.code == "" && (len(all) != c.lines || (size > 0) != (c.lines > 0)) {
				t.Errorf("%d entries of %d bytes, %v", len(all), size, err)
			}
		})
	}
}
