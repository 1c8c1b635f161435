package demo

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"text/tabwriter"
	"time"
)

// found is what the suite says of a scene, as far as it is printed.
type found struct {
	Currency string `json:"currency"`
	Verdict  struct {
		Code    string `json:"code"`
		Variant string `json:"variant"`
		Text    string `json:"text"`
	} `json:"verdict"`
	Variants []struct {
		ID        string `json:"id"`
		Assigned  int    `json:"assigned"`
		Sent      int    `json:"sent"`
		Delivered int    `json:"delivered"`
		Clicked   int    `json:"clicked"`
		Converted int    `json:"converted"`
		Revenue   struct {
			Sum int64 `json:"sum"`
		} `json:"revenue"`
		Conversion struct {
			Rate *float64 `json:"rate"`
		} `json:"conversion_rate"`
	} `json:"variants"`
	Holdout *struct {
		Assigned  int `json:"assigned"`
		Converted int `json:"converted"`
		Rate      struct {
			Rate *float64 `json:"rate"`
		} `json:"conversion_rate"`
		Conversion struct {
			Value *float64 `json:"difference"`
			Low   *float64 `json:"low"`
			High  *float64 `json:"high"`
		} `json:"conversion"`
		Text string `json:"text"`
	} `json:"holdout"`
}

// results has everything counted and prints what came of each scene, by its variants, beside those who were held out. What the suite
// counted must be what the demo saw.
func (d *play) results(ctx context.Context, day time.Time) error {
	if err := d.wakeUp(ctx, day.Add(evening)); err != nil {
		return err
	}
	if err := d.fire(ctx, "tally"); err != nil {
		return err
	}
	if err := d.settle(ctx); err != nil {
		return err
	}
	w := tabwriter.NewWriter(d.out, 2, 0, 2, ' ', 0)
	for _, s := range stage {
		var f found
		if err := d.call(ctx, operator, http.MethodGet, "/v1/scenes/"+s.id+"/results", nil, &f); err != nil {
			return err
		}
		f.print(w, s)
		if err := d.check(s, &f); err != nil {
			return err
		}
	}
	return w.Flush()
}

func (f *found) print(w *tabwriter.Writer, s *staged) {
	fmt.Fprintf(w, "\nThe scene %s\tcustomers\tsent\tclicked\tbought\t\trevenue\n", s.id)
	for _, v := range f.Variants {
		fmt.Fprintf(w, "  %s\t%d\t%d\t%d\t%d\t%s\t%s\n", v.ID, v.Assigned, v.Sent, v.Clicked, v.Converted, rate(v.Conversion.Rate), decimal(v.Revenue.Sum))
	}
	if h := f.Holdout; h != nil {
		fmt.Fprintf(w, "  held out\t%d\t–\t–\t%d\t%s\t\n", h.Assigned, h.Converted, rate(h.Rate.Rate))
		if c := h.Conversion; c.Value != nil && c.Low != nil && c.High != nil {
			fmt.Fprintf(w, "  lift\t%+.1f points, between %+.1f and %+.1f\n", 100**c.Value, 100**c.Low, 100**c.High)
		}
		fmt.Fprintf(w, "  \t%s\n", h.Text)
	}
	fmt.Fprintf(w, "  verdict\t%s\n", f.Verdict.Text)
}

func rate(r *float64) string {
	if r == nil {
		return "–"
	}
	return fmt.Sprintf("%.1f%%", 100**r)
}

// check holds what the suite counted against what the demo saw: each variant's mails and clicks exactly, its buyers up to those who
// bought for another reason, and the share held out within what chance allows.
func (d *play) check(s *staged, f *found) error {
	if len(f.Variants) != len(s.variants) || f.Holdout == nil {
		return fmt.Errorf("the results of %s have %d variants and holdout %v", s.id, len(f.Variants), f.Holdout != nil)
	}
	all := f.Holdout.Assigned
	for i, v := range f.Variants {
		t := d.trial(s.id, s.variants[i].id)
		bought := len(t.bought)
		for id := range t.mailed {
			if d.bought[id] && !t.bought[id] {
				bought++
			}
		}
		most := bought + v.Assigned - v.Sent // who was assigned and not written to may have bought as well
		if v.Sent != len(t.mailed) || v.Clicked != len(t.clicked) || v.Converted < len(t.bought) || v.Converted > most {
			return fmt.Errorf("%s, %s: the suite counts %d sent, %d clicked, %d bought; the demo saw %d, %d and from %d to %d",
				s.id, v.ID, v.Sent, v.Clicked, v.Converted, len(t.mailed), len(t.clicked), len(t.bought), most)
		}
		if v.Sent == 0 {
			return fmt.Errorf("%s, %s: nobody was written to", s.id, v.ID)
		}
		all += v.Assigned
	}
	share := float64(s.holdout) / 100
	if spread := math.Sqrt(share * (1 - share) * float64(all)); math.Abs(float64(f.Holdout.Assigned)-share*float64(all)) > 4*spread {
		return fmt.Errorf("%s: %d of %d were held out, and %d%% should be", s.id, f.Holdout.Assigned, all, s.holdout)
	}
	return nil
}
