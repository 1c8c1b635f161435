package lake_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"liuke/infra/local/engine"
	"liuke/shared/fault"
	"liuke/shared/lake"
)

func TestAnUploadIsReadPieceByPiece(t *testing.T) {
	l := lake.New(engine.Config(engine.StartQueues(t)), engine.NewBucket(t))
	const key, text = "imports/a/upload", "a file of some bytes"
	if _, err := l.ReadPiece(t.Context(), key, 0, 10); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("before it is there: %v", err)
	}
	url, err := l.PresignPut(t.Context(), key, int64(len(text)), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(url, "X-Amz-SignedHeaders=content-length%3Bhost") || strings.Contains(strings.ToLower(url), "checksum") {
		t.Errorf("the length is not signed, or a checksum is: %s", url)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPut, url, strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	out, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	out.Body.Close()
	if out.StatusCode != http.StatusOK {
		t.Fatal(out.Status)
	}
	var got strings.Builder
	tag := ""
	for got.Len() < len(text) {
		p, err := l.ReadPiece(t.Context(), key, int64(got.Len()), 7)
		if err != nil || p.Size != int64(len(text)) || p.Tag == "" || tag != "" && p.Tag != tag {
			t.Fatalf("%+v, %v", p, err)
		}
		tag = p.Tag
		got.Write(p.Body)
	}
	if got.String() != text {
		t.Errorf("read %q", got.String())
	}
}
