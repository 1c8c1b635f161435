package economics_test

import (
	"fmt"

	"liuke/shared/economics"
	"liuke/shared/stats"
)

// Of 9,000 customers who were written to 720 bought, of 1,000 who were held out 60; a buyer earns 32, and it cost 4,500.
func ExampleReturnByBuyers() {
	r := economics.ReturnByBuyers(stats.Share{Successes: 720, N: 9000}, stats.Share{Successes: 60, N: 1000}, 32, 4500)
	fmt.Printf("%.0f more buyers, a margin of %.0f, a return of %.0f %%\n", r.Incremental.Value, r.Margin.Value, 100*r.ROI.Value)
	fmt.Printf("between %.0f %% and %.0f %%\n", 100*r.ROI.Low, 100*r.ROI.High)
	// Output:
	// 180 more buyers, a margin of 5760, a return of 28 %
	// between -83 % and 120 %
}

// Six months of different spend, and what each brought beyond the holdout, in cents.
func ExampleFitCurve() {
	c, err := economics.FitCurve([]economics.Point{
		{Spend: 50_000, Margin: 250_000}, {Spend: 100_000, Margin: 440_000}, {Spend: 200_000, Margin: 655_000},
		{Spend: 300_000, Margin: 780_000}, {Spend: 450_000, Margin: 850_000}, {Spend: 600_000, Margin: 885_000},
	}, "EUR")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(c.Sentence("EUR"))
	// Output:
	// One more EUR returns less than it costs above a spend of 2699.02 (95 % interval 2635.39 to 2764.18).
}
