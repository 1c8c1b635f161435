package bucket

import (
	"encoding/hex"
	"net"
	"net/http"
	"strings"
)

// Created is what is told of an object that was made, or made anew.
type Created struct {
	Bucket, Key string
	Size        int64
	ETag        string // without quotation marks
	Reason      string // the call that made it: "PutObject", "CopyObject" or "CompleteMultipartUpload"
	SourceIP    string // of the caller
}

// notifier tells of the objects that calls make.
type notifier struct {
	server  http.Handler
	objects *store
	created func(Created)
}

func (n *notifier) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	reason := makes(r)
	if reason == "" {
		n.server.ServeHTTP(w, r)
		return
	}
	first := &firstWord{ResponseWriter: w, before: func(status int) {
		if status == http.StatusOK {
			n.tell(r, reason)
		}
	}}
	n.server.ServeHTTP(first, r)
	if !first.spoken { // an answer of headers alone, which the server sends when this returns
		first.WriteHeader(http.StatusOK)
	}
}

// makes names the call where it makes an object, and is "" for all others.
func makes(r *http.Request) string {
	query := r.URL.Query()
	_, key := split(r)
	switch {
	case key == "":
		return ""
	case r.Method == http.MethodPost && query.Has("uploadId"):
		return "CompleteMultipartUpload"
	case r.Method != http.MethodPut || query.Has("uploadId") || query.Has("tagging") || query.Has("acl"):
		return ""
	case r.Header.Get("X-Amz-Copy-Source") != "":
		return "CopyObject"
	default:
		return "PutObject"
	}
}

func split(r *http.Request) (bucket, key string) {
	bucket, key, _ = strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	return bucket, key
}

// tell tells of the object, unless it has gone already.
func (n *notifier) tell(r *http.Request, reason string) {
	bucket, key := split(r)
	object, err := n.objects.HeadObject(bucket, key)
	if err != nil {
		return
	}
	source, _, _ := net.SplitHostPort(r.RemoteAddr)
	n.created(Created{Bucket: bucket, Key: key, Size: object.Size, ETag: hex.EncodeToString(object.Hash), Reason: reason, SourceIP: source})
}

// firstWord calls before when the answer's status is known and nothing of it has left.
type firstWord struct {
	http.ResponseWriter
	before func(status int)
	spoken bool
}

func (f *firstWord) WriteHeader(status int) {
	if !f.spoken {
		f.spoken = true
		f.before(status)
	}
	f.ResponseWriter.WriteHeader(status)
}

func (f *firstWord) Write(b []byte) (int, error) {
	if !f.spoken {
		f.WriteHeader(http.StatusOK)
	}
	return f.ResponseWriter.Write(b)
}
