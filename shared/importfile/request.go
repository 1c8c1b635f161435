package importfile

import (
	"maps"
	"slices"
	"time"

	"liuke/shared/fault"
	"liuke/shared/money"
	"liuke/shared/request"
)

// Request says what is to be imported and how the file is to be read.
type Request struct {
	Kind Kind `json:"kind"`
	// Bytes is how long the file is; the upload must be exactly as long.
	Bytes int64 `json:"bytes"`
	// Columns names the columns of fields that the file calls otherwise: field → column. A name that is no field is that of
	// a customer's trait, and for answers and Delighted's responses that of a property or the id of a survey's question.
	Columns map[string]string `json:"columns,omitempty"`
	// DryRun only checks: nothing is imported.
	DryRun bool `json:"dry_run,omitempty"`
	// Currency is what amounts are in where their rows do not say; "" is the business's own.
	Currency money.Currency `json:"currency,omitempty"`
	// Survey is what answers are filed under where their rows do not say; "" is DefaultSurvey, and for Delighted's the one
	// that DelightedSurveys says.
	Survey string `json:"survey,omitempty"`
	// AsOf is when the file's customers were as it says, where its rows do not; zero is when the import was asked for.
	AsOf time.Time `json:"as_of,omitzero"`
	// Pool is what codes are imported into; nil for other kinds.
	Pool *Pool `json:"pool,omitempty"`
}

// Limits of a request.
const (
	MaxBytes         = 1 << 30 // of a file
	maxMapped        = 100     // columns that are mapped
	maxRequestBytes  = 64 << 10
	maxMappedName    = 200
	maxSurveyIDBytes = 128
)

// ParseRequest reads a request. It returns an Invalid error with the pointer to what is wrong.
func ParseRequest(body []byte) (r Request, err error) {
	if len(body) > maxRequestBytes {
		return r, fault.New(fault.TooLarge, "the request is longer than %d KB", maxRequestBytes>>10)
	}
	if err := request.Parse(body, &r); err != nil {
		return r, err
	}
	return r, r.Validate()
}

// Validate returns an Invalid error that names the first field that is wrong, and puts the currency into capitals.
func (r *Request) Validate() error {
	switch {
	case !slices.Contains(Kinds(), r.Kind):
		return fault.At("/kind", "kind is orders, customers, answers, pinpoint, delighted or codes")
	case r.Bytes <= 0:
		return fault.At("/bytes", "bytes is how long the file is, and a file that is not empty has some")
	case r.Bytes > MaxBytes:
		return fault.At("/bytes", "a file has at most %d MB: compress it by gzip, or import it in parts", MaxBytes>>20)
	case len(r.Columns) > maxMapped:
		return fault.At("/columns", "at most %d columns can be mapped", maxMapped)
	case len(r.Survey) > maxSurveyIDBytes:
		return fault.At("/survey", "a survey's id has at most %d bytes", maxSurveyIDBytes)
	case !r.AsOf.IsZero() && !inRange(r.AsOf):
		return fault.At("/as_of", "as_of is a time since 1970")
	}
	if err := r.validatePool(); err != nil {
		return err
	}
	for field, name := range r.Columns {
		if field == "" || name == "" || len(field) > maxMappedName || len(name) > maxMappedName {
			return fault.At("/columns", "columns maps fields to the names of the columns that hold them, such as {\"customer_id\":\"id\"}")
		}
	}
	if _, err := r.columns(); err != nil {
		return err
	}
	if r.Currency != "" {
		c, err := money.ParseCurrency(string(r.Currency))
		if err != nil {
			return fault.At("/currency", "%s", sentence(err))
		}
		r.Currency = c
	}
	return nil
}

// fields are the columns that a file of the kind may have.
func (k Kind) fields() []column {
	switch k {
	case Orders:
		return orderColumns()
	case Customers:
		return customerColumns()
	case Answers:
		return answerColumns()
	case Pinpoint:
		return pinpointColumns()
	case Delighted:
		return delightedColumns()
	}
	return nil
}

// columns are the fields with what the request maps beside them.
func (r *Request) columns() ([]column, error) {
	columns := r.Kind.fields()
	extra := r.mappedTraits()
	if len(extra) > 0 && r.Kind != Customers && r.Kind != Answers && r.Kind != Delighted {
		return nil, fault.At("/columns", "there is no field %s: the fields are %s", show(extra[0]), fieldNames(columns))
	}
	for _, name := range extra {
		columns = append(columns, column{field: name})
	}
	return columns, nil
}

// mappedTraits are the mapped names that are no field of the kind, ascending.
func (r *Request) mappedTraits() []string {
	if len(r.Columns) == 0 {
		return nil
	}
	own := r.Kind.fields()
	return slices.DeleteFunc(slices.Sorted(maps.Keys(r.Columns)), func(name string) bool {
		return slices.ContainsFunc(own, func(c column) bool { return c.field == name })
	})
}
