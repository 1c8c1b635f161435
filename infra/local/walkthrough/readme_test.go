package walkthrough

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"liuke/infra/local/project"
)

// guide is a section of the README.
type guide struct {
	text     string
	requests []request
}

// request is one that the README sends by curl.
type request struct {
	method, path string
	header       map[string]string
	user, body   string
}

// The sections that are walked through.
const (
	onSurveys = "## Asking customers\n"
	onScenes  = "## Reaching out\n"
)

// readGuide reads a section of the README, with a day in the place of today's.
func readGuide(t *testing.T, heading, day string) *guide {
	t.Helper()
	root, err := project.Root()
	if err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, text, found := strings.Cut(string(raw), heading)
	text, _, ended := strings.Cut(text, "\n## ")
	if !found || !ended {
		t.Fatalf("the README has no section %q", heading)
	}
	g := &guide{text: strings.ReplaceAll(text, "$(date -u +%F)", day)}
	for _, block := range g.blocks("sh") {
		for _, command := range strings.Split(block, "curl ")[1:] {
			g.requests = append(g.requests, parseCurl(command))
		}
	}
	return g
}

// blocks returns what stands in the fences of a language.
func (g *guide) blocks(language string) (blocks []string) {
	for _, part := range strings.Split(g.text, "\n```"+language+"\n")[1:] {
		block, _, _ := strings.Cut(part, "\n```")
		blocks = append(blocks, block)
	}
	return blocks
}

// file returns what the README writes to a file, from where it says cat > to the mark YAML.
func (g *guide) file(t *testing.T, name string) string {
	t.Helper()
	_, text, found := strings.Cut(g.text, "\ncat > "+name+" <<'YAML'\n")
	text, _, ended := strings.Cut(text, "\nYAML\n")
	if !found || !ended {
		t.Fatalf("the README writes no %s", name)
	}
	return text + "\n"
}

// request returns the first that the README sends by the method to the path, as it spells that.
func (g *guide) request(t *testing.T, method, path string) request {
	t.Helper()
	i := slices.IndexFunc(g.requests, func(r request) bool { return r.method == method && r.path == path })
	if i < 0 {
		t.Fatalf("the README sends no %s %s", method, path)
	}
	return g.requests[i]
}

// parseCurl reads the arguments of curl, as far as the README uses them.
func parseCurl(command string) request {
	r := request{header: map[string]string{}}
	all := append(words(command), "")
	for i, w := range all[:len(all)-1] {
		next := all[i+1]
		switch {
		case w == "-X":
			r.method = next
		case w == "-H":
			name, value, _ := strings.Cut(next, ": ")
			r.header[name] = value
		case w == "-u":
			r.user = next
		case w == "-d":
			r.body = next
		case strings.HasPrefix(w, "$url"):
			r.path = strings.TrimPrefix(w, "$url")
		}
	}
	switch {
	case r.method != "":
	case r.body != "":
		r.method = "POST"
	default:
		r.method = "GET"
	}
	return r
}

// words splits a command as a shell does, up to where it ends; variables stay as they are.
func words(command string) (all []string) {
	var word strings.Builder
	begun, quote := false, rune(0)
	for _, c := range command + "\n" {
		switch {
		case quote != 0 && c == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(c)
		case c == '\'' || c == '"':
			quote, begun = c, true
		case strings.ContainsRune(" \n|>;)", c):
			if begun {
				all = append(all, word.String())
			}
			if c != ' ' {
				return all
			}
			word.Reset()
			begun = false
		default:
			word.WriteRune(c)
			begun = true
		}
	}
	return all
}
