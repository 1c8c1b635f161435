package experiment

import "liuke/shared/money"

// Result is what an experiment's counters mean. Shares and chances are 0..1, money is in minor units of the currency, and
// intervals hold at 95 %. What cannot be said is null.
type Result struct {
	Scene       string         `json:"scene"`
	Currency    money.Currency `json:"currency,omitempty"`
	Verdict     Verdict        `json:"verdict"`
	SampleRatio SampleRatio    `json:"sample_ratio"`
	Variants    []Variation    `json:"variants"`    // in the experiment's order
	Comparisons []Comparison   `json:"comparisons"` // of each other variant with the reference
	Holdout     *Lift          `json:"holdout"`     // null without one
	Notes       []string       `json:"notes,omitempty"`
}

// Code is what a verdict comes to.
type Code string

// The codes.
const (
	SampleRatioOff Code = "sample_ratio_off" // nothing may be concluded
	TooFew         Code = "too_few"          // to say anything
	NotEnough      Code = "not_enough"       // to tell the variants apart yet
	Better         Code = "better"           // than the reference: Verdict.Variant, which may be the reference itself
	Single         Code = "single"           // one variant alone: nothing to compare but with the holdout
)

// Verdict is the result in a sentence.
type Verdict struct {
	Code    Code   `json:"code"`
	Variant string `json:"variant,omitempty"` // of Better
	Text    string `json:"text"`
}

// SampleRatio is whether customers were assigned as the weights say. Where they were not, something loses customers of one
// variant before they are counted, and no comparison can be trusted, however clear it looks (Fabijan et al. 2019,
// "Diagnosing Sample Ratio Mismatch in Online Controlled Experiments").
type SampleRatio struct {
	ChiSquare *float64 `json:"chi_square"` // null where too few were assigned to test, or there is nothing to compare
	Degrees   int      `json:"degrees"`
	P         *float64 `json:"p"`
	Off       bool     `json:"off"` // p is below 0.001
	Text      string   `json:"text"`
}

// Variation is what one variant came to.
type Variation struct {
	Variant
	Counters
	Rates
	RevenueEach     *Mean    `json:"revenue_each"`     // of each assigned customer
	ChanceBest      *float64 `json:"chance_best"`      // that its conversion rate is the highest of all
	ExpectedLoss    *float64 `json:"expected_loss"`    // of conversion rate, by choosing it, against whichever is the highest
	ExpectedLossOne *float64 `json:"customers_to_one"` // customers of whom choosing it loses one conversion on average; null beyond a thousand million
}

// Rates are how many of those assigned came how far.
type Rates struct {
	Send        Share `json:"send_rate"`
	Delivery    Share `json:"delivery_rate"`
	Open        Share `json:"open_rate"` // counted, and never judged by
	Click       Share `json:"click_rate"`
	Conversion  Share `json:"conversion_rate"`
	Unsubscribe Share `json:"unsubscribe_rate"`
	Complaint   Share `json:"complaint_rate"`
}

// Share is a share of those assigned, with Wilson's interval. Of none, the rate is null.
type Share struct {
	Rate *float64 `json:"rate"`
	Low  float64  `json:"low"`
	High float64  `json:"high"`
}

// Mean is a mean with Student's interval, which is null of fewer than two.
type Mean struct {
	Value float64  `json:"value"`
	Low   *float64 `json:"low"`
	High  *float64 `json:"high"`
}

// Comparison is how a variant differs from the reference.
type Comparison struct {
	Variant      string            `json:"variant"`
	Reference    string            `json:"reference"`
	Conversion   RateDifference    `json:"conversion"`
	ChanceBetter *float64          `json:"chance_better"` // P(B > A) of the conversion rates, under uniform priors
	Revenue      RevenueDifference `json:"revenue"`       // of each assigned customer
	Unsubscribe  RateDifference    `json:"unsubscribe"`
	Complaint    RateDifference    `json:"complaint"`
	Text         string            `json:"text"`
}

// RateDifference is by how much a share of those assigned differs from the reference's.
type RateDifference struct {
	Value    *float64 `json:"difference"` // null where an arm is empty
	Low      *float64 `json:"low"`        // Newcombe's, for a single look; null likewise
	High     *float64 `json:"high"`
	Relative *float64 `json:"relative"` // to the reference's share; null where that is 0
	// SingleLookP is that of the two-proportion z-test. It holds for one look at a time that was set beforehand.
	SingleLookP *float64 `json:"single_look_p"`
	// P is always valid: looking early, often, and stopping at any look does no harm. It is 1 while an arm has fewer than 5
	// of either outcome.
	P float64 `json:"always_valid_p"`
	// The interval that goes with the P of this look, of this comparison alone; null while P is no judge yet.
	ValidLow  *float64 `json:"always_valid_low"`
	ValidHigh *float64 `json:"always_valid_high"`
	// HolmP is P held against all other variants' (Holm 1979).
	HolmP float64 `json:"holm_p"`
}

// RevenueDifference is by how much the revenue of each assigned customer differs from the reference's, in minor units.
type RevenueDifference struct {
	Value *float64 `json:"difference"` // null where an arm is empty
	Low   *float64 `json:"low"`        // Welch's, for a single look; null where an arm has fewer than two customers
	High  *float64 `json:"high"`
	P     *float64 `json:"single_look_p"`
	// ValidP is always valid, where the experiment says what difference is looked for and each arm has 30 buyers, before
	// which means of spending are far from normal; else null. It is of this comparison alone.
	ValidP *float64 `json:"always_valid_p"`
	// Adjusted is the same by CUPED (Deng, Xu, Kohavi & Walker 2013, equation 4), narrower by what the customers had spent
	// before; null where Unadjusted says why, and where Value is.
	Adjusted   *Adjusted `json:"adjusted"`
	Unadjusted string    `json:"not_adjusted,omitempty"`
}

// Adjusted is the difference of the means of y − θ (x − x̄): y is what a customer spent in the window and x what that customer
// had spent before, x̄ the mean of x and θ cov(x, y) / var(x), both of the two arms together.
type Adjusted struct {
	Value float64  `json:"difference"`
	Low   *float64 `json:"low"` // Welch's, for a single look; null where an arm has fewer than two customers
	High  *float64 `json:"high"`
	P     *float64 `json:"single_look_p"`
	Theta float64  `json:"theta"`
	// Fell is by what share the variance of the difference is less than the plain one's, at most 1; below 0 where it is more,
	// as it may be by a little where the past foretells nothing. Null where the plain one has none.
	Fell *float64 `json:"variance_fell"`
}

// Lift is what the scene brought about, whichever the variant, against those held out.
type Lift struct {
	Assigned  int64  `json:"assigned"`  // held out
	Converted int64  `json:"converted"` // of them
	Rate      Share  `json:"conversion_rate"`
	Treated   int64  `json:"treated"` // of all variants
	TooFew    bool   `json:"too_few"` // of either arm fewer than 30, or than 5 of either outcome
	Text      string `json:"text"`

	SampleRatio SampleRatio       `json:"sample_ratio"` // by the share held out
	Conversion  RateDifference    `json:"conversion"`
	Revenue     RevenueDifference `json:"revenue"`

	Conversions        Estimate  `json:"incremental_conversions"`
	IncrementalRevenue Estimate  `json:"incremental_revenue"`
	Margin             *Estimate `json:"incremental_margin"` // null where no margin is given
	Cost               *int64    `json:"cost"`               // null where none is given
	Return             *Estimate `json:"roi"`                // (margin − cost) / cost; null without both
}

// Estimate is a figure with its interval; null where it cannot be said.
type Estimate struct {
	Value *float64 `json:"value"`
	Low   *float64 `json:"low"`
	High  *float64 `json:"high"`
}
