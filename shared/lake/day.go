package lake

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"iter"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"liuke/shared/fault"
	"liuke/shared/lake/line"
)

// manifest says how a day is compacted. The first compaction decides; it stays so.
type manifest struct {
	Digits int `json:"digits"` // of a pseudonym that name its shard
}

// shardBytes is about how large a shard becomes, compressed: what an export of one customer reads of a day.
const shardBytes = 16 << 20

// maxDigits is of how many digits shards are named at most: 4,096 shards hold 64 GB.
const maxDigits = 3

// digitsFor is by how many digits a day of so many compressed bytes is divided.
func digitsFor(size int64) int {
	digits := 0
	for shards := int64(1); digits < maxDigits && size > shards*shardBytes; shards *= 16 {
		digits++
	}
	return digits
}

// Digits returns by how many digits of the pseudonym the shards of a day are told apart: as its manifest has it, and where
// there is none yet, as suits so many compressed bytes, which is then what its manifest has.
func (l *Lake) Digits(ctx context.Context, day time.Time, size int64) (digits int, err error) {
	defer fault.Wrap(&err, "plan shards of %s", day.Format(time.DateOnly))
	for range 2 { // another worker may plan at the same time
		raw, _, err := l.get(ctx, daysOf(day)+manifestName)
		if err == nil {
			var m manifest
			if json.Unmarshal(raw, &m) != nil || m.Digits < 0 || m.Digits > maxDigits {
				return 0, fault.New(fault.Internal, "the manifest of %s is damaged", day.Format(time.DateOnly))
			}
			return m.Digits, nil
		}
		if fault.CodeOf(err) != fault.NotFound {
			return 0, err
		}
		m := manifest{Digits: digitsFor(size)}
		if raw, err = json.Marshal(m); err != nil {
			return 0, fault.As(err, fault.Internal, "the manifest cannot be encoded")
		}
		err = l.putIf(ctx, daysOf(day)+manifestName, "application/json", raw, "")
		if err == nil {
			return m.Digits, nil
		}
		if fault.CodeOf(err) != fault.Conflict {
			return 0, err
		}
	}
	return 0, fault.New(fault.Unavailable, "the manifest of %s does not settle", day.Format(time.DateOnly))
}

// PutPart writes sorted lines of one shard as an object on its way into the day. The same lines make the same object.
func (l *Lake) PutPart(ctx context.Context, day time.Time, shard Shard, lines []line.Entry) error {
	name, object, err := compress(func(yield func([]byte) bool) {
		for _, e := range lines {
			if !yield(e.Raw) {
				return
			}
		}
	})
	if err != nil {
		return err
	}
	return l.Put(ctx, eventsOf(day)+partsFolder+string(shard)+"/"+name, gzipType, object)
}

// maxVolume is how much a shard's object of a day holds, unpacked, before the shard goes on in another: what one worker
// rewrites within half a minute.
const maxVolume = 256 << 20

// MergeShard adds sorted lines to a shard of a day, without those that are there already, and says how many were new. The
// shard's object is replaced as a whole or not at all, on condition that nobody has changed it meanwhile, so that no line
// that ever was in it is lost; it returns a Conflict where somebody has, and then nothing is written. Where a shard is
// full (which takes one customer with hundreds of thousands of events a day), it goes on in another object.
func (l *Lake) MergeShard(ctx context.Context, day time.Time, shard Shard, lines []line.Entry) (fresh int, err error) {
	defer fault.Wrap(&err, "merge into shard %s of %s", shard, day.Format(time.DateOnly))
	for n := 1; len(lines) > 0; n++ {
		key := volumeKey(day, shard, n)
		fresh, err = l.mergeVolume(ctx, key, lines)
		if !errors.Is(err, errFull) {
			return fresh, err
		}
		if lines, err = l.missing(ctx, key, lines); err != nil {
			return 0, err
		}
	}
	return 0, nil
}

var errFull = errors.New("the shard's object is full")

// mergeVolume merges lines into one object of a shard; errFull where they do not fit.
func (l *Lake) mergeVolume(ctx context.Context, key string, lines []line.Entry) (fresh int, err error) {
	out, err := l.open(ctx, key)
	tag := ""
	standing := func(func(line.Entry, error) bool) {}
	switch {
	case err == nil:
		defer out.Body.Close()
		tag = aws.ToString(out.ETag)
		standing = func(yield func(line.Entry, error) bool) {
			if err := unpack(out.Body, maxUnpacked[Days], func(e line.Entry) bool { return yield(e, nil) }); err != nil {
				yield(line.Entry{}, err)
			}
		}
	case fault.CodeOf(err) != fault.NotFound:
		return 0, err
	}
	object, err := compressMerged(line.Merge(standing, lines, &fresh), tag != "")
	if err != nil || fresh == 0 {
		return 0, err
	}
	return fresh, l.putIf(ctx, key, gzipType, object, tag)
}

// compressMerged makes an object of lines. limited says whether they must fit.
func compressMerged(lines iter.Seq2[line.Entry, error], limited bool) ([]byte, error) {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	size := 0
	for e, err := range lines {
		if err != nil {
			return nil, err
		}
		if size += len(e.Raw) + 1; limited && size > maxVolume {
			return nil, errFull
		}
		for _, piece := range [2][]byte{e.Raw, []byte("\n")} {
			if _, err := z.Write(piece); err != nil {
				return nil, fault.As(err, fault.Internal, "the events cannot be compressed")
			}
		}
	}
	if err := z.Close(); err != nil {
		return nil, fault.As(err, fault.Internal, "the events cannot be compressed")
	}
	return out.Bytes(), nil
}

// missing returns the lines that an object does not have.
func (l *Lake) missing(ctx context.Context, key string, lines []line.Entry) ([]line.Entry, error) {
	var out []line.Entry
	rest := lines
	for e, err := range l.Lines(ctx, Object{Key: key, Stage: Days}) {
		if err != nil {
			return nil, err
		}
		for len(rest) > 0 && !line.Same(rest[0], e) && line.Compare(rest[0], e) < 0 {
			out, rest = append(out, rest[0]), rest[1:]
		}
		if len(rest) > 0 && line.Same(rest[0], e) {
			rest = rest[1:]
		}
	}
	return append(out, rest...), nil
}

// putIf writes an object on condition that the one of that key still has the tag, or, where tag is "", that there is
// none. It returns a Conflict otherwise.
func (l *Lake) putIf(ctx context.Context, key, contentType string, body []byte, tag string) error {
	in := &s3.PutObjectInput{
		Bucket: &l.bucket, Key: &key, Body: bytes.NewReader(body), ContentLength: aws.Int64(int64(len(body))), ContentType: &contentType,
	}
	if tag == "" {
		in.IfNoneMatch = aws.String("*")
	} else {
		in.IfMatch = &tag
	}
	_, err := l.s3().PutObject(ctx, in)
	return classify(err)
}
