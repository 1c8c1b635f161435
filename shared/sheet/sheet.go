// Package sheet keeps text that customers wrote from running as a formula in the spreadsheet of whoever opens a CSV file
// (OWASP, CSV injection).
package sheet

import (
	"strings"
	"unicode/utf8"
)

// begins are the characters that spreadsheets take for the beginning of a formula, and the mark of text itself.
const begins = "=+-@|\t\r\n'＝＋－＠"

// Inert returns a field that no spreadsheet takes for a formula: one that begins like a formula has the mark of text before it.
func Inert(field string) string {
	if first, _ := utf8.DecodeRuneInString(field); field != "" && strings.ContainsRune(begins, first) {
		return "'" + field
	}
	return field
}

// Plain returns the text that Inert was given.
func Plain(field string) string { return strings.TrimPrefix(field, "'") }
