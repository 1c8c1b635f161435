package importfile

import (
	"cmp"
	"slices"
	"time"
)

// State is how far an import has come.
type State string

// The states.
const (
	Waiting State = "waiting" // for the upload
	Reading State = "reading"
	Done    State = "done"
	Failed  State = "failed" // the file cannot be read: Reason says why; what was read before is imported
)

// Ended reports whether nothing more happens to an import in the state.
func (s State) Ended() bool { return s == Done || s == Failed }

// Progress is how far the reading of a file has come. Rows counts those that were accepted or refused; it is where the
// next worker goes on.
type Progress struct {
	Rows     int64
	Accepted int64
	Refused  int64
	Bytes    int64 // of the file that have been read
}

// Taken is how many rows were taken as answers of one type to one survey.
type Taken struct {
	Survey string `json:"survey"`
	Type   string `json:"type,omitempty"` // see Row
	Rows   int64  `json:"rows"`
}

// Take returns what was taken once an answer of the type to the survey is: by survey and type, ascending. It may use the
// list that it is given.
func Take(all []Taken, survey, kind string) []Taken {
	t := Taken{Survey: survey, Type: kind, Rows: 1}
	at, found := slices.BinarySearchFunc(all, t, func(a, b Taken) int {
		return cmp.Or(cmp.Compare(a.Survey, b.Survey), cmp.Compare(a.Type, b.Type))
	})
	if found {
		all[at].Rows++
		return all
	}
	return slices.Insert(all, at, t)
}

// Import is the record of one import.
type Import struct {
	ID       string
	Request  Request
	State    State
	Reason   string // of Failed
	Progress Progress
	Taken    []Taken           // the answers among the rows that were accepted, by survey and type
	Tag      string            // the upload's entity tag, "" before it was opened: who goes on reads the same object or none
	Found    map[string]string // which column of the file holds which field, once its header is read
	Worker   string            // who made the last step
	Created  time.Time
	Started  time.Time
	Finished time.Time
}

// KeptFor is how long an import, its upload and its refused rows are kept.
const KeptFor = 28 * 24 * time.Hour

// MaxListed is how many refused rows are listed with an import; all of them are in the lake.
const MaxListed = 1000

// Step is what a worker has made of some rows: what follows the import's progress, with the refused rows among the first
// MaxListed that are new.
type Step struct {
	State    State
	Reason   string
	Progress Progress
	Taken    []Taken
	Tag      string
	Found    map[string]string
	Worker   string
	At       time.Time
	Listed   []Refused
}

// View is an import as operators see it.
type View struct {
	ID       string            `json:"import_id"`
	Kind     Kind              `json:"kind"`
	DryRun   bool              `json:"dry_run"`
	State    State             `json:"state"`
	Reason   string            `json:"reason,omitempty"`
	Columns  map[string]string `json:"columns,omitempty"` // which column of the file holds which field
	Bytes    Share             `json:"bytes"`
	Rows     Rows              `json:"rows"`
	Taken    []Taken           `json:"taken,omitempty"`   // the answers among the rows that were accepted, by survey and type
	Refused  []Refused         `json:"refused,omitempty"` // the first MaxListed, by number
	Created  time.Time         `json:"created_at"`
	Started  time.Time         `json:"started_at,omitzero"`
	Finished time.Time         `json:"finished_at,omitzero"`
}

// Share is how much of something has been done.
type Share struct {
	Done int64 `json:"done"`
	Of   int64 `json:"of"`
}

// Rows counts rows by what became of them.
type Rows struct {
	Read     int64 `json:"read"`
	Accepted int64 `json:"accepted"`
	Refused  int64 `json:"refused"`
}

// View returns the import as operators see it, with the refused rows that are listed.
func (i *Import) View(refused []Refused) View {
	p := i.Progress
	return View{
		ID: i.ID, Kind: i.Request.Kind, DryRun: i.Request.DryRun, State: i.State, Reason: i.Reason, Columns: i.Found,
		Bytes:   Share{p.Bytes, i.Request.Bytes},
		Rows:    Rows{p.Rows, p.Accepted, p.Refused},
		Taken:   i.Taken,
		Refused: refused, Created: i.Created, Started: i.Started, Finished: i.Finished,
	}
}
