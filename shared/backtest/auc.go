package backtest

import (
	"math"

	"liuke/shared/stats"
)

// AUC is the area under the ROC curve: how likely a customer who ordered ranks above one who did not, ties half. 0.5 says
// nothing, 1 is perfect, and below 0.5 the ranking is upside down.
type AUC struct {
	AUC    float64 `json:"auc"`
	Stderr float64 `json:"stderr"`
	// Low and High are the 95 % interval. Where there is nothing to compare, that is 0 to 1, and AUC is 0.5.
	Low     float64 `json:"low"`
	High    float64 `json:"high"`
	Ordered int64   `json:"ordered"`
	Not     int64   `json:"not"`
}

// AUCOf returns the AUC of groups of ascending scores: exactly the Mann–Whitney statistic over the number of pairs, for up
// to two thousand million customers of each outcome. Its variance is DeLong's (DeLong, DeLong & Clarke-Pearson 1988,
// equations 4 to 6), from the groups alone: of all who ordered, the share of the others that each ranks above, and the
// reverse. The interval is symmetric in the log odds (Pepe 2003, section 5.2), so that it stays within 0..1. A ranking
// without any error has no variance; its interval is Wilson's of as many errors in as many pairs as can be formed
// without taking anybody twice.
func AUCOf(groups []Group) AUC {
	a := AUC{AUC: .5, High: 1}
	for _, g := range groups {
		a.Ordered += g.Ordered
		a.Not += g.Not
	}
	if a.Ordered == 0 || a.Not == 0 {
		return a
	}
	var twice, below int64 // twice the pairs ranked right, a tie as half a pair
	for _, g := range groups {
		twice += g.Ordered * (2*below + g.Not)
		below += g.Not
	}
	n, m := float64(a.Ordered), float64(a.Not)
	a.AUC = float64(twice) / 2 / n / m
	a.Stderr = math.Sqrt(deLong(groups, a.AUC, n, m))
	a.Low, a.High = a.interval()
	return a
}

// deLong returns the variance of an AUC; 0 where either outcome has one customer alone.
func deLong(groups []Group, auc, ordered, not float64) float64 {
	if ordered < 2 || not < 2 {
		return 0
	}
	var ofOrdered, ofNot, below, behind float64 // who did not order below the group; who ordered below it
	for _, g := range groups {
		above := (below+float64(g.Not)/2)/not - auc
		under := (ordered-behind-float64(g.Ordered)/2)/ordered - auc
		ofOrdered += float64(g.Ordered) * above * above
		ofNot += float64(g.Not) * under * under
		below += float64(g.Not)
		behind += float64(g.Ordered)
	}
	return ofOrdered/(ordered-1)/ordered + ofNot/(not-1)/not
}

func (a *AUC) interval() (low, high float64) {
	pairs := min(a.Ordered, a.Not)
	switch {
	case pairs < 2:
		return 0, 1
	case a.Stderr == 0:
		i := stats.Wilson(int64(math.Round(a.AUC*float64(pairs))), pairs)
		return i.Low, i.High
	}
	odds := math.Log(a.AUC / (1 - a.AUC))
	half := stats.Z95 * a.Stderr / (a.AUC * (1 - a.AUC))
	return 1 / (1 + math.Exp(half-odds)), 1 / (1 + math.Exp(-half-odds))
}
