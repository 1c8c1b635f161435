package bucket

import (
	"bytes"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/google/go-cmp/cmp"
)

func TestWhoeverAsksIsToldOfEachObjectThatIsMade(t *testing.T) {
	var told []Created
	c := serveTold(t, t.TempDir(), func(o Created) {
		o.SourceIP = ""
		told = append(told, o)
	})
	lake := aws.String("lake")
	if err := put(t, c, "imports/a b/upload", "hello", nil); err != nil {
		t.Fatal(err)
	}
	if _, err := c.CopyObject(t.Context(), &s3.CopyObjectInput{Bucket: lake, Key: aws.String("copy"), CopySource: aws.String("lake/imports/a%20b/upload")}); err != nil {
		t.Fatal(err)
	}
	begun, err := c.CreateMultipartUpload(t.Context(), &s3.CreateMultipartUploadInput{Bucket: lake, Key: aws.String("large")})
	if err != nil {
		t.Fatal(err)
	}
	part, err := c.UploadPart(t.Context(), &s3.UploadPartInput{Bucket: lake, Key: aws.String("large"), UploadId: begun.UploadId, PartNumber: aws.Int32(1), Body: bytes.NewReader([]byte("hello"))})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.CompleteMultipartUpload(t.Context(), &s3.CompleteMultipartUploadInput{Bucket: lake, Key: aws.String("large"), UploadId: begun.UploadId,
		MultipartUpload: &types.CompletedMultipartUpload{Parts: []types.CompletedPart{{ETag: part.ETag, PartNumber: aws.Int32(1)}}}}); err != nil {
		t.Fatal(err)
	}
	// None of these makes an object.
	if err := put(t, c, "copy", "again", func(in *s3.PutObjectInput) { in.IfNoneMatch = aws.String("*") }); err == nil {
		t.Error("an object was made although it was there")
	}
	_, missing := c.GetObject(t.Context(), &s3.GetObjectInput{Bucket: lake, Key: aws.String("none")})
	_, err = c.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: lake, Key: aws.String("copy")})
	if missing == nil || err != nil {
		t.Errorf("got %v and deleted with %v", missing, err)
	}
	const hello = "5d41402abc4b2a76b9719d911017c592"
	want := []Created{
		{Bucket: "lake", Key: "imports/a b/upload", Size: 5, ETag: hello, Reason: "PutObject"},
		{Bucket: "lake", Key: "copy", Size: 5, ETag: hello, Reason: "CopyObject"},
		{Bucket: "lake", Key: "large", Size: 5, ETag: hello, Reason: "CompleteMultipartUpload"},
	}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Errorf("-want +told:\n%s", diff)
	}
}
