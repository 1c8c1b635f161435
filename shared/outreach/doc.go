// Package outreach is what operators have written of reaching out: scenes, the blocks and templates that scenes have in common,
// and the settings that hold for all of them together. A document of an operator's stands in the place of the one of the same
// name that comes with the suite, or beside them; taken back, it leaves what came with the suite. A Library keeps it all for
// whoever decides or sends. What a scene may say, and what it means, is the part of package scene.
package outreach

import (
	"strings"

	"liuke/shared/pattern"
)

// Kind is what a document is.
type Kind string

// The kinds.
const (
	Scene    Kind = "scene"
	Block    Kind = "block"    // a piece of content that scenes have in common
	Template Kind = "template" // a content that scenes refer to
)

// nameForm is how scenes, blocks and templates may be called.
var nameForm = pattern.New(`^[a-z][a-z0-9_]{0,31}$`)

// NameOK reports whether a scene, a block or a template may be called so.
func NameOK(name string) bool { return nameForm().MatchString(name) }

// DocumentName names the document of a scene, a block or a template.
func DocumentName(k Kind, name string) string { return string(k) + "/" + name }

// KindOf returns what a document of that name is, and how that is called; not ok for other names.
func KindOf(document string) (k Kind, name string, ok bool) {
	before, name, ok := strings.Cut(document, "/")
	k = Kind(before)
	return k, name, ok && (k == Scene || k == Block || k == Template) && NameOK(name)
}
