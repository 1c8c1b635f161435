package measure

import (
	"time"

	"liuke/shared/customer"
	"liuke/shared/experiment"
	"liuke/shared/scene"
)

// Terms are what a scene's customers are drawn and counted by.
type Terms struct {
	ID         string
	Experiment experiment.Experiment // of one arm, Single, where the scene has no variants
	Held       float64               // the share of customers who are held out, by the scene's holdout and that of the policy
	Apart      bool                  // some of them are held out of all other scenes as well
	Window     time.Duration
}

// Of returns a scene's terms under the policy.
func Of(s *scene.Scene, p *scene.Policy) Terms {
	t := Terms{Window: DefaultWindow}
	if s.Goal != nil {
		t.Window = s.Goal.Within
	}
	if s.Kind == scene.Marketing {
		t.Held, t.Apart = 1-(1-p.Holdout.Share)*(1-s.Holdout), p.Holdout.Share > 0
	}
	if s.Experiment != nil {
		t.Experiment = *s.Experiment
	} else {
		t.Experiment = experiment.Experiment{Scene: s.ID, Salt: p.Holdout.Salt, Variants: []experiment.Variant{{ID: Single, Weight: 1}}}
	}
	t.ID = ID(&t.Experiment, t.Held, t.Window)
	return t
}

// Draw returns the variant that a customer is drawn for; "" of a scene without variants.
func (t *Terms) Draw(person customer.ID) string {
	if id := t.Experiment.Variants[t.Experiment.Assign(person)].ID; id != Single || len(t.Experiment.Variants) > 1 {
		return id
	}
	return ""
}

// Enrolment is that of a person at a time.
func (t *Terms) Enrolment(person customer.ID, at time.Time) Enrolment {
	at = at.UTC().Truncate(time.Millisecond)
	return Enrolment{Hour: HourAt(t.Experiment.Scene, t.ID, t.Window, at), Person: person, At: at, Variant: t.Draw(person)}
}
