package segment

import (
	"iter"
	"strings"

	"liuke/shared/fault"
)

// Labels are a customer's labels in all models, at most one each. The zero value has none. Labels are equal (==) when
// they say the same. They may name models and labels that there are no more, because the operator removed or edited a
// model since.
type Labels struct {
	text string // "abc\tA\nfour\tgold", ascending by model
}

const (
	tab     = '\t'
	newline = '\n'
	// maxLabelsBytes is more than all models of a set can take.
	maxLabelsBytes = MaxModels * (MaxNameBytes + MaxLabelBytes + 2)
)

// ParseLabels reads what String returns. It returns an Invalid error for anything else.
func ParseLabels(text string) (Labels, error) {
	if len(text) > maxLabelsBytes {
		return Labels{}, fault.New(fault.Invalid, "labels have at most %d bytes", maxLabelsBytes)
	}
	last := ""
	for rest := text; rest != ""; {
		line, after, more := strings.Cut(rest, string(newline))
		model, label, ok := strings.Cut(line, string(tab))
		switch {
		case !ok || !validName(model) || !validLabel(label):
			return Labels{}, fault.New(fault.Invalid, "labels are lines of a model's name, a tab and a label")
		case model <= last:
			return Labels{}, fault.New(fault.Invalid, "labels ascend by model, each once")
		case more && after == "":
			return Labels{}, fault.New(fault.Invalid, "labels end without an empty line")
		}
		last, rest = model, after
	}
	return Labels{text}, nil
}

// String returns the labels as text, ascending by model: a model's name, a tab and its label, with newlines between.
func (l Labels) String() string { return l.text }

// MarshalText returns String.
func (l Labels) MarshalText() ([]byte, error) { return []byte(l.text), nil }

// UnmarshalText is ParseLabels.
func (l *Labels) UnmarshalText(text []byte) (err error) {
	*l, err = ParseLabels(string(text))
	return err
}

// All returns models and labels, ascending by model.
func (l Labels) All() iter.Seq2[string, Label] {
	return func(yield func(string, Label) bool) {
		for rest := l.text; rest != ""; {
			var model, label string
			model, label, rest = entryOf(rest)
			if !yield(model, Label(label)) {
				return
			}
		}
	}
}

// Get returns the label in a model, "" where there is none.
func (l Labels) Get(model string) Label {
	label, _, _ := find(l.text, model)
	return Label(label)
}

// entryOf splits the first entry from text that is not empty.
func entryOf(text string) (model, label, rest string) {
	i := strings.IndexByte(text, tab)
	model, label = text[:i], text[i+1:]
	if i := strings.IndexByte(label, newline); i >= 0 {
		label, rest = label[:i], label[i+1:]
	}
	return model, label, rest
}

// find looks for a model among entries, and returns its label, "" where there is none, what comes behind, and whether
// the model would have been the first entry.
func find(text, model string) (label, rest string, first bool) {
	first = true
	for text != "" {
		name, label, rest := entryOf(text)
		if name == model {
			return label, rest, first
		}
		if name > model {
			return "", text, first
		}
		text, first = rest, false
	}
	return "", "", first
}

// Tiers is the model whose labels are the tiers that service is given by and answers are counted by, unless the settings of
// tasks name another for theirs.
const Tiers = "abc"

// Tier is the label of a model by which service is given, "" where the customer has none. Of Tiers, which takes churn risk, it is
// what value says by itself as long as risk cannot be judged, as in a small or new shop.
func (l Labels) Tier(model string) Label {
	label := l.Get(model)
	if model != Tiers || label != Unknown && label != "" {
		return label
	}
	switch l.Get("value") {
	case "high":
		return "A"
	case "mid", "potential":
		return "B"
	}
	return label
}
