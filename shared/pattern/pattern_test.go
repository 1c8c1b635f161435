package pattern_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"liuke/shared/pattern"
)

func TestAnExpressionIsCompiledWhenItIsAskedForFirst(t *testing.T) {
	broken, digits := pattern.New(`(`), pattern.New(`^[0-9]+$`)
	if first := digits(); !first.MatchString("12") || first.MatchString("1a") || digits() != first {
		t.Error("it matches something else, or is compiled more than once")
	}
	for range 2 {
		func() {
			defer func() {
				if recover() == nil {
					t.Error("an expression that is none is taken")
				}
			}()
			broken()
		}()
	}
}

// TestEveryExpressionOfTheSuiteCompiles reads the suite's code: what is compiled late would fail late, and what a package
// compiles as it is loaded holds up the start of every function that has the package.
func TestEveryExpressionOfTheSuiteCompiles(t *testing.T) {
	compiled := 0
	for _, root := range []string{"../../shared", "../../functions"} {
		for dir, files := range packages(t, root) {
			constants := map[string]ast.Expr{}
			for _, file := range files {
				for _, d := range file.Decls {
					g, ok := d.(*ast.GenDecl)
					if !ok || g.Tok != token.CONST && g.Tok != token.VAR {
						continue
					}
					for _, spec := range g.Specs {
						v := spec.(*ast.ValueSpec)
						for i, value := range v.Values {
							if g.Tok == token.CONST {
								constants[v.Names[i].Name] = value
							} else if called(value, "regexp", "MustCompile") != nil {
								t.Errorf("%s: %s is compiled as the program starts; pattern.New compiles it when it is asked for first", dir, v.Names[i].Name)
							}
						}
					}
				}
			}
			for _, file := range files {
				ast.Inspect(file, func(n ast.Node) bool {
					e, ok := n.(ast.Expr)
					if !ok {
						return true
					}
					if argument := called(e, "pattern", "New"); argument != nil {
						text, ok := spelled(argument, constants)
						if _, err := regexp.Compile(text); !ok || err != nil {
							t.Errorf("%s: an expression that is no constant, or none at all: %q: %v", dir, text, err)
						}
						compiled++
					}
					return true
				})
			}
		}
	}
	if compiled == 0 {
		t.Error("no expression was found")
	}
}

// packages returns the files of each folder below the root, without tests.
func packages(t *testing.T, root string) map[string][]*ast.File {
	t.Helper()
	found, set := map[string][]*ast.File{}, token.NewFileSet()
	err := filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(set, path, nil, parser.SkipObjectResolution)
		found[filepath.Dir(path)] = append(found[filepath.Dir(path)], file)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// called returns the argument of a call of a package's function; nil for any other expression.
func called(e ast.Expr, pkg, function string) ast.Expr {
	call, ok := e.(*ast.CallExpr)
	if !ok || len(call.Args) != 1 {
		return nil
	}
	if s, ok := call.Fun.(*ast.SelectorExpr); ok && s.Sel.Name == function {
		if x, ok := s.X.(*ast.Ident); ok && x.Name == pkg {
			return call.Args[0]
		}
	}
	return nil
}

// spelled returns the text of an expression of literals, constants of the package, and sums of both.
func spelled(e ast.Expr, constants map[string]ast.Expr) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		text, err := strconv.Unquote(e.Value)
		return text, err == nil
	case *ast.BinaryExpr:
		left, ok := spelled(e.X, constants)
		right, also := spelled(e.Y, constants)
		return left + right, ok && also
	case *ast.Ident:
		value, ok := constants[e.Name]
		if !ok {
			return "", false
		}
		return spelled(value, constants)
	}
	return "", false
}
