package segment

import (
	"math"

	"liuke/shared/fault"
)

// Input is something that a rule may look at.
type Input uint8

// The inputs. Info says what each is.
const (
	R Input = iota
	F
	M
	RecencyDays
	Frequency
	Monetary
	Orders
	TenureDays
	Alive
	ExpectedOrders
	CLV
	Risk
	Health
	Overdue
	Activity
	ActivityTrend
	Tickets
	OpenTickets
	Complaints
	NPS
	CSAT
	CES
	Referrals
	Reviews
	CheckIns

	inputs // how many facts there are

	// Points is what a weighted model makes of the facts, 0 to 100: an input of its rules that is no fact.
	Points = inputs
)

// Facts are what is known of a customer, by Input. NaN is what is missing.
type Facts [inputs]float64

// Missing returns the facts of a customer of whom nothing is known: where to start from.
func Missing() Facts {
	var f Facts
	for i := range f {
		f[i] = math.NaN()
	}
	return f
}

// InputInfo describes an input.
type InputInfo struct {
	Name     string  // as rules have it
	Doc      string  // one sentence
	Unit     string  // "score", "days", "orders", "money" (major units of the business's currency), "events", …
	Min, Max float64 // ±Inf where there is no limit
	Whole    bool    // whole numbers alone
	Ranked   bool    // whether rules may compare with the population: a run tallies its exact distribution
}

var inf = math.Inf(1)

var infos = [inputs + 1]InputInfo{
	R:              {"r", "Score of recency among the customers of the run, 5 for those who ordered last.", "score", 1, 5, true, false},
	F:              {"f", "Score of frequency among the customers of the run, 5 for the most frequent.", "score", 1, 5, true, false},
	M:              {"m", "Score of monetary value among the customers of the run, 5 for the highest.", "score", 1, 5, true, false},
	RecencyDays:    {"recency_days", "Days from the last order to the day of the run, whether or not the window holds that order.", "days", 0, inf, true, true},
	Frequency:      {"frequency", "Orders in the run's window.", "orders", 0, inf, true, true},
	Monetary:       {"monetary", "What the orders in the run's window are worth, net of refunds.", "money", -inf, inf, false, true},
	Orders:         {"orders", "Orders ever, until the day of the run.", "orders", 0, inf, true, false},
	TenureDays:     {"tenure_days", "Days from the first order to the day of the run.", "days", 0, inf, true, false},
	Alive:          {"p_alive", "Probability that the customer still buys at all, by the fitted model of purchases.", "probability", 0, 1, false, false},
	ExpectedOrders: {"expected_orders_90d", "Orders to expect in the next 90 days, by the fitted model of purchases.", "orders", 0, inf, false, false},
	CLV:            {"clv", "Discounted margin to expect of the customer.", "money", -inf, inf, false, false},
	Risk:           {"risk", "Risk of churn, 100 for certainty.", "points", 0, 100, false, false},
	Health:         {"health", "Health score, 100 for the best.", "points", 0, 100, false, false},
	Overdue:        {"overdue", "Time since the last order as a multiple of the customer's own usual gap between orders.", "ratio", 0, inf, false, false},
	Activity:       {"activity_90d", "Events of any kind in the last three months or so, counted by month.", "events", 0, inf, true, false},
	ActivityTrend:  {"activity_trend", "Monthly mean of events in the last three months as a multiple of that in the nine before.", "ratio", 0, inf, false, false},
	Tickets:        {"tickets_90d", "Tickets opened in the last three months or so, counted by month.", "tickets", 0, inf, true, false},
	OpenTickets:    {"open_tickets", "Tickets opened and not resolved.", "tickets", 0, inf, true, false},
	Complaints:     {"complaints_90d", "Complaints filed in the last three months or so, counted by month.", "complaints", 0, inf, true, false},
	NPS:            {"nps", "Last answer to how likely the customer is to recommend the business.", "answer", 0, 10, true, false},
	CSAT:           {"csat", "Last answer to how satisfied the customer is.", "answer", 1, 5, true, false},
	CES:            {"ces", "Last answer to how easy it was to get help.", "answer", 1, 7, true, false},
	Referrals:      {"referrals", "Other customers referred, ever.", "referrals", 0, inf, true, false},
	Reviews:        {"reviews", "Reviews written, ever.", "reviews", 0, inf, true, false},
	CheckIns:       {"check_ins", "Check-ins, ever.", "check-ins", 0, inf, true, false},
	Points:         {"points", "What a weighted model makes of its inputs, 100 for the most that there is.", "points", 0, 100, false, false},
}

// Info describes the input.
func (i Input) Info() InputInfo { return infos[i] }

// String returns the input's name as rules have it.
func (i Input) String() string { return infos[i].Name }

// MarshalText returns the input's name.
func (i Input) MarshalText() ([]byte, error) {
	if i > Points {
		return nil, fault.New(fault.Internal, "there is no input of number %d", i)
	}
	return []byte(i.String()), nil
}

// UnmarshalText reads what MarshalText returned. It returns an Internal error for anything else.
func (i *Input) UnmarshalText(text []byte) error {
	in, ok := ParseInput(string(text))
	if !ok {
		return fault.New(fault.Internal, "there is no such input of segment models")
	}
	*i = in
	return nil
}

// ParseInput returns the input of a name; ok is false where there is none.
func ParseInput(name string) (i Input, ok bool) {
	for i := range infos {
		if infos[i].Name == name {
			return Input(i), true
		}
	}
	return 0, false
}

// Inputs returns every input that a customer's facts have, without Points.
func Inputs() []Input {
	out := make([]Input, inputs)
	for i := range out {
		out[i] = Input(i)
	}
	return out
}
