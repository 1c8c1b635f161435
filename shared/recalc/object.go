package recalc

import (
	"strconv"
	"time"
)

// The keys of a run's objects: under runs/ what names nobody and may be kept, under scores/ what names customers by their
// ids and expires with the month.
const (
	runPrefix   = "runs/"
	scorePrefix = "scores/"
)

// ScoresKept is for how long the objects under scores/ are kept; the bucket's lifecycle rule takes them away.
const ScoresKept = 28 * 24 * time.Hour

// PartKey is a part's rows without the customers' ids, as Parquet.
func PartKey(run string, p Part) string { return runPrefix + run + "/parts/" + p.Name + ".parquet" }

// NamesKey is the ids of a part's customers, in the order of its rows, as Parquet.
func NamesKey(run string, p Part) string { return scorePrefix + run + "/names/" + p.Name + ".parquet" }

// SummaryKey is a part's Summary.
func SummaryKey(run string, p Part) string { return runPrefix + run + "/summaries/" + p.Name + ".bin" }

// TilingKey is how far the fit of tiles has come, as JSON.
func TilingKey(run string) string { return runPrefix + run + "/tiling.json" }

// ResultKey is a part's Result, as JSON. It is written when everything else that scoring a part does is done.
func ResultKey(run string, slice, part int) string {
	return runPrefix + run + "/results/" + numbered(slice, part) + ".json"
}

// TableKey is a part of the scores, as CSV without a header.
func TableKey(run string, slice, part int) string {
	return scorePrefix + run + "/tables/" + numbered(slice, part) + ".csv"
}

// ScoresKey is all of the scores, as CSV.
func ScoresKey(run string) string { return scorePrefix + run + "/scores.csv" }

// VerdictsKey is what the run says of a part's customers, without their ids, as Parquet (package snapshot).
func VerdictsKey(run string, slice, part int) string {
	return runPrefix + run + "/verdicts/" + numbered(slice, part) + ".parquet"
}

// AnalysisKey is the run's Analysis, as JSON.
func AnalysisKey(run string) string { return runPrefix + run + "/analysis.json" }

// IndexKey is the index of segment members: an Index as JSON.
func IndexKey(run string) string { return runPrefix + run + "/index.json" }

func numbered(slice, part int) string { return strconv.Itoa(slice) + "-" + strconv.Itoa(part) }

// PartName names the part of a slice whose encoded rows and ids hash to sum.
func PartName(slice, part int, sum string) string { return numbered(slice, part) + "-" + sum }
