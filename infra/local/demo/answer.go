package demo

import (
	"context"
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sync/errgroup"
)

type mail struct {
	ID      string   `json:"id"`
	To      []string `json:"to"`
	Subject string   `json:"subject"`
	Text    string   `json:"text"`
	HTML    string   `json:"html"`
}

// Of those who are asked, so many answer, of those who stay and of those who leave; so many of them send the first page
// alone.
var (
	answering = habit{stay: 0.4, leave: 0.25}
	breakOff  = habit{stay: 0.15, leave: 0.3}
)

// sitting is one customer before one form.
type sitting struct {
	buyer *Buyer
	rnd   *rand.Rand
	mood  float64 // from 0, the worst, to 1
	at    page
	sent  int // pages
}

// readMail lets some of those who were asked since they last read their mail answer, through the link in it.
func (d *play) readMail(ctx context.Context) error {
	outbox, err := d.outbox(ctx)
	if err != nil {
		return err
	}
	asked := 0
	var doors []door
	for i := range outbox {
		m := &outbox[i]
		l, ok := surveyLinkOf(m)
		if !ok || d.read[m.ID] {
			continue
		}
		d.read[m.ID] = true
		asked++
		b, ok := d.shop.byEmail(m.To[0])
		if !ok {
			return fmt.Errorf("a mail asks somebody who is no customer: %q", m.Subject)
		}
		doors = append(doors, door{b, m.Subject, l})
	}
	return d.answer(ctx, fmt.Sprintf("%d mails lie in the outbox; %d of them ask anew", len(outbox), asked), doors)
}

// outbox is all mail that was sent, the last first.
func (d *play) outbox(ctx context.Context) (all []mail, err error) {
	err = d.call(ctx, anyone, http.MethodGet, d.OutboxURL+"?format=json", nil, &all)
	return all, err
}

// door is one customer's link to one form.
type door struct {
	buyer *Buyer
	about string
	link  link
}

// answer lets some of those who have a link answer by it, page by page.
func (d *play) answer(ctx context.Context, said string, doors []door) error {
	var open []*sitting
	for _, at := range doors {
		h := fnv.New64a() // each customer answers, or not, whoever else was asked
		h.Write([]byte(at.buyer.ID + at.about))
		s := &sitting{buyer: at.buyer, rnd: rand.New(rand.NewPCG(h.Sum64(), 4))}
		if s.rnd.Float64() > answering.of(at.buyer) {
			continue
		}
		s.mood = s.feel(d.mended[at.buyer.ID])
		s.at.address = at.link.form
		if len(at.link.choices) > 0 {
			s.at.address += "?" + s.tap(at.link.choices)
		}
		open = append(open, s)
	}
	answered, partial := len(open), 0
	for round := 0; len(open) > 0; round++ {
		if err := each(ctx, open, func(ctx context.Context, s *sitting) error { return d.turn(ctx, s) }); err != nil {
			return err
		}
		if d.inOrder {
			if err := d.settle(ctx); err != nil {
				return err
			}
		}
		open = slices.DeleteFunc(open, func(s *sitting) bool {
			if len(s.at.fields) == 0 {
				return true
			}
			left := s.sent == 1 && s.rnd.Float64() < breakOff.of(s.buyer)
			if left {
				partial++
			}
			return left
		})
	}
	d.say("%s, and %d customers answer, %d of them the first page alone.", said, answered, partial)
	return d.settle(ctx)
}

// each calls do for all of a list, some side by side.
func each[T any](ctx context.Context, list []T, do func(context.Context, T) error) error {
	g, doing := errgroup.WithContext(ctx)
	g.SetLimit(4)
	for _, one := range list {
		g.Go(func() error { return do(doing, one) })
	}
	return g.Wait()
}

// turn fills in and sends one page, and opens the first before.
func (d *play) turn(ctx context.Context, s *sitting) (err error) {
	if s.sent == 0 {
		if s.at, err = d.open(ctx, s.at.address); err != nil {
			return err
		}
		if len(s.at.fields) == 0 {
			return fmt.Errorf("the link of a mail shows no form: %s", s.at.address)
		}
	}
	s.sent++
	s.at, err = d.submit(ctx, s.at, s.fill(s.at.fields))
	return err
}

// feel draws how a customer feels: who left is disappointed more often than not, and whoever was made it up to is pleased.
func (s *sitting) feel(mended bool) float64 {
	mean, spread := 0.86, 0.16
	switch {
	case mended:
		mean, spread = 0.88, 0.1
	case !s.buyer.Left.IsZero():
		mean, spread = 0.58, 0.25
	}
	return min(1, max(0, mean+spread*s.rnd.NormFloat64()))
}

// tap chooses one of the answers that a mail offers: a number by the mood, else one that leads to others more often.
func (s *sitting) tap(choices []string) string {
	if _, number, _ := strings.Cut(choices[0], "="); number == "" || strings.Trim(number, "0123456789") != "" {
		return choices[s.among(len(choices))]
	}
	return choices[s.score(len(choices))]
}

// score returns which of so many numbers, ascending, says how the customer feels.
func (s *sitting) score(of int) int { return int(math.Round(s.mood * float64(of-1))) }

// among draws one of so many, the first ones more often.
func (s *sitting) among(n int) int { return int(math.Pow(s.rnd.Float64(), 1.5) * float64(n)) }

// fill fills in a form: the mood's number, an option, some boxes, now and then a comment. What the link in the mail chose
// stays.
func (s *sitting) fill(fields []field) (filled []field) {
	groups := map[string][]field{}
	var order []string
	for _, f := range fields {
		if groups[f.name] == nil {
			order = append(order, f.name)
		}
		groups[f.name] = append(groups[f.name], f)
	}
	for _, name := range order {
		group := groups[name]
		chosen := slices.DeleteFunc(slices.Clone(group), func(f field) bool { return !f.checked })
		switch kind := group[0].kind; {
		case kind == "hidden":
			chosen = group
		case kind == "textarea":
			chosen = []field{{name: name, kind: kind, value: s.write(name)}}
		case len(chosen) > 0: // by the link
		case kind == "checkbox":
			chosen = s.boxes(group)
		default:
			chosen = []field{group[s.pick(group)]}
		}
		filled = append(filled, chosen...)
	}
	return filled
}

// boxes chooses one box or two.
func (s *sitting) boxes(group []field) []field {
	first, second := s.among(len(group)), s.among(len(group))
	if first == second || s.rnd.Float64() < 0.5 {
		return []field{group[first]}
	}
	return []field{group[first], group[second]}
}

// pick chooses one of a group of radio buttons.
func (s *sitting) pick(group []field) int {
	if _, err := strconv.Atoi(group[0].value); err == nil {
		return s.score(len(group))
	}
	return s.among(len(group))
}

// byEmail finds a buyer by the address that a mail went to.
func (s *Shop) byEmail(address string) (*Buyer, bool) {
	i := slices.IndexFunc(s.Customers, func(b Buyer) bool { return b.Email == address })
	if i < 0 {
		return nil, false
	}
	return &s.Customers[i], true
}

// hand lets customers who get no mail find their link in the parcel.
func (d *play) hand(ctx context.Context, survey string, links map[string]string) error {
	var doors []door
	for _, id := range sorted(links) {
		i := slices.IndexFunc(d.shop.Customers, func(b Buyer) bool { return b.ID == id })
		if i < 0 || links[id] == "" {
			return fmt.Errorf("an invitation of %q leads to %q", id, links[id])
		}
		doors = append(doors, door{&d.shop.Customers[i], survey, link{form: links[id]}})
	}
	return d.answer(ctx, fmt.Sprintf("%d customers who get no mail find a link to the survey in their parcel", len(doors)), doors)
}
