package demo

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"text/tabwriter"
)

// heard prints what the customers said.
func (d *play) heard(ctx context.Context, w *tabwriter.Writer) error {
	for _, survey := range []string{"nps", "csat_ticket", "leaving"} {
		m, err := d.metrics(ctx, survey)
		if err != nil {
			return err
		}
		m.print(w, survey)
	}
	return nil
}

// share is how many of how many; Rate is null of none.
type share struct {
	Count int      `json:"count"`
	Of    int      `json:"of"`
	Rate  *float64 `json:"rate"`
}

func (s share) String() string {
	if s.Rate == nil {
		return "–"
	}
	return fmt.Sprintf("%.0f %% (%d of %d)", 100**s.Rate, s.Count, s.Of)
}

// named is a share that something has.
type named struct {
	Name string `json:"name"`
	share
}

// part is how many answers chose one option, or gave one number.
type part struct {
	Value any `json:"value"`
	Count int `json:"count"`
}

// outcome is what a survey's answers come to, as far as it is printed.
type outcome struct {
	Total struct {
		Answers    int   `json:"answers"`
		Response   share `json:"response"`
		Completion share `json:"completion"`
		Metric     *struct {
			Text string `json:"text"`
		} `json:"metric"`
	} `json:"total"`
	Questions []struct {
		ID       string `json:"id"`
		Answered *int   `json:"answered"`
		Values   []part `json:"values"`
	} `json:"questions"`
	Comments struct {
		Count      int     `json:"count"`
		Sentiments []named `json:"sentiments"`
		Topics     []named `json:"topics"`
	} `json:"comments"`
	NonResponse struct {
		Text string `json:"text"`
	} `json:"non_response"`
}

func (d *play) metrics(ctx context.Context, survey string) (m outcome, err error) {
	err = d.call(ctx, operator, http.MethodGet, "/v1/surveys/"+survey+"/metrics", nil, &m)
	return m, err
}

// shownParts is how many topics and reasons are printed.
const shownParts = 4

func (m *outcome) print(w *tabwriter.Writer, survey string) {
	fmt.Fprintf(w, "\nThe survey %s\n", survey)
	if m.Total.Metric != nil {
		fmt.Fprintf(w, "  score\t%s\n", m.Total.Metric.Text)
	}
	fmt.Fprintf(w, "  answers\t%d, of those asked %s; complete %s\n", m.Total.Answers, m.Total.Response, m.Total.Completion)
	if reasons := m.reasons(); reasons != "" {
		fmt.Fprintf(w, "  reasons\t%s\n", reasons)
	}
	if c := m.Comments; c.Count > 0 {
		fmt.Fprintf(w, "  comments\t%d: %s; about %s\n", c.Count, join(c.Sentiments), join(c.Topics[:min(shownParts, len(c.Topics))]))
	}
	fmt.Fprintf(w, "  silence\t%s\n", m.NonResponse.Text)
}

// reasons are the answers to the question that is called so, those first that were given most.
func (m *outcome) reasons() string {
	for _, q := range m.Questions {
		if q.ID != "reason" || q.Answered == nil || *q.Answered == 0 {
			continue
		}
		slices.SortStableFunc(q.Values, func(a, b part) int { return b.Count - a.Count })
		var parts []string
		for _, v := range q.Values[:min(shownParts, len(q.Values))] {
			parts = append(parts, fmt.Sprintf("%v %d", v.Value, v.Count))
		}
		return strings.Join(parts, ", ")
	}
	return ""
}

func join(all []named) string {
	parts := make([]string, len(all))
	for i, n := range all {
		parts[i] = fmt.Sprintf("%s %d", n.Name, n.Count)
	}
	return strings.Join(parts, ", ")
}

// followUps prints how far operators are with those who were let down.
func (d *play) followUps(ctx context.Context, w *tabwriter.Writer) error {
	byState, escalated, overdue := map[string]int{}, map[int]int{}, 0
	for _, state := range []string{"", "done", "cancelled"} {
		tasks, err := d.tasks(ctx, state)
		if err != nil {
			return err
		}
		for _, t := range tasks {
			byState[strings.TrimSpace(t.State+" "+t.Outcome)]++
			escalated[t.Level]++
			if t.Overdue {
				overdue++
			}
		}
	}
	fmt.Fprintf(w, "\nTasks\tCustomers\n")
	for _, state := range sorted(byState) {
		fmt.Fprintf(w, "%s\t%d\n", strings.ReplaceAll(state, "_", " "), byState[state])
	}
	fmt.Fprintf(w, "overdue\t%d\n", overdue)
	delete(escalated, 0)
	for level := 1; len(escalated) > 0; level++ {
		if n, ok := escalated[level]; ok {
			fmt.Fprintf(w, "escalated %d×\t%d\tto the %s\n", level, n, head)
			delete(escalated, level)
		}
	}
	return nil
}
