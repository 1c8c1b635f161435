package segment

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Percent is a share of the population in thousandths of a percent, so that equal shares are equal.
type Percent int32

const (
	onePercent Percent = 1000
	whole              = 100 * onePercent
	median             = 50 * onePercent
)

// Share returns the share as a number from 0 to 1.
func (p Percent) Share() float64 { return float64(p) / float64(whole) }

// String returns the share as rules have it, such as 0.5%.
func (p Percent) String() string {
	return strconv.FormatFloat(float64(p)/float64(onePercent), 'f', -1, 64) + "%"
}

// Bound is one end of a span: a number, or a quantile of the population where Percent is set.
type Bound struct {
	Value   float64 // ±Inf where the span has no such end
	Percent Percent // the share of the population at or below the bound; 0 for a number
	Open    bool    // whether the bound itself is outside
}

func (b Bound) none() bool { return math.IsInf(b.Value, 0) }

// String returns the bound as rules have it.
func (b Bound) String() string {
	switch b.Percent {
	case 0:
		return strconv.FormatFloat(b.Value, 'f', -1, 64)
	case median:
		return "median"
	}
	return "quantile " + b.Percent.String()
}

// Span is the values between two bounds.
type Span struct{ From, To Bound }

// String returns the span as rules have it.
func (s Span) String() string {
	from, to := s.From, s.To
	switch {
	case to.none() && from.Open && from.Percent > median:
		return "top " + (whole - from.Percent).String()
	case to.none() && from.Open:
		return "above " + from.String()
	case to.none():
		return "at least " + from.String()
	case from.none() && to.Open:
		return "below " + to.String()
	case from.none() && to.Percent > 0 && to.Percent < median:
		return "bottom " + to.Percent.String()
	case from.none():
		return "at most " + to.String()
	case from == to:
		return from.String()
	}
	return from.String() + " to " + to.String()
}

// forms says how a span is written, for whoever wrote something else.
const forms = `write a number, "3 to 5", "at least 3", "at most 3", "above 3" or "below 3"`

const rankedForms = forms + `, with median or "quantile 80%" in the place of a number, "top 20%" or "bottom 20%"`

var symbols = []struct{ symbol, word string }{{">=", "at least"}, {"<=", "at most"}, {">", "above"}, {"<", "below"}}

// parseSpan reads a span of an input. The mistake, "" for none, says what to change.
func parseSpan(in Input, text string) (s Span, mistake string) {
	for _, each := range symbols {
		if rest, ok := strings.CutPrefix(strings.TrimSpace(text), each.symbol); ok {
			text = each.word + " " + rest
			break
		}
	}
	words := strings.Fields(text)
	s = Span{Bound{Value: math.Inf(-1)}, Bound{Value: math.Inf(1)}}
	ok := len(words) > 0
	if ok {
		s, ok, mistake = in.span(s, words)
	}
	switch {
	case mistake != "":
		return s, mistake
	case !ok && in.Info().Ranked:
		return s, fmt.Sprintf("%q is no span: %s", clip(text), rankedForms)
	case !ok:
		return s, fmt.Sprintf("%q is no span: %s", clip(text), forms)
	}
	return s, s.empty(in)
}

func (i Input) span(s Span, words []string) (_ Span, ok bool, mistake string) {
	first, rest := words[0], words[1:]
	switch {
	case (first == "top" || first == "bottom") && len(rest) == 1:
		p, ok := parsePercent(rest[0])
		if ok && first == "top" {
			s.From = Bound{Percent: whole - p, Open: true}
		} else if ok {
			s.To = Bound{Percent: p}
		}
		return s, ok, i.ranked()
	case first == "above":
		s.From, ok, mistake = i.bound(rest)
		s.From.Open = true
	case first == "below":
		s.To, ok, mistake = i.bound(rest)
		s.To.Open = true
	case first == "at" && len(rest) > 0 && rest[0] == "least":
		s.From, ok, mistake = i.bound(rest[1:])
	case first == "at" && len(rest) > 0 && rest[0] == "most":
		s.To, ok, mistake = i.bound(rest[1:])
	default:
		for at, word := range words {
			if word != "to" {
				continue
			}
			if s.From, ok, mistake = i.bound(words[:at]); ok && mistake == "" {
				s.To, ok, mistake = i.bound(words[at+1:])
			}
			return s, ok, mistake
		}
		s.From, ok, mistake = i.bound(words)
		s.To = s.From
		ok = ok && s.From.Percent == 0 // equal to a quantile says little
	}
	return s, ok, mistake
}

// bound reads one end of a span of the input.
func (i Input) bound(words []string) (b Bound, ok bool, mistake string) {
	switch {
	case len(words) == 1 && words[0] == "median":
		return Bound{Percent: median}, true, i.ranked()
	case len(words) == 2 && words[0] == "quantile":
		b.Percent, ok = parsePercent(words[1])
		return b, ok, i.ranked()
	case len(words) != 1:
		return b, false, ""
	}
	if b.Value, ok = parseNumber(words[0]); !ok {
		return b, false, ""
	}
	switch info := i.Info(); {
	case b.Value < info.Min || b.Value > info.Max:
		return b, true, fmt.Sprintf("%s is out of range: %s", words[0], i.limits())
	case info.Whole && b.Value != math.Trunc(b.Value):
		return b, true, fmt.Sprintf("%s is no whole number, and %s counts in whole %s", words[0], info.Name, info.Unit)
	}
	return b, true, ""
}

func (i Input) ranked() (mistake string) {
	if i.Info().Ranked {
		return ""
	}
	return fmt.Sprintf("%s is not compared with the population, as %s, %s and %s are: %s", i, RecencyDays, Frequency, Monetary, forms)
}

func (i Input) limits() string {
	info := i.Info()
	number := func(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
	if math.IsInf(info.Max, 1) {
		return info.Name + " is " + number(info.Min) + " or more"
	}
	return info.Name + " goes from " + number(info.Min) + " to " + number(info.Max)
}

// empty says why no value of the input can lie in the span, "" where one can.
func (s Span) empty(in Input) (mistake string) {
	lo, hi := s.From, s.To
	if lo.Percent > 0 && hi.Percent > 0 && lo.Percent >= hi.Percent {
		return fmt.Sprintf("the span is empty: %s is not before %s", lo, hi)
	}
	info := in.Info()
	switch {
	case lo.Percent > 0 || hi.Percent > 0:
		return ""
	case lo.Value > hi.Value:
		return fmt.Sprintf("the span is empty: %s is more than %s", lo, hi)
	case lo.Open && lo.Value >= info.Max:
		return fmt.Sprintf("the span is empty: %s", in.limits())
	case hi.Open && hi.Value <= info.Min:
		return fmt.Sprintf("the span is empty: %s", in.limits())
	}
	return ""
}

// parseNumber reads a decimal number of as many digits as a float holds exactly.
func parseNumber(text string) (float64, bool) {
	digits := 0
	for _, b := range []byte(text) {
		if b >= '0' && b <= '9' {
			digits++
		} else if b != '.' && b != '-' {
			return 0, false
		}
	}
	v, err := strconv.ParseFloat(text, 64)
	return v + 0, err == nil && digits <= maxDigitsInCut // + 0 makes -0 0
}

// parsePercent reads a share such as 20% or 0.5%, of three decimals at most.
func parsePercent(text string) (Percent, bool) {
	number, ok := strings.CutSuffix(text, "%")
	if !ok {
		return 0, false
	}
	v, ok := parseNumber(number)
	p := math.Round(v * float64(onePercent))
	if !ok || p <= 0 || p >= float64(whole) || p/float64(onePercent) != v {
		return 0, false
	}
	return Percent(p), true
}

// clip shortens what a mistake quotes.
func clip(text string) string {
	const most = 60
	if r := []rune(text); len(r) > most {
		return string(r[:most]) + "…"
	}
	return text
}
