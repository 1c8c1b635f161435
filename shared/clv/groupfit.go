package clv

import (
	"maps"
	"math"
	"slices"
)

// GroupFits are models fitted to each group, and whether they tell more than one model of all the groups together.
type GroupFits struct {
	Model  Model      `json:"model"`
	Groups []GroupFit `json:"groups"` // by key, the rest last
	// Orders and Spend test the groups' models against one of their customers together, each over the groups that have a
	// model; they are absent where fewer than two have one, or the one of all is refused.
	Orders *Test `json:"orders,omitempty"`
	Spend  *Test `json:"spend,omitempty"`
}

// GroupFit is the fit of one group; of either model, one field is set.
type GroupFit struct {
	Group        string      `json:"group"`
	Rest         bool        `json:"rest,omitempty"` // of the groups that were pooled; their key is ""
	Customers    int64       `json:"customers"`
	Repeaters    int64       `json:"repeaters"`
	Orders       OrdersFit   `json:"orders"`
	Spend        *GammaGamma `json:"spend,omitempty"`
	SpendRefused string      `json:"spend_refused,omitempty"`
}

// Test is a likelihood-ratio test of models of several groups against one model of all of them (Wilks 1938).
type Test struct {
	Statistic float64 `json:"statistic"` // twice the difference of the log-likelihoods
	Degrees   int     `json:"degrees"`   // of freedom: the parameters of a model, times the groups less one
	P         float64 `json:"p"`         // probability of a statistic as large were the groups alike
	Groups    int     `json:"groups"`
}

// Fit fits a model of orders and Gamma-Gamma to each group, of money in so many minor units to a major one. A group
// whose data do not determine a model says so; that is no error. A model that there is none of is Invalid.
func (g *Groups) Fit(model Model, minor int64) (*GroupFits, error) {
	out := &GroupFits{Model: model, Groups: []GroupFit{}}
	var orders, spend comparison
	add := func(f GroupFit, c *Counts) (err error) {
		f.Customers, f.Repeaters = c.Customers()
		if f.Customers == 0 {
			return nil
		}
		if f.Orders, err = FitOrders(c, model); err != nil {
			return err
		}
		if m := f.Orders.Orders(); m != nil {
			orders.add(c, m.Likelihood())
		}
		m, err := FitGammaGamma(c, minor)
		if f.SpendRefused, err = refusal(err); err != nil {
			return err
		}
		if f.SpendRefused == "" {
			f.Spend = &m
			spend.add(c, m.LogLikelihood)
		}
		out.Groups = append(out.Groups, f)
		return nil
	}
	for _, group := range slices.Sorted(maps.Keys(g.apart)) {
		if err := add(GroupFit{Group: group}, g.apart[group]); err != nil {
			return nil, err
		}
	}
	if err := add(GroupFit{Rest: true}, &g.rest); err != nil {
		return nil, err
	}
	if one, err := FitOrders(&orders.all, model); err == nil && one.Orders() != nil {
		out.Orders = orders.test(one.Orders().Likelihood(), 4)
	}
	if one, err := FitGammaGamma(&spend.all, minor); err == nil {
		out.Spend = spend.test(one.LogLikelihood, 3)
	}
	return out, nil
}

// comparison gathers the groups that have a model.
type comparison struct {
	all        Counts
	groups     int
	likelihood float64
}

func (c *comparison) add(counts *Counts, likelihood float64) {
	c.all.Merge(counts)
	c.groups++
	c.likelihood += likelihood
}

func (c *comparison) test(together float64, parameters int) *Test {
	if c.groups < 2 {
		return nil
	}
	t := &Test{Statistic: max(2*(c.likelihood-together), 0), Degrees: parameters * (c.groups - 1), Groups: c.groups}
	t.P = chiSquareAbove(t.Statistic, float64(t.Degrees))
	return t
}

// Of returns the models of a group, each nil where the group has none of its own.
func (f *GroupFits) Of(group string) (Orders, *GammaGamma) {
	var rest *GroupFit
	for i := range f.Groups {
		switch g := &f.Groups[i]; {
		case g.Rest:
			rest = g
		case g.Group == group:
			return g.Orders.Orders(), g.Spend
		}
	}
	if rest != nil {
		return rest.Orders.Orders(), rest.Spend
	}
	return nil, nil
}

// chiSquareAbove returns the probability that a chi-square variable of so many degrees of freedom exceeds x.
func chiSquareAbove(x, degrees float64) float64 {
	if math.IsNaN(x) || x <= 0 {
		return 1
	}
	return gammaAbove(degrees/2, x/2)
}
