package outreach

import (
	"io"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// unreadable says in plain words why a text is no YAML, and where: at the first line from which on nothing can be read, or at a tab.
// The reader of YAML itself names the line at which what contains the mistake begins, or the next.
func unreadable(name, body string) Mistakes {
	lines := strings.SplitAfter(body, "\n")
	n := firstUnread(lines)
	for i := n - 1; i >= max(0, n-2); i-- {
		indent := lines[i][:len(lines[i])-len(strings.TrimLeft(lines[i], " \t"))]
		if tab := strings.IndexByte(indent, '\t'); tab >= 0 {
			return Mistakes{{name, i + 1, tab + 1, "this line is indented with a tab: use spaces, as many as the lines beside it have"}}
		}
	}
	line := strings.TrimRight(lines[n-1], "\r\n")
	above := ""
	for i := n - 2; i >= 0 && above == ""; i-- {
		if text := strings.TrimSpace(lines[i]); text != "" && text[0] != '#' {
			above = strings.TrimRight(lines[i], "\r\n")
		}
	}
	value, column := valueOf(line)
	says := wrongValue(value, readAll(lines[:n]))
	if says == "" {
		says, column = wrongLine(line, above, readAll(lines[:n])), indentOf(line)
	}
	return Mistakes{{name, n, utf8.RuneCountInString(line[:column]) + 1, says}}
}

// readAll returns why lines are no document, "" where they are.
func readAll(lines []string) string {
	var n yaml.Node
	err := yaml.NewDecoder(strings.NewReader(strings.Join(lines, ""))).Decode(&n)
	if err == nil || err == io.EOF {
		return ""
	}
	return err.Error()
}

// firstUnread returns the number of the first line, from 1, with which no text from the start on can be read any more. It looks at
// few: a text in several lines, which cannot be read until it ends, is told from a mistake where it ends within ten.
func firstUnread(lines []string) int {
	const tries, ahead = 5, 10
	read := 0 // lines that can be read
	for range tries {
		bad := len(lines)
		for bad-read > 1 {
			if mid := (read + bad) / 2; readAll(lines[:mid]) == "" {
				read = mid
			} else {
				bad = mid
			}
		}
		went := read
		for i := read + 2; i < min(read+ahead, len(lines)); i++ {
			if readAll(lines[:i]) == "" {
				went = i
			}
		}
		if went == read {
			break
		}
		read = went
	}
	return min(read+1, len(lines))
}

func indentOf(line string) int { return len(line) - len(strings.TrimLeft(line, " -")) }

// valueOf returns what stands behind a line's first colon, or its dash, and the byte at which it begins.
func valueOf(line string) (value string, at int) {
	at = indentOf(line)
	if at < len(line) && strings.IndexByte("\"'{[%@`*&!", line[at]) >= 0 {
		return line[at:], at
	}
	if _, behind, ok := strings.Cut(line[at:], ": "); ok {
		at = len(line) - len(strings.TrimLeft(behind, " "))
	}
	return line[at:], at
}

// wrongValue says what is wrong with a value that begins with a character of its own meaning; "" where it does not. Why is what the
// reader says of the text so far.
func wrongValue(value, why string) string {
	open := strings.Contains(why, "end of stream") || strings.Contains(why, "expected ',' or") || strings.Contains(why, "document indicator")
	switch first := value + " "; first[0] {
	case '"', '\'':
		switch {
		case strings.Contains(why, "escape"):
			return `in double quotes a \ begins an escape such as \n: write \\ for itself, or use single quotes`
		case strings.Count(value, first[:1])%2 == 1 && first[0] == '"', open:
			return "the quote " + first[:1] + " is never closed: close it at the text's end"
		case first[0] == '\'':
			return `behind the closing ' stands more: close the quote at the text's end, and write '' for an apostrophe within it`
		}
		return `behind the closing " stands more: close the quote at the text's end, and write \" for a quote within it`
	case '{', '[':
		if strings.HasPrefix(value, "{{") || strings.HasPrefix(value, "{%") {
			return "a text that begins with { must stand in quotes, such as '{{ customer.name }}'"
		}
		closing := map[byte]string{'{': "}", '[': "]"}[first[0]]
		if strings.Count(value, first[:1]) > strings.Count(value, closing) || open {
			return "the " + first[:1] + " is never closed: write " + closing + " behind what belongs to it, and commas between"
		}
		return "behind the closing " + closing + " stands more, or a comma is missing between two things"
	case '%', '@', '`', '*', '&', '!', ',', ']', '}':
		return "a text that begins with " + first[:1] + " must stand in quotes"
	}
	return ""
}

// wrongLine says what is wrong with a line.
func wrongLine(line, above, why string) string {
	trimmed := strings.TrimSpace(line)
	for _, each := range []string{trimmed, strings.TrimSpace(above)} {
		if len(each) > 1 && each[0] == '-' && each[1] != ' ' && each[1] != '-' {
			return "a dash that begins a part of a list has a space behind it, such as - id: later"
		}
	}
	switch {
	case strings.Contains(why, "mapping values"):
		switch _, behind, _ := strings.Cut(trimmed, ": "); {
		case strings.Contains(behind, ": ") || strings.HasSuffix(behind, ":"):
			return "there is a second colon in this line: put a text that holds a colon in quotes"
		case !strings.Contains(above, ":"):
			return "the line above has no colon: write a colon and a space behind the name of a field, such as kind: marketing"
		}
		return "this line is indented further than the one above, which has a value already: begin fields that belong together in the same column"
	case strings.Contains(why, "expected ':'"):
		return "here a colon is missing: write a colon and a space behind the name of a field, such as kind: marketing"
	case strings.Contains(why, "control characters"):
		return "this line has a character that cannot be seen: leave it out"
	}
	return "this line is not indented like those that it belongs to: begin the fields of one thing, and the dashes of one list, in the same column, with spaces"
}
