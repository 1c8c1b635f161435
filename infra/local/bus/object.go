package bus

import (
	"encoding/json"
	"fmt"
)

// Object is what S3 tells of an object that was made.
type Object struct {
	Bucket, Key string
	Size        int64
	ETag        string // without quotation marks
	Reason      string // "PutObject", "CopyObject" or "CompleteMultipartUpload"
	SourceIP    string
}

// ObjectCreated puts S3's event of an object on the default bus ("EventBridge event message structure", S3 User Guide).
func (b *Buses) ObjectCreated(o Object) error {
	detail, err := json.Marshal(map[string]any{
		"version": "0", "bucket": map[string]string{"name": o.Bucket},
		"object": map[string]any{
			"key": o.Key, "size": o.Size, "etag": o.ETag, "sequencer": fmt.Sprintf("%016X", b.Now().UnixNano()),
		},
		"request-id": newID()[:16], "requester": b.Account, "source-ip-address": o.SourceIP, "reason": o.Reason,
	})
	if err != nil {
		return fmt.Errorf("put the event of an object: %w", err)
	}
	_, err = b.Put(Default, Event{
		Source: "aws.s3", DetailType: "Object Created", Resources: []string{"arn:aws:s3:::" + o.Bucket}, Detail: detail,
	})
	return err
}
