package economics

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"liuke/shared/money"
)

// Text renders the report as plain tables, for a terminal. Money is in major units.
func (r *Report) Text() string {
	var b strings.Builder
	if r.Reason != "" {
		return fmt.Sprintf("Economics as of %s: %s\n", r.AsOf, r.Reason)
	}
	p := printer{&b, r.Currency}
	fmt.Fprintf(&b, "Acquisition as of %s, %s at a margin of %s\n\n", r.AsOf, r.Currency, share(r.Margin))
	fmt.Fprintf(&b, "%-8s %-20s%10s%14s%10s%12s%9s%12s%9s\n", "month", "channel", "customers", "cost", "CAC", "simple CLV", "ROI", "model CLV", "ROI")
	for i := range r.Acquisition {
		p.acquisition(&r.Acquisition[i])
	}
	b.WriteString("all: the months that have costs, or every month of a channel without; model CLV: margin to date and that to come\n\n")
	p.retention(r.Retention)
	b.WriteString("\n")
	if r.Curve == nil {
		fmt.Fprintf(&b, "No curve of marginal returns: %s\n", r.NoCurve)
		return b.String()
	}
	b.WriteString(r.Curve.Sentence(r.Currency))
	b.WriteString("\n")
	for _, a := range r.Curve.Alternatives {
		fmt.Fprintf(&b, "  the %s curve would say %s (likelihood %.2f of the best)\n", a.Family, p.float(a.BreakEven.Value), a.Likelihood)
	}
	return b.String()
}

type printer struct {
	*strings.Builder
	currency money.Currency
}

func (p *printer) acquisition(a *Acquisition) {
	fmt.Fprintf(p, "%-8s %s%10d%14s%10s%12s%9s%12s%9s", a.Month, padded(a.Channel, 20), a.Customers, p.currency.Format(a.Cost),
		p.optional(a.CAC), p.optional(a.SimpleCLV), percentOf(a.SimpleROI), p.optional(a.ModelCLV), percentOf(a.ModelROI))
	if a.Reason != "" {
		fmt.Fprintf(p, "  %s", a.Reason)
	}
	p.WriteString("\n")
}

func (p *printer) retention(r *Retention) {
	if r.From == "" {
		fmt.Fprintf(p, "Retention: %s\n", r.Reason)
		return
	}
	fmt.Fprintf(p, "Retention from %s through %s, at a cost of %s\n\n%-10s%12s%10s%10s%16s\n", r.From, r.Through, p.currency.Format(r.Cost), "", "customers", "buyers", "orders", "net")
	for _, arm := range []struct {
		name string
		*Arm
	}{{"treated", &r.Treated}, {"held out", &r.Held}} {
		net, err := strconv.ParseInt(arm.Net.String(), 10, 64)
		text := p.currency.Format(money.Amount(net))
		if err != nil {
			text = arm.Net.String() + " minor"
		}
		fmt.Fprintf(p, "%-10s%12d%10d%10d%16s\n", arm.name, arm.Customers, arm.Buyers, arm.Orders, text)
	}
	if r.Reason != "" {
		fmt.Fprintf(p, "%s\n", r.Reason)
	}
	for _, by := range []struct {
		name string
		*Return
	}{{"buyers", r.ByBuyers}, {"revenue", r.ByRevenue}} {
		if by.Return == nil {
			continue
		}
		fmt.Fprintf(p, "by %s: %s more (%s to %s, p %s), margin %s (%s to %s)", by.name, p.float(by.Incremental.Value),
			p.float(by.Incremental.Low), p.float(by.Incremental.High), chance(by.P), p.float(by.Margin.Value), p.float(by.Margin.Low), p.float(by.Margin.High))
		if by.ROI != nil {
			fmt.Fprintf(p, ", ROI %s (%s to %s)", share(by.ROI.Value), share(by.ROI.Low), share(by.ROI.High))
		}
		p.WriteString("\n")
	}
}

// Sentence says where one more unit of spend returns less than it costs.
func (c *Curve) Sentence(currency money.Currency) string {
	p := printer{nil, currency}
	if c.BreakEven.Value == 0 {
		return fmt.Sprintf("Not even the first %s of spend returns what it costs: it brings %s.", currency, p.float(c.First))
	}
	s := fmt.Sprintf("One more %s returns less than it costs above a spend of %s (95 %% interval %s to %s).", currency,
		p.float(c.BreakEven.Value), p.float(c.BreakEven.Low), p.float(c.BreakEven.High))
	if c.Beyond {
		s += " That is more than was ever spent: take it for a direction, not a figure."
	}
	return s
}

func (p *printer) float(v float64) string {
	return strconv.FormatFloat(v, 'f', p.currency.Exponent(), 64)
}

func (p *printer) optional(v *float64) string {
	if v == nil {
		return "–"
	}
	return p.float(*v)
}

func chance(p float64) string {
	if p < .0001 {
		return "below 0.0001"
	}
	return strconv.FormatFloat(p, 'f', 4, 64)
}

func share(v float64) string { return strconv.FormatFloat(100*v, 'f', 1, 64) + " %" }

func percentOf(v *float64) string {
	if v == nil {
		return "–"
	}
	return share(*v)
}

// padded fills text with spaces up to a number of characters, and cuts it there.
func padded(s string, width int) string {
	if n := utf8.RuneCountInString(s); n < width {
		return s + strings.Repeat(" ", width-n)
	}
	return string([]rune(s)[:width-1]) + " "
}
