package backtest

import (
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"liuke/shared/customer"
)

// Text returns the result as plain text: the best settings, as many as are asked for, the other rankings, the lift of the
// chosen setting by tenths, and the warnings.
func (r *Result) Text(most int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d customers as of %s, of whom %d ordered in the %d days after it\n\n",
		r.Customers, customer.DayTime(r.AsOf).Format(time.DateOnly), r.Ordered, r.HoldoutDays)
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "window\tbins\tweights\tAUC\t95 % interval\t")
	for i, s := range r.Settings {
		if i >= most {
			break
		}
		mark := ""
		if s == r.Chosen {
			mark = "chosen: the simplest within one standard error of the best"
		}
		fmt.Fprintf(w, "%s\t%d\t%s\t%s\t%s\n", span(s.WindowDays), s.Bins, s.Weights, figures(s.AUC), mark)
	}
	if i := indexOf(r.Settings, r.Chosen); i >= most {
		fmt.Fprintf(w, "%s\t%d\t%s\t%s\tchosen: number %d, the simplest within one standard error of the best\n", span(r.Chosen.WindowDays), r.Chosen.Bins, r.Chosen.Weights, figures(r.Chosen.AUC), i+1)
	}
	for _, o := range r.Others {
		fmt.Fprintf(w, "%s\t\t\t%s\t\n", o.Name, figures(o.AUC))
	}
	w.Flush()
	if len(r.Lift) > 0 {
		fmt.Fprintf(&b, "\nThe tenths of the customers by the chosen setting, %s, the best first:\n\n", r.Chosen.Setting)
		fmt.Fprintln(w, "tenth\tcustomers\tordered\tshare\t95 % interval\tlift\tover the others\tcaptured\t")
		for i, l := range r.Lift {
			fmt.Fprintf(w, "%d\t%d\t%d\t%.3f\t%.3f–%.3f\t%.2f\t%+.3f (%+.3f to %+.3f)\t%.0f %%\t\n",
				i+1, l.Customers, l.Ordered, l.Share, l.Low, l.High, l.Lift, l.Gain, l.GainLow, l.GainHigh, 100*l.Captured)
		}
		w.Flush()
	}
	for i, warning := range r.Warnings {
		if i == 0 {
			b.WriteString("\n")
		}
		fmt.Fprintf(&b, "note: %s\n", warning)
	}
	return b.String()
}

func figures(a AUC) string { return fmt.Sprintf("%.4f\t%.4f–%.4f", a.AUC, a.Low, a.High) }

func indexOf(list []Ranked, r Ranked) int {
	for i := range list {
		if list[i] == r {
			return i
		}
	}
	return -1
}
