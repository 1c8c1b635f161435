package scene

import (
	"fmt"
	"sync"

	"liuke/shared/customer"
	"liuke/shared/fault"
	"liuke/shared/money"
	"liuke/shared/signal"
)

// Compilers make of a scene's texts what can be run. Each program hands in those that it needs: whoever decides links
// no template engine, and whoever sends no compiler of expressions. A nil one leaves its texts unread and unchecked.
type Compilers struct {
	Audience CompileAudience
	Content  CompileContent
	// Tasks compiles the texts of the channel task, which whoever decides fills in; nil leaves them to Content.
	Tasks CompileContent
	// Labels returns the labels of a segment model that comes with the suite, and whether their changes are told; not ok
	// for another. Where it is nil, labels are taken as they are written: tests look, and functions start sooner.
	Labels func(model string) (labels []string, told, ok bool)
	// Lazy leaves each text unread until it is first needed, and its flaws unfound: for functions that start, of scenes that
	// have been checked before.
	Lazy bool
	// Sample returns candidates for a scene's own message and for each step behind it: whoever keeps what operators write has
	// expressions judged on them, for one that cannot be judged lets nobody in; nil judges none. Where it is set, what answers
	// nothing of the customer's cannot be transactional either.
	Sample func(s *Scene) []Candidate
	// Fill makes up what a scene's texts are filled in with once, by whoever keeps what operators write: what fails then can
	// never be sent. Nil fills in none.
	Fill func(s *Scene) (Saying, customer.Profile, signal.Signal)
	// Edited is the file of a block or a template whose edit is tried, such as block/footer.yaml: only contents that use it are
	// compiled and filled in, for the others stay what they were. "" for all.
	Edited string
	// Currency is the business's, in which budgets are written; where it is empty, they have two decimals.
	Currency money.Currency
}

// CompileAudience compiles an audience expression. It returns at least one flaw where it returns nil.
type CompileAudience func(source string) (Audience, []Flaw)

// Form is what a text is, and so how values stand in it.
type Form int

// The forms of texts.
const (
	Plain Form = iota // values stand as they are
	HTML              // values are escaped, within quotes and outside of them
	JSON              // values are escaped as within the quotes of a string
)

// CompileContent compiles a text that may speak of the known variables alone; what it fills in is escaped as the form has it, last
// of all. It returns at least one flaw where it returns nil.
type CompileContent func(source string, known []string, form Form) (Template, []Flaw)

// Audience says for whom a scene is.
type Audience interface {
	// Includes reports whether the scene is for the candidate. It returns Invalid where that cannot be said.
	Includes(c *Candidate) (bool, error)
}

// Template is a text to be filled in.
type Template interface {
	// Uses reports whether the text speaks of the variable.
	Uses(variable string) bool
	// Shows reports whether the variable stands in the text whoever reads it: as it is, without a filter, under no condition
	// and in no comment. That of a list's members, such as survey.choices[].link, stands in a loop over the list.
	Shows(variable string) bool
	// Origins lists the origins (see link.Origin) that stand in the text's own words, whatever values are filled in.
	Origins() []string
	// Render fills in the values. It returns *Missing where a variable has none that must have one, and *Unfilled where a value
	// cannot stand in its place. No error holds a value.
	Render(values map[string]any) (string, error)
}

// Flaw is what is wrong with a text, and in which of its lines, from 1.
type Flaw struct {
	Line int
	Text string
}

// Missing is the error that a variable has no value. It names the variable, never a value.
type Missing struct{ Variable string }

// Error names the variable.
func (m *Missing) Error() string { return "missing variable " + m.Variable }

// Unfilled is the error that a text cannot be filled in, with what is wrong in which of its lines, from 1.
type Unfilled Flaw

// Error says what is wrong.
func (u *Unfilled) Error() string { return fmt.Sprintf("line %d: %s", u.Line, u.Text) }

// later is a text, or an audience, that is compiled when it is first needed. It is safe for concurrent use.
type later[T any] struct{ compiled func() (T, error) }

// whenNeeded compiles once, when that is first asked for.
func whenNeeded[T any](compile func() (T, []Flaw)) later[T] {
	return later[T]{sync.OnceValues(func() (T, error) {
		out, flaws := compile()
		if len(flaws) > 0 {
			return out, fault.New(fault.Invalid, "line %d: %s", flaws[0].Line, flaws[0].Text)
		}
		return out, nil
	})}
}

// laterText is a Template that is compiled when it is first needed.
type laterText struct{ later[Template] }

func (l laterText) Uses(variable string) bool {
	t, err := l.compiled()
	return err == nil && t.Uses(variable)
}

func (l laterText) Shows(variable string) bool {
	t, err := l.compiled()
	return err == nil && t.Shows(variable)
}

func (l laterText) Origins() []string {
	t, err := l.compiled()
	if err != nil {
		return nil
	}
	return t.Origins()
}

func (l laterText) Render(values map[string]any) (string, error) {
	t, err := l.compiled()
	if err != nil {
		return "", err
	}
	return t.Render(values)
}

// laterAudience is an Audience that is compiled when it is first needed.
type laterAudience struct{ later[Audience] }

func (l laterAudience) Includes(c *Candidate) (bool, error) {
	a, err := l.compiled()
	if err != nil {
		return false, err
	}
	return a.Includes(c)
}

// unread stands for an audience or a text that was loaded without its compiler: it includes nobody and renders nothing.
type unread struct{}

func (unread) Includes(*Candidate) (bool, error) {
	return false, fault.New(fault.Internal, "the scene was loaded without audiences")
}

func (unread) Uses(string) bool { return false }

func (unread) Shows(string) bool { return false }

func (unread) Origins() []string { return nil }

func (unread) Render(map[string]any) (string, error) {
	return "", fault.New(fault.Internal, "the scene was loaded without content")
}
