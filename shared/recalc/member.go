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
	"liuke/shared/segment"
	"liuke/shared/sheet"
)

// Index says where the members of each label of each model are.
type Index struct {
	Models []string      `json:"models"` // in the order of the table's columns
	Parts  []IndexedPart `json:"parts"`
}

// IndexedPart says how many customers of a part have each label, by model.
type IndexedPart struct {
	Slice  int                                `json:"slice"`
	Part   int                                `json:"part"`
	Labels map[string]map[segment.Label]int64 `json:"labels"`
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

// SegmentMembers reads a page of at most limit members of a segment of a model in a run that is done. The cursor is "" or
// what the page before returned; another is Invalid. It reads the parts that hold members alone, and returns NotFound
// where the run did not know the model.
func SegmentMembers(ctx context.Context, objects Objects, run, model string, label segment.Label, cursor string, limit int) (Members, error) {
	from, skip, err := parseCursor(cursor)
	if err != nil || limit < 1 {
		return Members{}, fault.At("/cursor", "the cursor or the limit is not valid: take the cursor from the page before, and a limit of 1 or more")
	}
	raw, err := objects.Get(ctx, IndexKey(run))
	if err != nil {
		return Members{}, err
	}
	var index Index
	if err := json.Unmarshal(raw, &index); err != nil {
		return Members{}, fault.As(err, fault.Internal, "the index of members is damaged")
	}
	column, known := index.column(model)
	if !known {
		return Members{}, fault.New(fault.NotFound, "the run did not know the model %s: start another", model)
	}
	var out Members
	for i := from; i < len(index.Parts); i++ {
		n := int(index.Parts[i].Labels[model][label])
		if n <= skip {
			skip = 0
			continue
		}
		if len(out.Customers) == limit {
			out.Next = formatCursor(i, skip)
			return out, nil
		}
		table, err := objects.Get(ctx, TableKey(run, index.Parts[i].Slice, index.Parts[i].Part))
		if err != nil {
			return Members{}, err
		}
		ids, err := membersIn(table, column, label)
		if err != nil {
			return Members{}, fault.As(err, fault.Internal, "a table of scores is damaged")
		}
		if len(ids) < skip {
			return Members{}, fault.New(fault.Internal, "a table of scores has %d members, and the index knows %d", len(ids), n)
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

func membersIn(table []byte, column int, label segment.Label) ([]customer.ID, error) {
	records, err := csv.NewReader(bytes.NewReader(table)).ReadAll()
	if err != nil {
		return nil, err
	}
	var ids []customer.ID
	for _, rec := range records {
		if len(rec) > column && sheet.Plain(rec[column]) == string(label) {
			ids = append(ids, customer.ID(sheet.Plain(rec[columnID])))
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
