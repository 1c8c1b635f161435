package backtest

import (
	"cmp"
	"fmt"
	"slices"

	"liuke/shared/customer"
)

// Ranked is a setting with how well it ranks.
type Ranked struct {
	Setting
	AUC AUC `json:"auc"`
}

// Comparator is another ranking of the same customers: Name is for people.
type Comparator struct {
	Name    string
	Ranking *Ranking
}

// Compared is what came of a comparator.
type Compared struct {
	Name    string `json:"name"`
	Unknown int64  `json:"unknown"` // customers whom it does not rank
	AUC     AUC    `json:"auc"`
	Lift    []Lift `json:"lift"`
}

// Result is what a backtest comes to.
type Result struct {
	AsOf        customer.Day `json:"as_of"`
	HoldoutDays int32        `json:"holdout_days"`
	Customers   int64        `json:"customers"` // with an order by AsOf
	Ordered     int64        `json:"ordered"`   // of those, in the time held out
	// Settings are all of the grid, the best first and the simpler first of equals.
	Settings []Ranked `json:"settings"`
	// Chosen is the simplest setting whose AUC is within one standard error of the best one's (the one-standard-error rule
	// of Breiman, Friedman, Olshen & Stone 1984, section 3.4.3), and Lift what its tenths come to.
	Chosen Ranked `json:"chosen"`
	Lift   []Lift `json:"lift"`
	// Others are other rankings of the same customers, of which recency alone is the first.
	Others []Compared `json:"others"`
	// Warnings say what the figures do not carry.
	Warnings []string `json:"warnings"`
}

// Best returns the setting with the greatest AUC.
func (r *Result) Best() Ranked { return r.Settings[0] }

// parts are the tenths that lift is given for.
const parts = 10

// minimumOutcomes is how many customers of either outcome an interval needs to mean anything.
const minimumOutcomes = 30

// Result compares the settings of the same terms with one another and with other rankings.
func (t *Tally) Result(terms *Terms, others ...Comparator) *Result {
	r := &Result{AsOf: terms.AsOf, HoldoutDays: terms.HoldoutDays, Settings: []Ranked{}, Warnings: []string{}}
	at := 0
	for _, days := range terms.Grid.WindowDays {
		for _, bins := range terms.Grid.Bins {
			for _, w := range terms.Grid.Weights {
				r.Settings = append(r.Settings, Ranked{Setting{days, bins, w}, AUCOf(composite(t.cells[at], bins, w))})
			}
			at++
		}
	}
	slices.SortFunc(r.Settings, func(a, b Ranked) int {
		return cmp.Or(cmp.Compare(b.AUC.AUC, a.AUC.AUC), simpler(a.Setting, b.Setting))
	})
	r.choose()
	r.Ordered = r.Chosen.AUC.Ordered
	r.Customers = r.Ordered + r.Chosen.AUC.Not
	r.Lift = LiftOf(t.groups(terms, r.Chosen.Setting), parts)
	for _, o := range slices.Concat([]Comparator{{"recency alone", &t.recency}}, others) {
		r.Others = append(r.Others, Compared{o.Name, o.Ranking.Unknown(), o.Ranking.AUC(), o.Ranking.Lift(parts)})
	}
	r.warn()
	return r
}

func (r *Result) choose() {
	best := r.Best()
	r.Chosen = best
	for _, s := range r.Settings {
		if s.AUC.AUC < best.AUC.AUC-best.AUC.Stderr {
			break
		}
		if simpler(s.Setting, r.Chosen.Setting) < 0 {
			r.Chosen = s
		}
	}
}

func (r *Result) warn() {
	warn := func(format string, args ...any) { r.Warnings = append(r.Warnings, fmt.Sprintf(format, args...)) }
	best := r.Best()
	if best.AUC.Ordered < minimumOutcomes || best.AUC.Not < minimumOutcomes {
		warn("%d customers ordered in the time held out and %d did not: fewer than %d of either are too few to choose by", best.AUC.Ordered, best.AUC.Not, minimumOutcomes)
	}
	alike := 0
	for _, s := range r.Settings[1:] {
		if s.AUC.High >= best.AUC.Low {
			alike++
		}
	}
	if alike > 0 {
		warn("the intervals of %d other settings overlap the best one's: on these customers they cannot be told apart", alike)
	}
	if r.Chosen != best {
		warn("%s is indistinguishable from the best, %s, and simpler", r.Chosen.Setting, best.Setting)
	}
	for _, o := range r.Others {
		switch {
		case best.AUC.Ordered == 0 || best.AUC.Not == 0:
		case o.AUC.AUC >= r.Chosen.AUC.AUC:
			warn("%s ranks as well as the chosen setting or better", o.Name)
		case o.AUC.AUC >= best.AUC.AUC-best.AUC.Stderr:
			warn("%s is within one standard error of the best setting as well", o.Name)
		}
	}
	if best.AUC.AUC <= .5 && best.AUC.Ordered > 0 && best.AUC.Not > 0 {
		warn("no setting ranks better than chance")
	}
}

// String names a setting for people, such as "R+F in 5 bins over 365 days".
func (s Setting) String() string {
	return fmt.Sprintf("%s in %d bins over %s", s.Weights, s.Bins, span(s.WindowDays))
}

func span(days int32) string {
	if days == 0 {
		return "the whole history"
	}
	return fmt.Sprintf("%d days", days)
}

// groups returns the customers by the composite score of a setting of the terms.
func (t *Tally) groups(terms *Terms, s Setting) []Group {
	row, column := slices.Index(terms.Grid.WindowDays, s.WindowDays), slices.Index(terms.Grid.Bins, s.Bins)
	return composite(t.cells[row*len(terms.Grid.Bins)+column], s.Bins, s.Weights)
}

// composite sums the outcomes of equal composite scores.
func composite(cells []outcomes, bins int, w Weights) []Group {
	sums := make([]outcomes, w.of(bins, bins, bins)+1)
	for i, c := range cells {
		at := &sums[w.of(1+i/bins/bins, 1+i/bins%bins, 1+i%bins)]
		at.ordered += c.ordered
		at.not += c.not
	}
	var out []Group
	for score, c := range sums {
		if c.ordered+c.not > 0 {
			out = append(out, Group{float64(score), c.ordered, c.not})
		}
	}
	return out
}
