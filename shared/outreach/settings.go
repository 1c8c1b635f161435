package outreach

import (
	"strconv"
	"strings"
	"time"

	"liuke/shared/brand"
	"liuke/shared/budget"
	"liuke/shared/document"
	"liuke/shared/fault"
	"liuke/shared/holdout"
	"liuke/shared/message"
	"liuke/shared/money"
	"liuke/shared/pattern"
	"liuke/shared/quiet"
	"liuke/shared/request"
	"liuke/shared/scene"
)

// Document names the settings of reaching out.
const Document = "outreach"

// Settings are what holds for all scenes together.
type Settings struct {
	Policy    scene.Policy
	Limits    budget.Limits     // of money; nil and empty where nothing is limited
	Prices    budget.Prices     // in the business's currency
	StopHints map[string]string // by locale: how a text message says that it can be stopped
	// Topics are by topic and locale what customers read of the topics that scenes name.
	Topics map[string]map[string]string
	// Descriptions are likewise what they read of them below, where anything is to be said.
	Descriptions map[string]map[string]string
}

// Bounds of settings.
const (
	maxPrices    = 500 // two for each country
	maxHintRunes = 60
	// dearestParts is how many of the dearest parts a message has at most, where the settings don't say what one may cost: a
	// text of ten segments.
	dearestParts = 10
)

// settingsFile is what operators write. What it leaves out is as the suite has it.
type settingsFile struct {
	Quiet   *quietFile  `json:"quiet_hours,omitempty"`
	Limits  *[]capFile  `json:"limits,omitempty"`
	Holdout *string     `json:"holdout,omitempty"`
	Salt    *string     `json:"holdout_salt,omitempty"`
	Surveys *surveyFile `json:"surveys,omitempty"`
	Budget  *budgetFile `json:"budget,omitempty"`
	Prices  []priceFile `json:"prices,omitempty"`
	SMS     *smsFile    `json:"sms,omitempty"`

	Topics       map[string]map[string]string `json:"topics,omitempty"`
	Descriptions map[string]map[string]string `json:"topic_descriptions,omitempty"`
}

type quietFile struct {
	From string `json:"from"`
	To   string `json:"to"`
}

type capFile struct {
	Scope   string `json:"scope"`
	Channel string `json:"channel,omitempty"`
	Max     int    `json:"max"`
	Per     string `json:"per"`
}

type surveyFile struct {
	AgainAfter string `json:"again_after"`
}

type budgetFile struct {
	Day     *string                    `json:"per_day,omitempty"`
	Message *string                    `json:"per_message,omitempty"`
	Scenes  map[string]sceneBudgetFile `json:"scenes,omitempty"`
}

type sceneBudgetFile struct {
	Day *string `json:"per_day,omitempty"`
	All *string `json:"in_all,omitempty"`
}

type priceFile struct {
	Channel string `json:"channel"`
	Country string `json:"country,omitempty"`
	Each    string `json:"each"`
}

type smsFile struct {
	StopHint map[string]string `json:"stop_hint"`
}

// ParseSettings reads the settings' document: JSON, strictly, with amounts in the business's currency. What it leaves out is as
// the policy has it that comes with the suite; a document with an empty body leaves out all. It returns an Invalid error with
// the pointer to the member at fault.
func ParseSettings(body string, builtIn scene.Policy, currency money.Currency) (Settings, error) {
	s := Settings{Policy: builtIn}
	if body == "" {
		return s, nil
	}
	var f settingsFile
	if err := request.Parse([]byte(body), &f); err != nil {
		return Settings{}, err
	}
	for _, read := range []func(*settingsFile) error{
		s.quiet, s.caps, s.surveys, s.prices, s.hints, s.topics,
		func(f *settingsFile) (err error) { s.Policy.Holdout, err = f.holdout(s.Policy.Holdout); return err },
		func(f *settingsFile) error { return s.budget(f, currency) },
	} {
		if err := read(&f); err != nil {
			return Settings{}, err
		}
	}
	return s, nil
}

// HoldoutOf returns the holdout that documents set, or else the one that comes with the suite.
func HoldoutOf(documents []document.Document, builtIn holdout.Holdout) (holdout.Holdout, error) {
	for _, d := range documents {
		if d.Name != Document || d.Body == "" {
			continue
		}
		var f settingsFile
		if err := request.Parse([]byte(d.Body), &f); err != nil {
			return holdout.Holdout{}, err
		}
		return f.holdout(builtIn)
	}
	return builtIn, nil
}

func (f *settingsFile) holdout(h holdout.Holdout) (_ holdout.Holdout, err error) {
	if f.Holdout != nil {
		if h.Share, err = holdout.ParseShare(*f.Holdout); err != nil {
			return h, fault.At("/holdout", "%s", err)
		}
	}
	if f.Salt != nil {
		if h.Salt = *f.Salt; len(h.Salt) > message.MaxNameBytes {
			return h, fault.At("/holdout_salt", "the salt has at most %d bytes", message.MaxNameBytes)
		}
	}
	return h, nil
}

func (s *Settings) quiet(f *settingsFile) (err error) {
	if f.Quiet == nil {
		return nil
	}
	if s.Policy.Quiet, err = quiet.Parse(f.Quiet.From, f.Quiet.To); err != nil {
		return fault.At("/quiet_hours", "%s", err)
	}
	return nil
}

// capped are the channels that reach customers, which a limit may count.
func capped(c message.Channel) bool {
	return c == message.Email || c == "sms" || c == "push" || c == "webhook"
}

func (s *Settings) caps(f *settingsFile) error {
	if f.Limits == nil {
		return nil
	}
	if len(*f.Limits) > scene.MaxCaps {
		return fault.At("/limits", "there are at most %d limits", scene.MaxCaps)
	}
	s.Policy.Caps = nil
	for i, from := range *f.Limits {
		at := "/limits/" + strconv.Itoa(i)
		c := scene.Cap{Scope: scene.Scope(from.Scope), Channel: message.Channel(from.Channel), Max: from.Max}
		switch {
		case c.Scope != scene.ScopeChannel && c.Scope != scene.ScopeAll:
			return fault.At(at+"/scope", "scope is %s or %s: a scene's own limits stand in the scene", scene.ScopeChannel, scene.ScopeAll)
		case c.Scope == scene.ScopeChannel && !capped(c.Channel):
			return fault.At(at+"/channel", "a limit of a channel names one: email, sms, push or webhook")
		case c.Scope == scene.ScopeAll && c.Channel != "":
			return fault.At(at+"/channel", "channel belongs to the scope %s", scene.ScopeChannel)
		case c.Max < 1 || c.Max > message.MaxStamps/2:
			return fault.At(at+"/max", "max is from 1 to %d", message.MaxStamps/2)
		}
		var err error
		if c.Per, err = span(at+"/per", from.Per, message.MaxWindow); err != nil {
			return err
		}
		s.Policy.Caps = append(s.Policy.Caps, c)
	}
	return nil
}

// span reads a number of days or hours, at most some days.
func span(at, text string, most time.Duration) (time.Duration, error) {
	d, err := scene.ParseDuration(text)
	if err != nil {
		return 0, fault.At(at, "%s", err)
	}
	if d > most {
		return 0, fault.At(at, "it is at most %d days", most/(24*time.Hour))
	}
	return d, nil
}

func (s *Settings) surveys(f *settingsFile) (err error) {
	if f.Surveys == nil {
		return nil
	}
	if f.Surveys.AgainAfter == "0" { // for those whose surveys each say for themselves
		s.Policy.AskAgainAfter = 0
		return nil
	}
	s.Policy.AskAgainAfter, err = span("/surveys/again_after", f.Surveys.AgainAfter, message.MaxAskedAge)
	return err
}

var country = pattern.New(`^[A-Z]{2}$`)

func (s *Settings) prices(f *settingsFile) error {
	if len(f.Prices) > maxPrices {
		return fault.At("/prices", "there are at most %d prices", maxPrices)
	}
	for i, from := range f.Prices {
		at := "/prices/" + strconv.Itoa(i)
		p := budget.Price{Channel: from.Channel, Country: from.Country}
		var ok bool
		switch p.Each, ok = parseMicro(from.Each); {
		case !capped(message.Channel(p.Channel)):
			return fault.At(at+"/channel", "a price is of a channel: email, sms, push or webhook")
		case p.Country != "" && !country().MatchString(p.Country):
			return fault.At(at+"/country", "country is a code of ISO 3166 such as CN")
		case !ok:
			return fault.At(at+"/each", `each is what one email, or one segment of a text, costs, in decimal with at most six decimals, such as "0.00645"`)
		}
		s.Prices = append(s.Prices, p)
		if s.Prices.Validate() != nil {
			return fault.At(at, "the channel has this price twice: say it once for each country, and once for all others")
		}
	}
	return nil
}

// parseMicro reads an amount of money below a million with at most six decimals.
func parseMicro(text string) (budget.Micro, bool) {
	const decimals = 6
	whole, part, _ := strings.Cut(text, ".")
	if whole == "" || len(whole) > decimals || len(part) > decimals || strings.HasSuffix(text, ".") || strings.Trim(whole+part, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseInt(whole+part+strings.Repeat("0", decimals-len(part)), 10, 64)
	return budget.Micro(n), err == nil
}

func (s *Settings) budget(f *settingsFile, currency money.Currency) error {
	b := f.Budget
	if b == nil {
		return nil
	}
	if len(s.Prices) == 0 {
		return fault.At("/budget", "without prices nobody knows what a message costs: add prices")
	}
	amount := func(at string, text *string) (*budget.Micro, error) {
		if text == nil {
			return nil, nil
		}
		a, err := currency.Parse(*text)
		if err != nil {
			return nil, fault.At(at, "%s", err)
		}
		m, ok := budget.MicroOf(a, currency)
		switch {
		case a < 0:
			return nil, fault.At(at, "a limit is an amount of money that is not below 0")
		case !ok:
			return nil, fault.At(at, "the limit is too large")
		}
		return &m, nil
	}
	var err error
	if s.Limits.Day, err = amount("/budget/per_day", b.Day); err != nil {
		return err
	}
	s.Limits.Dearest = s.dearest()
	switch most, err := amount("/budget/per_message", b.Message); {
	case err != nil:
		return err
	case most != nil && *most == 0:
		return fault.At("/budget/per_message", "what a message may cost is above 0")
	case most != nil:
		s.Limits.Dearest = *most
	}
	s.Limits.SceneDay, s.Limits.Scene = map[string]budget.Micro{}, map[string]budget.Micro{}
	for id, of := range b.Scenes {
		at := "/budget/scenes/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(id)
		if !nameForm().MatchString(id) {
			return fault.At(at, "a scene's budget stands under the scene's id")
		}
		day, err := amount(at+"/per_day", of.Day)
		if err != nil {
			return err
		}
		all, err := amount(at+"/in_all", of.All)
		if err != nil {
			return err
		}
		if day != nil {
			s.Limits.SceneDay[id] = *day
		}
		if all != nil {
			s.Limits.Scene[id] = *all
		}
	}
	return nil
}

func (s *Settings) hints(f *settingsFile) error {
	if f.SMS == nil {
		return nil
	}
	s.StopHints = f.SMS.StopHint
	for locale, text := range f.SMS.StopHint {
		at := "/sms/stop_hint/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(locale)
		switch {
		case !localeForm().MatchString(locale):
			return fault.At(at, "a hint stands under a locale such as en or zh-CN")
		case !brand.OneLine(text, maxHintRunes):
			return fault.At(at, "a hint is one line of at most %d characters, such as: Reply STOP to opt out", maxHintRunes)
		}
	}
	return nil
}

var localeForm = pattern.New(`^[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2})?$`)
