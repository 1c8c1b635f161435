package importfile

import (
	"errors"
	"io"
	"slices"
	"time"

	"liuke/shared/fault"
	"liuke/shared/offer"
)

// Pool is the pool that a file of codes is imported into, as a request describes it. One that only names it takes the pool as
// it is, or makes it with nothing said of it; one that says more is what the pool is from then on.
type Pool struct {
	ID             string    `json:"id"`
	Scenes         []string  `json:"scenes,omitempty"`           // that may give its codes; none for all
	Mask           string    `json:"mask,omitempty"`             // how its codes are spelled: # a digit, @ a letter, ? either
	Expires        time.Time `json:"expires,omitzero"`           // when the shop stops taking them; zero for never
	LeastValidDays int       `json:"least_valid_days,omitempty"` // for how long one must be good when it is given
}

// maxValidDays bounds for how long a code must be good.
const maxValidDays = 3650

// Offer is the pool itself.
func (p *Pool) Offer() *offer.Pool {
	return &offer.Pool{ID: p.ID, Scenes: slices.Clone(p.Scenes), Mask: p.Mask, Expires: p.Expires.UTC(), LeastValid: time.Duration(p.LeastValidDays) * 24 * time.Hour}
}

// Bare reports whether the request only names the pool.
func (p *Pool) Bare() bool {
	return len(p.Scenes) == 0 && p.Mask == "" && p.Expires.IsZero() && p.LeastValidDays == 0
}

func (r *Request) validatePool() error {
	switch {
	case r.Kind != Codes && r.Pool != nil:
		return fault.At("/pool", "pool is that of an import of codes")
	case r.Kind != Codes:
		return nil
	case r.Pool == nil:
		return fault.At("/pool", "pool says which pool the codes are of, such as {\"id\":\"winback10\"}")
	case len(r.Columns) > 0:
		return fault.At("/columns", "no columns are mapped of codes: name their column code, or leave out all others")
	case r.Pool.LeastValidDays < 0 || r.Pool.LeastValidDays > maxValidDays:
		return fault.At("/pool/least_valid_days", "a code is good for 0 to %d days", maxValidDays)
	}
	var at *fault.Error
	if err := r.Pool.Offer().Validate(); errors.As(err, &at) {
		return fault.At("/pool"+at.Pointer, "%s", at.Message)
	}
	return nil
}

// code reads the next row of a file of codes.
func (f *Reader) code() (Row, error) {
	row, err := f.codes.Next()
	var refused *offer.Refused
	switch {
	case err == nil:
		return Row{Number: row.Number, Code: row.Code}, nil
	case errors.As(err, &refused):
		return Row{}, &Refused{Number: refused.Number, Reason: refused.Reason}
	case errors.Is(err, io.EOF):
		return Row{}, err
	case fault.CodeOf(err) == fault.TooLarge:
		return Row{}, fault.New(fault.Invalid, "%s", sentence(err))
	}
	return Row{}, err
}
