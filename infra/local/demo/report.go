package demo

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sort"
	"sync"
	"text/tabwriter"

	"golang.org/x/sync/errgroup"
)

type run struct {
	ID          string    `json:"run_id"`
	State       string    `json:"state"`
	AsOf        string    `json:"as_of"`
	Customers   int       `json:"customers"`
	Segments    []segment `json:"segments"`
	Transitions []struct {
		From      string `json:"from"`
		To        string `json:"to"`
		Customers int    `json:"customers"`
	} `json:"transitions"`
	Risk struct {
		Low      int `json:"low"`
		Medium   int `json:"medium"`
		High     int `json:"high"`
		Unknown  int `json:"unknown"`
		Warnings int `json:"warnings"`
	} `json:"risk"`
	Occasions map[string]int `json:"occasions"`
	Cost      struct {
		Read  float64 `json:"read_units"`
		Write float64 `json:"write_units"`
	} `json:"cost"`
}

// segment is what the customers of a label come to.
type segment struct {
	Name      string `json:"name"`
	Customers int    `json:"customers"`
	Orders    int    `json:"orders"`
	Revenue   string `json:"revenue"`
}

// visitors asks for each visitor who joined: the customer must be the answer.
func (d *play) visitors(ctx context.Context) error {
	n := 0
	for _, b := range d.shop.Customers {
		if b.Visitor == "" {
			continue
		}
		var view struct {
			CustomerID string `json:"customer_id"`
		}
		if err := d.call(ctx, operator, http.MethodGet, "/v1/customers/anonymous:"+b.Visitor, nil, &view); err != nil {
			return err
		}
		if view.CustomerID != b.ID {
			return fmt.Errorf("the visitor %s is %q, not the customer %s", b.Visitor, view.CustomerID, b.ID)
		}
		n++
	}
	d.say("%d customers looked around as visitors before they said who they are; each is one customer now.", n)
	return nil
}

// report prints what came of it all.
func (d *play) report(ctx context.Context) error {
	last, month := d.last(), d.monthly()
	w := tabwriter.NewWriter(d.out, 2, 0, 2, ' ', 0)
	fmt.Fprintf(w, "\nSegment\tCustomers\tOrders\tRevenue\n")
	for _, s := range last.Segments {
		fmt.Fprintf(w, "%s\t%d\t%d\t%s\n", s.Name, s.Customers, s.Orders, s.Revenue)
	}
	fmt.Fprintf(w, "\nMoved within the month\t\tCustomers\n")
	sort.SliceStable(month.Transitions, func(i, j int) bool { return month.Transitions[i].Customers > month.Transitions[j].Customers })
	for _, t := range month.Transitions[:min(8, len(month.Transitions))] {
		fmt.Fprintf(w, "%s\t→ %s\t%d\n", t.From, t.To, t.Customers)
	}
	if rest := len(month.Transitions) - 8; rest > 0 {
		fmt.Fprintf(w, "and %d more ways\t\t\n", rest)
	}
	for _, part := range []func(context.Context, *tabwriter.Writer) error{
		d.risk, d.lifecycle, d.cohorts, d.economics, d.calibration, d.messages, d.heard, d.followUps, d.cost,
	} {
		if err := part(ctx, w); err != nil {
			return err
		}
	}
	return w.Flush()
}

type verdict struct{ Scene, State, Reason string }

// tally counts every customer's messages by what became of them.
func (d *play) tally(ctx context.Context) (map[verdict]int, error) {
	var mu sync.Mutex
	counts := map[verdict]int{}
	g, asking := errgroup.WithContext(ctx)
	g.SetLimit(4)
	for _, c := range d.shop.Customers {
		g.Go(func() error {
			var list struct {
				Messages []struct {
					Scene  string `json:"scene"`
					State  string `json:"state"`
					Reason string `json:"reason"`
				} `json:"messages"`
			}
			if err := d.call(asking, operator, http.MethodGet, "/v1/customers/"+c.ID+"/messages", nil, &list); err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			for _, m := range list.Messages {
				counts[verdict{m.Scene, m.State, m.Reason}]++
			}
			return nil
		})
	}
	return counts, g.Wait()
}

func (d *play) messages(ctx context.Context, w *tabwriter.Writer) error {
	counts, err := d.tally(ctx)
	if err != nil {
		return err
	}
	d.occasions(w, counts)
	keys := make([]verdict, 0, len(counts))
	for k := range counts {
		keys = append(keys, k)
	}
	sort.Slice(keys, func(i, j int) bool { return fmt.Sprint(keys[i]) < fmt.Sprint(keys[j]) })
	fmt.Fprintf(w, "\nScene\tMessages\t\tWhy\n")
	for _, k := range keys {
		fmt.Fprintf(w, "%s\t%s\t%d\t%s\n", k.Scene, k.State, counts[k], k.Reason)
	}
	return nil
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// Prices of DynamoDB on demand, us-east-1, in dollars a million units of 1 KB written or 4 KB read (November 2024 on).
const (
	priceWrite = 0.625
	priceRead  = 0.125
)

func (d *play) cost(ctx context.Context, w *tabwriter.Writer) error {
	var units struct {
		Functions map[string]struct {
			Read  float64 `json:"read"`
			Write float64 `json:"write"`
		} `json:"functions"`
	}
	if err := d.call(ctx, anyone, http.MethodGet, "/_local/units", nil, &units); err != nil {
		return err
	}
	names := sorted(units.Functions)
	fmt.Fprintf(w, "\nDynamoDB units\tRead\tWritten\tDollars on demand\n")
	var read, write float64
	for _, name := range names {
		u := units.Functions[name]
		read, write = read+u.Read, write+u.Write
		fmt.Fprintf(w, "%s\t%.1f\t%.0f\t%.5f\n", name, u.Read, u.Write, u.Read*priceRead/1e6+u.Write*priceWrite/1e6)
	}
	fmt.Fprintf(w, "all\t%.1f\t%.0f\t%.5f\n", read, write, read*priceRead/1e6+write*priceWrite/1e6)
	for _, r := range d.runs {
		fmt.Fprintf(w, "of that, the run of %s\t%.1f\t%.0f\t\n", r.AsOf, r.Cost.Read, r.Cost.Write)
	}
	return nil
}
