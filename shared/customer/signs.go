package customer

import (
	"encoding/binary"
	"math"
	"strings"
	"unicode"
)

// Sign is a kind of event that says more of how a customer fares than that there was one.
type Sign uint8

// The signs. Their order is that of the encoding: new ones come last.
const (
	TicketOpened Sign = iota
	TicketResolved
	ComplaintFiled
	DeviceAlert
	Referral
	Review
	CheckIn
	signs
)

// Signed returns every sign with its name, as the suite's interfaces spell it.
func Signed() map[Sign]string {
	return map[Sign]string{
		TicketOpened: "tickets_opened", TicketResolved: "tickets_resolved", ComplaintFiled: "complaints", DeviceAlert: "device_alerts",
		Referral: "referrals", Review: "reviews", CheckIn: "check_ins",
	}
}

// Metric is what a survey's answer measures.
type Metric uint8

// The metrics. Their order is that of the encoding: new ones come last.
const (
	NPS  Metric = iota // 0 to 10
	CSAT               // 1 to 5
	CES                // 1 to 7
	metrics
)

// metricNames are what surveys call the metrics that they measure.
var metricNames = [metrics]string{NPS: "nps", CSAT: "csat", CES: "ces"}

// MetricOf returns the metric of a name, "nps", "csat" or "ces"; false for any other.
func MetricOf(name string) (m Metric, ok bool) {
	for m, own := range metricNames {
		if own == name {
			return Metric(m), true
		}
	}
	return 0, false
}

// Metrics returns every metric with its name, as the suite's interfaces spell it.
func Metrics() map[Metric]string { return map[Metric]string{NPS: "nps", CSAT: "csat", CES: "ces"} }

// Opinion is the last answer that a customer gave on a metric. The zero value says that there was none.
type Opinion struct {
	Score int64 // on the metric's scale
	Time  int64 // when it was given, Unix milliseconds; 0 for none, and no answer was given then
}

// MaxChannelBytes is how long the name of a channel of acquisition is at most.
const MaxChannelBytes = 32

// ChannelOf returns the name of a channel of acquisition as it is kept: in lower case, without white space around it. It
// is "" for one that is too long or holds control characters.
func ChannelOf(text string) string {
	name := strings.ToLower(strings.TrimSpace(text))
	if len(name) > MaxChannelBytes || strings.ContainsFunc(name, unicode.IsControl) {
		return ""
	}
	return name
}

// Touch is a campaign through which a customer came. The zero value says that none is known.
type Touch struct {
	Channel string
	Time    int64 // of the event that named it, Unix milliseconds
}

// Signs are what a customer's item knows beside orders and activity: how many events of each sign there were, by month,
// the last opinion on each metric, the birthday, and the channel through which the customer came. They depend on what was
// added alone, never on the order: of opinions the latest counts, and of two at once the worse; of campaigns the first.
// Whether an event counts once is the caller's part. The zero value knows nothing.
type Signs struct {
	counts   [signs]Activity
	opinions [metrics]Opinion
	Birthday Birthday // as the traits have it
	Declared string   // the channel of acquisition as the traits have it, "" for none
	First    Touch    // the first campaign that an event named
}

// Add counts an event of a sign in a month.
func (s *Signs) Add(sign Sign, m Month) { s.counts[sign].Add(m, 1) }

// Of counts the events of a sign.
func (s *Signs) Of(sign Sign) *Activity { return &s.counts[sign] }

// OpenTickets is how many tickets were opened more than were resolved, 0 where it is the other way.
func (s *Signs) OpenTickets() int64 {
	return max(0, s.counts[TicketOpened].Total()-s.counts[TicketResolved].Total())
}

// Answered notes an answer. It reports whether that is the last one now.
func (s *Signs) Answered(m Metric, o Opinion) (changed bool) {
	before := s.opinions[m]
	if o.Time == 0 || before.Time != 0 && (o.Time < before.Time || o.Time == before.Time && o.Score >= before.Score) {
		return false
	}
	s.opinions[m] = o
	return true
}

// Opinion returns the last answer on a metric; its Time is 0 where there was none.
func (s *Signs) Opinion(m Metric) Opinion { return s.opinions[m] }

// Touched notes a campaign that an event named, as ChannelOf has it. It reports whether that is the first one now.
func (s *Signs) Touched(t Touch) (changed bool) {
	if t.Channel == "" || len(t.Channel) > MaxChannelBytes {
		return false
	}
	b := s.First
	if b.Channel != "" && (t.Time > b.Time || t.Time == b.Time && t.Channel >= b.Channel) {
		return false
	}
	s.First = t
	return true
}

// Describe takes the birthday and the declared channel from the traits, TraitBirthday and TraitChannel. It reports
// whether either is another than before.
func (s *Signs) Describe(p *Profile) (changed bool) {
	birthday, declared := BirthdayOf(p.Get(TraitBirthday)), ChannelOf(p.Get(TraitChannel))
	changed = birthday != s.Birthday || declared != s.Declared
	s.Birthday, s.Declared = birthday, declared
	return changed
}

// Channel is through which channel the customer came: the declared one, else that of the first campaign, else "".
func (s *Signs) Channel() string {
	if s.Declared != "" {
		return s.Declared
	}
	return s.First.Channel
}

// Merge adds what others know. Birthday and declared channel are the traits' and stay as they are (see Describe).
func (s *Signs) Merge(o *Signs) {
	for i := range s.counts {
		s.counts[i].Merge(&o.counts[i])
	}
	for m, opinion := range o.opinions {
		s.Answered(Metric(m), opinion)
	}
	s.Touched(o.First)
}

// Clone returns a copy that shares nothing with s.
func (s *Signs) Clone() Signs {
	c := *s
	for i := range s.counts {
		c.counts[i] = s.counts[i].Clone()
	}
	return c
}

// Equal reports whether two know the same.
func (s *Signs) Equal(o *Signs) bool {
	for i := range s.counts {
		if !s.counts[i].Equal(&o.counts[i]) {
			return false
		}
	}
	return s.opinions == o.opinions && s.Birthday == o.Birthday && s.Declared == o.Declared && s.First == o.First
}

// The encoding is a version byte and fields: a number that says which, and its content. Fields that say nothing are left
// out, and the numbers ascend.
const (
	fieldBirthday = 1
	fieldDeclared = 2
	fieldFirst    = 3
	fieldOpinions = 16 // and those of the metrics after it
	fieldCounts   = 32 // and those of the signs after it
)

// MarshalBinary encodes the signs; none are no bytes at all. The error is always nil.
func (s *Signs) MarshalBinary() ([]byte, error) {
	var b []byte
	if s.Birthday != (Birthday{}) {
		b = append(binary.AppendUvarint(b, fieldBirthday), s.Birthday.Month, s.Birthday.Day)
	}
	if s.Declared != "" {
		b = appendText(binary.AppendUvarint(b, fieldDeclared), s.Declared)
	}
	if s.First.Channel != "" {
		b = appendText(binary.AppendUvarint(b, fieldFirst), s.First.Channel)
		b = binary.AppendVarint(b, s.First.Time)
	}
	for m, o := range s.opinions {
		if o.Time != 0 {
			b = binary.AppendUvarint(b, fieldOpinions+uint64(m))
			b = binary.AppendVarint(binary.AppendVarint(b, o.Score), o.Time)
		}
	}
	for i := range s.counts {
		if count, _ := s.counts[i].MarshalBinary(); len(count) > 0 {
			b = appendText(binary.AppendUvarint(b, fieldCounts+uint64(i)), string(count))
		}
	}
	if len(b) == 0 {
		return nil, nil
	}
	return append([]byte{encodingVersion}, b...), nil
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// UnmarshalBinary decodes what MarshalBinary made. It returns an Internal error for anything else and then leaves s as
// it was.
func (s *Signs) UnmarshalBinary(b []byte) error {
	if len(b) == 0 {
		*s = Signs{}
		return nil
	}
	r := reader{b: b}
	r.version()
	var out Signs
	for before := uint64(0); len(r.b) > 0 && !r.bad; {
		field := r.uvarint()
		if field <= before {
			r.fail()
		}
		before = field
		out.read(field, &r)
	}
	if out.Equal(&Signs{}) { // nothing is encoded as nothing
		r.fail()
	}
	if err := r.end("signs"); err != nil {
		return err
	}
	*s = out
	return nil
}

// read reads one field.
func (s *Signs) read(field uint64, r *reader) {
	switch {
	case field == fieldBirthday:
		s.Birthday = Birthday{Month: uint8(r.count(12)), Day: uint8(r.count(31))}
		if !s.Birthday.valid() {
			r.fail()
		}
	case field == fieldDeclared:
		s.Declared = r.text(MaxChannelBytes)
	case field == fieldFirst:
		s.First = Touch{Channel: r.text(MaxChannelBytes), Time: r.varint()}
	case field >= fieldOpinions && field < fieldOpinions+uint64(metrics):
		o := Opinion{Score: r.varint(), Time: r.varint()}
		if s.opinions[field-fieldOpinions] = o; o.Time == 0 {
			r.fail()
		}
	case field >= fieldCounts && field < fieldCounts+uint64(signs):
		count := &s.counts[field-fieldCounts]
		if count.UnmarshalBinary([]byte(r.text(math.MaxInt32))) != nil || count.Total() == 0 {
			r.fail()
		}
	default:
		r.fail()
	}
}

// text reads what appendText wrote: 1 to limit bytes.
func (r *reader) text(limit int) string {
	n := r.count(min(limit, len(r.b)))
	if n == 0 || n > len(r.b) {
		r.fail()
		return ""
	}
	s := string(r.b[:n])
	r.b = r.b[n:]
	return s
}
