package smtp

import (
	"bytes"
	"fmt"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/textproto"
	"strings"
	"time"

	"liuke/shared/channel"
	"liuke/shared/channel/internal/check"
)

// EntryHeader is the header that holds the ledger's opaque id.
const EntryHeader = "X-Liuke-Entry"

// maxMail is how long a mail may be.
const maxMail = 10 << 20

// compose writes a mail (RFC 5322) with its two parts as alternatives (RFC 2046, 5.1.4), the richer one last. It is ASCII
// but for an address that isn't, in lines that no server finds too long. The message has passed check.Mail: nothing in
// it ends a header.
func (c *Channel) compose(m channel.Message, id string) ([]byte, error) {
	var out bytes.Buffer
	parts := multipart.NewWriter(&out)
	headers := []check.Header{
		{Name: "From", Value: folded(c.from.String())},
		{Name: "To", Value: m.To},
		{Name: "Subject", Value: folded(mime.BEncoding.Encode("utf-8", m.Subject))},
		{Name: "Date", Value: c.config.Now().Format(time.RFC1123Z)},
		{Name: "Message-ID", Value: "<" + id + ">"},
		{Name: EntryHeader, Value: m.Ledger},
	}
	headers = append(headers, check.Unsubscribe(m)...)
	headers = append(headers,
		check.Header{Name: "MIME-Version", Value: "1.0"},
		check.Header{Name: "Content-Type", Value: "multipart/alternative;\r\n boundary=" + parts.Boundary()})
	for _, h := range headers {
		fmt.Fprintf(&out, "%s: %s\r\n", h.Name, h.Value)
	}
	out.WriteString("\r\n")
	for _, p := range []struct{ kind, text string }{{"text/plain", m.Text}, {"text/html", m.HTML}} {
		w, err := parts.CreatePart(textproto.MIMEHeader{
			"Content-Type":              {p.kind + "; charset=utf-8"},
			"Content-Transfer-Encoding": {"quoted-printable"},
		})
		if err != nil {
			return nil, err
		}
		q := quotedprintable.NewWriter(w)
		if _, err := q.Write([]byte(breaks.Replace(p.text))); err != nil {
			return nil, err
		}
		if err := q.Close(); err != nil {
			return nil, err
		}
	}
	if err := parts.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// breaks makes every line break one that quotedprintable reads as such: after a lone CR it drops a later LF.
var breaks = strings.NewReplacer("\r\n", "\n", "\r", "\n")

// folded puts each encoded word of a header's value (RFC 2047) on a line of its own.
func folded(value string) string {
	return strings.ReplaceAll(value, "?= =?", "?=\r\n =?")
}
