package demo

import (
	"bytes"
	"cmp"
	"context"
	"encoding/csv"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"unicode/utf8"
)

// risk prints the bands of churn risk, with how many of each have left indeed, which no real shop could know, and of one
// customer in the highest what speaks for that.
func (d *play) risk(ctx context.Context, w *tabwriter.Writer) error {
	scores, err := d.scores(ctx)
	if err != nil {
		return err
	}
	left := map[string]bool{}
	for _, b := range d.shop.Customers {
		left[b.ID] = !b.Left.IsZero()
	}
	customers, gone := map[string]int{}, map[string]int{}
	for _, s := range scores {
		if customers[s.band]++; left[s.id] {
			gone[s.band]++
		}
	}
	fmt.Fprintf(w, "\nRisk of churn\tCustomers\tHave left for good, as only a made-up shop knows\n")
	for _, band := range []string{"high", "medium", "low", "unknown"} {
		if n := customers[band]; n > 0 {
			fmt.Fprintf(w, "%s\t%d\t%d %%\n", band, n, 100*gone[band]/n)
		}
	}
	fmt.Fprintf(w, "%d came into a higher band within the month\n", d.monthly().Risk.Warnings)
	return d.example(ctx, w, scores)
}

// score is a line of a run's table.
type score struct {
	id, band string
	risk     float64
}

// scores returns the table of the last run, the greatest risk first.
func (d *play) scores(ctx context.Context) (all []score, err error) {
	var to redirect
	if err := d.call(ctx, operator, http.MethodGet, "/v1/rfm/runs/"+d.last().ID+"/scores.csv", nil, &to); err != nil {
		return nil, err
	}
	var table []byte
	if err := d.call(ctx, anyone, http.MethodGet, string(to), nil, &table); err != nil {
		return nil, err
	}
	rows, err := csv.NewReader(bytes.NewReader(table)).ReadAll()
	if err != nil || len(rows) == 0 {
		return nil, fmt.Errorf("the scores are no table: %w", err)
	}
	id, risk, band := slices.Index(rows[0], "customer_id"), slices.Index(rows[0], "risk"), slices.Index(rows[0], "risk_band")
	if min(id, risk, band) < 0 {
		return nil, fmt.Errorf("the scores lack a column: %v", rows[0])
	}
	for _, row := range rows[1:] {
		v, _ := strconv.ParseFloat(row[risk], 64) // what is unknown is empty, and comes last
		all = append(all, score{row[id], row[band], v})
	}
	slices.SortStableFunc(all, func(a, b score) int { return cmp.Compare(b.risk, a.risk) })
	return all, nil
}

// reason is what one thing that is known adds to a score.
type reason struct {
	Points int    `json:"points"`
	Text   string `json:"text"`
}

// person is what operators see of a customer.
type person struct {
	ID     string `json:"customer_id"`
	Scores *struct {
		Segment string `json:"segment"`
		Churn   *struct {
			Band  string   `json:"band"`
			Score *int     `json:"score"`
			Parts []reason `json:"parts"`
		} `json:"churn"`
		Health *struct {
			Score *int `json:"score"`
		} `json:"health"`
	} `json:"scores"`
}

// exampleReasons is how many reasons are shown, exampleSize among how many customers one is chosen.
const (
	exampleReasons = 4
	exampleSize    = 25
)

// example prints the leading reasons of one customer: of those in the band of the greatest risk, the one with the most.
func (d *play) example(ctx context.Context, w *tabwriter.Writer, scores []score) error {
	var example person
	for _, of := range scores[:min(exampleSize, len(scores))] {
		if of.band != scores[0].band {
			continue
		}
		var p person
		if err := d.call(ctx, operator, http.MethodGet, "/v1/customers/"+of.id, nil, &p); err != nil {
			return err
		}
		s := p.Scores
		if s == nil || s.Churn == nil || s.Health == nil || s.Churn.Score == nil || s.Health.Score == nil {
			continue
		}
		if example.Scores == nil || len(s.Churn.Parts) > len(example.Scores.Churn.Parts) {
			example = p
		}
	}
	if example.Scores == nil {
		return nil
	}
	s := example.Scores
	fmt.Fprintf(w, "\nThe risk of %s (%s) is %s, %d of 100, and the health %d. Of the risk are\n",
		example.ID, s.Segment, s.Churn.Band, *s.Churn.Score, *s.Health.Score)
	slices.SortStableFunc(s.Churn.Parts, func(a, b reason) int { return cmp.Compare(b.Points, a.Points) })
	for _, p := range s.Churn.Parts[:min(exampleReasons, len(s.Churn.Parts))] {
		fmt.Fprintf(w, "%4d  %s\n", p.Points, wrapped(p.Text, 90, "\n      "))
	}
	return nil
}

// wrapped breaks a text between words into lines of so many characters at most.
func wrapped(text string, width int, between string) string {
	out, used := "", 0
	for i, word := range strings.Fields(text) {
		switch n := utf8.RuneCountInString(word); {
		case i == 0:
			out, used = word, n
		case used+1+n > width:
			out, used = out+between+word, n
		default:
			out, used = out+" "+word, used+1+n
		}
	}
	return out
}

// lifecycle prints the segments of another model than the default one.
func (d *play) lifecycle(ctx context.Context, w *tabwriter.Writer) error {
	var model struct {
		Segments []segment `json:"segments"`
	}
	if err := d.call(ctx, operator, http.MethodGet, "/v1/segments?model=lifecycle", nil, &model); err != nil {
		return err
	}
	fmt.Fprintf(w, "\nLifecycle\tCustomers\tOrders\tRevenue\n")
	for _, s := range model.Segments {
		fmt.Fprintf(w, "%s\t%d\t%d\t%s\n", s.Name, s.Customers, s.Orders, s.Revenue)
	}
	return nil
}

// shownCohorts is how many cohorts are shown, the latest with a month to show, and how many months of each.
const shownCohorts = 6

// cohorts prints what share of the customers of a month ordered in the months after it. Months that are not over are
// left out.
func (d *play) cohorts(ctx context.Context, w *tabwriter.Writer) error {
	var report struct {
		Cohorts []struct {
			Cohort    string `json:"cohort"`
			Customers int    `json:"customers"`
			Months    []struct {
				Age       int                      `json:"age"`
				Retention *struct{ Share float64 } `json:"retention"`
				Partial   bool                     `json:"partial"`
			} `json:"months"`
		} `json:"cohorts"`
	}
	if err := d.call(ctx, operator, http.MethodGet, "/v1/cohorts", nil, &report); err != nil {
		return err
	}
	fmt.Fprintf(w, "\nFirst order in\tCustomers\t%% with an order so many months later\n")
	var lines []string
	for _, c := range report.Cohorts {
		line, shown := fmt.Sprintf("%s\t%d", c.Cohort, c.Customers), 0
		for _, m := range c.Months {
			if m.Age > 0 && m.Age <= shownCohorts && !m.Partial && m.Retention != nil {
				line += fmt.Sprintf("\t%.0f", 100*m.Retention.Share)
				shown++
			}
		}
		if shown > 0 {
			lines = append(lines, line)
		}
	}
	for _, line := range lines[max(0, len(lines)-shownCohorts):] {
		fmt.Fprintln(w, line)
	}
	return nil
}

// economics prints what customers cost to win, by channel, and what they are worth.
func (d *play) economics(ctx context.Context, w *tabwriter.Writer) error {
	var report struct {
		Currency    string `json:"currency"`
		Acquisition []struct {
			Month     string   `json:"month"`
			Channel   string   `json:"channel"`
			Customers int      `json:"customers"`
			CAC       *float64 `json:"cac"`
			CLV       *float64 `json:"model_clv"`
			ROI       *float64 `json:"model_roi"`
			Reason    string   `json:"reason"`
		} `json:"acquisition"`
		Retention *struct {
			Reason string `json:"reason"`
		} `json:"retention"`
	}
	if err := d.call(ctx, operator, http.MethodGet, "/v1/economics", nil, &report); err != nil {
		return err
	}
	amount := func(v *float64, format string) string {
		if v == nil {
			return "–"
		}
		return fmt.Sprintf(format, *v)
	}
	fmt.Fprintf(w, "\nChannel\tCustomers\tCAC, %s\tCLV, %s\tReturn\n", report.Currency, report.Currency)
	for _, a := range report.Acquisition {
		if a.Month != "all" {
			continue
		}
		roi := a.Reason
		if a.ROI != nil {
			roi = fmt.Sprintf("%+.1f", *a.ROI)
		}
		fmt.Fprintf(w, "%s\t%d\t%s\t%s\t%s\n", a.Channel, a.Customers, amount(a.CAC, "%.2f"), amount(a.CLV, "%.2f"), roi)
	}
	if r := report.Retention; r != nil && r.Reason != "" {
		fmt.Fprintf(w, "Return of retention: %s\n", r.Reason)
	}
	return nil
}

// occasions prints of which days of the calendar the runs told outreach, and what became of the wishes. A run that comes
// late makes up for seven days, but nobody is congratulated days after the birthday.
func (d *play) occasions(w *tabwriter.Writer, counts map[verdict]int) {
	told := map[string]int{}
	for _, r := range d.runs {
		for kind, n := range r.Occasions {
			told[kind] += n
		}
	}
	fmt.Fprintf(w, "\nOccasions in %d runs\tTold\n", len(d.runs))
	for _, kind := range sorted(told) {
		fmt.Fprintf(w, "%s\t%d\n", kind, told[kind])
	}
	wishes := map[string]int{}
	for v, n := range counts {
		if v.Scene == "birthday" {
			wishes[strings.TrimSpace(v.State+" "+v.Reason)] += n
		}
	}
	var parts []string
	for _, state := range sorted(wishes) {
		parts = append(parts, fmt.Sprintf("%d %s", wishes[state], state))
	}
	if len(parts) > 0 {
		fmt.Fprintf(w, "Wishes for birthdays that were told in time: %s\n", strings.Join(parts, ", "))
	}
}

// calibration prints what the model would have said 90 days ago of the days since, and what came.
func (d *play) calibration(ctx context.Context, w *tabwriter.Writer) error {
	type compared struct{ Actual, Predicted float64 }
	var analysis struct {
		Calibration *struct {
			Model       string   `json:"model"`
			Days        int      `json:"days"`
			Customers   int      `json:"customers"`
			Purchases   compared `json:"purchases"`
			Spend       compared `json:"spend"`
			Correlation *float64 `json:"correlation"`
		} `json:"calibration"`
	}
	path := "/v1/rfm/runs/" + d.last().ID + "/analysis"
	if err := d.call(ctx, operator, http.MethodGet, path, nil, &analysis); err != nil {
		return err
	}
	c := analysis.Calibration
	if c == nil {
		fmt.Fprintf(w, "\nNo model of orders fits what was known 90 days ago\n")
		return nil
	}
	fmt.Fprintf(w, "\nThe last %d days of %d customers\tForecast\tCame\t(%s, which knows no seasons)\n", c.Days, c.Customers, c.Model)
	for _, row := range []struct {
		name string
		compared
	}{{"days with an order", c.Purchases}, {"revenue", c.Spend}} {
		if row.Actual != 0 {
			fmt.Fprintf(w, "%s\t%.0f\t%.0f\t%+.0f %%\n", row.name, row.Predicted, row.Actual, 100*(row.Predicted/row.Actual-1))
		}
	}
	return nil
}
