package lake_test

import (
	"bytes"
	"errors"
	"io"
	"iter"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"liuke/infra/local/engine"
	"liuke/shared/fault"
	"liuke/shared/lake"
)

func chunks(list ...[]byte) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for _, c := range list {
			if !yield(c, nil) {
				return
			}
		}
	}
}

func TestStreamsBecomeOneObject(t *testing.T) {
	l := lake.New(engine.Config(engine.StartQueues(t)), engine.NewBucket(t))
	big := bytes.Repeat([]byte("0123456789abcdef"), 1<<16) // 1 MB
	var many [][]byte
	for range 37 {
		many = append(many, big)
	}
	for _, c := range []struct {
		name   string
		chunks [][]byte
	}{
		{"nothing", nil},
		{"one small chunk", [][]byte{[]byte("customer_id\r\n")}},
		{"exactly one piece", many[:8]},
		{"several pieces and a rest", many},
	} {
		t.Run(c.name, func(t *testing.T) {
			if err := l.PutStream(t.Context(), "runs/a/scores.csv", "text/csv", chunks(c.chunks...)); err != nil {
				t.Fatal(err)
			}
			got, err := l.Get(t.Context(), "runs/a/scores.csv")
			if err != nil || !bytes.Equal(got, bytes.Join(c.chunks, nil)) {
				t.Fatalf("%d bytes come back, %v", len(got), err)
			}
			url, err := l.PresignGet(t.Context(), "runs/a/scores.csv", time.Minute)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := http.Get(url)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			if body, err := io.ReadAll(resp.Body); err != nil || !bytes.Equal(body, got) {
				t.Fatalf("through the presigned address: %s, %d bytes, %v", resp.Status, len(body), err)
			}
		})
	}
}

func TestAStreamThatBreaksLeavesNothing(t *testing.T) {
	config, bucket := engine.Config(engine.StartQueues(t)), engine.NewBucket(t)
	l := lake.New(config, bucket)
	broken := errors.New("broken")
	err := l.PutStream(t.Context(), "runs/a/scores.csv", "text/csv", func(yield func([]byte, error) bool) {
		for range 20 {
			if !yield(bytes.Repeat([]byte{'x'}, 1<<20), nil) {
				return
			}
		}
		yield(nil, broken)
	})
	if !errors.Is(err, broken) {
		t.Fatalf("got %v", err)
	}
	if _, err := l.Get(t.Context(), "runs/a/scores.csv"); fault.CodeOf(err) != fault.NotFound || strings.Contains(err.Error(), "scores") {
		t.Errorf("got %v, want that there is no object, without its key", err)
	}
	client := s3.NewFromConfig(config, func(o *s3.Options) { o.UsePathStyle = true })
	if out, err := client.ListMultipartUploads(t.Context(), &s3.ListMultipartUploadsInput{Bucket: &bucket}); err == nil && len(out.Uploads) > 0 {
		t.Errorf("%d uploads are left", len(out.Uploads))
	}
}
