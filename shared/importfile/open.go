package importfile

import (
	"context"
	"encoding/base32"
	"io"
	"strings"
	"time"

	"liuke/shared/fault"
)

// The objects of an import.

// UploadKey is the object that the file is uploaded to.
func UploadKey(id string) string { return keyPrefix + id + "/upload" }

// RefusedKey is the object that holds refused rows as NDJSON, a Refused a line; rows is how many the file had before
// the first that could be among them.
func RefusedKey(id string, rows int64) string {
	digits := []byte("000000000000")
	for i := len(digits) - 1; rows > 0 && i >= 0; i-- {
		digits[i] = byte('0' + rows%10)
		rows /= 10
	}
	return keyPrefix + id + "/refused/" + string(digits) + ".ndjson"
}

const keyPrefix = "imports/"

// IDOf returns the import whose upload the object is; false for another object.
func IDOf(key string) (id string, ok bool) {
	rest, ok := strings.CutPrefix(key, keyPrefix)
	id, whole := strings.CutSuffix(rest, "/upload")
	if !ok || !whole || !IsID(id) {
		return "", false
	}
	return id, true
}

const idLength = 26

// IsID reports whether text has the form of an import's id.
func IsID(text string) bool {
	return len(text) == idLength && strings.Trim(text, "abcdefghijklmnopqrstuvwxyz234567") == ""
}

// Records keeps imports.
type Records interface {
	// CreateImport keeps a new import.
	CreateImport(ctx context.Context, i *Import) error
}

// Uploads lets others upload objects.
type Uploads interface {
	// PresignPut returns an address to which whoever holds it may PUT the object, of exactly so many bytes, until the
	// time is over.
	PresignPut(ctx context.Context, key string, size int64, ttl time.Duration) (url string, err error)
}

// Opener opens imports.
type Opener struct {
	Records Records
	Uploads Uploads
	Now     func() time.Time
	Random  io.Reader // of ids
}

// Ticket is what whoever uploads the file needs: PUT the file to URL before the time is over.
type Ticket struct {
	ID      string    `json:"import_id"`
	URL     string    `json:"upload_url"`
	Expires time.Time `json:"upload_expires_at"`
}

// uploadTime is how long an upload's address is good: S3 looks at it as the upload begins.
const uploadTime = time.Hour

// Open keeps a new import and returns where to upload its file. The request must be valid.
func (o *Opener) Open(ctx context.Context, r Request) (t Ticket, err error) {
	defer fault.Wrap(&err, "open import")
	var random [16]byte
	if _, err := io.ReadFull(o.Random, random[:]); err != nil {
		return t, fault.As(err, fault.Internal, "no random number could be had")
	}
	now := o.Now().UTC().Truncate(time.Millisecond)
	t.ID = strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(random[:]))
	if err := o.Records.CreateImport(ctx, &Import{ID: t.ID, Request: r, State: Waiting, Created: now}); err != nil {
		return t, err
	}
	t.Expires = now.Add(uploadTime)
	t.URL, err = o.Uploads.PresignPut(ctx, UploadKey(t.ID), r.Bytes, uploadTime)
	return t, err
}
