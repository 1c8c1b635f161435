package proxy

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

func TestAPresignedUploadTakesWhatWasSignedFor(t *testing.T) {
	b := setup(t, nil, nil, allow("BUCKET/imports/*", "s3:PutObject"))
	presign := func(key string, length *int64) string {
		signed, err := s3.NewPresignClient(b.s3()).PresignPutObject(t.Context(), &s3.PutObjectInput{Bucket: &b.bucket, Key: &key, ContentLength: length},
			s3.WithPresignExpires(time.Minute))
		if err != nil {
			t.Fatal(err)
		}
		return signed.URL
	}
	for _, c := range []struct {
		name, url, body string
		status          int
		message         string
	}{
		{"an upload of any length, where none was signed", presign("imports/1/upload", nil), "a,b", 200, ""},
		{"an upload of the length that was signed", presign("imports/2/upload", aws.Int64(3)), "a,b", 200, ""},
		{"a longer upload than was signed", presign("imports/3/upload", aws.Int64(3)), "a,b,c", 403, "signature does not match"},
		{"an upload of nothing where a length was signed", presign("imports/3/upload", aws.Int64(3)), "", 403, "signature does not match"},
		{"an upload to where the function may not write", presign("runs/1", nil), "a", 403, "s3:PutObject on bucket Lake/runs/1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := http.NewRequest(http.MethodPut, c.url, strings.NewReader(c.body))
			if err != nil {
				t.Fatal(err)
			}
			response, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			body, err := io.ReadAll(response.Body)
			if err != nil {
				t.Fatal(err)
			}
			if response.StatusCode != c.status || !strings.Contains(string(body), c.message) {
				t.Errorf("answered %d %s, want %d %q", response.StatusCode, body, c.status, c.message)
			}
		})
	}
}
