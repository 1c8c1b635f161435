package churn

import (
	"fmt"
	"strconv"
)

// Code names a reason. Together with the numbers it is what a sentence in any language is made of.
type Code string

// The reasons.
const (
	ReasonAlive      Code = "alive"
	ReasonPace       Code = "pace"
	ReasonSilence    Code = "silence"
	ReasonActivity   Code = "activity_trend"
	ReasonComplaints Code = "complaints"
	ReasonTickets    Code = "open_tickets"
	ReasonNPS        Code = "nps"
	ReasonCSAT       Code = "csat"
	ReasonCES        Code = "ces"
	ReasonStay       Code = "stay"
	ReasonTrend      Code = "purchase_trend"
	ReasonEngagement Code = "engagement"
	ReasonAdvocacy   Code = "advocacy"
)

// Reason is why a part is as it is.
type Reason struct {
	Code    Code
	Numbers [4]float64 // as many as the code has params, in their order
}

func because(code Code, numbers ...float64) (r Reason) {
	r.Code = code
	copy(r.Numbers[:], numbers)
	return r
}

// wording is the names of a reason's numbers, and its sentence.
type wording struct {
	params []string
	text   func(n *[4]float64) string
}

var wordings = map[Code]wording{
	ReasonAlive: {[]string{"probability"}, func(n *[4]float64) string {
		return fmt.Sprintf("With %s the customer has not left.", percent(n[0]))
	}},
	ReasonPace: {[]string{"purchases", "age_days", "horizon_days", "probability"}, func(n *[4]float64) string {
		return fmt.Sprintf("%s %s: at this pace, and unless the customer has left, another comes within %s with %s.", many(n[0], "purchase"), within(n[1]), many(n[2], "day"), percent(n[3]))
	}},
	ReasonSilence: {[]string{"silence_days", "usual_days", "probability"}, func(n *[4]float64) string {
		return fmt.Sprintf("%s since the last purchase, where %s are usual: so long a gap comes with %s.", many(n[0], "day"), decimal(n[1]), percent(n[2]))
	}},
	ReasonActivity: {[]string{"events", "expected"}, func(n *[4]float64) string {
		return fmt.Sprintf("%s of activity in this month and the two before, where %s were to be expected.", many(n[0], "event"), decimal(n[1]))
	}},
	ReasonComplaints: {[]string{"complaints", "months_since"}, func(n *[4]float64) string {
		last := "this month"
		if n[1] > 0 {
			last = many(n[1], "month") + " ago"
		}
		return fmt.Sprintf("%s in twelve months, the last %s.", many(n[0], "complaint"), last)
	}},
	ReasonTickets: {[]string{"open"}, func(n *[4]float64) string { return many(n[0], "ticket") + " not resolved." }},
	ReasonNPS:     answered("The customer would recommend us with %s of 10, said %s."),
	ReasonCSAT:    answered("The customer was satisfied with %s of 5, said %s."),
	ReasonCES:     answered("The customer found it easy with %s of 7, said %s."),
	ReasonStay: {[]string{"risk"}, func(n *[4]float64) string {
		return fmt.Sprintf("The risk of losing the customer is %s of 100.", decimal(n[0]))
	}},
	ReasonTrend: {[]string{"purchases", "days", "expected"}, func(n *[4]float64) string {
		return fmt.Sprintf("%s in the last %s, where %s were to be expected.", many(n[0], "repeat purchase"), many(n[1], "day"), decimal(n[2]))
	}},
	ReasonEngagement: {[]string{"events", "check_ins"}, func(n *[4]float64) string {
		return fmt.Sprintf("%s of activity in twelve months but for trouble, %s among them.", many(n[0], "event"), many(n[1], "check-in"))
	}},
	ReasonAdvocacy: {[]string{"referrals", "reviews"}, func(n *[4]float64) string {
		return fmt.Sprintf("%s and %s in twelve months.", many(n[0], "referral"), many(n[1], "review"))
	}},
}

func answered(format string) wording {
	return wording{[]string{"score", "days_ago"}, func(n *[4]float64) string {
		when := "today"
		if n[1] > 0 {
			when = many(n[1], "day") + " ago"
		}
		return fmt.Sprintf(format, decimal(n[0]), when)
	}}
}

// Params returns the numbers by name.
func (r Reason) Params() map[string]float64 {
	names := wordings[r.Code].params
	out := make(map[string]float64, len(names))
	for i, name := range names {
		out[name] = r.Numbers[i]
	}
	return out
}

// String returns the reason in English.
func (r Reason) String() string {
	w, ok := wordings[r.Code]
	if !ok {
		return ""
	}
	return w.text(&r.Numbers)
}

// within is the time since a first purchase.
func within(days float64) string {
	if days == 0 {
		return "today"
	}
	return "in " + many(days, "day")
}

func many(n float64, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return decimal(n) + " " + what + "s"
}

// decimal writes a number with at most one decimal.
func decimal(n float64) string {
	if s := strconv.FormatFloat(n, 'f', 1, 64); s[len(s)-2:] != ".0" {
		return s
	}
	return strconv.FormatFloat(n, 'f', 0, 64)
}

func percent(p float64) string { return decimal(100*p) + " % probability" }
