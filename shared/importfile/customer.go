package importfile

import (
	"slices"
	"strings"
	"time"
	"unicode"

	"liuke/shared/customer"
	"liuke/shared/event"
)

// The fields of a customer beside the id. Any other column is a trait by its own name.
const (
	fieldUpdated = "updated_at"
	fieldConsent = "consent_" // and a channel
)

// traitColumns are the traits that the suite reads itself, and by which names their columns go.
func traitColumns() []column {
	return []column{
		{field: customer.TraitEmail, others: []string{"email_address", "e_mail", "person_email"}},
		{field: customer.TraitPhone, others: []string{"phone_number", "mobile", "person_phone", "person_phone_number"}},
		{field: customer.TraitName, others: []string{"full_name", "person_name"}},
		{field: customer.TraitFirstName, others: []string{"firstname", "given_name"}},
		{field: customer.TraitLastName, others: []string{"lastname", "family_name", "surname"}},
		{field: customer.TraitLocale, others: []string{"language"}},
		{field: customer.TraitTimeZone, others: []string{"timezone"}},
		{field: customer.TraitBirthday, others: []string{"birthdate", "birth_date", "date_of_birth"}},
	}
}

// consentChannels are the channels that consent is given for.
var consentChannels = []string{"email", "sms", "push"}

func customerColumns() []column {
	columns := append([]column{{field: fieldCustomer, required: true, others: append([]string{"id"}, customerNames...)}}, traitColumns()...)
	for _, channel := range consentChannels {
		columns = append(columns, column{field: fieldConsent + channel, others: []string{"consent." + channel, channel + "_consent"}})
	}
	return append(columns, column{field: fieldUpdated, others: []string{"last_updated", "modified_at"}})
}

// customer reads a customer: what was known as of the column updated_at, of the import's as_of, or of the import itself.
func (f *Reader) customer(fields []string, row *Row) error {
	e, err := f.person(fields)
	if err != nil {
		return err
	}
	e.Type, e.Time = event.Identify, f.asOf()
	if f.columns.get(fields, fieldUpdated) != "" {
		at, err := f.date(fields, fieldUpdated)
		if err != nil {
			return err
		}
		e.Time = at.time
	}
	traits, err := f.traits(fields, row)
	if err != nil {
		return err
	}
	consent := []byte(nil)
	for _, channel := range consentChannels {
		given, err := f.consent(fields, fieldConsent+channel)
		if err != nil {
			return err
		}
		consent = appendConsent(consent, channel, given)
	}
	return f.identify(e, closeTraits(traits, consent), row)
}

// asOf is the time at which the file's rows were so, where they do not say it themselves.
func (f *Reader) asOf() time.Time {
	if !f.request.AsOf.IsZero() {
		return f.request.AsOf.UTC()
	}
	return f.received
}

// identify completes an identify event and adds it to the row.
func (f *Reader) identify(e event.Event, traits []byte, row *Row) error {
	if len(traits) > event.MaxEventBytes {
		return f.refuse("", "the row says more than %d KB of the customer", event.MaxEventBytes>>10)
	}
	if _, err := customer.ParseTraits(traits); err != nil {
		return f.refuse("", "%s", sentence(err))
	}
	e.Traits = traits
	said := ""
	if !e.Time.Equal(f.asOf()) { // the row's own time; a file's says when it was imported, not what
		said = e.Time.Format(time.RFC3339Nano)
	}
	e.ID = event.MessageID(event.ContentID("import-", []byte(e.User), []byte(e.Anonymous), []byte(said), traits))
	row.Events = append(row.Events, e)
	return nil
}

// traits reads the traits' columns into an object without its closing brace. An empty field says nothing, and a column
// of answers to a question of the row's survey nothing of the customer.
func (f *Reader) traits(fields []string, row *Row) ([]byte, error) {
	traits := append(make([]byte, 0, 256), '{')
	for _, c := range traitColumns() {
		value := f.columns.get(fields, c.field)
		if value == "" {
			continue
		}
		if reason := traitMistake(c.field, value); reason != "" {
			return nil, f.refuse(c.field, "%s", reason)
		}
		traits = member(traits, c.field, value)
	}
	for _, name := range f.request.mappedTraits() {
		if value := f.columns.get(fields, name); value != "" && !f.asked(row, f.columns.at[name]) {
			traits = member(traits, name, value)
		}
	}
	for _, i := range f.columns.others {
		if value := strings.TrimSpace(fields[i]); value != "" && !f.asked(row, i) && f.isTrait(f.columns.names[i]) {
			traits = member(traits, f.columns.names[i], value)
		}
	}
	return traits, nil
}

// isTrait reports whether a column that is no field may become a trait of its name: not one that the suite reads, which
// only its own column may set, nor one that is mapped.
func (f *Reader) isTrait(name string) bool {
	if f.columns.has(name) || name == "consent" || strings.HasPrefix(name, "consent.") {
		return false
	}
	if f.request.Kind == Delighted {
		if plain := plainName(name); slices.Contains(passed, plain) || strings.HasPrefix(plain, ownPrefix) || asks(name) {
			return false
		}
	}
	folded := strings.ReplaceAll(plainName(name), "_", "")
	return !slices.ContainsFunc(traitColumns(), func(c column) bool { return strings.ReplaceAll(c.field, "_", "") == folded })
}

// maxTraitBytes is the longest value of a trait that the suite reads; see customer.ParseTraits.
const maxTraitBytes = 512

func traitMistake(field, value string) string {
	switch {
	case len(value) > maxTraitBytes, strings.ContainsFunc(value, unicode.IsControl):
		return "the trait must be text of at most 512 bytes without control characters"
	case field == customer.TraitEmail && !isAddress(value):
		return "an email address looks like name@example.com"
	}
	return ""
}

// isAddress reports whether text looks like an email address.
func isAddress(text string) bool {
	at := strings.LastIndexByte(text, '@')
	return at > 0 && at < len(text)-1 && !strings.ContainsFunc(text, unicode.IsSpace)
}

// consent reads whether a customer consents: "true", "false", or "" where the row says nothing.
func (f *Reader) consent(fields []string, field string) (string, error) {
	switch strings.ToLower(f.columns.get(fields, field)) {
	case "":
		return "", nil
	case "true", "yes", "y", "1", "subscribed", "opted_in", "opt_in":
		return "true", nil
	case "false", "no", "n", "0", "unsubscribed", "opted_out", "opt_out":
		return "false", nil
	}
	return "", f.refuse(field, "consent is true or false, or left empty")
}

func appendConsent(dst []byte, channel, given string) []byte {
	if given == "" {
		return dst
	}
	if len(dst) > 0 {
		dst = append(dst, ',')
	}
	return append(append(appendJSON(dst, channel), ':'), given...)
}

// closeTraits ends an object of traits, with consent where there is any.
func closeTraits(traits, consent []byte) []byte {
	if len(consent) > 0 {
		if len(traits) > 1 {
			traits = append(traits, ',')
		}
		traits = append(append(append(traits, `"consent":{`...), consent...), '}')
	}
	return append(traits, '}')
}
