package recalc

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"liuke/shared/churn"
	"liuke/shared/clv"
	"liuke/shared/document"
	"liuke/shared/economics"
	"liuke/shared/fault"
	"liuke/shared/money"
	"liuke/shared/occasion"
	"liuke/shared/request"
	"liuke/shared/rfm"
	"liuke/shared/segment"
	"liuke/shared/task"
)

// The documents that recalculations go by. Each segment model is a document of its own, ModelDocument. Operators edit others
// beside them, such as what is said of tasks, task.Document.
const (
	RiskDocument          = "risk"          // churn.Settings, as JSON
	OccasionsDocument     = "occasions"     // occasion.Settings, as JSON
	EconomicsDocument     = "economics"     // economics.Settings, as JSON
	RecalculationDocument = "recalculation" // Defaults, as JSON
)

const modelDocuments = "model/"

// ModelDocument names the document of a segment model: its YAML.
func ModelDocument(model string) string { return modelDocuments + model }

// Options are what operators have set for recalculations. A run keeps the documents that stood when it was planned, so
// that all its phases judge alike whatever is edited meanwhile.
type Options struct {
	Models    *segment.Set
	Risk      churn.Settings
	Occasions occasion.Settings
	Economics *economics.Settings // nil where there is no such document
	Defaults  Defaults
}

// riskSource is no name of a segment model.
const riskSource = "/risk"

// sources returns a hash of the text of each segment model by its name, and of the settings of risk.
func (o *Options) sources() map[string]string {
	risk := sha256.Sum256(fmt.Append(nil, o.Risk)) // numbers alone
	out := map[string]string{riskSource: hex.EncodeToString(risk[:8])}
	for _, m := range o.Models.Models() {
		sum := sha256.Sum256(m.Source())
		out[m.Name] = hex.EncodeToString(sum[:8])
	}
	return out
}

// GroupedBy says by what customers are grouped for models of their own, where there are enough of them.
type GroupedBy string

// The groupings.
const (
	Ungrouped GroupedBy = "none"
	ByQuarter GroupedBy = "quarter" // of the first order
	ByChannel GroupedBy = "channel" // through which the customer came
)

// Defaults are what a run is made by whose request says nothing else.
type Defaults struct {
	WindowDays *int       `json:"window_days"`
	Binning    Binning    `json:"binning"` // quantile or ntile
	Model      clv.Model  `json:"model"`
	GroupedBy  GroupedBy  `json:"grouped_by"`
	Drift      rfm.Limits `json:"drift"`
}

// DefaultOptions are the options where no document was edited.
func DefaultOptions() (*Options, error) { return OptionsOf(nil, "EUR") }

// governs reports whether recalculations go by the document of a name.
func governs(name string) bool {
	_, isModel := ModelOf(name)
	return isModel || slices.Contains([]string{RiskDocument, OccasionsDocument, EconomicsDocument, RecalculationDocument}, name)
}

// OptionsOf reads the documents that recalculations go by, with amounts in a currency; one with an empty body is none. It
// returns an Invalid error that names the document and says what to change.
func OptionsOf(documents []document.Document, currency money.Currency) (*Options, error) {
	builtIn, err := segment.BuiltIn()
	if err != nil {
		return nil, err
	}
	o := &Options{Risk: churn.Default(), Occasions: occasion.Defaults()}
	models := builtIn.Models()
	for _, d := range documents {
		if d.Body == "" || !governs(d.Name) {
			continue
		}
		m, err := o.read(d, currency)
		if err != nil {
			return nil, fault.As(err, fault.Invalid, "the document %s: %s", d.Name, err.Error())
		}
		if m != nil {
			models = append(models, m)
		}
	}
	o.Models, err = segment.NewSet(models...)
	return o, err
}

// read reads one document; it returns the model that it is, if any.
func (o *Options) read(d document.Document, currency money.Currency) (m *segment.Model, err error) {
	body := []byte(d.Body)
	switch d.Name {
	case RiskDocument:
		o.Risk, err = churn.ParseSettings(body)
	case OccasionsDocument:
		o.Occasions, err = occasion.ParseSettings(body)
	case EconomicsDocument:
		o.Economics, err = economics.ParseSettings(body, currency)
	case task.Document:
		_, err = task.ParsePolicy(body)
	case RecalculationDocument:
		o.Defaults, err = ParseDefaults(body)
	default:
		name, isModel := strings.CutPrefix(d.Name, modelDocuments)
		if !isModel {
			return nil, fault.New(fault.NotFound, "there is no document of this name")
		}
		if m, err = segment.ParseModel(body); err == nil && m.Name != name {
			err = fault.New(fault.Invalid, "the model calls itself %q", m.Name)
		}
		if err == nil && slices.Contains(columns, name) {
			err = fault.At("/name", "%s is a column of the scores that a run publishes: choose another name", name)
		}
	}
	return m, err
}

// CheckDocument returns an Invalid error that says what to change where a document cannot be read, and NotFound where
// there is none of its name.
func CheckDocument(d document.Document, currency money.Currency) error {
	_, err := new(Options).read(d, currency)
	return err
}

// ParseDefaults reads defaults as JSON, strictly. It returns an Invalid error with the pointer to the member at fault.
func ParseDefaults(body []byte) (Defaults, error) {
	var d Defaults
	if err := request.Parse(body, &d); err != nil {
		return Defaults{}, err
	}
	if d.Binning == Fixed {
		return Defaults{}, fault.At("/binning", "binning is quantile or ntile: fixed cuts come with a request")
	}
	if d.Drift.PSI < 0 || d.Drift.Shift < 0 {
		return Defaults{}, fault.At("/drift", "the limits of drift are not below 0")
	}
	r := Request{WindowDays: d.WindowDays, Binning: d.Binning, Model: d.Model, GroupedBy: d.GroupedBy}
	return d, r.check(Defaults{})
}
