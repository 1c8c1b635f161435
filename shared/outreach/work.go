package outreach

import (
	"liuke/shared/consent"
	"liuke/shared/document"
	"liuke/shared/fault"
	"liuke/shared/scene"
)

// Bounds of what the texts of all scenes come to, with the blocks in their places: whoever shows scenes compiles all of them.
const (
	maxBytes = 4 << 20
	maxMarks = 60_000 // objects and tags
)

// bearable returns Conflict where the texts of all scenes would come to too much, or their topics to more than customers are
// shown. It compiles none.
func bearable(documents []document.Document) error {
	count := func(string, []string, scene.Form) (scene.Template, []scene.Flaw) { return nil, nil }
	set, _, err := Compose(documents, scene.Compilers{Content: count})
	if err != nil {
		return err
	}
	w := set.Work
	if w.Bytes > maxBytes || w.Marks > maxMarks {
		return fault.New(fault.Conflict, "with this one the texts of all scenes, with the blocks in their places, come to %d KB and %d objects and tags, "+
			"and %d KB and %d may be: shorten or delete some", w.Bytes>>10, w.Marks, maxBytes>>10, maxMarks)
	}
	topics := map[string]bool{}
	for _, s := range set.All() {
		topics[s.Topic] = true
	}
	delete(topics, "")
	if len(topics) > consent.MaxTopics {
		return fault.New(fault.Conflict, "with this one the scenes name %d topics, and customers are shown %d: name one that others have", len(topics), consent.MaxTopics)
	}
	return nil
}
