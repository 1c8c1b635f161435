package stats

import "math"

// Sample is what the mean of a sample is judged by.
type Sample struct {
	Mean     float64
	Variance float64 // of the sample, by n − 1
	N        int64
}

// Histogram returns the sample of whole numbers of which counts[i] are first + i. Negative counts count as none.
func Histogram(first int, counts []int64) Sample {
	var s Sample
	for i, n := range counts {
		if n = max(n, 0); n > 0 {
			s.N += n
			s.Mean += float64(n) * (float64(first+i) - s.Mean) / float64(s.N)
		}
	}
	squares := 0.0
	for i, n := range counts {
		from := float64(first+i) - s.Mean
		squares += float64(max(n, 0)) * from * from
	}
	if s.N > 1 {
		s.Variance = squares / float64(s.N-1)
	}
	return s
}

// Stderr is the standard error of the mean: 0 of fewer than two.
func (s Sample) Stderr() float64 {
	if s.N < 2 {
		return 0
	}
	return math.Sqrt(s.Variance / float64(s.N))
}

// Interval is the 95 % interval of the mean (Student 1908). It is not ok of fewer than two, which say nothing of how they
// vary.
func (s Sample) Interval() (i Interval, ok bool) {
	if s.N < 2 {
		return i, false
	}
	half := StudentQuantile(.05, float64(s.N-1)) * s.Stderr()
	return Interval{s.Mean - half, s.Mean + half}, true
}

// Difference is by how much two means, or scores, differ.
type Difference struct {
	Value    float64  // of the second over the first
	Interval Interval // 95 %
	Degrees  float64  // of freedom of Student's t; 0 where the test is by the normal distribution
	P        float64  // two-sided chance of so great a difference where there is none
	Unknown  bool     // a sample of fewer than two says nothing: only Value is set
}

// Welch compares the means of two samples whose variances need not be equal (Welch 1947; degrees of freedom by
// Satterthwaite 1946). Where neither sample varies, the difference is exact and its interval is a point.
func Welch(a, b Sample) Difference {
	d := Difference{Value: b.Mean - a.Mean}
	if a.N < 2 || b.N < 2 {
		d.Unknown = true
		return d
	}
	first, second := a.Variance/float64(a.N), b.Variance/float64(b.N)
	variance := first + second
	if variance <= 0 {
		d.Interval = Interval{d.Value, d.Value}
		d.Degrees = float64(a.N + b.N - 2)
		if d.Value == 0 {
			d.P = 1
		}
		return d
	}
	// of shares of the variance, which cannot overflow
	first, second = first/variance, second/variance
	d.Degrees = 1 / (first*first/float64(a.N-1) + second*second/float64(b.N-1))
	d.P = StudentTail(d.Value/math.Sqrt(variance), d.Degrees)
	half := StudentQuantile(.05, d.Degrees) * math.Sqrt(variance)
	d.Interval = Interval{d.Value - half, d.Value + half}
	return d
}

// Pairs are the moments of a sample of which each member has a value x of before an experiment, which it cannot have
// moved, and a value y of during it. The zero value is empty. Pairs of parts merge (Chan, Golub & LeVeque 1983) but for
// rounding.
type Pairs struct {
	N             int64
	MeanX, MeanY  float64
	SXX, SXY, SYY float64 // sums of squares and products about the means
}

// Add adds a member.
func (p *Pairs) Add(x, y float64) { p.Merge(&Pairs{N: 1, MeanX: x, MeanY: y}) }

// Merge adds the members of o; o stays as it was.
func (p *Pairs) Merge(o *Pairs) {
	n := p.N + o.N
	if n == 0 {
		return
	}
	dx, dy := o.MeanX-p.MeanX, o.MeanY-p.MeanY
	share := float64(o.N) / float64(n)
	weight := float64(p.N) * share
	p.SXX += o.SXX + weight*dx*dx
	p.SXY += o.SXY + weight*dx*dy
	p.SYY += o.SYY + weight*dy*dy
	p.MeanX += share * dx
	p.MeanY += share * dy
	p.N = n
}

// Theta is by how much y moves with x: cov(x, y) / var(x), the θ of CUPED (Deng, Xu, Kohavi & Walker 2013, equation 4). It
// is 0 where x does not vary. Of an experiment it is that of both arms merged.
func (p *Pairs) Theta() float64 {
	if p.SXX <= 0 {
		return 0
	}
	return p.SXY / p.SXX
}

// Adjusted is the sample of y − θ·(x − centre), which has the mean of y where the arms were alike before and a smaller
// variance. Both arms take the same theta and centre: those of the two merged.
func (p *Pairs) Adjusted(theta, centre float64) Sample {
	s := Sample{Mean: p.MeanY - theta*(p.MeanX-centre), N: p.N}
	if p.N > 1 {
		s.Variance = max(0, p.SYY-2*theta*p.SXY+theta*theta*p.SXX) / float64(p.N-1)
	}
	return s
}
