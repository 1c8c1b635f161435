package scene

import "strings"

// Bounds of what one scene says in all: each of its texts is compiled, and that takes time.
const (
	maxSceneBytes = 1 << 20 // of all texts, with the blocks in their places
	maxSceneMarks = 20_000  // objects and tags in them
)

// Work is what texts come to that are compiled, with the blocks in their places: of each step, piece, channel and locale.
type Work struct {
	Bytes int
	Marks int // objects and tags
}

// bears adds a text to the work of the document's scene. It reports whether that is bearable still: where it is not, the document
// has a mistake, and no other of its texts is looked at.
func (c *spoken) bears(text, part string) bool {
	d := c.document
	w := Work{Bytes: len(text), Marks: strings.Count(text, "{{") + strings.Count(text, "{%")}
	d.own.Bytes += w.Bytes
	d.own.Marks += w.Marks
	d.work.Bytes += w.Bytes
	d.work.Marks += w.Marks
	if d.full = d.own.Bytes > maxSceneBytes || d.own.Marks > maxSceneMarks; d.full {
		c.wrong(part, 0, "with the blocks in their places, all texts of the scene come to more than %d KB, or to more than %d objects and tags: use shorter blocks, or fewer locales, pieces or steps",
			maxSceneBytes>>10, maxSceneMarks)
	}
	return !d.full
}
