package audience

import (
	"reflect"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser"

	"liuke/shared/scene"
)

// names are what an expression may speak of, in the order of subject.
var names = func() (all []string) {
	t := reflect.TypeFor[subject]()
	for i := range t.NumField() {
		all = append(all, t.Field(i).Tag.Get("expr"))
	}
	return all
}()

// strange collects the names in an expression that are none.
type strange struct {
	source file.Source
	flaws  []scene.Flaw
}

// Visit implements ast.Visitor.
func (s *strange) Visit(node *ast.Node) {
	n, ok := (*node).(*ast.IdentifierNode)
	if !ok || slices.Contains(names, n.Value) {
		return
	}
	text := "unknown name " + n.Value
	if !slices.ContainsFunc(s.flaws, func(f scene.Flaw) bool { return f.Text == text }) {
		e := (&file.Error{Location: n.Location()}).Bind(s.source)
		s.flaws = append(s.flaws, scene.Flaw{Line: max(e.Line, 1), Text: text})
	}
}

// unnamed returns, where what the compiler says is that a name is none, all such names of the expression, the last with those that
// there are; else what the compiler says. The expression is one that was inspected.
func unnamed(tree *parser.Tree, said []scene.Flaw) []scene.Flaw {
	if !strings.HasPrefix(said[0].Text, "unknown name ") {
		return said
	}
	s := &strange{source: tree.Source}
	ast.Walk(&tree.Node, s)
	if len(s.flaws) > 0 {
		said = s.flaws
	}
	last := &said[len(said)-1].Text
	if near := scene.Near(strings.TrimPrefix(*last, "unknown name "), names); near != "" {
		*last += near
	} else {
		*last += ": there are " + strings.Join(names, ", ")
	}
	return said
}
