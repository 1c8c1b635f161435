package template

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// noValue stands for AWS::NoValue: the property that holds it is left out.
type noValue struct{}

// resolve replaces every intrinsic function in a value of the stack's template.
func (app *App) resolve(st *stack, v any) (any, error) {
	switch v := v.(type) {
	case map[string]any:
		if len(v) == 1 {
			for name, argument := range v {
				if name == "Ref" || name == "Condition" || strings.HasPrefix(name, "Fn::") {
					if f, ok := app.function(name); ok {
						return f(st, argument)
					}
					if name != "Condition" { // also an ordinary key of a policy statement
						return nil, fmt.Errorf("the intrinsic function %s is not known here", name)
					}
				}
			}
		}
		out := make(map[string]any, len(v))
		for key, value := range v {
			r, err := app.resolve(st, value)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", key, err)
			}
			if r != (any)(noValue{}) {
				out[key] = r
			}
		}
		return out, nil
	case []any:
		out := make([]any, 0, len(v))
		for i, value := range v {
			r, err := app.resolve(st, value)
			if err != nil {
				return nil, fmt.Errorf("%d: %w", i, err)
			}
			if r != (any)(noValue{}) {
				out = append(out, r)
			}
		}
		return out, nil
	default:
		return v, nil
	}
}

func (app *App) function(name string) (func(*stack, any) (any, error), bool) {
	f, ok := map[string]func(*stack, any) (any, error){
		"Ref":                app.ref,
		"Fn::GetAtt":         app.getAtt,
		"Fn::Join":           app.join,
		"Fn::Sub":            app.sub,
		"Fn::Select":         app.selectOne,
		"Fn::Split":          app.split,
		"Fn::Base64":         app.base64,
		"Fn::ImportValue":    app.importValue,
		"Fn::GetStackOutput": app.stackOutput,
	}[name]
	return f, ok
}

func (app *App) ref(st *stack, argument any) (any, error) {
	id, _ := argument.(string)
	switch id {
	case "AWS::AccountId":
		return app.Account, nil
	case "AWS::Region":
		return app.Region, nil
	case "AWS::Partition":
		return "aws", nil
	case "AWS::URLSuffix":
		return "amazonaws.com", nil
	case "AWS::StackName":
		return st.name, nil
	case "AWS::StackId":
		return "arn:aws:cloudformation:" + app.Region + ":" + app.Account + ":stack/" + st.name + "/local", nil
	case "AWS::NoValue":
		return noValue{}, nil
	}
	if r, ok := st.resources[id]; ok {
		return app.refOf(r), nil
	}
	if v, ok := st.defaults[id]; ok && v != nil {
		return v, nil
	}
	return nil, fmt.Errorf("the Ref %v names neither a resource nor a parameter with a default", argument)
}

func (app *App) getAtt(st *stack, argument any) (any, error) {
	var id, attribute string
	switch a := argument.(type) {
	case string:
		id, attribute, _ = strings.Cut(a, ".")
	case []any:
		if len(a) == 2 {
			id, _ = a[0].(string)
			attribute, _ = a[1].(string)
		}
	}
	r, ok := st.resources[id]
	if !ok {
		return nil, fmt.Errorf("Fn::GetAtt %v names no resource", argument)
	}
	return app.attribute(r, attribute)
}

func (app *App) join(st *stack, argument any) (any, error) {
	parts, err := app.arguments(st, "Fn::Join", argument, 2)
	if err != nil {
		return nil, err
	}
	separator, ok := parts[0].(string)
	list, isList := parts[1].([]any)
	if !ok || !isList {
		return nil, fmt.Errorf("Fn::Join wants a string and a list, not %T and %T", parts[0], parts[1])
	}
	texts := make([]string, len(list))
	for i, v := range list {
		if texts[i], err = text(v); err != nil {
			return nil, fmt.Errorf("Fn::Join: %w", err)
		}
	}
	return strings.Join(texts, separator), nil
}

func (app *App) sub(st *stack, argument any) (any, error) {
	template, ok := argument.(string)
	values := map[string]any{}
	if !ok {
		list, _ := argument.([]any)
		if len(list) != 2 {
			return nil, fmt.Errorf("Fn::Sub wants a string, or a string and an object")
		}
		template, _ = list[0].(string)
		named, err := app.resolve(st, list[1])
		if err != nil {
			return nil, err
		}
		values, _ = named.(map[string]any)
	}
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(template, "${")
		out.WriteString(before)
		if !found {
			return out.String(), nil
		}
		name, after, closed := strings.Cut(rest, "}")
		if !closed {
			return nil, fmt.Errorf("Fn::Sub: %q is not closed", "${"+rest)
		}
		template = after
		if literal, ok := strings.CutPrefix(name, "!"); ok {
			out.WriteString("${" + literal + "}")
			continue
		}
		v, ok := values[name]
		if !ok {
			var err error
			if strings.Contains(name, ".") {
				v, err = app.getAtt(st, name)
			} else {
				v, err = app.ref(st, name)
			}
			if err != nil {
				return nil, fmt.Errorf("Fn::Sub: %w", err)
			}
		}
		s, err := text(v)
		if err != nil {
			return nil, fmt.Errorf("Fn::Sub: %w", err)
		}
		out.WriteString(s)
	}
}

func (app *App) selectOne(st *stack, argument any) (any, error) {
	parts, err := app.arguments(st, "Fn::Select", argument, 2)
	if err != nil {
		return nil, err
	}
	index, err := strconv.Atoi(fmt.Sprint(parts[0]))
	list, ok := parts[1].([]any)
	if err != nil || !ok || index < 0 || index >= len(list) {
		return nil, fmt.Errorf("Fn::Select has no item %v in a list of %d", parts[0], len(list))
	}
	return list[index], nil
}

func (app *App) split(st *stack, argument any) (any, error) {
	parts, err := app.arguments(st, "Fn::Split", argument, 2)
	if err != nil {
		return nil, err
	}
	separator, ok := parts[0].(string)
	whole, isText := parts[1].(string)
	if !ok || !isText {
		return nil, fmt.Errorf("Fn::Split wants two strings, not %T and %T", parts[0], parts[1])
	}
	var list []any
	for _, part := range strings.Split(whole, separator) {
		list = append(list, part)
	}
	return list, nil
}

func (app *App) base64(st *stack, argument any) (any, error) {
	v, err := app.resolve(st, argument)
	if err != nil {
		return nil, err
	}
	s, err := text(v)
	return base64.StdEncoding.EncodeToString([]byte(s)), err
}

func (app *App) importValue(st *stack, argument any) (any, error) {
	name, err := app.resolve(st, argument)
	if err != nil {
		return nil, err
	}
	e, ok := app.exports[fmt.Sprint(name)].(exported)
	if !ok {
		return nil, fmt.Errorf("Fn::ImportValue: no stack exports %v", name)
	}
	return app.resolve(e.from, e.value)
}

func (app *App) stackOutput(st *stack, argument any) (any, error) {
	resolved, err := app.resolve(st, argument)
	if err != nil {
		return nil, err
	}
	name, output := fmt.Sprint(member(resolved, "StackName")), fmt.Sprint(member(resolved, "OutputName"))
	from, ok := app.stacks[name]
	if !ok || from.outputs[output] == nil {
		return nil, fmt.Errorf("Fn::GetStackOutput: there is no output %s of a stack %s", output, name)
	}
	return app.resolve(from, member(from.outputs[output], "Value"))
}

// arguments resolves a function's list of n arguments.
func (app *App) arguments(st *stack, name string, argument any, n int) ([]any, error) {
	v, err := app.resolve(st, argument)
	if err != nil {
		return nil, err
	}
	list, ok := v.([]any)
	if !ok || len(list) != n {
		return nil, fmt.Errorf("%s wants a list of %d", name, n)
	}
	return list, nil
}

// text is a scalar as CloudFormation spells it in a string.
func text(v any) (string, error) {
	switch v := v.(type) {
	case string:
		return v, nil
	case json.Number:
		return v.String(), nil
	case bool:
		return strconv.FormatBool(v), nil
	default:
		return "", fmt.Errorf("%T where a string is wanted", v)
	}
}
