package event

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"unicode"
)

// told are the track events that outreach is always told of, and the properties that say what such an event is about, the
// closest first.
var told = map[string][]string{
	TicketResolved:   {"ticket_id", "order_id"},
	ComplaintFiled:   {"ticket_id", "order_id", "return_id"},
	DeviceAlert:      {"ticket_id", "order_id"},
	MaintenanceDue:   {"device_id", "order_id"},
	OrderDelivered:   {"order_id"},
	ReturnCompleted:  {"return_id", "order_id"},
	ProductReviewed:  {"review_id", "product_id", "order_id"},
	Referred:         {"referral_id"},
	ReferralAccepted: {"referral_id"},
	CheckedIn:        {"streak"},
}

// streaks are the numbers of days in a row at which a check-in is told; the many others would cost more than they say.
var streaks = []string{"7", "30", "100", "365"}

// subjects are the properties that say what any other event is about, the closest first.
var subjects = []string{"ticket_id", "return_id", "order_id", "product_id"}

// Told lists the names of the track events that outreach is told of whatever scenes there are, sorted.
func Told() []string { return slices.Sorted(maps.Keys(told)) }

// Tellable reports whether outreach can be told of track events of the name, so that scenes may name it. Orders, answers and
// what customers say on their own pages have an effect of their own instead.
func Tellable(name string) bool {
	switch name {
	case "", SurveyAnswered, Unsubscribed, PreferencesChanged:
		return false
	}
	return !IsOrder(name) && len(name) <= MaxNameBytes && name == strings.TrimSpace(name) && !strings.ContainsFunc(name, unicode.IsControl)
}

// maxSubjectBytes is how long the id of what an event is about may be to be told.
const maxSubjectBytes = 128

// Tells reports whether outreach is told of the event, because it always is of its name or because that is among those named,
// and the id of the ticket, order, return, device, review or product that it is about, or of a check-in the days in a row, ""
// where it names none, or none that is a whole number or a line of at most 128 bytes.
func (e *Event) Tells(named map[string]bool) (subject string, ok bool) {
	names, ok := told[e.Name]
	if !ok && named[e.Name] && Tellable(e.Name) {
		names, ok = subjects, true
	}
	if !ok || e.Type != Track {
		return "", false
	}
	var properties map[string]json.RawMessage
	if json.Unmarshal(e.Properties, &properties) != nil {
		return "", e.Name != CheckedIn
	}
	for _, name := range names {
		if id := identifier(properties[name]); id != "" {
			return id, e.Name != CheckedIn || slices.Contains(streaks, id)
		}
	}
	return "", e.Name != CheckedIn
}

// identifier reads an id that clients write as a string or as a whole number.
func identifier(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) != nil {
		var n json.Number
		if json.Unmarshal(raw, &n) != nil {
			return ""
		}
		if _, err := n.Int64(); err != nil {
			return ""
		}
		s = n.String()
	}
	if s = strings.TrimSpace(s); len(s) > maxSubjectBytes || strings.ContainsFunc(s, unicode.IsControl) {
		return ""
	}
	return s
}
