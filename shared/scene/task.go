package scene

import (
	"liuke/shared/customer"
	"liuke/shared/fault"
	"liuke/shared/message"
	"liuke/shared/signal"
)

// gatesOfTasks are asked in the place of gates where a scene makes a task: it says nothing to the customer, so that neither
// consent nor address, hours nor the policy's limits bear on it. For whom it is, and its own limits, do.
var gatesOfTasks = []gate{
	{GateGoal, (*Rules).goal},
	{GateAudience, (*Rules).audience},
	{GateCondition, (*Rules).condition},
	{GateEntry, (*Rules).entry},
	{GateFrequency, (*Rules).ownLimits},
}

// ownLimits asks for the scene's own limits. One that has none neither reads nor needs the contact record.
func (r *Rules) ownLimits(c *Candidate) Verdict {
	if len(c.Scene.Caps) == 0 {
		return Verdict{}
	}
	return r.frequency(c)
}

// task checks what is peculiar to a scene of the channel task.
func (d *document) task(s *Scene, f *sceneFile) {
	s.Quiet = false
	if s.Kind != Transactional {
		d.mistake(at("kind"), "a task is no message: kind must be %s", Transactional)
	}
	if f.Quiet != "" {
		d.mistake(at("quiet_hours"), "quiet_hours belongs to channels that reach customers")
	}
	if f.Survey != "" || f.On.Signal == string(signal.Requested) {
		d.mistake(at("survey"), "a task asks the customer nothing: a survey belongs to channels that reach customers")
	}
}

// Brief makes the title and the text of the task that a ledger entry stands for, in DefaultLocale: operators, not the
// customer, read it. It returns an Invalid error where a variable has no value (see MissingVariable), which never holds one.
func (s *Scene) Brief(p customer.Profile, e message.Entry) (title, text string, err error) {
	values, err := (&Saying{}).bindings(p, e)
	if err != nil {
		return "", "", err
	}
	c := s.Step(e.Step).words.pick("", "", message.Task)[DefaultLocale]
	if c == nil {
		return "", "", fault.New(fault.Invalid, "step %d of the scene %s makes no task", e.Step, s.ID)
	}
	if title, err = c.title.Render(values); err == nil {
		text, err = c.text.Render(values)
	}
	if err != nil {
		return "", "", fault.As(err, fault.Invalid, "scene %s, %s, the task", s.ID, DefaultLocale)
	}
	return title, text, nil
}
