package lake

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"iter"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"liuke/shared/fault"
	"liuke/shared/lake/line"
)

// What an object of each stage may unpack to. A batch of the queue has ten messages of 256 KB, whose sealing takes a
// third more; what is larger is not ours, or an attempt to fill a reader's memory.
var maxUnpacked = [...]int64{Hours: 32 << 20, Parts: 256 << 20, Days: 1 << 30}

// Lines yields the lines of an object of events, each valid until the next. It ends with an error that is NotFound where
// the object is gone (compaction moved its lines on), Invalid where it is damaged or unpacks to more than its stage
// allows, Unavailable where it could not be read to its end.
func (l *Lake) Lines(ctx context.Context, o Object) iter.Seq2[line.Entry, error] {
	return func(yield func(line.Entry, error) bool) {
		if err := l.lines(ctx, o, func(e line.Entry) bool { return yield(e, nil) }); err != nil {
			fault.Wrap(&err, "read lake object")
			yield(line.Entry{}, err)
		}
	}
}

func (l *Lake) lines(ctx context.Context, o Object, yield func(line.Entry) bool) error {
	out, err := l.open(ctx, o.Key)
	if err != nil {
		return err
	}
	defer out.Body.Close()
	return unpack(out.Body, maxUnpacked[o.Stage], yield)
}

// Entries reads all lines of an object into memory and says how many bytes they take. Errors are those of Lines.
func (l *Lake) Entries(ctx context.Context, o Object) (entries []line.Entry, size int, err error) {
	defer fault.Wrap(&err, "read lake object")
	all := make([]byte, 0, min(3*o.Size, maxUnpacked[o.Stage])) // about what it unpacks to
	var ends []int
	err = l.lines(ctx, o, func(e line.Entry) bool {
		all = append(all, e.Raw...)
		ends = append(ends, len(all))
		return true
	})
	if err != nil {
		return nil, 0, err
	}
	entries = make([]line.Entry, len(ends))
	from := 0
	for i, end := range ends {
		entries[i] = line.EntryOf(all[from:end:end])
		from = end
	}
	return entries, len(all), nil
}

// unpack reads compressed lines until yield wants no more of them, or they are more than max bytes.
func unpack(body io.Reader, max int64, yield func(line.Entry) bool) error {
	source := &broken{Reader: body}
	failed := func(err error) error {
		if source.err != nil {
			return fault.As(source.err, fault.Unavailable, "the lake broke off")
		}
		return fault.As(err, fault.Invalid, "the object is damaged")
	}
	z, err := gzip.NewReader(bufio.NewReader(source))
	if err != nil {
		return failed(err)
	}
	left := &io.LimitedReader{R: z, N: max + 1}
	lines := bufio.NewScanner(left)
	lines.Buffer(make([]byte, 0, 64<<10), line.MaxBytes)
	lines.Split(whole)
	for lines.Scan() {
		if left.N <= 0 {
			break
		}
		if !yield(line.EntryOf(lines.Bytes())) {
			return nil
		}
	}
	if left.N <= 0 {
		return fault.New(fault.Invalid, "the object unpacks to more than %d MB", max>>20)
	}
	if err := lines.Err(); err != nil {
		return failed(err)
	}
	return nil
}

// whole splits lines at their ends; the last needs none.
func whole(data []byte, atEOF bool) (advance int, token []byte, err error) {
	if i := bytes.IndexByte(data, '\n'); i >= 0 {
		return i + 1, data[:i], nil
	}
	if atEOF && len(data) > 0 {
		return len(data), data, nil
	}
	return 0, nil, nil
}

// broken remembers why a body could not be read to its end.
type broken struct {
	io.Reader
	err error
}

func (b *broken) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		b.err = err
	}
	return n, err
}

// open begins to read an object. S3 refuses to say that an object does not exist to who may not list the whole bucket: then
// a list of its key tells, where that is allowed.
func (l *Lake) open(ctx context.Context, key string) (*s3.GetObjectOutput, error) {
	out, err := l.s3().GetObject(ctx, &s3.GetObjectInput{Bucket: &l.bucket, Key: &key})
	if err == nil {
		return out, nil
	}
	var response interface{ HTTPStatusCode() int }
	if errors.As(err, &response) && response.HTTPStatusCode() == http.StatusForbidden {
		found := false
		listed := l.list(ctx, key, "", func(page *s3.ListObjectsV2Output) {
			for _, c := range page.Contents {
				found = found || aws.ToString(c.Key) == key
			}
		})
		if listed == nil && !found {
			return nil, fault.As(err, fault.NotFound, "the object does not exist")
		}
	}
	return nil, classify(err)
}

// get reads a whole object and the tag of its content.
func (l *Lake) get(ctx context.Context, key string) (body []byte, tag string, err error) {
	out, err := l.open(ctx, key)
	if err != nil {
		return nil, "", err
	}
	defer out.Body.Close()
	buf := bytes.NewBuffer(make([]byte, 0, aws.ToInt64(out.ContentLength)+bytes.MinRead))
	if _, err := io.Copy(buf, out.Body); err != nil {
		return nil, "", fault.As(err, fault.Unavailable, "the lake broke off")
	}
	return buf.Bytes(), aws.ToString(out.ETag), nil
}
