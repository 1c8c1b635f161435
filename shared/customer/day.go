package customer

import "time"

// Day counts whole days since 1970-01-01, in the business's time zone. The zone is applied once, when an event is
// folded (DayOf); from then on a day is a number.
type Day = int32

// Month counts whole months since January 1970.
type Month = int32

// DayOf returns the day on which t falls in the zone.
func DayOf(t time.Time, zone *time.Location) Day {
	y, m, d := t.In(zone).Date()
	return Date(y, m, d)
}

// Date returns the day of a calendar date.
func Date(year int, month time.Month, day int) Day {
	return Day(time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix() / secondsADay)
}

// DayTime returns the midnight, in UTC, of the calendar date that a day is: for formatting.
func DayTime(d Day) time.Time { return time.Unix(int64(d)*secondsADay, 0).UTC() }

// MonthOf returns the month in which a day lies.
func MonthOf(d Day) Month {
	y, m, _ := DayTime(d).Date()
	return Month((y-1970)*12 + int(m) - 1)
}

// FirstDay returns the first day of a month.
func FirstDay(m Month) Day {
	return Day(time.Date(1970, time.January+time.Month(m), 1, 0, 0, 0, 0, time.UTC).Unix() / secondsADay)
}

const secondsADay = 24 * 60 * 60
