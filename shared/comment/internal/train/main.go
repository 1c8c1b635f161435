// Command train fits the models that package comment says favour by, and writes the word lists that it cuts Chinese by.
// It is run by hand, from the top of the repository, when the texts or the lists change:
//
//	go run ./shared/comment/internal/train -sources FOLDER
//
// The folder holds what is not kept here; README.md beside this file says where each file of it is from, and has their
// checksums. The same files give the same models.
package main

import (
	"flag"
	"fmt"
	"log"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"liuke/shared/comment/internal/polarity"
)

func main() {
	log.SetFlags(0)
	sources := flag.String("sources", "", "folder of the files that README.md names")
	at := flag.String("at", "shared/comment/internal", "folder that the models and lists are written below")
	words := flag.Bool("words", false, "write the lists of words anew, before the models that depend on them: then run again")
	search := flag.Bool("search", false, "say how well other settings do in cross-validation, and write nothing")
	flag.Parse()
	t := trainer{sources: *sources, at: *at}
	run := t.models
	switch {
	case *words:
		run = t.words
	case *search:
		run = t.search
	}
	if err := run(); err != nil {
		log.Fatal(err)
	}
}

// trainer knows where files are.
type trainer struct{ sources, at string }

func (t trainer) source(name string) string { return filepath.Join(t.sources, name) }
func (t trainer) own(name string) string    { return filepath.Join(t.at, "train/data", name) }

// language is what one model is fitted to.
type language struct {
	name     string
	examples []example
	lexicon  map[string]float64
	fitting  fitting
}

// The settings did best, of those that -search tries, on the texts that are fitted to: in English on the corpus that was
// left out, in Chinese, where there is one alone, in cross-validation.
var (
	englishFitting = fitting{prior: 1, lexical: 1, other: 1, atLeast: 2, rounds: 300, threshold: 0.1}
	chineseFitting = fitting{prior: 0.8, lexical: 1, other: 1, atLeast: 3, rounds: 300, threshold: 0.1}
)

// opinion is the weight in a lexicon, either way, from which on a word is an opinion.
const opinion = 1

// plainTimes is how often a comment without an opinion counts: there are few, and they keep words that merely come up in
// complaints from counting as one.
const plainTimes = 3

// languages reads everything that there is to fit to.
func (t trainer) languages() ([]language, error) {
	english, err := t.english()
	if err != nil {
		return nil, err
	}
	chinese, err := t.chinese()
	return []language{english, chinese}, err
}

func (t trainer) english() (language, error) {
	out := language{name: "en", fitting: englishFitting}
	for _, name := range []string{"amazon.json", "imdb.json"} {
		examples, err := readSentences(t.source(name))
		if err != nil {
			return out, err
		}
		out.examples = append(out.examples, examples...)
	}
	lexicon, err := readVader(t.source("vader_lexicon.txt"))
	if err != nil {
		return out, err
	}
	own, err := readLexicon(t.own("lexicon_en.txt"))
	if err != nil {
		return out, err
	}
	maps.Copy(lexicon, own)
	out.lexicon = lexicon
	return t.withPlain(out)
}

func (t trainer) chinese() (language, error) {
	out := language{name: "zh", fitting: chineseFitting}
	var err error
	if out.examples, err = readTable(t.own("shopping.tsv")); err != nil {
		return out, err
	}
	if out.lexicon, err = readLexicon(t.own("lexicon_zh.txt")); err != nil {
		return out, err
	}
	return t.withPlain(out)
}

// withPlain adds the comments without an opinion.
func (t trainer) withPlain(l language) (language, error) {
	plain, err := readTable(t.own("neutral_" + l.name + ".tsv"))
	if err != nil {
		return l, err
	}
	for range plainTimes {
		l.examples = append(l.examples, plain...)
	}
	withoutNames(l.examples, l.lexicon)
	return l, nil
}

// models fits and writes the model of each language.
func (t trainer) models() error {
	languages, err := t.languages()
	if err != nil {
		return err
	}
	for _, l := range languages {
		table := l.table()
		if err := os.WriteFile(filepath.Join(t.at, "polarity/data/model_"+l.name+".txt"), []byte(table), 0o644); err != nil {
			return err
		}
		log.Printf("%s: %d comments, %d weights, %.3f right in cross-validation", l.name, len(l.examples), strings.Count(table, "\n"),
			within(l, l.fitting))
	}
	return nil
}

// table returns the model as package polarity reads it.
func (l language) table() string {
	weights := fit(l.examples, l.lexicon, l.fitting)
	var b strings.Builder
	for _, key := range slices.Sorted(maps.Keys(weights)) {
		n := math.Round(weights[key] / polarity.Unit)
		if n == 0 {
			continue
		}
		mark := ""
		if said := l.lexicon[key]; said >= opinion && n > 0 || said <= -opinion && n < 0 {
			mark = " *"
		}
		fmt.Fprintf(&b, "%s %d%s\n", key, int(max(-127, min(127, n))), mark)
	}
	return b.String()
}

// search says how well settings around those in use do.
func (t trainer) search() error {
	languages, err := t.languages()
	if err != nil {
		return err
	}
	for _, l := range languages {
		for _, prior := range []float64{0, 0.3, 0.55, 0.8, 1} {
			for _, lexical := range []float64{0.3, 1, 3} {
				for _, other := range []float64{0.5, 1, 2, 4} {
					f := l.fitting
					f.prior, f.lexical, f.other = prior, lexical, other
					log.Printf("%s: prior %.2f, lexical %.1f, other %.1f: %.4f within, %.4f across corpora", l.name, prior, lexical, other,
						within(l, f), across(l, f))
				}
			}
		}
	}
	return nil
}

// words writes the lists that Chinese is cut and simplified by.
func (t trainer) words() error {
	lexicon, err := readLexicon(t.own("lexicon_zh.txt"))
	if err != nil {
		return err
	}
	own := slices.Sorted(maps.Keys(lexicon))
	if err := eachLine(t.own("domain_zh.txt"), func(line string) error {
		own = append(own, strings.Fields(line)...)
		return nil
	}); err != nil {
		return err
	}
	own = append(own, polarity.Words()...)
	if err := eachLine(filepath.Join(t.at, "../topics.txt"), func(line string) error {
		for _, term := range strings.Fields(line) {
			if isChinese(term) {
				own = append(own, term)
			}
		}
		return nil
	}); err != nil {
		return err
	}
	if err := writeDictionary(filepath.Join(t.at, "token/data/words_zh.txt"), t.source("dict.txt"), own); err != nil {
		return err
	}
	return writeTraditional(filepath.Join(t.at, "token/data/traditional.txt"), t.source("TSCharacters.js"))
}
