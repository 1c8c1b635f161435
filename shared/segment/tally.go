package segment

import (
	"encoding/json"
	"slices"

	"liuke/shared/fault"
)

// Retired stands in a tally for the labels that a model no longer has, which customers still had before.
const Retired Label = "retired"

// Totals are what the customers of one label come to in the window.
type Totals struct {
	Customers int64 `json:"customers"`
	Orders    int64 `json:"orders"`
	Revenue   int64 `json:"revenue"` // minor units, net of refunds
}

// Tally counts customers, orders and revenue by label and moves from label to label, in every model of a set. Tallies of
// the parts of a population merge into that of the whole, in any order and grouping. Its size depends on the set alone.
// The zero value counts no models; merging another into it makes it count that one's. It is not safe for concurrent use.
type Tally struct {
	models []tallied // ascending by name
}

// tallied is one model's part, in JSON as it is.
type tallied struct {
	Name    string   `json:"name"`
	Version int      `json:"version"`
	Labels  []Label  `json:"labels"` // the model's, then Unknown and Retired
	Totals  []Totals `json:"totals"` // by label
	// Moves are customers by the label before and the one after: from × len(Labels) + to. Only those that are not 0 are in
	// the JSON.
	Moves sparse `json:"moves"`
}

// NewTally returns an empty tally of a set's models.
func (s *Set) NewTally() *Tally {
	t := &Tally{}
	for _, m := range s.models {
		labels := append(m.Labels(), Unknown, Retired)
		t.models = append(t.models, tallied{
			Name: m.Name, Version: m.Version, Labels: labels,
			Totals: make([]Totals, len(labels)), Moves: make(sparse, len(labels)*len(labels)),
		})
	}
	return t
}

// Add counts a customer with the labels before and after, and what the customer's orders in the window come to. Models
// that the tally does not count are passed over, and so are moves of who had no label before.
func (t *Tally) Add(before, after Labels, orders, revenue int64) {
	from, to := before.text, after.text
	for i := range t.models {
		m := &t.models[i]
		var was, is string
		was, from, _ = find(from, m.Name)
		is, to, _ = find(to, m.Name)
		if is == "" {
			continue
		}
		at := m.index(is)
		sum := &m.Totals[at]
		sum.Customers++
		sum.Orders += orders
		sum.Revenue += revenue
		if was != "" && was != is {
			m.Moves[m.index(was)*len(m.Labels)+at]++
		}
	}
}

func (m *tallied) index(label string) int {
	for i, l := range m.Labels {
		if string(l) == label {
			return i
		}
	}
	return len(m.Labels) - 1
}

// Merge adds what o counts; o stays as it was. It returns an Internal error where both count models and not the same ones,
// in version and labels.
func (t *Tally) Merge(o *Tally) error {
	switch {
	case len(o.models) == 0:
		return nil
	case len(t.models) == 0:
		for _, m := range o.models {
			m.Labels, m.Totals, m.Moves = slices.Clone(m.Labels), slices.Clone(m.Totals), slices.Clone(m.Moves)
			t.models = append(t.models, m)
		}
		return nil
	}
	same := func(a, b tallied) bool {
		return a.Name == b.Name && a.Version == b.Version && slices.Equal(a.Labels, b.Labels)
	}
	if !slices.EqualFunc(t.models, o.models, same) {
		return fault.New(fault.Internal, "tallies of different models cannot be merged")
	}
	for i := range t.models {
		m, other := &t.models[i], &o.models[i]
		for k, add := range other.Totals {
			sum := &m.Totals[k]
			*sum = Totals{sum.Customers + add.Customers, sum.Orders + add.Orders, sum.Revenue + add.Revenue}
		}
		for k, n := range other.Moves {
			m.Moves[k] += n
		}
	}
	return nil
}

// sparse is counts by index, in JSON pairs of index and count where the count is not 0.
type sparse []int64

// MarshalJSON returns the pairs, ascending by index.
func (s sparse) MarshalJSON() ([]byte, error) {
	pairs := [][2]int64{}
	for i, n := range s {
		if n != 0 {
			pairs = append(pairs, [2]int64{int64(i), n})
		}
	}
	return json.Marshal(pairs)
}

// MarshalJSON returns the tally, of which UnmarshalJSON makes it again.
func (t Tally) MarshalJSON() ([]byte, error) {
	if t.models == nil {
		return []byte("[]"), nil
	}
	return json.Marshal(t.models)
}

// UnmarshalJSON reads what MarshalJSON returned, and returns an Internal error for anything else.
func (t *Tally) UnmarshalJSON(raw []byte) error {
	var read []struct {
		tallied
		Moves [][2]int64 `json:"moves"`
	}
	if err := json.Unmarshal(raw, &read); err != nil {
		return fault.As(err, fault.Internal, "the tally cannot be read")
	}
	t.models = nil
	for _, r := range read {
		n := len(r.Labels)
		m := r.tallied
		if n < 2 || n > MaxLabels+2 || len(m.Totals) != n || len(read) > MaxModels {
			return fault.New(fault.Internal, "the tally of %q is damaged", m.Name)
		}
		m.Moves = make(sparse, n*n)
		for _, pair := range r.Moves {
			if pair[0] < 0 || pair[0] >= int64(n*n) {
				return fault.New(fault.Internal, "the tally of %q is damaged", m.Name)
			}
			m.Moves[pair[0]] = pair[1]
		}
		t.models = append(t.models, m)
	}
	return nil
}

// ModelTotals is what a tally comes to in one model.
type ModelTotals struct {
	Model    string        `json:"model"`
	Version  int           `json:"version"`
	Segments []LabelTotals `json:"segments"` // every label in the model's order, then Unknown where it has customers
	Moves    []Move        `json:"transitions"`
}

// LabelTotals are a label's totals with its name.
type LabelTotals struct {
	Name Label `json:"name"`
	Totals
}

// Move counts customers who went from one label to another.
type Move struct {
	From      Label `json:"from"` // Retired for a label that the model no longer has
	To        Label `json:"to"`
	Customers int64 `json:"customers"`
}

// Models returns what the tally comes to, ascending by model; moves follow the order of labels, from before to.
func (t *Tally) Models() []ModelTotals {
	out := make([]ModelTotals, 0, len(t.models))
	for _, m := range t.models {
		n := len(m.Labels)
		to := ModelTotals{Model: m.Name, Version: m.Version, Segments: []LabelTotals{}, Moves: []Move{}}
		for i, label := range m.Labels {
			if i < n-2 || m.Totals[i].Customers > 0 {
				to.Segments = append(to.Segments, LabelTotals{label, m.Totals[i]})
			}
		}
		for i, customers := range m.Moves {
			if customers > 0 {
				to.Moves = append(to.Moves, Move{m.Labels[i/n], m.Labels[i%n], customers})
			}
		}
		out = append(out, to)
	}
	return out
}
