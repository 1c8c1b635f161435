package backtest

import (
	"cmp"
	"fmt"
	"html"
	"slices"
	"strings"
	"time"

	"liuke/shared/customer"
)

const (
	cellWidth  = 92
	cellHeight = 46
	labelWidth = 130
	headHeight = 84
	leastWidth = 540 // which the lines of text take
)

// HeatMap returns the grid as an SVG document of its own: windows down, bins across, and in each cell the best AUC that any
// weights reach there and which those are. It needs no script, follows the reader's light or dark scheme, and says in
// words what it shows: every cell has its figures as text, so that colour alone tells nothing.
func (r *Result) HeatMap() string {
	windows, bins, best := r.axes()
	low, high := 1., 0.
	for _, s := range best {
		low, high = min(low, s.AUC.AUC), max(high, s.AUC.AUC)
	}
	width, height := max(labelWidth+cellWidth*len(bins)+8, leastWidth), headHeight+cellHeight*len(windows)+30
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%[1]d" height="%[2]d" class="heatmap" role="img" aria-labelledby="heatmap-title heatmap-description">`, width, height)
	fmt.Fprintf(&b, `<title id="heatmap-title">How well RFM settings rank the customers who ordered next</title><desc id="heatmap-description">%s</desc>`, html.EscapeString(r.describe()))
	b.WriteString(`<style>.heatmap{color-scheme:light dark;font:13px system-ui,sans-serif}` + // plain enough for what is no browser
		`.heatmap .ground{fill:#fff}.heatmap .cell{fill:#1f6feb}.heatmap text{fill:#111}` +
		`.heatmap .small{font-size:11px}.heatmap .chosen{fill:none;stroke:#111;stroke-width:2.5}` +
		`@media(prefers-color-scheme:dark){.heatmap .ground{fill:#0d1117}.heatmap text{fill:#f0f6fc}.heatmap .chosen{stroke:#f0f6fc}}</style>`)
	fmt.Fprintf(&b, `<rect class="ground" width="%d" height="%d"/>`, width, height)
	fmt.Fprintf(&b, `<text x="8" y="22" font-weight="600">AUC by window and bins</text><text x="8" y="40" class="small">%s</text>`, html.EscapeString(r.scope()))
	fmt.Fprintf(&b, `<text x="8" y="%d">window</text>`, headHeight-10)
	for i, n := range bins {
		fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="middle">%d bins</text>`, labelWidth+cellWidth*i+cellWidth/2, headHeight-10, n)
	}
	for row, days := range windows {
		y := headHeight + cellHeight*row
		fmt.Fprintf(&b, `<text x="8" y="%d">%s</text>`, y+cellHeight/2+4, span(days))
		for column, n := range bins {
			s, x := best[[2]int{int(days), n}], labelWidth+cellWidth*column
			heat := .6 // where all are alike
			if high > low {
				heat = .05 + .55*(s.AUC.AUC-low)/(high-low)
			}
			fmt.Fprintf(&b, `<g><title>%s: AUC %.4f, %.4f to %.4f</title>`, s.Setting, s.AUC.AUC, s.AUC.Low, s.AUC.High)
			fmt.Fprintf(&b, `<rect class="cell" x="%d" y="%d" width="%d" height="%d" rx="3" fill-opacity="%.2f"/>`, x+2, y+2, cellWidth-4, cellHeight-4, heat)
			if s.WindowDays == r.Chosen.WindowDays && s.Bins == r.Chosen.Bins {
				fmt.Fprintf(&b, `<rect class="chosen" x="%d" y="%d" width="%d" height="%d" rx="3"/>`, x+2, y+2, cellWidth-4, cellHeight-4)
			}
			fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="middle">%.3f</text><text x="%d" y="%d" text-anchor="middle" class="small">%s</text></g>`,
				x+cellWidth/2, y+20, s.AUC.AUC, x+cellWidth/2, y+36, s.Weights)
		}
	}
	fmt.Fprintf(&b, `<text x="8" y="%d" class="small">each cell: the best weights there; framed: where the chosen setting is, %s (%.3f)</text></svg>`,
		height-10, r.Chosen.Setting, r.Chosen.AUC.AUC)
	return b.String()
}

// axes returns the windows, shortest first and the whole history last, the numbers of bins, and the best setting of each
// pair.
func (r *Result) axes() (windows []int32, bins []int, best map[[2]int]Ranked) {
	best = make(map[[2]int]Ranked)
	for _, s := range r.Settings { // best first
		at := [2]int{int(s.WindowDays), s.Bins}
		if _, ok := best[at]; !ok {
			best[at] = s
		}
		windows, bins = append(windows, s.WindowDays), append(bins, s.Bins)
	}
	return sortedWindows(windows), sortedOnce(bins), best
}

func (r *Result) scope() string {
	return fmt.Sprintf("%d customers as of %s; %d ordered in the %d days after", r.Customers, customer.DayTime(r.AsOf).Format(time.DateOnly), r.Ordered, r.HoldoutDays)
}

func (r *Result) describe() string {
	best := r.Best()
	return fmt.Sprintf("%s. The best setting is %s with an AUC of %.4f (%.4f to %.4f). Chosen is %s with %.4f.",
		r.scope(), best.Setting, best.AUC.AUC, best.AUC.Low, best.AUC.High, r.Chosen.Setting, r.Chosen.AUC.AUC)
}

func sortedOnce(list []int) []int {
	slices.Sort(list)
	return slices.Compact(list)
}

func sortedWindows(list []int32) []int32 {
	slices.SortFunc(list, func(a, b int32) int { return cmp.Compare(uint32(a-1), uint32(b-1)) }) // 0 last
	return slices.Compact(list)
}
