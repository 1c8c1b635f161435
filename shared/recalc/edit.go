package recalc

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"liuke/shared/clv"
	"liuke/shared/document"
	"liuke/shared/fault"
	"liuke/shared/money"
	"liuke/shared/task"
)

// MaxDocuments is how many bytes all documents take together at most, as a run keeps them: as JSON, where a character may
// take several.
const MaxDocuments = 256 << 10

// ModelOf returns the segment model whose document a name is; it is ok for such a name alone.
func ModelOf(document string) (model string, ok bool) {
	return strings.CutPrefix(document, modelDocuments)
}

// SettingsDocuments names the documents of settings that are read here: all of recalculations but the segment models, and
// what is said of tasks.
func SettingsDocuments() []string {
	return []string{RiskDocument, OccasionsDocument, EconomicsDocument, RecalculationDocument, task.Document}
}

// CheckSpace returns a Conflict that says what to change where the documents, with one of them in the place of the stored
// one of its name, are more than a run can keep.
func CheckSpace(all []document.Document, edited document.Document) error {
	with := slices.DeleteFunc(slices.Clone(all), func(d document.Document) bool { return d.Name == edited.Name })
	raw, err := json.Marshal(append(with, edited))
	if err != nil {
		return fault.As(err, fault.Internal, "the documents cannot be encoded")
	}
	if len(raw) > MaxDocuments {
		return fault.New(fault.Conflict, "with this one the segment models and settings come to %d bytes, and %d are kept at most: shorten or delete some", len(raw), MaxDocuments)
	}
	return nil
}

// Effective returns the settings of a document with the defaults in the place of what it leaves out, ready for JSON; one
// with an empty body is none. It is nil for economics without a document. It returns the errors of CheckDocument.
func Effective(d document.Document, currency money.Currency) (any, error) {
	o, err := DefaultOptions()
	if err != nil {
		return nil, err
	}
	if d.Body != "" {
		if _, err := o.read(d, currency); err != nil {
			return nil, err
		}
	}
	switch d.Name {
	case RiskDocument:
		return o.Risk, nil
	case OccasionsDocument:
		return o.Occasions, nil
	case EconomicsDocument:
		if o.Economics == nil {
			return nil, nil
		}
		return json.RawMessage(d.Body), nil
	case task.Document:
		if d.Body == "" {
			return task.Defaults(), nil
		}
		return task.ParsePolicy([]byte(d.Body))
	case RecalculationDocument:
		days := DefaultWindowDays
		out := o.Defaults
		out.WindowDays = cmp.Or(out.WindowDays, &days)
		out.Binning, out.Model, out.GroupedBy = cmp.Or(out.Binning, Quantile), cmp.Or(out.Model, clv.ModelBGNBD), cmp.Or(out.GroupedBy, Ungrouped)
		return out, nil
	}
	return nil, fault.New(fault.NotFound, "there is no document of this name")
}
