package fold

import (
	"encoding/json"
	"time"

	"liuke/shared/consent"
	"liuke/shared/customer"
	"liuke/shared/event"
	"liuke/shared/fault"
	"liuke/shared/order"
	"liuke/shared/signal"
)

// change is an event, read and judged.
type change struct {
	id       string
	customer customer.ID
	// actor is by whose name the event is remembered: the visitor's, where it has one, for some clients add the user's to
	// events that the visitor caused when they send them again after the sign-in.
	actor       customer.ID
	time        time.Time
	said        time.Time // time, or when it was taken in where that is earlier
	quiet       bool      // sets off no scene
	replay      bool      // had its effect before
	activity    bool      // counts as such
	listed      bool      // what a file knows of a customer: remembered as activity is, and nothing that the customer did
	links       []link    // who is who
	orderID     string
	order       order.Change      // where orderID is set
	traits      map[string]string // of a profile; nil where the event says nothing of it
	proof       customer.Proof    // of what traits say of consent
	agrees      bool              // traits say something of consent
	group       string            // whose traits groupTraits are; "" for an event of no group
	groupTraits map[string]string
	answer      *signal.AnswerData // told to outreach
	happened    *signal.EventData  // told to outreach
	sign        customer.Sign      // where signed
	signed      bool
	metric      customer.Metric // of the opinion
	opinion     customer.Opinion
	touch       customer.Touch
}

// read judges an event; named are the events that outreach is told of beside those of which it always is. It returns an Invalid
// error for one that cannot be folded.
func (s *Settings) read(e *event.Event, named map[string]bool) (c change, err error) {
	c = change{id: string(e.ID), customer: e.Customer(), time: e.Time, said: e.Time, quiet: e.Import || e.Replay, replay: e.Replay}
	if c.actor = c.customer; e.Anonymous != "" {
		c.actor = customer.Visitor(e.Anonymous)
	}
	if !e.Received.IsZero() && e.Time.After(e.Received) {
		c.said = e.Received
	}
	if c.id == "" {
		return c, fault.At("/messageId", "an event needs an id")
	}
	name := e.User
	if name == "" {
		name = e.Anonymous
	}
	if _, err := customer.ParseID(name); err != nil {
		return c, err
	}
	c.links = linksOf(e)
	c.activity, c.listed = e.Type != event.Alias && !e.Replay, e.Import && e.Type == event.Identify
	c.readSigns(e)
	if subject, ok := e.Tells(named); ok {
		c.happened = &signal.EventData{Event: e.Name, Subject: subject}
	}
	switch {
	case e.Type == event.Identify:
		c.traits, err = customer.ParseTraits(e.Traits)
	case e.Type == event.Group:
		err = readGroup(e, &c)
	case e.Type == event.Track && event.IsOrder(e.Name):
		err = s.readOrder(e, &c)
	case e.Type == event.Track && e.Name == event.Unsubscribed:
		err = readUnsubscribed(e, &c)
	case e.Type == event.Track && e.Name == event.PreferencesChanged && e.Source == event.SourceSurvey:
		err = readPreferences(e, &c)
	case e.Type == event.Track && e.Name == event.SurveyAnswered && (e.Source == event.SourceSurvey || e.Source == event.SourceImport):
		err = readAnswer(e, &c)
	}
	if err == nil {
		err = c.readProof(e)
	}
	return c, err
}

// readProof reads what proves the consent that an event speaks of, if any.
func (c *change) readProof(e *event.Event) (err error) {
	for name := range c.traits {
		_, is := consent.Purpose(name)
		c.agrees = c.agrees || is
	}
	if c.agrees {
		c.proof, err = consent.ProofOf(e)
	}
	return err
}

func readGroup(e *event.Event, c *change) (err error) {
	if _, err := customer.ParseID(e.Group); err != nil {
		return fault.At("/groupId", "groupId must be 1 to %d bytes of UTF-8 without control characters", customer.MaxIDBytes)
	}
	c.group, c.traits = e.Group, map[string]string{customer.TraitGroup: e.Group}
	c.groupTraits, err = customer.ParseGroupTraits(e.Traits)
	return err
}

var orderKinds = map[string]order.Kind{
	event.OrderCompleted: order.Placed,
	event.OrderUpdated:   order.Updated,
	event.OrderRefunded:  order.Refunded,
	event.OrderCancelled: order.Cancelled,
}

func (s *Settings) readOrder(e *event.Event, c *change) error {
	o, err := event.OrderOf(e, s.Money)
	if err != nil {
		return err
	}
	c.orderID = o.ID
	c.order = order.Change{
		Event: c.id,
		Kind:  orderKinds[e.Name],
		Time:  e.Time,
		Total: o.Total,
		Whole: o.Whole,
		Day:   customer.DayOf(e.Time, s.Zone),

		Currency: o.Currency,
		Assumed:  o.Assumed,
	}
	if o.Day != "" {
		day, err := time.Parse(time.DateOnly, o.Day)
		if err != nil {
			return fault.At("/properties/date", "date must be a day such as 2026-01-31")
		}
		c.order.Day = customer.DayOf(day, time.UTC)
	}
	if c.order.Kind != order.Placed {
		return nil
	}
	var known bool
	if c.order.Rate, known = s.Money.On(o.Currency, c.order.Day); !known {
		return event.UnknownRate(o.Currency, s.Money)
	}
	c.order.Told = !e.Import // a replay ends in the same record
	return nil
}

func readUnsubscribed(e *event.Event, c *change) error {
	var p struct {
		Channel string `json:"channel"`
		Topic   string `json:"topic"`
	}
	if err := json.Unmarshal(e.Properties, &p); err != nil || !customer.IsChannel(p.Channel) {
		return fault.At("/properties/channel", "channel must be email, sms or push")
	}
	trait := customer.ConsentTrait(p.Channel)
	if p.Topic != "" {
		if err := customer.CheckTopic(p.Topic); err != nil {
			return fault.At("/properties/topic", "%s", err.Error())
		}
		trait = customer.TopicTrait(p.Topic)
	}
	c.traits = map[string]string{trait: "false"}
	return nil
}

func readPreferences(e *event.Event, c *change) error {
	p, err := consent.ParsePreferences(e.Properties)
	if err != nil {
		return err
	}
	c.traits = p.Traits()
	return nil
}

func readAnswer(e *event.Event, c *change) error {
	var p signal.AnswerData
	if err := json.Unmarshal(e.Properties, &p); err != nil || p.Survey == "" || p.Invitation == "" {
		return fault.At("/properties", "an answer needs survey, invitation and score")
	}
	c.answer = &p
	if m, ok := customer.MetricOf(p.Kind); ok {
		c.metric, c.opinion = m, customer.Opinion{Score: int64(p.Score), Time: c.said.UnixMilli()}
	}
	return nil
}
