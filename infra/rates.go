package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
)

// ratesLimit is how many bytes the rates may take as compact JSON: a function's whole environment may hold 4 KB.
const ratesLimit = 2560

// ratePattern is a decimal number, in which nothing is left to a float, and which stays within the eighteen digits and
// the thousand million that functions take even between currencies of no decimals and of three.
var ratePattern = regexp.MustCompile(`^[0-9]{1,6}(\.[0-9]{1,12})?$`)

// readRates reads the table of rates and keeps it as functions are told it: compact JSON, ordered by currency and day.
func readRates(s *Settings, raw json.RawMessage) error {
	var table map[string]map[string]string
	if err := json.Unmarshal(raw, &table); err != nil || table == nil {
		return fmt.Errorf("is %s; give rates in quotation marks by currency and by the day from which they hold, "+
			"such as {\"USD\":{\"2026-01-01\":\"0.92\"}}", raw)
	}
	var mistakes []error
	for _, currency := range slices.Sorted(maps.Keys(table)) {
		if !currencyPattern.MatchString(currency) {
			mistakes = append(mistakes, fmt.Errorf("has the currency %q; give the three capital letters of ISO 4217, such as \"USD\"", currency))
		}
		if len(table[currency]) == 0 {
			mistakes = append(mistakes, fmt.Errorf("has no rate for %s; give one, such as {\"2026-01-01\":\"0.92\"}, or leave the currency out", currency))
		}
		for _, day := range slices.Sorted(maps.Keys(table[currency])) {
			if _, err := time.Parse(time.DateOnly, day); err != nil {
				mistakes = append(mistakes, fmt.Errorf("has the day %q of %s; give one such as \"2026-01-31\"", day, currency))
			}
			rate := table[currency][day]
			if !ratePattern.MatchString(rate) || strings.Trim(rate, "0.") == "" {
				mistakes = append(mistakes, fmt.Errorf("has the rate %q of %s from %s on; give what one unit is worth in the "+
					"deployment's currency, such as \"0.92\": above 0, at most 6 digits before the point and 12 after it", rate, currency, day))
			}
		}
	}
	written, err := json.Marshal(table)
	if err != nil {
		return err
	}
	if len(written) > ratesLimit {
		mistakes = append(mistakes, fmt.Errorf("takes %d bytes, more than %d; leave out days before your first order, or rates that hardly differ", len(written), ratesLimit))
	}
	if len(table) > 0 {
		s.Rates = string(written)
	}
	return join("liuke.rates", mistakes)
}

// join makes one error of the mistakes in a setting, each after the first under the setting's name: the first is named
// by the caller.
func join(name string, mistakes []error) error {
	for i := 1; i < len(mistakes); i++ {
		mistakes[i] = fmt.Errorf("%s %w", name, mistakes[i])
	}
	return errors.Join(mistakes...)
}
