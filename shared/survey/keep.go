package survey

import (
	"slices"
	"strconv"

	"liuke/shared/fault"
)

// Keeps returns an Invalid error where a question of an earlier version has another meaning in this one: another kind or
// another scale. Questions and options may come and go and texts may be mended, so that answers to all versions can be counted
// together; who asks for something else gives it another id.
func (s *Survey) Keeps(earlier *Survey) error {
	for i := range s.Questions {
		q := &s.Questions[i]
		old := earlier.Question(q.ID)
		if old == nil {
			continue
		}
		at := "/questions/" + strconv.Itoa(i)
		if q.Kind != old.Kind && !(choice(q.Kind) && choice(old.Kind)) {
			return fault.At(at+"/kind", "%s was of the kind %s in version %d, and its answers are counted as such: give the new question another id", q.ID, old.Kind, earlier.Version)
		}
		if q.Kind == Scale && (q.Min != old.Min || q.Max != old.Max) {
			return fault.At(at, "%s ran from %d to %d in version %d: give the new question another id", q.ID, old.Min, old.Max, earlier.Version)
		}
	}
	return nil
}

func choice(k Kind) bool { return slices.Contains([]Kind{Single, Multiple}, k) }
