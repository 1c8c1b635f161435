package audience

import (
	"fmt"
	"regexp/syntax"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"

	"liuke/shared/scene"
)

// What bounds an expression. It has no functions, no loops, no names of its own and no lists but those it looks a value up
// in, so that its time and its memory are bounded by its size.
const (
	maxBytes        = 4 << 10
	maxNodes        = 200 // where a part that is judged twice, as b in a < b < c, counts twice
	maxPatterns     = 4   // of matches
	maxPatternBytes = 100
	maxInstructions = 1000 // of a pattern's program
)

// operators are those that join two values. "in" and "matches" are asked about apart.
var operators = []string{
	"and", "&&", "or", "||", "==", "!=", "<", "<=", ">", ">=", "+", "-", "*", "/", "%", "**", "^", "??",
	"contains", "startsWith", "endsWith",
}

// inspection goes through an expression as it was parsed, before anything is made of it.
type inspection struct {
	source   file.Source
	nodes    int
	patterns int
	flaw     *scene.Flaw // the first
}

// inspect returns the first thing of an expression that is not in the language, or nil.
func inspect(root ast.Node, source file.Source) *scene.Flaw {
	i := inspection{source: source}
	i.node(root)
	return i.flaw
}

func (i *inspection) refuse(n ast.Node, format string, args ...any) {
	if i.flaw == nil {
		i.flaw = &scene.Flaw{Line: i.line(n), Text: fmt.Sprintf(format, args...)}
	}
}

// line is that in which a node stands.
func (i *inspection) line(n ast.Node) int {
	e := (&file.Error{Location: n.Location()}).Bind(i.source)
	return max(e.Line, 1)
}

// node inspects a node and those below it. It stops at the first flaw: there may be very many nodes, for the parser puts one
// that is judged twice into the tree twice.
func (i *inspection) node(n ast.Node) {
	if i.flaw != nil {
		return
	}
	if i.nodes++; i.nodes > maxNodes {
		i.refuse(n, "the expression is too long: it has more than %d names, values and operators", maxNodes)
		return
	}
	switch n := n.(type) {
	case *ast.NilNode, *ast.BoolNode, *ast.IntegerNode, *ast.FloatNode, *ast.StringNode:
	case *ast.IdentifierNode:
		if n.Value == "$env" {
			i.refuse(n, "unknown name $env")
		}
	case *ast.MemberNode:
		if _, named := n.Property.(*ast.StringNode); !named || n.Method {
			i.refuse(n, `what stands in something is called by its name, such as order.worth or labels["abc"]`)
			return
		}
		i.node(n.Node)
	case *ast.ChainNode:
		i.node(n.Node)
	case *ast.UnaryNode:
		i.node(n.Node)
	case *ast.BinaryNode:
		i.binary(n)
	case *ast.ConditionalNode:
		if !n.Ternary {
			i.refuse(n, "write a condition as a ? b : c, and not with if and else")
			return
		}
		i.node(n.Cond)
		i.node(n.Exp1)
		i.node(n.Exp2)
	case *ast.CallNode:
		i.call(n.Callee)
	case *ast.BuiltinNode:
		i.refuse(n, "unknown name %s: an expression calls no functions", n.Name)
	case *ast.ArrayNode:
		i.refuse(n, "a list stands behind in alone")
	case *ast.VariableDeclaratorNode, *ast.SequenceNode:
		i.refuse(n, "an expression is a single condition: it has neither let nor ;")
	default:
		i.refuse(n, "an expression has names, values and operators alone")
	}
}

func (i *inspection) call(callee ast.Node) {
	if name, ok := callee.(*ast.IdentifierNode); ok {
		i.refuse(callee, "unknown name %s: an expression calls no functions", name.Value)
		return
	}
	i.refuse(callee, "an expression calls no functions")
}

func (i *inspection) binary(n *ast.BinaryNode) {
	i.node(n.Left)
	switch list, isList := n.Right.(*ast.ArrayNode); {
	case n.Operator == "in" && isList:
		i.list(list)
	case n.Operator == "in":
		i.node(n.Right)
	case n.Operator == "matches":
		i.matches(n.Right)
	case n.Operator == "..":
		i.refuse(n, "there are no ranges: write a <= b and b <= c")
	case !slices.Contains(operators, n.Operator):
		i.refuse(n, "there is no operator %s", n.Operator)
	default:
		i.node(n.Right)
	}
}

// list inspects what a value is looked up in: values that are written out.
func (i *inspection) list(n *ast.ArrayNode) {
	i.nodes++
	for _, each := range n.Nodes {
		value := each
		if signed, ok := each.(*ast.UnaryNode); ok && signed.Operator == "-" {
			value = signed.Node
		}
		switch value.(type) {
		case *ast.NilNode, *ast.BoolNode, *ast.IntegerNode, *ast.FloatNode, *ast.StringNode:
			i.node(each)
		default:
			i.refuse(each, "a list has values alone, as in [1, 2] or ["+`"a", "b"]`)
		}
	}
}

// matches inspects a pattern before it is compiled.
func (i *inspection) matches(n ast.Node) {
	pattern, ok := n.(*ast.StringNode)
	if !ok {
		i.refuse(n, "the pattern of matches is a text that is written out")
		return
	}
	i.nodes++
	if i.patterns++; i.patterns > maxPatterns {
		i.refuse(n, "matches is allowed %d times in an expression", maxPatterns)
		return
	}
	if len(pattern.Value) > maxPatternBytes {
		i.refuse(n, "a pattern has at most %d bytes", maxPatternBytes)
		return
	}
	parsed, err := syntax.Parse(pattern.Value, syntax.Perl)
	if err != nil {
		i.refuse(n, "the pattern cannot be read: %s", strings.TrimPrefix(err.Error(), "error parsing regexp: "))
		return
	}
	if instructions(parsed) > maxInstructions {
		i.refuse(n, "the pattern is too large with what it repeats")
	}
}

// instructions is how long a pattern's program gets, at most, without making it. The parser sees to it that repetitions
// within each other come to 1,000 at most.
func instructions(re *syntax.Regexp) int {
	below := 0
	for _, sub := range re.Sub {
		below += instructions(sub) + 1
	}
	if re.Op != syntax.OpRepeat {
		return below + max(1, len(re.Rune)) + 1
	}
	return (below + 1) * max(re.Min+1, re.Max)
}
