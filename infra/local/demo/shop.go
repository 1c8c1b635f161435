package demo

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// Shop is a made-up shop: its customers and all that they did, in the order of time. The same seed makes the same shop.
type Shop struct {
	Customers []Buyer
	Events    []Event
	Start     time.Time // 00:00 UTC of the first day
	End       time.Time // the end of the last month
}

// Buyer is one customer of the shop, with what a real shop never knows: until when they were a customer at all.
type Buyer struct {
	ID       string
	Email    string
	Name     string
	Locale   string // "zh-CN" or "en"
	TimeZone string // IANA, "" for the few who never told
	Consent  bool   // to e-mail
	Joined   time.Time
	Left     time.Time // the zero time for those who are still customers at the end
	Visitor  string    // the anonymous id under which they looked around before they joined, "" for those who didn't
	Channel  string    // through which they came, "" for those who came by themselves
	Birthday string    // YYYY-MM-DD, "" for those who never told
}

// Event is one event of the tracking API, to be sent in the body of a batch.
type Event struct {
	At   time.Time
	Body map[string]any
}

// customer is whom the event names: a customer or, before they have said who they are, a visitor.
func (e Event) customer() string {
	if user, ok := e.Body["userId"].(string); ok {
		return user
	}
	return e.Body["anonymousId"].(string)
}

// process is how the buyers buy: a buy-till-you-die process (Fader, Hardie and Lee 2005). Purchase rates are gamma
// distributed over the buyers, chances of leaving after a purchase beta distributed, amounts gamma distributed about
// each buyer's own gamma distributed mean (Fader and Hardie 2013), and the seasons thin the purchases out.
var process = struct {
	rateShape, rateScale   float64 // purchases a week
	leaveA, leaveB         float64
	spendShape, spendMean  float64
	meanShape              float64
	refunded, whole        float64 // share of orders refunded; of those, refunded whole
	consent, zoneless      float64
	chinese                float64
	viewsAnOrder, lastJoin float64 // product views before an order; share of the time in which buyers join
	growth                 float64 // buyers who joined by a time grow with its power: a shop that thrives
}{
	rateShape: 2, rateScale: 0.12,
	leaveA: 1, leaveB: 9,
	spendShape: 5, spendMean: 180, meanShape: 3.5,
	refunded: 0.05, whole: 0.4,
	consent: 0.78, zoneless: 0.04,
	chinese:      0.6,
	viewsAnOrder: 0.6, lastJoin: 0.97,
	growth: 9,
}

// season is how busy each month is against the busiest, from January on: the autumn's sales and the new year.
var season = [12]float64{0.85, 0.6, 0.6, 0.65, 0.7, 0.85, 0.65, 0.65, 0.75, 0.8, 1, 0.95}

// NewShop makes a shop of n buyers over a number of months that end before end, a first day of a month.
func NewShop(seed uint64, n, months int, end time.Time) *Shop {
	rnd := rand.New(rand.NewPCG(seed, 0x11ce))
	beside := rand.New(rand.NewPCG(seed, 0xca4e)) // what is no order is drawn apart, and moves none
	s := &Shop{Start: end.AddDate(0, -months, 0), End: end}
	orders := 0
	for i := range n {
		b := newBuyer(rnd, i, s.Start, end)
		b.describe(beside)
		first := len(s.Events)
		orders = s.live(rnd, &b, orders)
		s.accompany(beside, &b, first)
		s.Customers = append(s.Customers, b)
	}
	slices.SortStableFunc(s.Events, func(a, b Event) int { return a.At.Compare(b.At) })
	return s
}

func newBuyer(rnd *rand.Rand, i int, start, end time.Time) Buyer {
	span := time.Duration(float64(end.Sub(start)) * process.lastJoin)
	b := Buyer{
		ID:      fmt.Sprintf("c-%04d", i+1),
		Joined:  start.Add(time.Duration(math.Pow(rnd.Float64(), 1/process.growth) * float64(span))).Truncate(time.Second),
		Consent: rnd.Float64() < process.consent,
	}
	b.Email = b.ID + "@shop.example"
	if i%visitorEvery == 0 {
		b.Visitor = "v" + b.ID[1:]
	}
	if rnd.Float64() < process.chinese {
		b.Locale, b.TimeZone, b.Name = "zh-CN", "Asia/Shanghai", chineseNames[rnd.IntN(len(chineseNames))]
	} else {
		b.Locale, b.TimeZone, b.Name = "en", "Europe/London", englishNames[rnd.IntN(len(englishNames))]
	}
	if rnd.Float64() < process.zoneless {
		b.TimeZone = ""
	}
	return b
}

// visitorEvery says of how many buyers one looked around as a visitor first.
const visitorEvery = 8

// lookAround lets a visitor see products before they join.
func (s *Shop) lookAround(b *Buyer) {
	for back := 3; b.Visitor != "" && back > 0; back-- {
		if seen := b.Joined.Add(-time.Duration(back) * time.Minute); !seen.Before(s.Start) {
			s.add(seen, map[string]any{
				"type": "track", "anonymousId": b.Visitor, "event": "Product Viewed",
				"properties": map[string]any{"product_id": fmt.Sprintf("p-%03d", back)},
			})
		}
	}
}

// live lets one buyer join, look around, buy, send back and leave, and returns the number of orders so far.
func (s *Shop) live(rnd *rand.Rand, b *Buyer, orders int) int {
	s.lookAround(b)
	s.add(b.Joined, b.identify())
	rate := gamma(rnd, process.rateShape) * process.rateScale / (7 * 24)
	leaves := beta(rnd, process.leaveA, process.leaveB)
	mean := process.spendMean * (process.meanShape - 1) / gamma(rnd, process.meanShape)
	for at := b.Joined.Add(10 * time.Minute); at.Before(s.End); {
		orders++
		s.buy(rnd, b, fmt.Sprintf("o-%05d", orders), at, mean)
		if rnd.Float64() < leaves {
			b.Left = at
			break
		}
		for {
			at = at.Add(time.Duration(rnd.ExpFloat64() / rate * float64(time.Hour))).Truncate(time.Second)
			if !at.Before(s.End) || at.Before(b.Joined) || rnd.Float64() < season[at.Month()-1] {
				break
			}
		}
		if at.Before(b.Joined) { // an overflow of an immensely long wait
			break
		}
	}
	return orders
}

func (s *Shop) buy(rnd *rand.Rand, b *Buyer, order string, at time.Time, mean float64) {
	for rnd.Float64() < process.viewsAnOrder {
		seen := at.Add(-time.Duration(rnd.IntN(72*60)+1) * time.Minute)
		if seen.After(b.Joined) {
			s.add(seen, track(b, "Product Viewed", map[string]any{"product_id": fmt.Sprintf("p-%03d", rnd.IntN(400))}))
		}
	}
	cents := max(int64(math.Round(100*mean*gamma(rnd, process.spendShape)/process.spendShape)), 100)
	s.add(at, track(b, "Order Completed", map[string]any{"order_id": order, "total": decimal(cents)}))
	if rnd.Float64() >= process.refunded {
		return
	}
	back := cents
	if rnd.Float64() >= process.whole {
		back = max(cents*int64(rnd.IntN(60)+10)/100, 1)
	}
	if when := at.Add(time.Duration(rnd.IntN(14*24)+1) * time.Hour); when.Before(s.End) {
		s.add(when, track(b, "Order Refunded", map[string]any{"order_id": order, "total": decimal(back)}))
	}
}

func (s *Shop) add(at time.Time, body map[string]any) {
	body["timestamp"] = at.Format(time.RFC3339)
	body["messageId"] = fmt.Sprintf("demo-%06d", len(s.Events)+1)
	s.Events = append(s.Events, Event{At: at, Body: body})
}

func (b *Buyer) identify() map[string]any {
	traits := map[string]any{
		"email": b.Email, "name": b.Name, "locale": b.Locale,
		"consent": map[string]any{"email": b.Consent},
	}
	if b.TimeZone != "" {
		traits["time_zone"] = b.TimeZone
	}
	if b.Birthday != "" {
		traits["birthday"] = b.Birthday
	}
	body := map[string]any{"type": "identify", "userId": b.ID, "traits": traits}
	if b.Visitor != "" {
		body["anonymousId"] = b.Visitor
	}
	return body
}

func track(b *Buyer, name string, properties map[string]any) map[string]any {
	return map[string]any{"type": "track", "userId": b.ID, "event": name, "properties": properties}
}

// decimal is an amount in major units, to the digit.
type decimalNumber string

func (d decimalNumber) MarshalJSON() ([]byte, error) { return []byte(d), nil }

func decimal(cents int64) decimalNumber {
	return decimalNumber(fmt.Sprintf("%d.%02d", cents/100, cents%100))
}

// gamma draws from a gamma distribution of that shape and scale 1 (Marsaglia and Tsang 2000).
func gamma(rnd *rand.Rand, shape float64) float64 {
	if shape < 1 {
		return gamma(rnd, shape+1) * math.Pow(rnd.Float64(), 1/shape)
	}
	d := shape - 1.0/3
	c := 1 / math.Sqrt(9*d)
	for {
		x := rnd.NormFloat64()
		v := 1 + c*x
		if v <= 0 {
			continue
		}
		v = v * v * v
		if math.Log(rnd.Float64()) < x*x/2+d-d*v+d*math.Log(v) {
			return d * v
		}
	}
}

func beta(rnd *rand.Rand, a, b float64) float64 {
	x := gamma(rnd, a)
	return x / (x + gamma(rnd, b))
}

var (
	chineseNames = []string{"王芳", "李伟", "张敏", "刘洋", "陈静", "杨磊", "赵娜", "黄强", "周杰", "吴婷", "徐明", "孙丽"}
	englishNames = []string{"Alice", "Ben", "Chloe", "Daniel", "Emma", "Finn", "Grace", "Harry", "Isla", "Jack", "Lily", "Noah"}
)
