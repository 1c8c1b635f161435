package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"liuke/shared/comment/internal/polarity"
	"liuke/shared/comment/internal/token"
)

// example is a labelled comment: its features, and how probable it is to be favourable (1, 0, or ½ for no opinion).
type example struct {
	features map[string]float64
	target   float64
	source   string         // the corpus that it is of, "" of none
	names    map[string]int // words within its sentences: how much more often than not they have a capital
}

func newExample(text string, target float64) example {
	e := example{features: map[string]float64{}, target: target, names: map[string]int{}}
	tokens := token.Scan(text)
	polarity.Features(tokens, func(key []byte, value float64) { e.features[string(key)] += value })
	for i, t := range tokens {
		switch {
		case t.Kind != token.Latin || i == 0 || tokens[i-1].Kind == token.Break:
		case t.Capital:
			e.names[t.Text]++
		default:
			e.names[t.Text]--
		}
	}
	return e
}

// withoutNames leaves the features out that are words, or pairs with one, that mostly have a capital within sentences.
func withoutNames(examples []example, lexicon map[string]float64) {
	names := map[string]int{}
	for _, e := range examples {
		for word, more := range e.names {
			names[word] += more
		}
	}
	for _, e := range examples {
		for key := range e.features {
			first, second, _ := strings.Cut(key, "_")
			if _, ok := lexicon[key]; !ok && (names[first] > 0 || names[second] > 0) {
				delete(e.features, key)
			}
		}
	}
}

// readSentences reads a file of the npm package "sentiment", which has the sentences of Kotzias et al. (2015).
func readSentences(path string) ([]example, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var rows []struct {
		Text  string `json:"text"`
		Class *int   `json:"class"` // 1 favourable, 0 not; null in an empty row at the end
	}
	if err := json.Unmarshal(data, &rows); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	var out []example
	for _, row := range rows {
		if row.Class != nil {
			out = append(out, newExample(row.Text, float64(*row.Class)))
			out[len(out)-1].source = filepath.Base(path)
		}
	}
	return out, nil
}

// readTable reads lines of a label ("positive", "negative" or "neutral"), a tab and a text.
func readTable(path string) ([]example, error) {
	targets := map[string]float64{"positive": 1, "negative": 0, "neutral": 0.5}
	var out []example
	err := eachLine(path, func(line string) error {
		label, text, _ := strings.Cut(line, "\t")
		target, ok := targets[label]
		if !ok || text == "" {
			return fmt.Errorf("not a label and a text: %q", line)
		}
		out = append(out, newExample(text, target))
		return nil
	})
	return out, err
}

// readVader reads the words of a VADER lexicon (Hutto and Gilbert 2014) and their mean rating, -4 to 4.
func readVader(path string) (map[string]float64, error) {
	out := map[string]float64{}
	err := eachLine(path, func(line string) error {
		columns := strings.Split(line, "\t")
		if len(columns) < 2 {
			return nil
		}
		for _, r := range columns[0] {
			if r < 'a' || r > 'z' {
				return nil
			}
		}
		mean, err := strconv.ParseFloat(columns[1], 64)
		if err == nil {
			out[columns[0]] = mean
		}
		return err
	})
	return out, err
}

// readLexicon reads lines of a weight, -3 to 3, and the words that have it.
func readLexicon(path string) (map[string]float64, error) {
	out := map[string]float64{}
	err := eachLine(path, func(line string) error {
		weight, words, _ := strings.Cut(line, " ")
		value, err := strconv.ParseFloat(weight, 64)
		for _, word := range strings.Fields(words) {
			out[word] = value
		}
		return err
	})
	return out, err
}

// eachLine calls do for each line of a file that is neither empty nor a remark.
func eachLine(path string, do func(line string) error) error {
	file, err := os.Open(filepath.Clean(path))
	if err != nil {
		return err
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		if line := lines.Text(); line != "" && !strings.HasPrefix(line, "#") {
			if err := do(line); err != nil {
				return fmt.Errorf("%s: %w", path, err)
			}
		}
	}
	return lines.Err()
}
