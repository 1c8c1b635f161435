package recalc

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"strconv"
	"strings"

	"liuke/shared/customer"
	"liuke/shared/fault"
)

// IndexedPart says which segments the customers of a part are in.
type IndexedPart struct {
	Slice    int              `json:"slice"`
	Part     int              `json:"part"`
	Segments map[string]int64 `json:"segments"`
}

// Objects reads a run's objects; NotFound where there is none.
type Objects interface {
	Get(ctx context.Context, key string) ([]byte, error)
}

// Members is a page of a segment: the ids, and the cursor of the next page, "" where this is the last.
type Members struct {
	Customers []customer.ID
	Next      string
}

// SegmentMembers reads a page of at most limit members of a segment in a run that is done. The cursor is "" or what the
// page before returned; another is Invalid. It reads the parts that hold members alone.
func SegmentMembers(ctx context.Context, objects Objects, run, segment, cursor string, limit int) (Members, error) {
	from, skip, err := parseCursor(cursor)
	if err != nil || limit < 1 {
		return Members{}, fault.At("/cursor", "the cursor or the limit is not valid: take the cursor from the page before, and a limit of 1 or more")
	}
	raw, err := objects.Get(ctx, IndexKey(run))
	if err != nil {
		return Members{}, err
	}
	var index []IndexedPart
	if err := json.Unmarshal(raw, &index); err != nil {
		return Members{}, fault.As(err, fault.Internal, "the index of members is damaged")
	}
	var out Members
	for i := from; i < len(index); i++ {
		n := int(index[i].Segments[segment])
		if n <= skip {
			skip = 0
			continue
		}
		if len(out.Customers) == limit {
			out.Next = formatCursor(i, skip)
			return out, nil
		}
		table, err := objects.Get(ctx, TableKey(run, index[i].Slice, index[i].Part))
		if err != nil {
			return Members{}, err
		}
		ids, err := membersIn(table, segment)
		if err != nil || len(ids) < skip {
			return Members{}, fault.As(err, fault.Internal, "a table of scores is damaged")
		}
		take := min(len(ids)-skip, limit-len(out.Customers))
		out.Customers = append(out.Customers, ids[skip:skip+take]...)
		if skip += take; skip < len(ids) {
			out.Next = formatCursor(i, skip)
			return out, nil
		}
		skip = 0
	}
	return out, nil
}

func membersIn(table []byte, segment string) ([]customer.ID, error) {
	r := csv.NewReader(bytes.NewReader(table))
	r.FieldsPerRecord = len(Columns)
	records, err := r.ReadAll()
	if err != nil {
		return nil, err
	}
	var ids []customer.ID
	for _, rec := range records {
		if rec[columnSegment] == segment {
			ids = append(ids, plain(rec[columnID]))
		}
	}
	return ids, nil
}

func formatCursor(part, skip int) string { return numbered(part, skip) }

func parseCursor(cursor string) (part, skip int, err error) {
	if cursor == "" {
		return 0, 0, nil
	}
	a, b, _ := strings.Cut(cursor, "-")
	part, err = strconv.Atoi(a)
	if err == nil {
		skip, err = strconv.Atoi(b)
	}
	if part < 0 || skip < 0 {
		err = strconv.ErrRange
	}
	return part, skip, err
}
