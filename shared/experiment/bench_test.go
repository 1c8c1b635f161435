package experiment_test

import (
	"testing"

	"liuke/shared/experiment"
)

func BenchmarkAnalyse(b *testing.B) {
	for name, variants := range map[string]int{"two": 2, "ten": 10} {
		b.Run(name, func(b *testing.B) {
			weights, o := make([]int, variants), experiment.Observed{Variants: make([]experiment.Counters, variants)}
			for i := range weights {
				weights[i], o.Variants[i] = 1, arm(int64(50_000+100*i), 1_000_000)
			}
			e := of(weights...)
			for b.Loop() {
				analyse(b, e, o)
			}
		})
	}
}

func BenchmarkAssign(b *testing.B) {
	e := of(1, 1)
	for b.Loop() {
		e.Assign("customer-1234567")
	}
}
