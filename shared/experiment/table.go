package experiment

import (
	"fmt"
	"math"
	"strings"
	"unicode/utf8"

	"liuke/shared/money"
)

// columns is how wide lines of text are, but for tables whose cells take more.
const columns = 100

// table is rows of cells, the heads first.
type table [][]string

func (t *table) row(cells ...any) {
	row := make([]string, len(cells))
	for i, c := range cells {
		row[i] = fmt.Sprint(c)
	}
	*t = append(*t, row)
}

// write writes the table behind a blank line and its title, if it has one: the first column from the left, the others, which
// are figures, from the right. Columns in which no row says anything are left out.
func (t table) write(b *strings.Builder, title string) {
	b.WriteString("\n")
	if title != "" {
		b.WriteString(folded(title) + "\n")
	}
	widths, says := make([]int, len(t[0])), make([]bool, len(t[0]))
	for i, row := range t {
		for k, cell := range row {
			widths[k] = max(widths[k], utf8.RuneCountInString(cell))
			says[k] = says[k] || i > 0 && cell != "–"
		}
	}
	for _, row := range t {
		fmt.Fprintf(b, "%-*s", widths[0], row[0])
		for k := 1; k < len(row); k++ {
			if says[k] {
				fmt.Fprintf(b, "  %*s", widths[k], row[k])
			}
		}
		b.WriteString("\n")
	}
}

// folded is a text as lines that are not too long, the further ones indented.
func folded(text string) string {
	var b strings.Builder
	at := 0
	for i, word := range strings.Fields(text) {
		n := utf8.RuneCountInString(word)
		switch {
		case i == 0:
		case at+1+n > columns:
			b.WriteString("\n  ")
			at = 2
		default:
			b.WriteString(" ")
			at++
		}
		b.WriteString(word)
		at += n
	}
	return b.String() + "\n"
}

// between spells an interval, with what its ends are in said once.
func between(low, high *float64, spell func(*float64) string) string {
	if low == nil || high == nil {
		return "–"
	}
	from, to := spell(low), spell(high)
	if at := strings.IndexByte(from, ' '); at > 0 && strings.HasSuffix(to, from[at:]) {
		from = from[:at]
	}
	return from + " to " + to
}

func percent(x *float64) string {
	if x == nil {
		return "–"
	}
	return fmt.Sprintf("%.2f %%", 100**x)
}

// bare spells a difference of shares in percentage points.
func bare(x *float64) string {
	if x == nil {
		return "–"
	}
	return fmt.Sprintf("%+.2f", 100**x)
}

func whole(x *float64) string {
	if x == nil {
		return "–"
	}
	return fmt.Sprintf("%+.0f", *x)
}

func figure(x *float64) string {
	switch {
	case x == nil:
		return "–"
	case *x != 0 && *x < 1e-4:
		return "< 0.0001"
	}
	return fmt.Sprintf("%.4f", *x)
}

// spell is an amount of minor units in the result's currency, to the whole minor unit.
func (r *Result) spell(x *float64) string {
	if x == nil || math.Abs(*x) >= math.MaxInt64 {
		return "–"
	}
	amount := money.Amount(math.Round(*x))
	if r.Currency == "" {
		return fmt.Sprint(int64(amount))
	}
	return r.Currency.Format(amount) + " " + string(r.Currency)
}

// signed is spell with the sign of what is more.
func (r *Result) signed(x *float64) string {
	text := r.spell(x)
	if x != nil && math.Round(*x) > 0 && text != "–" {
		return "+" + text
	}
	return text
}
