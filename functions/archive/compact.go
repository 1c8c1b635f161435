package main

import (
	"context"
	"maps"
	"slices"
	"time"

	"liuke/shared/archive"
	"liuke/shared/batch"
	"liuke/shared/fault"
	"liuke/shared/lake"
	"liuke/shared/lake/line"
)

// fetchAtOnce is how many small objects are read or written at a time.
const fetchAtOnce = 8

// maxOvertaken is how often a worker goes on after another has overtaken it, before its message waits.
const maxOvertaken = 5

// compaction is a day's on its way.
type compaction struct {
	*Handler
	day     time.Time
	digits  int
	damaged map[string]bool // objects that cannot be read, and stay
	fresh   int
}

// compact moves a day's hours into its shards: those of a day of one shard straight away, those of others through parts,
// a batch of objects sorted into one part a shard, and then the parts of each shard into it. What has been moved is
// deleted only then, so that a worker that is lost anywhere leaves every event in at least one object, and the next one
// begins with what the list shows. Nothing is kept of how far it is: what is pending says it.
func (h *Handler) compact(ctx context.Context, m *archive.Message) error {
	day, err := m.Day.Start()
	if err != nil {
		return err
	}
	if !day.AddDate(0, 0, 1).Before(h.Now()) {
		return fault.New(fault.Invalid, "the day is not over: its events are compacted the night after")
	}
	c := &compaction{Handler: h, day: day, damaged: map[string]bool{}}
	defer func() { h.Counter.Count("EventsCompacted", c.fresh) }()
	for overtaken := 0; ; {
		pending, err := c.pending(ctx)
		if err != nil || len(pending) == 0 {
			return err
		}
		rest, err := c.step(ctx, m, pending)
		switch code := fault.CodeOf(err); {
		case (code == fault.Conflict || code == fault.NotFound) && overtaken < maxOvertaken:
			overtaken++ // by a worker on the same day: what it did needs no doing
		case code == fault.NotFound:
			return fault.As(err, fault.Conflict, "another worker is on the same day")
		case err != nil:
			return err
		case rest:
			return nil
		}
	}
}

// pending lists what waits, as far as it can be read, and makes sure of the day's shards.
func (c *compaction) pending(ctx context.Context) ([]lake.Object, error) {
	pending, err := c.Lake.Pending(ctx, c.day)
	if err != nil {
		return nil, err
	}
	pending = slices.DeleteFunc(pending, func(o lake.Object) bool { return c.damaged[o.Key] })
	if len(pending) == 0 {
		return nil, nil
	}
	var size int64
	for _, o := range pending {
		size += o.Size
	}
	c.digits, err = c.Lake.Digits(ctx, c.day, size)
	return pending, err
}

// step moves the pending objects of the earliest stage on. rest says that the invocation is near its end, and that what is
// left has been queued.
func (c *compaction) step(ctx context.Context, m *archive.Message, pending []lake.Object) (rest bool, err error) {
	stage := pending[0].Stage
	for len(pending) > 0 && pending[0].Stage == stage {
		if rest, err = c.spent(ctx, m); rest || err != nil {
			return rest, err
		}
		first, n := pending[0], 1
		for n < len(pending) && pending[n].Stage == stage && pending[n].Shard == first.Shard {
			n++
		}
		taken, err := c.move(ctx, stage, pending[:n])
		if err != nil {
			return false, err
		}
		pending = pending[taken:]
	}
	return false, nil
}

// move moves as many of the objects on as fit into memory, and says how many those are.
func (c *compaction) move(ctx context.Context, stage lake.Stage, objects []lake.Object) (taken int, err error) {
	taken, lines, keys, err := c.fetch(ctx, objects)
	if err != nil {
		return 0, err
	}
	shards := map[lake.Shard][]line.Entry{}
	for _, e := range line.Sort(lines) {
		shard := lake.ShardOf(e.Customer, c.digits)
		shards[shard] = append(shards[shard], e)
	}
	if stage == lake.Hours && c.digits > 0 {
		err = c.divide(ctx, shards)
	} else {
		err = c.merge(ctx, shards)
	}
	if err != nil {
		return 0, err
	}
	return taken, c.Lake.Delete(ctx, keys...)
}

// fetch reads objects until the memory for a batch is full, at least one. keys are of those whose lines were read.
func (c *compaction) fetch(ctx context.Context, objects []lake.Object) (taken int, lines []line.Entry, keys []string, err error) {
	for size := 0; taken < len(objects) && (taken == 0 || size < c.BatchBytes); {
		wave := objects[taken:min(taken+fetchAtOnce, len(objects))]
		if objects[0].Stage != lake.Hours {
			wave = wave[:1] // it may be large
		}
		read := make([][]line.Entry, len(wave))
		sizes, errs := make([]int, len(wave)), make([]error, len(wave))
		batch.Each(len(wave), fetchAtOnce, func(i int) { read[i], sizes[i], errs[i] = c.Lake.Entries(ctx, wave[i]) })
		for i, o := range wave {
			switch {
			case fault.CodeOf(errs[i]) == fault.Invalid:
				c.damaged[o.Key] = true
				c.Log.ErrorContext(ctx, "lake object left where it is", "key", o.Key, "error", errs[i].Error())
				c.Counter.Count("ObjectsDamaged", 1)
			case errs[i] != nil:
				return 0, nil, nil, errs[i]
			default:
				lines, keys = append(lines, read[i]...), append(keys, o.Key)
				size += sizes[i]
			}
		}
		taken += len(wave)
	}
	return taken, lines, keys, nil
}

// divide writes each shard's lines as a part.
func (c *compaction) divide(ctx context.Context, shards map[lake.Shard][]line.Entry) error {
	names := slices.Sorted(maps.Keys(shards))
	errs := make([]error, len(names))
	batch.Each(len(names), fetchAtOnce, func(i int) { errs[i] = c.Lake.PutPart(ctx, c.day, names[i], shards[names[i]]) })
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// merge adds each shard's lines to the day's.
func (c *compaction) merge(ctx context.Context, shards map[lake.Shard][]line.Entry) error {
	for _, name := range slices.Sorted(maps.Keys(shards)) {
		fresh, err := c.Lake.MergeShard(ctx, c.day, name, shards[name])
		if err != nil {
			return err
		}
		c.fresh += fresh
	}
	return nil
}
