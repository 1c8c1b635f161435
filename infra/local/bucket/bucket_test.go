package bucket

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
)

// serve serves a folder and returns a client of it; the bucket "lake" is there.
func serve(t *testing.T, dir string) *s3.Client { return serveTold(t, dir, nil) }

// serveTold is serve with someone who is told of objects.
func serveTold(t *testing.T, dir string, created func(Created)) *s3.Client {
	t.Helper()
	h, err := Handler(dir, slog.New(slog.DiscardHandler), created)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	client := s3.New(s3.Options{
		Region: "eu-central-1", BaseEndpoint: aws.String(server.URL), UsePathStyle: true,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "a", SecretAccessKey: "b"}, nil
		}),
	})
	_, err = client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String("lake")})
	var exists *types.BucketAlreadyExists
	if err != nil && !errors.As(err, &exists) {
		t.Fatal(err)
	}
	return client
}

func put(t *testing.T, c *s3.Client, key, body string, change func(*s3.PutObjectInput)) error {
	t.Helper()
	in := &s3.PutObjectInput{Bucket: aws.String("lake"), Key: &key, Body: strings.NewReader(body)}
	if change != nil {
		change(in)
	}
	_, err := c.PutObject(t.Context(), in)
	return err
}

func get(t *testing.T, c *s3.Client, key, span string) (string, *s3.GetObjectOutput, error) {
	t.Helper()
	in := &s3.GetObjectInput{Bucket: aws.String("lake"), Key: &key}
	if span != "" {
		in.Range = &span
	}
	out, err := c.GetObject(t.Context(), in)
	if err != nil {
		return "", nil, err
	}
	defer out.Body.Close()
	body, err := io.ReadAll(out.Body)
	return string(body), out, err
}

func code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}

func TestAnObjectOutlivesItsServerWithItsMetadata(t *testing.T) {
	dir := t.TempDir()
	key := "runs/2026-01-01T00:00:00Z/scores 1%.csv"
	err := put(t, serve(t, dir), key, "a,b\n", func(in *s3.PutObjectInput) {
		in.ContentType, in.Metadata = aws.String("text/csv"), map[string]string{"rows": "1"}
	})
	if err != nil {
		t.Fatal(err)
	}
	body, out, err := get(t, serve(t, dir), key, "")
	if err != nil || body != "a,b\n" || aws.ToString(out.ContentType) != "text/csv" || out.Metadata["rows"] != "1" {
		t.Errorf("read %q with %+v, %v", body, out, err)
	}
}

func TestAnObjectLiesInTheFolderAsItIs(t *testing.T) {
	dir := t.TempDir()
	if err := put(t, serve(t, dir), "events/2026/01/a.ndjson", "{}\n", nil); err != nil {
		t.Fatal(err)
	}
	if raw, err := os.ReadFile(filepath.Join(dir, "lake/events/2026/01/a.ndjson")); err != nil || string(raw) != "{}\n" {
		t.Errorf("the file holds %q, %v", raw, err)
	}
}

func TestARangeIsPartOfAnObject(t *testing.T) {
	c := serve(t, t.TempDir())
	if err := put(t, c, "a", "0123456789", nil); err != nil {
		t.Fatal(err)
	}
	for span, want := range map[string]string{"bytes=2-4": "234", "bytes=7-": "789", "bytes=-2": "89"} {
		if got, _, err := get(t, c, "a", span); err != nil || got != want {
			t.Errorf("%s is %q, %v; want %q", span, got, err, want)
		}
	}
}

func TestAConditionalPutKeepsWhatIsThere(t *testing.T) {
	c := serve(t, t.TempDir())
	once := func(in *s3.PutObjectInput) { in.IfNoneMatch = aws.String("*") }
	if err := put(t, c, "a", "first", once); err != nil {
		t.Fatal(err)
	}
	if err := put(t, c, "a", "second", once); code(err) != "PreconditionFailed" {
		t.Errorf("the second put gave %v, want PreconditionFailed", err)
	}
	if got, _, err := get(t, c, "a", ""); err != nil || got != "first" {
		t.Errorf("the object is %q, %v; want the first", got, err)
	}
}

func TestAMissingObjectIsNoSuchKey(t *testing.T) {
	c := serve(t, t.TempDir())
	if err := put(t, c, "a/b", "x", nil); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"gone", "a", "a/b/c"} {
		if _, _, err := get(t, c, key, ""); code(err) != "NoSuchKey" {
			t.Errorf("%s gave %v, want NoSuchKey", key, err)
		}
	}
}

func TestAKeyCannotLeaveTheFolder(t *testing.T) {
	dir := t.TempDir()
	s := &store{dir: dir}
	if err := os.MkdirAll(filepath.Join(dir, aboutDir), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := s.CreateBucket("lake"); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"../outside", "a/../../outside", "a//b", "./a", ""} {
		if _, err := s.PutObject("lake", key, nil, strings.NewReader(""), 0, nil); err == nil {
			t.Errorf("%q was taken", key)
		}
	}
	if ok, _ := s.BucketExists(aboutDir); ok {
		t.Error("the folder of what is known of objects passes for a bucket")
	}
}

func TestAListIsSortedAndPaged(t *testing.T) {
	c := serve(t, t.TempDir())
	for _, key := range []string{"b/2", "b/1", "a", "b/10", "c/x/y"} {
		if err := put(t, c, key, key, nil); err != nil {
			t.Fatal(err)
		}
	}
	var keys []string
	pages := s3.NewListObjectsV2Paginator(c, &s3.ListObjectsV2Input{Bucket: aws.String("lake"), Prefix: aws.String("b/"), MaxKeys: aws.Int32(2)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range page.Contents {
			keys = append(keys, *o.Key)
		}
	}
	if got := strings.Join(keys, " "); got != "b/1 b/10 b/2" {
		t.Errorf("listed %s", got)
	}
	after, err := c.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String("lake"), StartAfter: aws.String("b/10")})
	if err != nil || len(after.Contents) != 2 || *after.Contents[0].Key != "b/2" {
		t.Errorf("after b/10: %+v, %v", after, err)
	}
	list, err := c.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String("lake"), Delimiter: aws.String("/")})
	if err != nil || len(list.Contents) != 1 || len(list.CommonPrefixes) != 2 {
		t.Errorf("by folders: %+v, %v", list, err)
	}
}

func TestAMultipartUploadBecomesOneObject(t *testing.T) {
	c := serve(t, t.TempDir())
	key, bucket := aws.String("large"), aws.String("lake")
	begun, err := c.CreateMultipartUpload(t.Context(), &s3.CreateMultipartUploadInput{Bucket: bucket, Key: key})
	if err != nil {
		t.Fatal(err)
	}
	var parts []types.CompletedPart
	for i, body := range [][]byte{bytes.Repeat([]byte("a"), 5<<20), []byte("b")} {
		out, err := c.UploadPart(t.Context(), &s3.UploadPartInput{Bucket: bucket, Key: key, UploadId: begun.UploadId, PartNumber: aws.Int32(int32(i + 1)), Body: bytes.NewReader(body)})
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, types.CompletedPart{ETag: out.ETag, PartNumber: aws.Int32(int32(i + 1))})
	}
	_, err = c.CompleteMultipartUpload(t.Context(), &s3.CompleteMultipartUploadInput{Bucket: bucket, Key: key, UploadId: begun.UploadId, MultipartUpload: &types.CompletedMultipartUpload{Parts: parts}})
	if err != nil {
		t.Fatal(err)
	}
	if got, _, err := get(t, c, "large", ""); err != nil || len(got) != 5<<20+1 || !strings.HasSuffix(got, "ab") {
		t.Errorf("read %d bytes, %v", len(got), err)
	}
}

func TestADeletedObjectIsGone(t *testing.T) {
	c := serve(t, t.TempDir())
	if err := put(t, c, "a", "x", nil); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time there is nothing to delete, which is no error
		if _, err := c.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: aws.String("lake"), Key: aws.String("a")}); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := get(t, c, "a", ""); code(err) != "NoSuchKey" {
		t.Errorf("got %v, want NoSuchKey", err)
	}
}

func TestManyObjectsAreDeletedAtOnce(t *testing.T) {
	c := serve(t, t.TempDir())
	var all []types.ObjectIdentifier
	for _, key := range []string{"a/1", "a/2", "b/1"} {
		if err := put(t, c, key, "x", nil); err != nil {
			t.Fatal(err)
		}
		if key != "b/1" {
			all = append(all, types.ObjectIdentifier{Key: &key})
		}
	}
	all = append(all, types.ObjectIdentifier{Key: aws.String("a/3")}) // which was never there
	out, err := c.DeleteObjects(t.Context(), &s3.DeleteObjectsInput{Bucket: aws.String("lake"), Delete: &types.Delete{Objects: all}})
	if err != nil || len(out.Errors) > 0 || len(out.Deleted) != 3 {
		t.Errorf("deleted %+v, %v", out, err)
	}
	if list, err := c.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String("lake")}); err != nil || len(list.Contents) != 1 {
		t.Errorf("left %+v, %v; want b/1", list, err)
	}
}
