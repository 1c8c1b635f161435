package stats

import (
	"cmp"
	"slices"
)

// Holm returns, for each of several tests' chances, the one that it counts for when all of them are judged together: held
// against a level, no more than that share of such families raises a single false alarm, however the tests depend on each
// other (Holm 1979, "A Simple Sequentially Rejective Multiple Test Procedure"). The order of the tests stays.
func Holm(p []float64) []float64 {
	order := make([]int, len(p))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(p[a], p[b]) })
	out := make([]float64, len(p))
	most := 0.0
	for rank, i := range order {
		most = max(most, min(1, float64(len(p)-rank)*p[i]))
		out[i] = most
	}
	return out
}
