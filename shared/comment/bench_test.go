package comment_test

import (
	"context"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"liuke/shared/comment"
)

// The floor is to look at each character and to cut the text at spaces: what any reading of it takes.
func BenchmarkAnalyze(b *testing.B) {
	var english, chinese []string
	for _, row := range rows(b, "yelp.tsv") {
		english = append(english, row[1])
	}
	for _, row := range rows(b, "shopping.tsv") {
		chinese = append(chinese, row[1])
	}
	long := func(texts []string) []string {
		return []string{string([]rune(strings.Repeat(strings.Join(texts, " "), 2))[:comment.MaxRunes])}
	}
	for _, c := range []struct {
		name  string
		texts []string
	}{{"English", english}, {"Chinese", chinese}, {"English of 4000", long(english)}, {"Chinese of 4000", long(chinese)}} {
		b.Run(c.name, func(b *testing.B) {
			ctx, fields := context.Background(), 0
			if _, err := (comment.Local{}).Analyze(ctx, "warm 热"); err != nil {
				b.Fatal(err)
			}
			var ours, floor time.Duration
			runes := 0
			b.ReportAllocs()
			for b.Loop() {
				start := time.Now()
				for _, text := range c.texts {
					if _, err := (comment.Local{}).Analyze(ctx, text); err != nil {
						b.Fatal(err)
					}
				}
				between := time.Now()
				for _, text := range c.texts {
					fields += len(strings.Fields(text))
					runes += utf8.RuneCountInString(text)
				}
				ours, floor = ours+between.Sub(start), floor+time.Since(between)
			}
			if fields == 0 {
				b.Fatal("no words")
			}
			b.ReportMetric(float64(b.N*len(c.texts))/ours.Seconds(), "comments/s")
			b.ReportMetric(float64(ours.Nanoseconds())/float64(runes), "ns/character")
			b.ReportMetric(float64(ours)/float64(floor), "×fields")
		})
	}
}
