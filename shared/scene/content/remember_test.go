package content_test

import (
	"strings"
	"sync"
	"testing"

	"liuke/shared/scene"
	"liuke/shared/scene/content"
)

func TestWhatIsRememberedIsWhatTheCompilerSays(t *testing.T) {
	t.Parallel()
	compile, remember := content.Compiler(), content.Remembering()
	known := []string{"name", "order.id"}
	values := map[string]any{"name": "<b>", "order": map[string]any{"id": "7"}}
	var wg sync.WaitGroup
	for range 4 { // at once, and again what is remembered
		wg.Go(func() {
			for _, c := range []struct {
				source string
				known  []string
				form   scene.Form
			}{
				{"Hello {{ name }}", known, scene.Plain}, {"Hello {{ name }}", known, scene.HTML}, {"Hello {{ name }}", known[1:], scene.Plain},
				{"Order {{ order.id }}", known, scene.Plain}, {"{{ name", known, scene.Plain}, {"", known, scene.Plain},
				{strings.Repeat("{{ name }} ", 300), known, scene.Plain},
			} {
				want, flaws := compile(c.source, c.known, c.form)
				got, gotFlaws := remember(c.source, c.known, c.form)
				if len(flaws) != len(gotFlaws) || len(flaws) > 0 && flaws[0] != gotFlaws[0] || (want == nil) != (got == nil) {
					t.Errorf("%.20s: %v, %v; want %v, %v", c.source, got, gotFlaws, want, flaws)
					continue
				}
				if want == nil {
					continue
				}
				said, err := want.Render(values)
				again, errAgain := got.Render(values)
				if said != again || (err == nil) != (errAgain == nil) {
					t.Errorf("%.20s: says %q, %v; want %q, %v", c.source, again, errAgain, said, err)
				}
			}
		})
	}
	wg.Wait()
}
