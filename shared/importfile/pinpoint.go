package importfile

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"liuke/shared/customer"
	"liuke/shared/event"
)

// endpoint is one address at which Pinpoint reached a user (Amazon Pinpoint API, EndpointResponse).
type endpoint struct {
	ID             string              `json:"Id"`
	ChannelType    string              `json:"ChannelType"`
	Address        string              `json:"Address"`
	EndpointStatus string              `json:"EndpointStatus"` // ACTIVE, INACTIVE
	OptOut         string              `json:"OptOut"`         // NONE, ALL
	EffectiveDate  string              `json:"EffectiveDate"`
	CreationDate   string              `json:"CreationDate"`
	Attributes     map[string][]string `json:"Attributes"`
	Demographic    struct {
		Locale   string `json:"Locale"`
		Timezone string `json:"Timezone"`
	} `json:"Demographic"`
	Location struct {
		City       string `json:"City"`
		Country    string `json:"Country"`
		PostalCode string `json:"PostalCode"`
		Region     string `json:"Region"`
	} `json:"Location"`
	User struct {
		UserID         string              `json:"UserId"`
		UserAttributes map[string][]string `json:"UserAttributes"`
	} `json:"User"`
}

// pinpointColumns are the columns that the CSV export may have beside attributes.
func pinpointColumns() []column {
	return []column{
		{field: "ChannelType", required: true, others: []string{"channeltype"}},
		{field: "Address", others: []string{"address"}},
		{field: "Id", others: []string{"id", "endpointid"}},
		{field: "EndpointStatus", others: []string{"endpointstatus"}},
		{field: "OptOut", others: []string{"optout"}},
		{field: "EffectiveDate", others: []string{"effectivedate"}},
		{field: "CreationDate", others: []string{"creationdate"}},
		{field: "User.UserId", others: []string{"user.userid"}},
		{field: "Demographic.Locale", others: []string{"demographic.locale"}},
		{field: "Demographic.Timezone", others: []string{"demographic.timezone"}},
		{field: "Location.City", others: []string{"location.city"}},
		{field: "Location.Country", others: []string{"location.country"}},
		{field: "Location.PostalCode", others: []string{"location.postalcode"}},
		{field: "Location.Region", others: []string{"location.region"}},
	}
}

// endpointRecord reads an endpoint from a CSV file's record.
func (f *Reader) endpointRecord(fields []string, row *Row) error {
	get := func(name string) string { return f.columns.get(fields, name) }
	var p endpoint
	p.ID, p.ChannelType, p.Address = get("Id"), get("ChannelType"), get("Address")
	p.EndpointStatus, p.OptOut = get("EndpointStatus"), get("OptOut")
	p.EffectiveDate, p.CreationDate = get("EffectiveDate"), get("CreationDate")
	p.User.UserID = get("User.UserId")
	p.Demographic.Locale, p.Demographic.Timezone = get("Demographic.Locale"), get("Demographic.Timezone")
	p.Location.City, p.Location.Country = get("Location.City"), get("Location.Country")
	p.Location.PostalCode, p.Location.Region = get("Location.PostalCode"), get("Location.Region")
	p.Attributes, p.User.UserAttributes = map[string][]string{}, map[string][]string{}
	for _, i := range f.columns.others {
		value := strings.TrimSpace(fields[i])
		if value == "" {
			continue
		}
		if name, ok := strings.CutPrefix(f.columns.names[i], "User.UserAttributes."); ok {
			p.User.UserAttributes[name] = listOf(value)
		} else if name, ok := strings.CutPrefix(f.columns.names[i], "Attributes."); ok {
			p.Attributes[name] = listOf(value)
		}
	}
	return f.endpoint(&p, row)
}

// listOf reads an attribute's values: a JSON list of them, or one.
func listOf(value string) []string {
	var list []string
	if strings.HasPrefix(value, "[") && json.Unmarshal([]byte(value), &list) == nil {
		return list
	}
	return []string{value}
}

// readLines makes the reader one of a file with a JSON object a line.
func (f *Reader) readLines(text *bufio.Reader) {
	t := newTable(text)
	var line []byte
	f.records = func() (_ []string, number int, err error) {
		line, number, err = t.rawLine()
		return nil, number, err
	}
	f.read = func(_ []string, row *Row) error {
		var p endpoint
		if !utf8.Valid(line) {
			return f.refuse("", notUTF8)
		}
		if err := json.Unmarshal(line, &p); err != nil {
			var typed *json.UnmarshalTypeError
			if errors.As(err, &typed) {
				return f.refuse(typed.Field, "the value is not of the type that Pinpoint exports")
			}
			return f.refuse("", "the line is no JSON object: an export has one endpoint a line")
		}
		return f.endpoint(&p, row)
	}
}

// rawLine reads a line that is not blank, valid until the next call.
func (t *table) rawLine() ([]byte, int, error) {
	for {
		end, behind, found := t.lineEnd()
		switch {
		case !found && t.err != nil && !errors.Is(t.err, io.EOF):
			return nil, t.line, t.err
		case !found && end == 0:
			return nil, t.line, io.EOF
		case end > maxRecordBytes:
			return nil, t.line, t.refuse(-1, tooLong)
		}
		line, number := bytes.TrimSpace(t.buf[t.start:t.start+end]), t.line
		t.consume(behind, 1)
		if len(line) > 0 {
			return line, number, nil
		}
	}
}

// endpoint makes an endpoint what is known of its user.
func (f *Reader) endpoint(p *endpoint, row *Row) error {
	e, err := f.endpointUser(p)
	if err != nil {
		return err
	}
	e.Type, e.Time = event.Identify, f.asOf()
	for _, d := range []struct{ field, text string }{{"EffectiveDate", p.EffectiveDate}, {"CreationDate", p.CreationDate}} {
		if d.text == "" {
			continue
		}
		at, ok := f.when(d.text)
		if !ok || at.time.After(f.received.Add(event.MaxAhead)) {
			return f.refuse(d.field, whenHint)
		}
		e.Time = at.time
		break
	}
	trait, channel, ok := reach(p.ChannelType)
	if !ok {
		return f.refuse("ChannelType", "the channel is none of Pinpoint's")
	}
	known := p.traits()
	inactive := strings.EqualFold(p.EndpointStatus, "INACTIVE")
	if trait != "" && p.Address != "" && !inactive {
		if reason := traitMistake(trait, p.Address); reason != "" {
			return f.refuse("Address", "%s", reason)
		}
		known[trait] = p.Address
	}
	var consent []byte
	switch {
	case channel != "" && strings.EqualFold(p.OptOut, "ALL"):
		consent = appendConsent(nil, channel, "false")
	case channel != "" && strings.EqualFold(p.OptOut, "NONE") && !inactive:
		consent = appendConsent(nil, channel, "true")
	}
	traits := append(make([]byte, 0, 256), '{')
	for _, name := range slices.Sorted(maps.Keys(known)) {
		traits = member(traits, name, known[name])
	}
	return f.identify(e, closeTraits(traits, consent), row)
}

// endpointUser is whose endpoint it is: a user, or a visitor who goes by the endpoint's id.
func (f *Reader) endpointUser(p *endpoint) (event.Event, error) {
	id, field := p.User.UserID, "User.UserId"
	if id == "" {
		id, field = p.ID, "Id"
	}
	if _, err := customer.ParseID(id); err != nil {
		return event.Event{}, f.refuse(field, "%s", sentence(err))
	}
	switch {
	case p.User.UserID == "" && len(id) > customer.MaxIDBytes-len(visitorPrefix):
		return event.Event{}, f.refuse(field, "an endpoint's id is at most %d bytes long", customer.MaxIDBytes-len(visitorPrefix))
	case strings.HasPrefix(id, visitorPrefix):
		return event.Event{}, f.refuse(field, "a customer id must not begin with %q: that is kept for visitors without one", visitorPrefix)
	}
	e := f.event(p.User.UserID)
	if p.User.UserID == "" {
		e.Anonymous = id
	}
	return e, nil
}

// reach returns the trait that holds a channel's address and the channel that consent is for; "" where the suite has none.
func reach(channelType string) (trait, channel string, ok bool) {
	switch strings.ToUpper(channelType) {
	case "EMAIL":
		return customer.TraitEmail, "email", true
	case "SMS":
		return customer.TraitPhone, "sms", true
	case "VOICE":
		return customer.TraitPhone, "", true
	case "PUSH", "GCM", "APNS", "APNS_SANDBOX", "APNS_VOIP", "APNS_VOIP_SANDBOX", "ADM", "BAIDU":
		return "push_token", "push", true
	case "CUSTOM", "IN_APP":
		return "", "", true
	}
	return "", "", false
}

// traits are what Pinpoint knows beside the address. What it says of the user beats what it says of the endpoint.
func (p *endpoint) traits() map[string]string {
	known := map[string]string{}
	set := func(name, value string) {
		if value != "" && utf8.ValidString(value) {
			known[name] = value
		}
	}
	set("city", p.Location.City)
	set("country", p.Location.Country)
	set("postal_code", p.Location.PostalCode)
	set("region", p.Location.Region)
	for _, attributes := range []map[string][]string{p.Attributes, p.User.UserAttributes} {
		for _, name := range slices.Sorted(maps.Keys(attributes)) {
			if own := traitName(name); own != "" && own != customer.TraitEmail && own != customer.TraitPhone {
				set(own, strings.Join(attributes[name], ", "))
			}
		}
	}
	set(customer.TraitLocale, strings.ReplaceAll(p.Demographic.Locale, "_", "-"))
	set(customer.TraitTimeZone, p.Demographic.Timezone)
	for _, c := range traitColumns() {
		if traitMistake(c.field, known[c.field]) != "" && c.field != customer.TraitEmail {
			delete(known, c.field)
		}
	}
	return known
}

// traitName is the trait that an attribute is: one that the suite reads under its own name, however Pinpoint's spells it,
// or the attribute's; "" for what no trait may be called.
func traitName(attribute string) string {
	folded := strings.ReplaceAll(plainName(attribute), "_", "")
	for _, c := range traitColumns() {
		if strings.ReplaceAll(c.field, "_", "") == folded {
			return c.field
		}
	}
	if folded == "consent" || strings.HasPrefix(folded, "consent.") {
		return ""
	}
	return attribute
}
