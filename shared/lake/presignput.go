package lake

import (
	"context"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"liuke/shared/fault"
)

// PresignPut returns an address to which whoever holds it may PUT an object of exactly so many bytes until the time is
// over: the length is signed, so that S3 refuses any other.
func (l *Lake) PresignPut(ctx context.Context, key string, size int64, ttl time.Duration) (url string, err error) {
	defer fault.Wrap(&err, "presign lake upload")
	out, err := s3.NewPresignClient(l.s3(), s3.WithPresignClientFromClientOptions(func(o *s3.Options) {
		o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired // nobody knows the body yet
	})).PresignPutObject(ctx, &s3.PutObjectInput{Bucket: &l.bucket, Key: &key, ContentLength: &size}, s3.WithPresignExpires(ttl))
	if err != nil {
		return "", classify(err)
	}
	return out.URL, nil
}

// Piece is a part of an object that others have uploaded.
type Piece struct {
	Body []byte
	Size int64  // of the whole object
	Tag  string // of what the object holds: another object under the same key has another
}

// ReadPiece reads up to n bytes of an object from an offset before its end. It returns NotFound where there is no object.
func (l *Lake) ReadPiece(ctx context.Context, key string, from int64, n int) (p Piece, err error) {
	defer fault.Wrap(&err, "read piece of lake object")
	span := "bytes=" + strconv.FormatInt(from, 10) + "-" + strconv.FormatInt(from+int64(n)-1, 10)
	out, err := l.s3().GetObject(ctx, &s3.GetObjectInput{Bucket: &l.bucket, Key: &key, Range: &span})
	if err != nil {
		return p, classify(err)
	}
	defer out.Body.Close()
	p.Tag = strings.Trim(aws.ToString(out.ETag), `"`)
	_, whole, _ := strings.Cut(aws.ToString(out.ContentRange), "/")
	if p.Size, err = strconv.ParseInt(whole, 10, 64); err != nil {
		return p, fault.New(fault.Internal, "the lake did not say how long the object is")
	}
	p.Body = make([]byte, min(int64(n), p.Size-from))
	if _, err := io.ReadFull(out.Body, p.Body); err != nil {
		return p, fault.As(err, fault.Unavailable, "the lake broke off")
	}
	return p, nil
}
