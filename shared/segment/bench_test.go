package segment_test

import (
	"math/rand/v2"
	"testing"

	"liuke/shared/segment"
)

// crowd returns customers of all kinds, and the labels that they have.
func crowd(l *segment.Labeler) ([]segment.Facts, []segment.Labels) {
	random := rand.New(rand.NewPCG(1, 2))
	out := make([]segment.Facts, 1024)
	labels := make([]segment.Labels, len(out))
	for i := range out {
		f := people[i%10].with()
		f[segment.R], f[segment.F], f[segment.M] = float64(1+random.IntN(5)), float64(1+random.IntN(5)), float64(1+random.IntN(5))
		f[segment.Risk] = 100 * random.Float64()
		f[segment.Monetary] *= 2 * random.Float64()
		out[i] = f
		labels[i] = l.Label(&f, segment.Labels{})
	}
	return out, labels
}

// BenchmarkLabel labels a customer in all built-in models. Most customers stay where they are: what that costs is printed
// as a share of what it costs to label a customer anew.
func BenchmarkLabel(b *testing.B) {
	l := builtIn(b).Compile(shop)
	customers, standing := crowd(l)
	run := func(b *testing.B, standing func(i int) segment.Labels) float64 {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			at := i % len(customers)
			l.Label(&customers[at], standing(at))
		}
		return float64(b.Elapsed()) / float64(b.N)
	}
	var anew float64
	b.Run("anew", func(b *testing.B) { anew = run(b, func(int) segment.Labels { return segment.Labels{} }) })
	b.Run("stays", func(b *testing.B) {
		stays := run(b, func(i int) segment.Labels { return standing[i] })
		if anew > 0 { // both were asked for
			b.ReportMetric(stays/anew, "of-anew")
		}
	})
}

func BenchmarkTally(b *testing.B) {
	set := builtIn(b)
	_, standing := crowd(set.Compile(shop))
	tally := set.NewTally()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		tally.Add(standing[i%len(standing)], standing[i/7%len(standing)], 3, 100)
	}
}

func BenchmarkParseLabels(b *testing.B) {
	_, standing := crowd(builtIn(b).Compile(shop))
	text := standing[0].String()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := segment.ParseLabels(text); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkBuiltIn(b *testing.B) {
	for b.Loop() {
		builtIn(b)
	}
}
