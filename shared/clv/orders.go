package clv

import (
	"math"

	"liuke/shared/fault"
)

// Model names a model of orders.
type Model string

// The models of orders. Both have four parameters and the same data, so that the greater likelihood fits better.
const (
	ModelBGNBD  Model = "bg_nbd"
	ModelMBGNBD Model = "mbg_nbd"
)

// Orders is a fitted model of when customers order and leave. A customer is given by x repeat purchases, the last t_x
// weeks after the first, T weeks after the first. Implementations are safe for concurrent use.
type Orders interface {
	// Model says which model it is.
	Model() Model
	// Likelihood is the log-likelihood of the parameters, of times in weeks.
	Likelihood() float64
	// Alive returns the probability that a customer has not left.
	Alive(x, tx, t float64) float64
	// Orders returns how many purchases are expected of a customer in the next weeks.
	Orders(weeks, x, tx, t float64) float64
	// OrdersIfAlive returns the same of a customer who has not left.
	OrdersIfAlive(weeks, x, t float64) float64
	// NoneIfAlive returns the probability that a customer who has not left does not purchase in the next weeks.
	NoneIfAlive(weeks, x, t float64) float64
	// NewOrders returns how many repeat purchases are expected in a customer's first weeks.
	NewOrders(weeks float64) float64
	// None returns the probability that a new customer does not purchase again in the first weeks.
	None(weeks float64) float64
}

// BGNBD holds the parameters of a BG/NBD model: purchase rates are Gamma(R, Alpha) a week, and the chance of leaving
// after a repeat purchase is Beta(A, B).
type BGNBD struct {
	R             float64     `json:"r"`
	Alpha         float64     `json:"alpha"` // weeks
	A             float64     `json:"a"`
	B             float64     `json:"b"`
	LogLikelihood float64     `json:"log_likelihood"`
	Errors        OrderErrors `json:"errors,omitzero"`
}

// MBGNBD holds the parameters of an MBG/NBD model, which is BG/NBD but for the chance to leave after the first purchase
// as well as after each repeat purchase.
type MBGNBD BGNBD

// OrderErrors are the standard errors of the parameters of BGNBD and MBGNBD, from the observed information.
type OrderErrors struct {
	R     float64 `json:"r"`
	Alpha float64 `json:"alpha"` // weeks
	A     float64 `json:"a"`
	B     float64 `json:"b"`
}

// How often a customer could have left beside after each repeat purchase.
const (
	chancesBGNBD  = 0
	chancesMBGNBD = 1
)

// Model implements Orders.
func (m *BGNBD) Model() Model { return ModelBGNBD }

// Model implements Orders.
func (m *MBGNBD) Model() Model { return ModelMBGNBD }

// Likelihood implements Orders.
func (m *BGNBD) Likelihood() float64 { return m.LogLikelihood }

// Likelihood implements Orders.
func (m *MBGNBD) Likelihood() float64 { return m.LogLikelihood }

// Alive implements Orders (Fader, Hardie & Lee 2005, equation 11; Fader & Hardie 2008 for its form). It is 1 where x is 0.
func (m *BGNBD) Alive(x, tx, t float64) float64 { return m.alive(x, tx, t, x+chancesBGNBD) }

// Alive implements Orders (Batislam, Denizel & Filiztekin 2007; Hoppe & Wagner 2007). Whoever purchased
// once may have left as well.
func (m *MBGNBD) Alive(x, tx, t float64) float64 { return (*BGNBD)(m).alive(x, tx, t, x+chancesMBGNBD) }

// Orders implements Orders (equation 10 of the paper).
func (m *BGNBD) Orders(weeks, x, tx, t float64) float64 {
	return m.Alive(x, tx, t) * m.OrdersIfAlive(weeks, x, t)
}

// Orders implements Orders.
func (m *MBGNBD) Orders(weeks, x, tx, t float64) float64 {
	return m.Alive(x, tx, t) * m.OrdersIfAlive(weeks, x, t)
}

// OrdersIfAlive implements Orders.
func (m *BGNBD) OrdersIfAlive(weeks, x, t float64) float64 {
	return m.ordersIfAlive(weeks, x, t, x+chancesBGNBD)
}

// OrdersIfAlive implements Orders.
func (m *MBGNBD) OrdersIfAlive(weeks, x, t float64) float64 {
	return (*BGNBD)(m).ordersIfAlive(weeks, x, t, x+chancesMBGNBD)
}

// NoneIfAlive implements Orders: a purchase rate given x purchases in T weeks is Gamma(R + x, Alpha + T).
func (m *BGNBD) NoneIfAlive(weeks, x, t float64) float64 {
	return math.Exp(-(m.R + x) * math.Log1p(weeks/(m.Alpha+t)))
}

// NoneIfAlive implements Orders.
func (m *MBGNBD) NoneIfAlive(weeks, x, t float64) float64 {
	return (*BGNBD)(m).NoneIfAlive(weeks, x, t)
}

// NewOrders implements Orders (equation 9 of the paper).
func (m *BGNBD) NewOrders(weeks float64) float64 { return m.Orders(weeks, 0, 0, 0) }

// NewOrders implements Orders.
func (m *MBGNBD) NewOrders(weeks float64) float64 { return m.Orders(weeks, 0, 0, 0) }

// None implements Orders (equation 8 of the paper, for 0).
func (m *BGNBD) None(weeks float64) float64 { return m.NoneIfAlive(weeks, 0, 0) }

// None implements Orders.
func (m *MBGNBD) None(weeks float64) float64 {
	stays := m.Alive(0, 0, 0)
	return (1 - stays) + stays*m.NoneIfAlive(weeks, 0, 0)
}

// OrdersFit is a fitted model of orders as a record keeps it: one of the fields is set.
type OrdersFit struct {
	BGNBD   *BGNBD  `json:"bg_nbd,omitempty"`
	MBGNBD  *MBGNBD `json:"mbg_nbd,omitempty"`
	Refused string  `json:"refused,omitempty"` // why there is no model
}

// Orders returns the model, nil where it was refused.
func (f *OrdersFit) Orders() Orders {
	switch {
	case f.BGNBD != nil:
		return f.BGNBD
	case f.MBGNBD != nil:
		return f.MBGNBD
	}
	return nil
}

// FitOrders fits a model of orders. Data that do not determine it are no error: the fit says why it was refused. A model
// that there is none of is Invalid.
func FitOrders(c *Counts, model Model) (f OrdersFit, err error) {
	switch model {
	case ModelBGNBD:
		var m BGNBD
		if m, err = FitBGNBD(c); err == nil {
			f.BGNBD = &m
		}
	case ModelMBGNBD:
		var m MBGNBD
		if m, err = FitMBGNBD(c); err == nil {
			f.MBGNBD = &m
		}
	default:
		return f, fault.New(fault.Invalid, "there is no model of orders %q: there are %s and %s", model, ModelBGNBD, ModelMBGNBD)
	}
	f.Refused, err = refusal(err)
	return f, err
}

// refusal turns the Conflict of a fit into its reason.
func refusal(err error) (reason string, other error) {
	if fault.CodeOf(err) == fault.Conflict {
		return err.Error(), nil
	}
	return "", err
}
