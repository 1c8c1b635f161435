package lake

import (
	"context"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"liuke/shared/fault"
)

const (
	eventsFolder   = "events/"
	rejectedFolder = "rejected/"
	daysFolder     = "days/"
	partsFolder    = "parts/" // within the folder of a day of events; after all hours in the order of keys
	dayLayout      = "2006/01/02/"
	hourLayout     = "2006/01/02/15/"
	suffix         = ".ndjson.gz"
	manifestName   = "_manifest.json" // what Athena takes for hidden
)

// Stage says how far an object of events has been compacted. Lines move from each stage to the next and never back: a
// reader that lists a day again and goes through its objects in the order of their stages misses none of them, however
// far compaction gets meanwhile; some it may see twice.
type Stage int

// The stages, in the order of reading.
const (
	Hours Stage = iota // as the batch was written
	Parts              // of one shard, sorted, on the way into its day
	Days               // of one shard, sorted, all that the day has so far
)

// Object is an object of events.
type Object struct {
	Key   string
	Size  int64 // compressed bytes
	Stage Stage
	Shard Shard     // of all but Hours
	Hour  time.Time // of Hours: when its events were received
}

// Holds reports whether lines of a pseudonym may be in the object.
func (o *Object) Holds(pseudonym string) bool { return o.Stage == Hours || o.Shard.Holds(pseudonym) }

// Shard names the share of a day's customers whose lines stand together: those whose pseudonyms begin with it.
type Shard string

// all is the shard of a day that has but one.
const all Shard = "all"

// ShardOf is the shard of a pseudonym where shards are told apart by so many digits. What has no pseudonym is in the first.
func ShardOf(pseudonym []byte, digits int) Shard {
	switch {
	case digits == 0:
		return all
	case len(pseudonym) < digits:
		return Shard(strings.Repeat("0", digits))
	}
	return Shard(pseudonym[:digits])
}

// Holds reports whether the pseudonym's lines stand in the shard.
func (s Shard) Holds(pseudonym string) bool {
	return s == all || strings.HasPrefix(pseudonym, string(s))
}

func eventsOf(day time.Time) string { return eventsFolder + day.UTC().Format(dayLayout) }

func daysOf(day time.Time) string { return daysFolder + day.UTC().Format(time.DateOnly) + "/" }

// Pending lists a UTC day's objects that are not part of its compacted ones yet, in the order of reading.
func (l *Lake) Pending(ctx context.Context, day time.Time) (objects []Object, err error) {
	defer fault.Wrap(&err, "list events of %s", day.Format(time.DateOnly))
	return l.objects(ctx, eventsOf(day), func(o *Object, rest []string) bool {
		var err error
		switch {
		case len(rest) == 2 && rest[0]+"/" != partsFolder:
			o.Hour, err = time.Parse(dayLayout+"15", strings.TrimPrefix(path.Dir(o.Key), eventsFolder))
			return err == nil
		case len(rest) == 3 && rest[0]+"/" == partsFolder:
			o.Stage, o.Shard = Parts, Shard(rest[1])
			return true
		}
		return false
	})
}

// Compacted lists a UTC day's compacted objects.
func (l *Lake) Compacted(ctx context.Context, day time.Time) (objects []Object, err error) {
	defer fault.Wrap(&err, "list compacted events of %s", day.Format(time.DateOnly))
	return l.objects(ctx, daysOf(day), func(o *Object, rest []string) bool {
		name, _, _ := strings.Cut(strings.TrimSuffix(rest[0], suffix), "-") // volumes follow behind a dash
		o.Stage, o.Shard = Days, Shard(name)
		return len(rest) == 1
	})
}

// objects lists what lies below a folder and is one of events; place says what it is by the rest of its key.
func (l *Lake) objects(ctx context.Context, folder string, place func(o *Object, rest []string) bool) (objects []Object, err error) {
	err = l.list(ctx, folder, "", func(page *s3.ListObjectsV2Output) {
		for _, c := range page.Contents {
			o := Object{Key: aws.ToString(c.Key), Size: aws.ToInt64(c.Size)}
			if strings.HasSuffix(o.Key, suffix) && place(&o, strings.Split(o.Key[len(folder):], "/")) {
				objects = append(objects, o)
			}
		}
	})
	return objects, err
}

// PendingDays lists the UTC days before a moment's that have objects which are not compacted yet, ascending.
func (l *Lake) PendingDays(ctx context.Context, before time.Time) (days []time.Time, err error) {
	defer fault.Wrap(&err, "list days of events")
	folders := []string{eventsFolder}
	for range 3 { // years, months, days
		var below []string
		for _, f := range folders {
			names, err := l.folders(ctx, f)
			if err != nil {
				return nil, err
			}
			below = append(below, names...)
		}
		folders = below
	}
	today := before.UTC().Truncate(24 * time.Hour)
	for _, f := range folders {
		if day, err := time.Parse(eventsFolder+dayLayout, f); err == nil && day.Before(today) {
			days = append(days, day)
		}
	}
	return days, nil
}

// CompactedDays lists the UTC days that have been compacted, as far as they have, ascending.
func (l *Lake) CompactedDays(ctx context.Context) (days []time.Time, err error) {
	defer fault.Wrap(&err, "list compacted days")
	folders, err := l.folders(ctx, daysFolder)
	for _, f := range folders {
		if day, err := time.Parse(daysFolder+time.DateOnly+"/", f); err == nil {
			days = append(days, day)
		}
	}
	return days, err
}

// folders lists the names below a folder that have objects below them.
func (l *Lake) folders(ctx context.Context, folder string) (names []string, err error) {
	err = l.list(ctx, folder, "/", func(page *s3.ListObjectsV2Output) {
		for _, p := range page.CommonPrefixes {
			names = append(names, aws.ToString(p.Prefix))
		}
	})
	return names, err
}

func (l *Lake) list(ctx context.Context, prefix, delimiter string, see func(*s3.ListObjectsV2Output)) error {
	in := &s3.ListObjectsV2Input{Bucket: &l.bucket, Prefix: &prefix}
	if delimiter != "" {
		in.Delimiter = &delimiter
	}
	for {
		page, err := l.s3().ListObjectsV2(ctx, in)
		if err != nil {
			return classify(err)
		}
		see(page)
		if in.ContinuationToken = page.NextContinuationToken; !aws.ToBool(page.IsTruncated) || in.ContinuationToken == nil {
			return nil
		}
	}
}

// deleteAtOnce is how many keys one call deletes at most.
const deleteAtOnce = 1000

// Delete deletes objects; those that are gone already are deleted all the same.
func (l *Lake) Delete(ctx context.Context, keys ...string) (err error) {
	defer fault.Wrap(&err, "delete lake objects")
	for chunk := range slices.Chunk(keys, deleteAtOnce) {
		ids := make([]types.ObjectIdentifier, len(chunk))
		for i := range chunk {
			ids[i].Key = &chunk[i]
		}
		out, err := l.s3().DeleteObjects(ctx, &s3.DeleteObjectsInput{
			Bucket: &l.bucket, Delete: &types.Delete{Objects: ids, Quiet: aws.Bool(true)},
		})
		if err != nil {
			return classify(err)
		}
		for _, e := range out.Errors {
			if code := aws.ToString(e.Code); code != "NoSuchKey" {
				return fault.New(fault.Unavailable, "%d of %d objects were not deleted: %s", len(out.Errors), len(chunk), code)
			}
		}
	}
	return nil
}

// volumeKey is the key of a shard's nth object of a day, from 1: the shard's name, from the second on with a number.
func volumeKey(day time.Time, shard Shard, n int) string {
	key := daysOf(day) + string(shard)
	if n > 1 {
		key += "-" + strconv.Itoa(n)
	}
	return key + suffix
}
