package experiment_test

import (
	"fmt"

	"liuke/shared/experiment"
)

func ExampleExperiment_Analyse() {
	e := &experiment.Experiment{
		Scene: "win_back", Salt: "2026-11",
		Variants: []experiment.Variant{{ID: "plain", Weight: 1, Control: true}, {ID: "coupon", Weight: 1}},
		Expected: .02,
	}
	if err := e.Validate(); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("customer-42 gets", e.Variants[e.Assign("customer-42")].ID)
	for _, converted := range []int64{110, 165} {
		r, err := e.Analyse(experiment.Observed{Variants: []experiment.Counters{
			{Assigned: 1990, Converted: 100},
			{Assigned: 2010, Converted: converted},
		}})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(r.Verdict.Text)
	}
	// Output:
	// customer-42 gets coupon
	// too early to tell: the differences are no more than chance makes
	// coupon is better than plain: +3.18 percentage points of conversions, between +0.80 and +5.57 (p = 0.0022)
}
