package survey

import "time"

// Hour is an hour, UTC, of a survey: what answers are counted by, each in the hour in which it was first given.
type Hour struct {
	Survey string
	Begin  time.Time
}

// HourOf returns the hour in which an answer was first given.
func HourOf(a *Answer) Hour { return HourAt(a.Survey, a.Answered) }

// HourAt returns the hour of a survey that a time is in.
func HourAt(survey string, at time.Time) Hour { return Hour{survey, at.UTC().Truncate(time.Hour)} }

// End is when the hour ends.
func (h Hour) End() time.Time { return h.Begin.Add(time.Hour) }

// Open reports whether more may come in it.
func (h Hour) Open(now time.Time) bool { return now.Before(h.End()) }

// Mark says that an hour is to be counted anew, and when that was last said, to the millisecond.
type Mark struct {
	Hour
	At time.Time
}
