package churn

import (
	"math"

	"pgregory.net/rapid"

	"liuke/shared/customer"
)

// drawn is a customer whose days are counted back from the scorer's.
type drawn struct {
	ago        []int32 // purchases
	activity   []int32 // months ago of each event
	signs      map[customer.Sign][]int32
	answers    map[customer.Metric][2]int32 // score and days ago
	alive      float64
	leaveEarly bool
}

func draw(t *rapid.T) drawn {
	months := rapid.SliceOfN(rapid.Int32Range(0, 30), 0, 12)
	d := drawn{
		ago:        rapid.SliceOfN(rapid.Int32Range(0, 900), 1, 12).Draw(t, "purchases, days ago"),
		activity:   rapid.SliceOfN(rapid.Int32Range(0, 30), 0, 40).Draw(t, "activity, months ago"),
		signs:      map[customer.Sign][]int32{},
		answers:    map[customer.Metric][2]int32{},
		alive:      rapid.SampledFrom([]float64{math.NaN(), 0, .3, .9, 1}).Draw(t, "P(alive)"),
		leaveEarly: rapid.Bool().Draw(t, "one-time buyers may leave"),
	}
	for sign := customer.TicketOpened; sign <= customer.CheckIn; sign++ {
		d.signs[sign] = months.Draw(t, "sign, months ago")
	}
	for metric, best := range map[customer.Metric]int32{customer.NPS: 10, customer.CSAT: 5, customer.CES: 7} {
		if rapid.Bool().Draw(t, "answered") {
			d.answers[metric] = [2]int32{rapid.Int32Range(0, best).Draw(t, "answer"), rapid.Int32Range(0, 500).Draw(t, "days ago")}
		}
	}
	return d
}

// evidence returns what is known of the customer where the last purchase was some days longer ago, and all before it too.
func (d *drawn) evidence(longer int32) *Evidence {
	var h customer.History
	for _, ago := range d.ago {
		h.Add(today-ago-longer, 1000)
	}
	month := customer.MonthOf(today)
	var a customer.Activity
	for _, ago := range d.activity {
		a.Add(month-ago, 1)
	}
	var s customer.Signs
	for sign, list := range d.signs {
		for _, ago := range list {
			s.Add(sign, month-ago)
			a.Add(month-ago, 1)
		}
	}
	for metric, answer := range d.answers {
		s.Answered(metric, customer.Opinion{Score: int64(answer[0]), Time: milli(today - answer[1])})
	}
	return &Evidence{
		Alive: d.alive, OneTimersLeave: d.leaveEarly, Seen: customer.DayTime(today - 1200).Unix(),
		History: &h, Activity: &a, Signs: &s,
	}
}

func drawSettings(t *rapid.T) Settings {
	w := rapid.SampledFrom([]float64{0, .5, 10, 60})
	s := Default()
	s.HorizonDays = rapid.Int32Range(1, 400).Draw(t, "horizon")
	s.Risk = RiskWeights{w.Draw(t, "alive"), w.Draw(t, "pace"), w.Draw(t, "rhythm"), w.Draw(t, "activity"), w.Draw(t, "complaints"), w.Draw(t, "tickets"), w.Draw(t, "answers")}
	s.Health = HealthWeights{w.Draw(t, "stay"), w.Draw(t, "trend"), w.Draw(t, "engagement"), w.Draw(t, "advocacy"), w.Draw(t, "answers")}
	return s
}
