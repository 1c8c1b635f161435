package demo

import (
	"testing"

	"liuke/shared/document"
	"liuke/shared/outreach"
	"liuke/shared/scene"
	"liuke/shared/scene/audience"
	"liuke/shared/scene/content"
)

func TestStagedScenesAreOnesThatTheSuiteTakes(t *testing.T) {
	with := scene.Compilers{Audience: audience.Compile, Content: content.Compiler()}
	for _, s := range stage {
		edited := document.Document{Name: outreach.DocumentName(outreach.Scene, s.id), Body: s.yaml()}
		if err := outreach.Check(nil, edited, with); err != nil {
			t.Errorf("%s: %v\n%s", s.id, err, s.yaml())
		}
	}
}

func TestEachSubjectNamesOneVariant(t *testing.T) {
	for _, s := range stage {
		for _, v := range s.variants {
			for _, subject := range []string{v.english, v.chinese} {
				if of, which, ok := variantOf(&mail{Subject: subject}); !ok || of.id != s.id || which.id != v.id {
					t.Errorf("%q is taken for another's", subject)
				}
			}
		}
	}
}
