package content

import (
	"strings"
	"sync"

	"liuke/shared/scene"
)

// maxRemembered is what the texts that are remembered weigh at most, in bytes, with markWeight for each object and tag beside its own:
// room for all scenes twice over. With more of them all are forgotten.
const (
	maxRemembered = 16 << 20
	markWeight    = 64
)

// Remembering returns a compiler like Compiler's that compiles no text twice, for whoever reads all scenes again and again of which
// few have changed. It is safe for concurrent use.
func Remembering() scene.CompileContent {
	type text struct {
		source, known string
		form          scene.Form
	}
	type compiled struct {
		template scene.Template
		flaws    []scene.Flaw
	}
	var mu sync.Mutex
	all, weight := map[text]compiled{}, 0
	compile := Compiler()
	return func(source string, known []string, form scene.Form) (scene.Template, []scene.Flaw) {
		key := text{source, strings.Join(known, "\n"), form}
		mu.Lock()
		c, ok := all[key]
		mu.Unlock()
		if ok {
			return c.template, c.flaws
		}
		c.template, c.flaws = compile(source, known, form)
		mu.Lock()
		defer mu.Unlock()
		own := len(source) + markWeight*(strings.Count(source, "{{")+strings.Count(source, "{%"))
		if weight += own; weight > maxRemembered {
			clear(all)
			weight = own
		}
		all[key] = c
		return c.template, c.flaws
	}
}
