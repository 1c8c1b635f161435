package clock

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"liuke/shared/clock"
)

func open(t *testing.T, path string) *Clock {
	t.Helper()
	c, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// near says whether the clock shows a time, give or take what a test may take.
func near(c *Clock, want time.Time) bool { return c.Now().Sub(want).Abs() < time.Minute }

func TestTheClockIsTheMachinesUntilItIsSet(t *testing.T) {
	if c := open(t, filepath.Join(t.TempDir(), "clock")); !near(c, time.Now()) {
		t.Errorf("it shows %v", c.Now())
	}
}

func TestAClockThatWasSetGoesOnFromThereAndOutlivesARestart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "clock")
	to := time.Date(1998, 6, 30, 12, 0, 0, 0, time.UTC)
	c := open(t, path)
	if err := c.Set(to); err != nil {
		t.Fatal(err)
	}
	if err := c.Advance(48 * time.Hour); err != nil {
		t.Fatal(err)
	}
	if again := open(t, path); !near(again, to.Add(48*time.Hour)) || c.Now().Location() != time.UTC {
		t.Errorf("it shows %v, want two days after %v", again.Now(), to)
	}
}

func TestAFunctionReadsTheSameTime(t *testing.T) {
	path := filepath.Join(t.TempDir(), "clock")
	c := open(t, path)
	if err := c.Set(time.Date(2031, 1, 1, 0, 0, 0, 0, time.UTC)); err != nil {
		t.Fatal(err)
	}
	now, err := clock.ForStage("local", path)
	if err != nil || !near(c, now()) {
		t.Errorf("the function reads %v (%v), the suite %v", now(), err, c.Now())
	}
}

func TestSettingLeavesNoOtherFile(t *testing.T) {
	dir := t.TempDir()
	if err := open(t, filepath.Join(dir, "clock")).Advance(time.Hour); err != nil {
		t.Fatal(err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("the folder holds %v, %v", entries, err)
	}
}
