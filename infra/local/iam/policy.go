// Package iam decides, for the suite on one machine, what AWS's access management would decide in an account: whether
// a function's role, or an AWS service, may do an action on a resource. It reads the policies that the template holds
// (identity, resource, key and trust policies), follows the evaluation logic of one account (an explicit deny wins; an
// allow of the identity or of the resource is enough; a KMS key's own policy must allow, itself or by handing the
// decision to the account), adds the calls to KMS that services make on a caller's behalf, and keeps a tally of what was
// refused and of which permissions nobody used.
//
// It guarantees that nothing is allowed because it was not understood: a condition operator, a policy variable or an
// element that it does not know is an error when the policy is read. It leaves out service control policies, permission
// boundaries, session policies and other accounts.
package iam

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
)

// Policy is one compiled policy document. It is safe for concurrent use.
type Policy struct {
	// Source says where the document stands, for people: "policy IngestRoleDefaultPolicy".
	Source     string
	Statements []*Statement

	byAction sync.Map // action in lower case → []candidate
}

// Statement is one compiled statement.
type Statement struct {
	Sid    string // as the document has it, or "#2" for the second of those without
	Effect Effect

	actions      []pattern // in lower case
	exceptAction bool      // actions stands for NotAction
	resources    []pattern // none: the resource that the policy is attached to
	exceptRes    bool      // resources stands for NotResource
	principals   []principalPattern
	conditions   []condition

	usedActions   []atomic.Bool
	usedResources []atomic.Bool
}

// Effect is what a statement does when it matches.
type Effect string

// The effects.
const (
	Allow Effect = "Allow"
	Deny  Effect = "Deny"
)

// principalPattern is one entry of a Principal element.
type principalPattern struct {
	kind  string // "*", "AWS" or "Service"
	value string
}

// candidate is a statement whose action element covers some action; index says which entry of it (-1 for NotAction).
type candidate struct {
	statement *Statement
	index     int
}

// Parse compiles a policy document, decoded from JSON with every intrinsic function resolved (objects as
// map[string]any, lists as []any). The error names every element that cannot be understood.
func Parse(source string, document any) (*Policy, error) {
	doc, ok := document.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("%s: the document is %T and not an object", source, document)
	}
	list, ok := doc["Statement"].([]any)
	if !ok {
		list = []any{doc["Statement"]}
	}
	p := &Policy{Source: source}
	var errs []error
	for i, raw := range list {
		st, err := parseStatement(raw, i)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s, statement %d: %w", source, i+1, err))
			continue
		}
		p.Statements = append(p.Statements, st)
	}
	return p, errors.Join(errs...)
}

var statementElements = map[string]bool{
	"Sid": true, "Effect": true, "Action": true, "NotAction": true, "Resource": true, "NotResource": true,
	"Principal": true, "Condition": true,
}

func parseStatement(raw any, i int) (*Statement, error) {
	obj, ok := raw.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("it is %T and not an object", raw)
	}
	for name := range obj {
		if !statementElements[name] {
			return nil, fmt.Errorf("the element %s is not supported here", name)
		}
	}
	st := &Statement{Sid: fmt.Sprintf("#%d", i+1)}
	if sid, ok := obj["Sid"].(string); ok && sid != "" {
		st.Sid = sid
	}
	effect, _ := obj["Effect"].(string)
	st.Effect = Effect(effect)
	if st.Effect != Allow && st.Effect != Deny {
		return nil, fmt.Errorf("the effect is %q and neither Allow nor Deny", effect)
	}
	var err error
	if st.actions, st.exceptAction, err = patterns(obj, "Action", strings.ToLower); err != nil {
		return nil, err
	}
	if len(st.actions) == 0 {
		return nil, errors.New("it has neither Action nor NotAction")
	}
	if st.resources, st.exceptRes, err = patterns(obj, "Resource", nil); err != nil {
		return nil, err
	}
	if st.principals, err = parsePrincipals(obj["Principal"]); err != nil {
		return nil, err
	}
	if st.conditions, err = parseConditions(obj["Condition"]); err != nil {
		return nil, err
	}
	st.usedActions = make([]atomic.Bool, len(st.actions))
	st.usedResources = make([]atomic.Bool, len(st.resources))
	return st, nil
}

// patterns reads an element or its Not-form; fold, where given, folds the case.
func patterns(obj map[string]any, name string, fold func(string) string) (list []pattern, except bool, err error) {
	raw, positive := obj[name]
	if negated, ok := obj["Not"+name]; ok {
		if positive {
			return nil, false, fmt.Errorf("it has both %s and Not%s", name, name)
		}
		raw, except = negated, true
	} else if !positive {
		return nil, false, nil
	}
	texts, err := textList(raw)
	if err != nil {
		return nil, false, fmt.Errorf("%s: %w", name, err)
	}
	for _, text := range texts {
		p := newPattern(text)
		if fold != nil {
			p.text = fold(p.text)
		}
		list = append(list, p)
	}
	if len(list) == 0 {
		return nil, false, fmt.Errorf("%s is empty", name)
	}
	return list, except, nil
}

func parsePrincipals(raw any) ([]principalPattern, error) {
	switch v := raw.(type) {
	case nil:
		return nil, nil
	case string:
		if v != "*" {
			return nil, fmt.Errorf("the principal %q is not supported: name its kind", v)
		}
		return []principalPattern{{kind: "*"}}, nil
	case map[string]any:
		var list []principalPattern
		for kind, value := range v {
			if kind != "AWS" && kind != "Service" {
				return nil, fmt.Errorf("principals of the kind %s are not supported here", kind)
			}
			texts, err := textList(value)
			if err != nil {
				return nil, fmt.Errorf("principals of the kind %s: %w", kind, err)
			}
			for _, text := range texts {
				if text == "*" {
					list = append(list, principalPattern{kind: "*"})
					continue
				}
				list = append(list, principalPattern{kind, text})
			}
		}
		return list, nil
	default:
		return nil, fmt.Errorf("the principal is %T", raw)
	}
}

// textList reads a text or a list of texts; numbers and booleans stand as JSON spells them.
func textList(raw any) ([]string, error) {
	list, ok := raw.([]any)
	if !ok {
		list = []any{raw}
	}
	texts := make([]string, 0, len(list))
	for _, v := range list {
		var text string
		switch v := v.(type) {
		case string:
			text = v
		case bool:
			text = fmt.Sprint(v)
		case json.Number:
			text = v.String()
		case float64, int, int64:
			text = fmt.Sprint(v)
		default:
			return nil, fmt.Errorf("a value is %T and not a text (an intrinsic function left unresolved?)", v)
		}
		if strings.Contains(text, "${") {
			return nil, fmt.Errorf("the policy variable in %q is not supported here", text)
		}
		texts = append(texts, text)
	}
	return texts, nil
}

// candidates returns the statements whose action element covers the action. What it found is kept: a suite asks for a
// few dozen actions, thousands of times.
func (p *Policy) candidates(action string) []candidate {
	if found, ok := p.byAction.Load(action); ok {
		return found.([]candidate)
	}
	var found []candidate
	lower := strings.ToLower(action)
	for _, st := range p.Statements {
		index := -1
		for i, a := range st.actions {
			if a.match(lower) {
				index = i
				break
			}
		}
		if (index >= 0) != st.exceptAction {
			found = append(found, candidate{st, index})
		}
	}
	p.byAction.Store(action, found)
	return found
}

// covers reports whether the statement's resource element covers the resource, and by which entry (-1 for NotResource
// and for statements without one).
func (st *Statement) covers(resource string) (index int, ok bool) {
	if len(st.resources) == 0 {
		return -1, true
	}
	for i, r := range st.resources {
		if r.match(resource) {
			return i, !st.exceptRes
		}
	}
	return -1, st.exceptRes
}

// use marks the entries by which the statement allowed a call.
func (st *Statement) use(action, resource int) {
	if action >= 0 && !st.usedActions[action].Load() {
		st.usedActions[action].Store(true)
	}
	if resource >= 0 && !st.usedResources[resource].Load() {
		st.usedResources[resource].Store(true)
	}
}
