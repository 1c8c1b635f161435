// Package clock gives a process its one source of time. Deployed, that is the system's clock. On one machine the whole
// suite shares a clock that can be set: a file holds the offset from the system's clock, and every reading adds it.
package clock

import (
	"os"
	"strconv"
	"strings"
	"time"

	"liuke/shared/fault"
)

// Now is a source of time.
type Now func() time.Time

// System reads the machine's clock, in UTC.
func System() time.Time { return time.Now().UTC() }

// ForStage returns the clock of a process: the system's, or, in the stage "local" alone, the one whose offset in
// nanoseconds stands in the file. A file that is missing or unreadable is an offset of 0. It returns an Invalid
// error for a file named in any other stage.
func ForStage(stage, file string) (Now, error) {
	if file == "" {
		return System, nil
	}
	if stage != "local" {
		return nil, fault.New(fault.Invalid, "LIUKE_CLOCK_FILE is for the stage local only, and this stage is %q: remove it", stage)
	}
	return func() time.Time {
		return System().Add(readOffset(file))
	}, nil
}

func readOffset(file string) time.Duration {
	raw, err := os.ReadFile(file)
	if err != nil {
		return 0
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(raw)), 10, 64)
	if err != nil {
		return 0
	}
	return time.Duration(n)
}
