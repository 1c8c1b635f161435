package clv

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// partial is what some lines add to a log-likelihood and its derivatives.
type partial struct {
	value    float64
	gradient vector
	hessian  matrix // the upper triangle
}

func (p *partial) add(o *partial) {
	p.value += o.value
	for i := range dims {
		p.gradient[i] += o.gradient[i]
		for j := i; j < dims; j++ {
			p.hessian[i][j] += o.hessian[i][j]
		}
	}
}

// span is a stretch of lines of one x.
type span struct {
	x        float64
	from, to int
}

// linesAtATime is how many lines a goroutine takes on at a time.
const linesAtATime = 1 << 13

// spansOf divides lines, ascending by x, into spans of at most linesAtATime.
func spansOf(lines []line) (spans []span) {
	for i, l := range lines {
		n := len(spans)
		if n == 0 || spans[n-1].x != float64(l.x) || i-spans[n-1].from == linesAtATime {
			spans = append(spans, span{x: float64(l.x), from: i})
			n++
		}
		spans[n-1].to = i + 1
	}
	return spans
}

// batches groups spans that follow one another into batches of some linesAtATime lines.
func batches(spans []span) (out [][]span) {
	from := 0
	for i := range spans {
		if i+1 == len(spans) || spans[i+1].to-spans[from].from > linesAtATime {
			out = append(out, spans[from:i+1])
			from = i + 1
		}
	}
	return out
}

// total adds up what the spans of all batches come to, on as many processors as there are. The batches and the order of
// their sum do not depend on how many those are, so that the total is the same to the last bit.
func total(work [][]span, each func(span, *partial)) (sum partial) {
	parts := make([]partial, len(work))
	var next atomic.Int64
	run := func() {
		for i := next.Add(1) - 1; i < int64(len(work)); i = next.Add(1) - 1 {
			for _, s := range work[i] {
				each(s, &parts[i])
			}
		}
	}
	var group sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(work)) - 1 {
		group.Go(run)
	}
	run()
	group.Wait()
	for i := range parts {
		sum.add(&parts[i])
	}
	return sum
}
