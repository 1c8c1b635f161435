package lake

import (
	"bytes"
	"context"
	"iter"
	"path"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"liuke/shared/fault"
)

// Get reads a whole object; NotFound where there is none.
func (l *Lake) Get(ctx context.Context, key string) (body []byte, err error) {
	defer fault.Wrap(&err, "read lake object")
	body, _, err = l.get(ctx, key)
	return body, err
}

// pieceBytes is how much of a stream one call uploads; S3 takes pieces of 5 MB and more, and 10,000 of them.
const pieceBytes = 8 << 20

// PutStream writes an object from chunks, of which it holds one piece in memory at a time. A stream that ends with an
// error leaves no object, and nothing of it behind unless the process dies (the bucket's rules clear that away).
func (l *Lake) PutStream(ctx context.Context, key, contentType string, chunks iter.Seq2[[]byte, error]) (err error) {
	up := upload{lake: l, key: key, contentType: contentType}
	defer fault.Wrap(&err, "write lake object")
	for chunk, err := range chunks {
		if err == nil {
			err = up.add(ctx, chunk)
		}
		if err != nil {
			up.abort(ctx)
			return err
		}
	}
	if up.id == "" { // all of it fits into one piece
		return l.Put(ctx, key, contentType, up.piece)
	}
	if err := up.finish(ctx); err != nil {
		up.abort(ctx)
		return err
	}
	return nil
}

// upload is a multipart upload under way.
type upload struct {
	lake             *Lake
	key, contentType string
	id               string // "" until the first piece is full
	piece            []byte
	parts            []types.CompletedPart
}

// add gathers a chunk and uploads each piece that is full.
func (u *upload) add(ctx context.Context, chunk []byte) error {
	for len(chunk) > 0 {
		n := min(len(chunk), pieceBytes-len(u.piece))
		u.piece = append(u.piece, chunk[:n]...)
		chunk = chunk[n:]
		if len(u.piece) < pieceBytes {
			continue
		}
		if err := u.send(ctx); err != nil {
			return err
		}
	}
	return nil
}

// send uploads what has gathered.
func (u *upload) send(ctx context.Context) error {
	if u.id == "" {
		out, err := u.lake.s3().CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{
			Bucket: &u.lake.bucket, Key: &u.key, ContentType: &u.contentType,
		})
		if err != nil {
			return classify(err)
		}
		u.id = aws.ToString(out.UploadId)
	}
	number := int32(len(u.parts) + 1)
	out, err := u.lake.s3().UploadPart(ctx, &s3.UploadPartInput{
		Bucket: &u.lake.bucket, Key: &u.key, UploadId: &u.id, PartNumber: &number,
		Body: bytes.NewReader(u.piece), ContentLength: aws.Int64(int64(len(u.piece))),
	})
	if err != nil {
		return classify(err)
	}
	// The quotes around an ETag mean nothing, and not every engine reads them back as the client escapes them.
	etag := strings.Trim(aws.ToString(out.ETag), `"`)
	u.parts = append(u.parts, types.CompletedPart{PartNumber: &number, ETag: &etag, ChecksumCRC32: out.ChecksumCRC32})
	u.piece = u.piece[:0]
	return nil
}

func (u *upload) finish(ctx context.Context) error {
	if len(u.piece) > 0 {
		if err := u.send(ctx); err != nil {
			return err
		}
	}
	_, err := u.lake.s3().CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{
		Bucket: &u.lake.bucket, Key: &u.key, UploadId: &u.id,
		MultipartUpload: &types.CompletedMultipartUpload{Parts: u.parts},
	})
	return classify(err)
}

// abort frees what was uploaded; where that fails too, the bucket's rules clear it away.
func (u *upload) abort(ctx context.Context) {
	if u.id == "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	_, _ = u.lake.s3().AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: &u.lake.bucket, Key: &u.key, UploadId: &u.id})
}

// PresignGet returns an address at which whoever holds it may read the object until the time is over; a browser keeps
// it under the last part of its key.
func (l *Lake) PresignGet(ctx context.Context, key string, ttl time.Duration) (url string, err error) {
	defer fault.Wrap(&err, "presign lake object")
	out, err := s3.NewPresignClient(l.s3()).PresignGetObject(ctx, &s3.GetObjectInput{
		Bucket:                     &l.bucket,
		Key:                        &key,
		ResponseContentDisposition: aws.String(`attachment; filename="` + path.Base(key) + `"`),
	}, s3.WithPresignExpires(ttl))
	if err != nil {
		return "", classify(err)
	}
	return out.URL, nil
}
