package proxy

import (
	"bytes"
	"encoding/xml"
	"net/http"
	"net/url"
	"strings"

	"liuke/infra/local/iam"
)

// deleteObjectsLimit is more than the XML of the 1,000 keys that one DeleteObjects may name.
const deleteObjectsLimit = 4 << 20

// subresources are the query parameters that make a request to a bucket or object another operation. Those that
// readS3 does not name are refused.
var subresources = []string{
	"accelerate", "acl", "analytics", "attributes", "cors", "delete", "encryption", "intelligent-tiering", "inventory",
	"legal-hold", "lifecycle", "location", "logging", "metrics", "notification", "object-lock", "ownershipControls",
	"policy", "policyStatus", "publicAccessBlock", "replication", "requestPayment", "restore", "retention", "select",
	"tagging", "torrent", "uploads", "versioning", "versions", "website",
}

// readS3 reads a path-style call. The body is left to stream, but for DeleteObjects.
func (p *Proxy) readS3(r *http.Request) (operation, error) {
	path := strings.TrimPrefix(r.URL.Path, "/")
	bucket, key, _ := strings.Cut(path, "/")
	query := r.URL.Query()
	sub := ""
	for _, name := range subresources {
		if query.Has(name) {
			sub = name
		}
	}
	if bucket == "" {
		if r.Method != http.MethodGet {
			return operation{}, unknownS3(r, sub)
		}
		return operation{name: "ListBuckets", calls: []iam.Call{{Action: "s3:ListAllMyBuckets", Resource: "*"}}}, nil
	}
	arn := "arn:aws:s3:::" + bucket
	if key == "" {
		return p.readBucket(r, arn, sub, query)
	}
	return readObject(r, arn+"/"+key, sub, query)
}

func (p *Proxy) readBucket(r *http.Request, arn, sub string, query url.Values) (operation, error) {
	one := func(name, action string) (operation, error) {
		ctx := iam.Context{}
		for _, key := range []string{"prefix", "delimiter", "max-keys"} {
			if query.Has(key) {
				ctx["s3:"+key] = []string{query.Get(key)}
			}
		}
		return operation{name: name, calls: []iam.Call{{Action: "s3:" + action, Resource: arn, Context: ctx}}}, nil
	}
	switch r.Method + " " + sub {
	case "GET ":
		if query.Get("list-type") == "2" {
			return one("ListObjectsV2", "ListBucket")
		}
		return one("ListObjects", "ListBucket")
	case "HEAD ":
		return one("HeadBucket", "ListBucket")
	case "GET versions":
		return one("ListObjectVersions", "ListBucketVersions")
	case "GET uploads":
		return one("ListMultipartUploads", "ListBucketMultipartUploads")
	case "GET location":
		return one("GetBucketLocation", "GetBucketLocation")
	case "POST delete":
		return readDeleteObjects(r, arn)
	default:
		return operation{}, unknownS3(r, sub)
	}
}

func readDeleteObjects(r *http.Request, arn string) (operation, error) {
	body, err := readBody(r, deleteObjectsLimit)
	if err != nil {
		return operation{}, err
	}
	var request struct {
		Objects []struct{ Key string } `xml:"Object"`
	}
	if err := xml.Unmarshal(body, &request); err != nil || len(request.Objects) == 0 {
		return operation{}, refusal{kind: invalid, message: "the request names no objects to delete"}
	}
	op := operation{name: "DeleteObjects", body: body}
	for _, o := range request.Objects {
		op.calls = append(op.calls, iam.Call{Action: "s3:DeleteObject", Resource: arn + "/" + o.Key})
	}
	return op, nil
}

func readObject(r *http.Request, arn, sub string, query url.Values) (operation, error) {
	one := func(name, action string) (operation, error) {
		return operation{name: name, calls: []iam.Call{{Action: "s3:" + action, Resource: arn}}}, nil
	}
	part := func(name string) (operation, error) {
		return operation{name: name, calls: []iam.Call{{Action: "s3:PutObject", Resource: arn}}, upload: true}, nil
	}
	version := ""
	if query.Get("versionId") != "" {
		version = "Version"
	}
	uploading := query.Has("uploadId")
	switch method := r.Method + " " + sub; {
	case method == "GET " && uploading:
		return one("ListParts", "ListMultipartUploadParts")
	case method == "GET ":
		return one("GetObject", "GetObject"+version)
	case method == "HEAD ":
		return one("HeadObject", "GetObject"+version)
	case method == "PUT " && uploading:
		op, err := part("UploadPart")
		return withSource(r, op, err)
	case method == "PUT ":
		op, err := one("PutObject", "PutObject")
		return withSource(r, op, err)
	case method == "POST uploads":
		return part("CreateMultipartUpload")
	case method == "POST " && uploading:
		op, err := part("CompleteMultipartUpload")
		if err == nil {
			op.body, err = readParts(r)
		}
		return op, err
	case method == "DELETE " && uploading:
		return one("AbortMultipartUpload", "AbortMultipartUpload")
	case method == "DELETE ":
		return one("DeleteObject", "DeleteObject"+version)
	case method == "GET tagging":
		return one("GetObjectTagging", "GetObjectTagging")
	case method == "PUT tagging":
		return one("PutObjectTagging", "PutObjectTagging")
	default:
		return operation{}, unknownS3(r, sub)
	}
}

// completeLimit is more than the XML of the 10,000 parts that an upload may have.
const completeLimit = 4 << 20

// readParts reads the list of parts that completes an upload. Its entity tags come in quotation marks, which the SDK
// writes as references; one engine (fauxqs) takes those for letters. Written out they mean the same.
func readParts(r *http.Request) ([]byte, error) {
	body, err := readBody(r, completeLimit)
	if err != nil {
		return nil, err
	}
	body = bytes.ReplaceAll(body, []byte("&#34;"), []byte(`"`))
	return bytes.ReplaceAll(body, []byte("&quot;"), []byte(`"`)), nil
}

// withSource adds what a copy reads.
func withSource(r *http.Request, op operation, err error) (operation, error) {
	source := r.Header.Get("X-Amz-Copy-Source")
	if source == "" || err != nil {
		return op, err
	}
	path, _, _ := strings.Cut(strings.TrimPrefix(source, "/"), "?")
	plain, err := url.PathUnescape(path)
	if err != nil {
		return op, refusal{kind: invalid, message: "x-amz-copy-source is not an escaped path"}
	}
	op.name = "CopyObject"
	op.upload = false
	op.calls = append(op.calls, iam.Call{Action: "s3:GetObject", Resource: "arn:aws:s3:::" + plain})
	return op, nil
}

func unknownS3(r *http.Request, sub string) error {
	what := r.Method
	if sub != "" {
		what += " ?" + sub
	}
	return refusal{kind: unknown, message: "the suite on one machine does not know the S3 operation " + what}
}
