package survey

import (
	"hash/fnv"

	"liuke/shared/customer"
	"liuke/shared/stats"
)

// CounterShards is over how many items a survey's counters are spread, so that a mailing's wave of answers does not
// queue up at one of them.
const CounterShards = 16

// CounterShard returns the shard that counts a customer's answers.
func CounterShard(c customer.ID) int {
	h := fnv.New32a()
	h.Write([]byte(c)) // never fails
	return int(h.Sum32() % CounterShards)
}

// Counts is how many answers gave each score.
type Counts [MaxScore + 1]int64

// Change is what an answer adds to the counts of its survey, over what stood before (nil where nothing did). A
// correction takes the old score out.
func Change(before *Answer, after Answer) Counts {
	var c Counts
	if before != nil {
		c[before.Score]--
	}
	c[after.Score]++
	return c
}

// Zero reports whether there is nothing to count.
func (c Counts) Zero() bool { return c == Counts{} }

// Plus returns the sum of both.
func (c Counts) Plus(d Counts) Counts {
	for i := range c {
		c[i] += d[i]
	}
	return c
}

// Split returns the answers of 9 and 10, of 7 and 8, and of 0 to 6.
func (c Counts) Split() (promoters, passives, detractors int64) {
	for score, n := range c {
		switch {
		case score >= 9:
			promoters += n
		case score >= 7:
			passives += n
		default:
			detractors += n
		}
	}
	return promoters, passives, detractors
}

// NPS returns the net promoter score of the counts.
func (c Counts) NPS() stats.NPS { return stats.NetPromoter(c.Split()) }
