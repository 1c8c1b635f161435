package main

import (
	"context"
	"testing"

	"liuke/shared/document"
	"liuke/shared/outreach"
)

// written are what operators have written.
type written struct {
	scenes   []document.Document
	settings string
}

func (w written) SceneDocuments(context.Context) ([]document.Document, error) { return w.scenes, nil }

func (w written) Document(_ context.Context, name string) (document.Document, error) {
	return document.Document{Name: name, Version: 1, Body: w.settings}, nil
}

func TestTopicsAreThoseOfScenesThatAreSwitchedOn(t *testing.T) {
	const club = "id: club\nkind: transactional\non: {signal: order_placed}\nchannel: sms\ntopic: tea_club\ncontent:\n  en: {text: Hello}\n"
	for name, c := range map[string]struct{ scene, settings, want string }{
		"with a description":              {club, `{"topics":{"tea_club":{"en":"Our tea club"}},"topic_descriptions":{"tea_club":{"en":"New harvests"}}}`, "Our tea clubNew harvests"},
		"with a label":                    {club, `{"topics":{"tea_club":{"en":"Our tea club"}}}`, "Our tea club"},
		"without one":                     {club, "", "Tea club"},
		"where settings are unreadable":   {club, "{", "Tea club"},
		"of a scene that is switched off": {club + "enabled: false\n", "", ""},
	} {
		topics, err := topicsOf(t.Context(), written{[]document.Document{{Name: outreach.DocumentName(outreach.Scene, "club"), Version: 1, Body: c.scene}}, c.settings})
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, topic := range topics {
			if topic.ID == "tea_club" {
				got = topic.Label("en", "en") + topic.Description("en", "en")
			}
		}
		if got != c.want || len(topics) < 3 {
			t.Errorf("%s: %q of %d, want %q", name, got, len(topics), c.want)
		}
	}
}
