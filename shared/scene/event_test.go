package scene_test

import (
	"slices"
	"testing"
	"testing/fstest"

	"liuke/shared/event"
	"liuke/shared/scene"
)

// TestOutreachIsToldOfWhatTheBuiltInScenesName holds before any operator has edited a scene, which is when what profile tells
// is first put together from the scenes.
func TestOutreachIsToldOfWhatTheBuiltInScenesName(t *testing.T) {
	for _, name := range builtIn(t).Events() {
		if !slices.Contains(event.Told(), name) {
			t.Errorf("%q is not told", name)
		}
	}
}

func TestTheEventsOfScenesAreThoseThatTheyName(t *testing.T) {
	set, err := scene.Load(fstest.MapFS{
		"policy.yaml": {Data: []byte(policyYAML)},
		"hello.yaml": {Data: []byte(`id: hello
kind: transactional
on: {signal: event, event: Moon Rose}
channel: task
goal: {event: Sun Rose, within: 1d}
content:
  en: {title: Look, text: Look up}
steps:
  - {id: later, after: 1d, wait_for: Moon Set, content: {en: {title: Look, text: Look again}}}
`)},
		"off.yaml": {Data: []byte(`id: off
kind: transactional
enabled: false
on: {signal: event, event: Star Fell}
channel: task
content:
  en: {title: Look, text: Look up}
`)},
	}, compilers)
	if err != nil {
		t.Fatal(err)
	}
	if got := set.Events(); !slices.Equal(got, []string{"Moon Rose", "Moon Set", "Sun Rose"}) {
		t.Errorf("%q", got)
	}
}
