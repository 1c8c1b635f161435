package api

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/binary"
	"io"
	"strings"

	"liuke/shared/fault"
)

// Body returns a request's body, decoded from base64 and gzip, of at most limit bytes after either; what it allocates is
// in proportion to limit, whatever the request holds. It returns TooLarge for more, Unsupported for another content
// encoding than gzip or none, and Invalid for what does not decode.
func Body(r *Request, limit int) ([]byte, error) {
	encoding, err := contentEncoding(r)
	if err != nil {
		return nil, err
	}
	if r.IsBase64Encoded && base64.StdEncoding.DecodedLen(len(r.Body)) > limit+3 || !r.IsBase64Encoded && len(r.Body) > limit {
		return nil, tooLarge(limit)
	}
	raw := []byte(r.Body)
	if r.IsBase64Encoded {
		if raw, err = base64.StdEncoding.DecodeString(r.Body); err != nil {
			return nil, fault.As(err, fault.Invalid, "the body is not valid base64")
		}
	}
	switch {
	case len(raw) > limit:
		return nil, tooLarge(limit)
	case encoding == "gzip":
		return gunzip(raw, limit)
	}
	return raw, nil
}

// contentEncoding returns "gzip", or "" for a body that is sent as it is.
func contentEncoding(r *Request) (string, error) {
	coded := ""
	for name := range strings.SplitSeq(Header(r, "content-encoding"), ",") {
		switch name = strings.ToLower(strings.TrimSpace(name)); {
		case name == "", name == "identity":
		case (name == "gzip" || name == "x-gzip") && coded == "":
			coded = "gzip"
		default:
			return "", fault.New(fault.Unsupported, "this content-encoding is not taken: send the body with gzip, once, or as it is")
		}
	}
	return coded, nil
}

// gunzip unpacks at most limit bytes.
func gunzip(raw []byte, limit int) ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		return nil, fault.As(err, fault.Invalid, "content-encoding says gzip, and the body is not")
	}
	// The last four bytes say how much there is to unpack, or lie: they decide about one allocation alone.
	said := uint64(binary.LittleEndian.Uint32(raw[len(raw)-4:]))
	var out bytes.Buffer
	out.Grow(int(min(said, uint64(limit))) + bytes.MinRead)
	if _, err := out.ReadFrom(io.LimitReader(z, int64(limit)+1)); err != nil {
		return nil, fault.As(err, fault.Invalid, "the gzip body is cut short or damaged")
	}
	if out.Len() > limit {
		return nil, tooLarge(limit)
	}
	return out.Bytes(), nil
}

func tooLarge(limit int) error {
	return fault.New(fault.TooLarge, "the body is over the limit of %d bytes: send less at a time", limit)
}
