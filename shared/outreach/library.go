package outreach

import (
	"context"
	"sync"

	"liuke/shared/brand"
	"liuke/shared/clock"
	"liuke/shared/document"
	"liuke/shared/fault"
	"liuke/shared/kept"
	"liuke/shared/money"
	"liuke/shared/scene"
)

// Store keeps the documents.
type Store interface {
	// SceneEdits returns how many edits made those of SceneDocuments, and the documents of settings of the names, in their order.
	SceneEdits(ctx context.Context, beside ...string) (int64, []document.Document, error)
	SceneDocuments(ctx context.Context) ([]document.Document, error)
}

// Stand is what stands at a moment: all that decisions and messages are made by. It is not to be changed.
type Stand struct {
	Scenes   *scene.Set // under the policy of the settings
	Settings Settings
	Look     brand.Look          // of mails
	Broken   map[string]Mistakes // documents that can no longer be read and are left out, by name
	// Documents are what was read, those that were taken back among them.
	Documents []document.Document

	Currency money.Currency // the business's, that amounts are in

	edits    int64    // of the documents
	versions [2]int64 // of the settings, and of the brand
}

// Library keeps what stands, as package kept does: asked after once a minute, at the cost of three read units, or up to six with a large logo, and read anew
// only where something was edited since. It is safe for concurrent use.
type Library struct {
	store  Store
	with   scene.Compilers
	broken func(n int)
	kept   *kept.Value[*Stand]

	mu        sync.Mutex // of what follows
	last      *Stand     // nil before the first read
	edits     int64      // of documents
	documents []document.Document
}

// NewLibrary returns a library whose scenes are compiled with what is handed in, the business's currency included. Broken, which
// may be nil, is told whenever the documents are read how many are left out.
func NewLibrary(store Store, with scene.Compilers, now clock.Now, broken func(n int)) *Library {
	l := &Library{store: store, with: with, broken: broken}
	l.kept = kept.New(l.read, now)
	return l
}

// Stand returns what stands, at most a minute old.
func (l *Library) Stand(ctx context.Context) (*Stand, error) { return l.kept.Get(ctx) }

// Set returns the scenes, at most a minute old.
func (l *Library) Set(ctx context.Context) (*scene.Set, error) {
	s, err := l.Stand(ctx)
	if err != nil {
		return nil, err
	}
	return s.Scenes, nil
}

// Fresh returns what stands now: it asks whether anything was edited, however lately it asked.
func (l *Library) Fresh(ctx context.Context) (*Stand, error) { return l.read(ctx) }

func (l *Library) read(ctx context.Context) (_ *Stand, err error) {
	defer fault.Wrap(&err, "read the scenes")
	l.mu.Lock()
	defer l.mu.Unlock()
	edits, beside, err := l.store.SceneEdits(ctx, Document, brand.Document)
	if err != nil {
		return nil, err
	}
	settings, branded := beside[0], beside[1]
	if l.last != nil && l.last.edits == edits && l.last.versions == [2]int64{settings.Version, branded.Version} {
		return l.last, nil
	}
	if edits != l.edits {
		if l.documents, err = l.store.SceneDocuments(ctx); err != nil {
			return nil, err
		}
		l.edits = document.Edits(l.documents)
	}
	s, err := Read(l.documents, settings, branded, l.with)
	if err != nil {
		return nil, err
	}
	if l.broken != nil && len(s.Broken) > 0 {
		l.broken(len(s.Broken))
	}
	l.last = s
	return s, nil
}

// Read makes what stands of the documents, the settings and the brand. Settings that cannot be read any more are Unavailable: what goes
// without them would pass limits that somebody has set, and waits until they are written anew. Mails do
// without a brand that cannot be read, which is told among what is broken.
func Read(documents []document.Document, settings, branded document.Document, with scene.Compilers) (*Stand, error) {
	if _, err := ParseSettings(settings.Body, scene.Policy{}, with.Currency); err != nil {
		return nil, fault.As(err, fault.Unavailable, "the settings %s cannot be read any more: write or delete them", Document)
	}
	set, broken, err := Compose(documents, with)
	if err != nil {
		return nil, fault.As(err, fault.Internal, "the scenes that come with the suite cannot be read")
	}
	s := &Stand{Scenes: set, Broken: broken, Documents: documents, Currency: with.Currency, edits: document.Edits(documents), versions: [2]int64{settings.Version, branded.Version}}
	if s.Settings, err = ParseSettings(settings.Body, set.Policy, with.Currency); err != nil {
		return nil, err
	}
	b, err := brand.Parse([]byte(branded.Body))
	if err != nil {
		broken[brand.Document] = Mistakes{{Document: brand.Document, Line: 1, Message: err.Error()}}
	}
	s.Look = b.Look()
	set.Under(s.Settings.Policy)
	return s, nil
}
