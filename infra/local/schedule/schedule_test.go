package schedule

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	_ "time/tzdata"
)

func TestNextIsTheFirstTimeThatTheExpressionNames(t *testing.T) {
	for name, c := range map[string]struct{ expression, zone, after, want string }{
		"every day, later today":                        {"cron(0 4 * * ? *)", "UTC", "2026-05-01T03:59:59Z", "2026-05-01T04:00:00Z"},
		"every day, not again at the very time":         {"cron(0 4 * * ? *)", "UTC", "2026-05-01T04:00:00Z", "2026-05-02T04:00:00Z"},
		"hours are those of the zone":                   {"cron(0 4 * * ? *)", "Asia/Shanghai", "2026-05-01T00:00:00Z", "2026-05-01T20:00:00Z"},
		"before the change to summer time":              {"cron(0 4 * * ? *)", "Europe/Berlin", "2026-03-28T00:00:00Z", "2026-03-28T03:00:00Z"},
		"after the change to summer time":               {"cron(0 4 * * ? *)", "Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-29T02:00:00Z"},
		"a time that the change leaves out is left out": {"cron(30 2 * * ? *)", "Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-30T00:30:00Z"},
		"a time that the change repeats is due once":    {"cron(30 2 * * ? *)", "Europe/Berlin", "2026-10-25T01:30:00Z", "2026-10-26T01:30:00Z"},
		"steps":                             {"cron(0/15 8-10 * * ? *)", "UTC", "2026-05-01T08:16:00Z", "2026-05-01T08:30:00Z"},
		"ranges and lists of weekdays":      {"cron(0 9 ? * MON-WED,FRI *)", "UTC", "2026-05-06T10:00:00Z", "2026-05-08T09:00:00Z"},
		"Sunday is the first weekday":       {"cron(0 9 ? * 1 *)", "UTC", "2026-05-06T10:00:00Z", "2026-05-10T09:00:00Z"},
		"the month's last day":              {"cron(0 0 L * ? *)", "UTC", "2028-02-01T00:00:00Z", "2028-02-29T00:00:00Z"},
		"the weekday nearest to a day":      {"cron(0 0 15W * ? *)", "UTC", "2026-08-01T00:00:00Z", "2026-08-14T00:00:00Z"},
		"the second Monday":                 {"cron(0 0 ? * 2#2 *)", "UTC", "2026-06-01T00:00:00Z", "2026-06-08T00:00:00Z"},
		"the last Friday":                   {"cron(0 0 ? * 6L *)", "UTC", "2026-06-01T00:00:00Z", "2026-06-26T00:00:00Z"},
		"months by name, in another year":   {"cron(0 0 1 JAN ? 2030)", "UTC", "2026-06-01T00:00:00Z", "2030-01-01T00:00:00Z"},
		"a month without the day is passed": {"cron(0 0 31 * ? *)", "UTC", "2026-04-01T00:00:00Z", "2026-05-31T00:00:00Z"},
		"a rate counts from the start":      {"rate(5 minutes)", "UTC", "2026-01-01T00:07:00Z", "2026-01-01T00:10:00Z"},
		"a rate of one hour":                {"rate(1 hour)", "UTC", "2026-01-01T03:00:00Z", "2026-01-01T04:00:00Z"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := parse(t, c.expression, c.zone).Next(at(c.after)); !got.Equal(at(c.want)) {
				t.Errorf("after %s comes %s, want %s", c.after, got.UTC().Format(time.RFC3339), c.want)
			}
		})
	}
}

func TestAnExpressionThatIsOverHasNoNextTime(t *testing.T) {
	if got := parse(t, "cron(0 0 1 1 ? 2020)", "UTC").Next(at("2026-01-01T00:00:00Z")); !got.IsZero() {
		t.Errorf("got %v, want none", got)
	}
}

func TestAnExpressionThatTheSchedulerWouldRefuseIsRefused(t *testing.T) {
	for _, text := range []string{
		"", "at(2026-01-01T00:00:00)", "cron(0 4 * * ?)", "cron(0 4 * * * *)", "cron(0 4 ? * ? *)", "cron(60 4 * * ? *)",
		"cron(0 24 * * ? *)", "cron(0 4 0 * ? *)", "cron(0 4 ? * 8 *)", "cron(5-1 4 * * ? *)", "cron(*/0 4 * * ? *)",
		"cron(0 4 32W * ? *)", "cron(0 4 ? * 2#6 *)", "rate(0 minutes)", "rate(5)", "rate(5 weeks)", "rate(1 minute",
	} {
		if _, err := Parse(text, time.UTC, time.Time{}); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
}

// clock is a clock that the test sets, and that goes on with the bubble's time.
type clock struct {
	mu     sync.Mutex
	offset time.Duration
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.offset).UTC()
}

func (c *clock) advance(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offset += by
}

// play runs a daily schedule, at 04:00 UTC from the bubble's midnight of 2000-01-01 on, while do moves the clock, and
// returns the payloads that it fired.
func play(t *testing.T, do func(*Runner, *clock)) (fired []string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c := &clock{}
		var mu sync.Mutex
		r := &Runner{Now: c.now, Schedules: []*Schedule{{
			Name: "recalculate", Expression: parse(t, "cron(0 4 * * ? *)", "UTC"), Input: `<aws.scheduler.scheduled-time>`,
			Fire: func(_ context.Context, payload []byte) error {
				mu.Lock()
				defer mu.Unlock()
				fired = append(fired, string(payload))
				return nil
			},
		}}}
		ctx, stop := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { r.Run(ctx) })
		synctest.Wait()
		do(r, c)
		time.Sleep(time.Second)
		stop()
		running.Wait()
	})
	return fired
}

func TestAScheduleFiresWhenItsTimeComes(t *testing.T) {
	fired := play(t, func(_ *Runner, c *clock) {
		c.advance(3*time.Hour + 59*time.Minute)
		time.Sleep(2 * time.Minute)
		c.advance(24*time.Hour - 2*time.Minute)
		time.Sleep(2 * time.Minute)
	})
	expect(t, fired, "2000-01-01T04:00:00Z", "2000-01-02T04:00:00Z")
}

func TestAJumpOverManyTimesFiresOnceWithTheLastOfThem(t *testing.T) {
	fired := play(t, func(_ *Runner, c *clock) { c.advance(40 * 24 * time.Hour) })
	expect(t, fired, "2000-02-09T04:00:00Z")
}

func TestAClockSetBackWaitsForTheNextTime(t *testing.T) {
	fired := play(t, func(_ *Runner, c *clock) {
		c.advance(5 * time.Hour)
		time.Sleep(time.Second)
		c.advance(-3 * time.Hour) // 02:00 again
		time.Sleep(time.Second)
	})
	expect(t, fired, "2000-01-01T04:00:00Z")
}

func TestWhilePausedNothingFiresAndNothingIsMadeUpFor(t *testing.T) {
	fired := play(t, func(r *Runner, c *clock) {
		r.Pause(true)
		c.advance(40 * 24 * time.Hour)
		time.Sleep(time.Second)
		r.Pause(false)
		c.advance(5 * time.Hour)
	})
	expect(t, fired, "2000-02-10T04:00:00Z") // and not 2000-02-09T04:00:00Z
}

func TestARunnerNeverSkipsAMinute(t *testing.T) {
	s := &Schedule{Expression: parse(t, "rate(1 minute)", "UTC")}
	from := at("2026-01-01T00:00:00Z")
	for jump := time.Second; jump < 5000*time.Hour; jump = jump*3 + 7*time.Second {
		want := from.Add(jump).Truncate(time.Minute)
		if got := s.lastDue(from, from.Add(jump)); want.After(from) && !got.Equal(want) || !want.After(from) && !got.IsZero() {
			t.Errorf("a jump of %v fires for %v, want %v", jump, got, want)
		}
	}
}

func expect(t *testing.T, got []string, want ...string) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("fired %v, want %v", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("fired %v, want %v", got, want)
		}
	}
}

func parse(t *testing.T, expression, zone string) Expression {
	t.Helper()
	location, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	e, err := Parse(expression, location, at("2026-01-01T00:00:00Z"))
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func at(text string) time.Time {
	v, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return v
}
