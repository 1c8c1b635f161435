package scene_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"liuke/shared/scene"
)

func TestNearestIsTheWordThatWasMeant(t *testing.T) {
	there := []string{"audience", "after", "id", "if", "kind", "elsif"}
	for word, want := range map[string]string{
		"audiense": "audience", "afer": "after", "kidn": "kind", "Audience": "audience", "elseif": "elsif", "colour": "", "is": "", "": "",
		strings.Repeat("a", 1000): "",
	} {
		if got := scene.Nearest(word, there); got != want {
			t.Errorf("%q: %q, want %q", word, got, want)
		}
	}
	if got := scene.Near("afer", there) + scene.Near("colour", there); got != ", did you mean after?" {
		t.Errorf("%q", got)
	}
}

func TestNearestForgivesALetter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.StringMatching(`[a-z]{6,20}`).Draw(t, "word")
		i := rapid.IntRange(0, len(word)-2).Draw(t, "at")
		for _, mistyped := range []string{word[:i] + word[i+1:], word[:i] + "_" + word[i:], word[:i] + "_" + word[i+1:], word[:i] + word[i+1:i+2] + word[i:i+1] + word[i+2:]} {
			if got := scene.Nearest(mistyped, []string{"zz", word, "12345678"}); got != word {
				t.Fatalf("%q for %q: %q", mistyped, word, got)
			}
		}
	})
}
