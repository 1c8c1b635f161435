package proxy

import (
	"bytes"
	"io"
	"maps"
	"strconv"
	"strings"
	"sync"
)

// Units are DynamoDB's request units.
type Units struct{ Read, Write float64 }

// usage sums what each function consumed.
type usage struct {
	mu    sync.Mutex
	units map[string]Units
}

func (u *usage) add(function string, read, write float64) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.units == nil {
		u.units = map[string]Units{}
	}
	sum := u.units[function]
	u.units[function] = Units{sum.Read + read, sum.Write + write}
}

// Usage returns the DynamoDB capacity that each function consumed so far, as the engine reported it.
func (p *Proxy) Usage() map[string]Units {
	p.usage.mu.Lock()
	defer p.usage.mu.Unlock()
	return maps.Clone(p.usage.units)
}

// meteredBody sums the capacity that an answer reports, as it passes.
type meteredBody struct {
	io.ReadCloser
	usage    *usage
	function string
	write    bool
	seen     bytes.Buffer
}

// Read passes bytes on and looks at them all at the end.
func (m *meteredBody) Read(b []byte) (int, error) {
	n, err := m.ReadCloser.Read(b)
	m.seen.Write(b[:n])
	if err == io.EOF {
		units := capacity(m.seen.Bytes())
		if m.write {
			m.usage.add(m.function, 0, units)
		} else {
			m.usage.add(m.function, units, 0)
		}
		m.seen.Reset()
	}
	return n, err
}

// capacity sums the members "CapacityUnits" of an answer. An attribute of that name has an object for its value, not
// a number, and a quotation mark within a text is escaped, so that stored data is not taken for it.
func capacity(body []byte) (sum float64) {
	const member = `"CapacityUnits":`
	for {
		i := bytes.Index(body, []byte(member))
		if i < 0 {
			return sum
		}
		body = body[i+len(member):]
		end := bytes.IndexAny(body, ",}")
		if end < 0 {
			return sum
		}
		if n, err := strconv.ParseFloat(strings.TrimSpace(string(body[:end])), 64); err == nil {
			sum += n
		}
	}
}

// bucketOf strips an object's ARN down to its bucket's.
func bucketOf(object string) string {
	bucket, _, _ := strings.Cut(object, "/")
	return bucket
}
