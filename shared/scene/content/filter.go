package content

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"liuke/shared/pattern"
	"liuke/shared/scene"
)

// argumentForm is a quoted text, or a number.
const argumentForm = `"[^"]*"|'[^']*'|-?\d+(?:\.\d+)?`

var (
	filter   = pattern.New(`^\|\s*([a-z_]+)\s*(?::\s*((?:` + argumentForm + `)(?:\s*,\s*(?:` + argumentForm + `))*))?\s*`)
	argument = pattern.New(argumentForm)
	padding  = pattern.New(`%(?:[-_^#0]|:{1,3})?[0-9]{3}`)
	// conversion is a % of the filter date's format, with what stands behind it.
	conversion = pattern.New(`%(?:[-_^#0]|:{1,3})?[0-9]*[EO]?(.?)`)
)

// moments are the letters behind a % by which the filter date knows the parts of a moment, as strftime does, and % for itself.
const moments = "%+aAbBcCdDeFgGhHIjklLmMnNpPQrRsStTuUvVwWxXyYzZ"

// maxNumber is the largest number that a filter takes, from 0.
const maxNumber = 10_000

// What the argument of a filter may be.
const (
	anything  = "a text in quotes, or a number"
	quoted    = "a text in quotes"
	wholeOnes = "a whole number"
)

// filters are those that are allowed, with what their arguments may be: the first must of them must be there.
var filters = map[string]struct {
	must int
	args []string
}{
	"append":     {1, []string{anything}},
	"capitalize": {},
	"date":       {0, []string{quoted}},
	"default":    {1, []string{anything}},
	"downcase":   {},
	"prepend":    {1, []string{anything}},
	"strip":      {},
	"truncate":   {0, []string{wholeOnes, quoted}},
	"upcase":     {},
}

// checkFilter checks a filter's name and its arguments as they are written.
func checkFilter(name, written string) error {
	takes, ok := filters[name]
	if near := scene.Near(name, slices.Sorted(maps.Keys(filters))); !ok && near != "" {
		return fmt.Errorf("there is no filter %s%s", name, near)
	}
	if !ok {
		return fmt.Errorf("the filter %s is not allowed; there are %s", name, strings.Join(slices.Sorted(maps.Keys(filters)), ", "))
	}
	args := argument().FindAllString(written, -1)
	switch {
	case len(args) < takes.must:
		return fmt.Errorf("the filter %s needs %s", name, takes.args[0])
	case len(args) > len(takes.args):
		return fmt.Errorf("the filter %s takes at most %d arguments", name, len(takes.args))
	}
	for i, arg := range args {
		isText := arg[0] == '"' || arg[0] == '\''
		number, err := strconv.ParseFloat(arg, 64)
		switch want := takes.args[i]; {
		case want == quoted && !isText, want == wholeOnes && (isText || strings.Contains(arg, ".")):
			return fmt.Errorf("the filter %s takes %s, not %s", name, want, arg)
		case !isText && (err != nil || number < 0 || number > maxNumber):
			return fmt.Errorf("the filter %s takes numbers from 0 to %d", name, maxNumber)
		case name == "date" && padding().MatchString(arg):
			return fmt.Errorf("the filter date fills up to at most 99 characters")
		case name == "date":
			if err := checkMoments(arg[1 : len(arg)-1]); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkMoments checks the format of a date, of which the engine leaves what it does not know as it stands.
func checkMoments(format string) error {
	for _, m := range conversion().FindAllStringSubmatch(format, -1) {
		if m[1] == "" || !strings.Contains(moments, m[1]) {
			return fmt.Errorf("the filter date knows no %s: it takes a format such as '%%Y-%%m-%%d', and %%%% for a percent sign", m[0])
		}
	}
	return nil
}

// capitalize is Liquid's: the first character (a rune, of as many bytes as it may have) is a capital.
func capitalize(text string) string {
	first, n := utf8.DecodeRuneInString(text)
	if first == utf8.RuneError {
		return text
	}
	return string(unicode.ToTitle(first)) + text[n:]
}

// truncate is Liquid's: the text in at most so many characters (runes; 50 without a number), of which the last are the
// ellipsis ("..." without one) where something was cut. Where there is no room for all of the ellipsis, it is cut too.
func truncate(text string, length func(int) int, ellipsis func(string) string) string {
	runes, end, n := []rune(text), []rune(ellipsis("...")), max(0, length(50))
	if len(runes) <= n {
		return text
	}
	if n <= len(end) {
		return string(end[:n])
	}
	return string(runes[:n-len(end)]) + string(end)
}
