package recalc

import "time"

// JobLost is after how long without progress a job that is under way counts as failed. An invocation, and what SQS waits
// before it delivers its message again, take minutes.
const JobLost = time.Hour

// JobKept is for how long the record of a job is kept.
const JobKept = 400 * 24 * time.Hour

// Job is the progress of work over the snapshot of a run that is done, step by step, such as a backtest's (package trial) or
// a campaign's (package campaign). Whoever works at it keeps its state under the number of steps that are done, sends the
// message that goes on from there, and notes that last. So a message of fewer steps than are noted is late, since another has
// been sent, and any other finds the state that it names.
type Job struct {
	ID       string
	Run      string // whose snapshot it goes over
	State    State
	Reason   string // why it failed
	Started  time.Time
	Updated  time.Time // when it came on last; Started at first
	Finished time.Time // the zero time while it is under way
	// Step is how many steps are done, as far as the state is kept and the message sent that goes on from there; Steps is how
	// many there are, 0 while that is not known.
	Step  int
	Steps int
}

// jobLayout makes an id of the moment at which a job starts.
const jobLayout = "20060102T150405.000Z"

// JobID is the id of a job that starts at a moment. Ids sort as their moments do.
func JobID(at time.Time) string { return at.UTC().Format(jobLayout) }

// IsJobID reports whether a text may be the id of a job.
func IsJobID(id string) bool {
	_, err := time.Parse(jobLayout, id)
	return err == nil
}

// Late reports whether a message that goes on from a step has nothing to go on with.
func (j *Job) Late(step int) bool { return j.State != Running || step < j.Step }

// Shown is the state of a job for people at a moment, and why it failed: one that has made no progress for JobLost has.
func (j *Job) Shown(now time.Time) (State, string) {
	if j.State == Running && now.Sub(j.Updated) > JobLost {
		return Failed, "it has made no progress for an hour: start another"
	}
	return j.State, j.Reason
}

// Sample takes parts from a snapshot's, spread evenly, of so many customers together at most, but one part at least.
func Sample(parts []Part, customers int) []Part {
	total := 0
	for _, p := range parts {
		total += p.Rows
	}
	if total <= customers {
		return parts
	}
	var out []Part
	taken, seen := 0, 0
	for _, p := range parts {
		seen += p.Rows
		if (taken+p.Rows)*total <= customers*seen { // never ahead of the share that is asked for
			taken += p.Rows
			out = append(out, p)
		}
	}
	if len(out) == 0 {
		out = parts[:1]
	}
	return out
}
