package iam

import (
	"sort"
	"strings"
)

// Decision is the answer to one Request.
type Decision struct {
	Request   Request
	Allowed   bool
	Principal string // as people call it: "function ingest"
	Resource  string // as people call it: "queue events"
	Reason    string // why it is refused, "" where it is not
	For       string // the action on whose behalf a service would make the call, "" for the caller's own
}

// String says what is refused, or allowed, and why: "function ingest may not sqs:SendMessage on queue events (no
// statement allows it)".
func (d Decision) String() string {
	var b strings.Builder
	b.WriteString(d.Principal)
	if d.Allowed {
		b.WriteString(" may ")
	} else {
		b.WriteString(" may not ")
	}
	b.WriteString(d.Request.Action + " on " + d.Resource)
	if d.For != "" {
		b.WriteString(", which " + d.For + " needs")
	}
	if d.Reason != "" {
		b.WriteString(" (" + d.Reason + ")")
	}
	return b.String()
}

// Denied is the error of a call that is refused.
type Denied struct{ Decision Decision }

// Error returns "AccessDenied: " and the decision.
func (e *Denied) Error() string { return "AccessDenied: " + e.Decision.String() }

// principalName is what people call the principal.
func (a *Authority) principalName(p Principal) string {
	if p.Service != "" {
		return "service " + p.Service
	}
	if r := a.roles[p.Role]; r != nil && r.name != "" {
		return r.name
	}
	return p.Role
}

// resourceName is what people call the resource: the longest named ARN that it stands at or below, and the rest.
func (a *Authority) resourceName(arn string) string {
	for at := len(arn); at > 0; at = strings.LastIndexAny(arn[:at], "/:") {
		if name, ok := a.names[arn[:at]]; ok {
			return name + arn[at:]
		}
	}
	return arn
}

// Denial is one refusal and how often it came.
type Denial struct {
	Decision Decision
	Count    int
}

type denialKey struct{ principal, action, resource, reason string }

// record keeps a refusal.
func (a *Authority) record(d Decision) {
	key := denialKey{d.Principal, d.Request.Action, a.owner(d.Request.Resource), d.Reason}
	a.mu.Lock()
	known, ok := a.denials[key]
	if ok {
		known.Count++
	} else {
		a.denials[key] = &Denial{Decision: d, Count: 1}
		a.order = append(a.order, key)
	}
	a.mu.Unlock()
	if !ok && a.OnDenied != nil {
		a.OnDenied(d)
	}
}

// Denials lists what was refused, in the order of first sight.
func (a *Authority) Denials() []Denial {
	a.mu.Lock()
	defer a.mu.Unlock()
	list := make([]Denial, 0, len(a.order))
	for _, key := range a.order {
		list = append(list, *a.denials[key])
	}
	return list
}

// Unused is a permission of a role by which nothing was allowed so far.
type Unused struct {
	Principal string // the role's name
	Policy    string
	Statement string
	Actions   []string // actions of the statement that were never done
	Resources []string // resources of the statement that were never reached; empty where no action was done at all
}

// String names the permission in a line.
func (u Unused) String() string {
	what := strings.Join(u.Actions, ", ")
	if len(u.Resources) > 0 {
		if what != "" {
			what += " · "
		}
		what += "on " + strings.Join(u.Resources, ", ")
	}
	return u.Principal + ": " + what + " (statement " + u.Statement + " of " + u.Policy + ")"
}

// observed are the services whose calls pass through the suite. What a role may do elsewhere (logs, traces) cannot be
// seen here and is not called unused.
var observed = []string{"dynamodb:", "kms:", "lambda:", "s3:", "secretsmanager:", "ses:", "sns:", "sqs:"}

// Unused lists the permissions of all roles that were not used, by role. Actions given with a wildcard count as used
// by the first action that they allow.
func (a *Authority) Unused() []Unused {
	var list []Unused
	for _, r := range a.roles {
		for _, p := range r.policies {
			for _, st := range p.Statements {
				if u, ok := a.unused(st); ok {
					u.Principal, u.Policy, u.Statement = r.name, p.Source, st.Sid
					list = append(list, u)
				}
			}
		}
	}
	sort.SliceStable(list, func(i, j int) bool { return list[i].Principal < list[j].Principal })
	return list
}

func (a *Authority) unused(st *Statement) (Unused, bool) {
	var u Unused
	if st.Effect != Allow || st.exceptAction {
		return u, false
	}
	used := false
	for i, action := range st.actions {
		switch {
		case st.usedActions[i].Load():
			used = true
		case isObserved(action.String()):
			u.Actions = append(u.Actions, action.String())
		}
	}
	for i, resource := range st.resources {
		if used && !st.exceptRes && !st.usedResources[i].Load() {
			u.Resources = append(u.Resources, a.resourceName(resource.String()))
		}
	}
	return u, len(u.Actions)+len(u.Resources) > 0
}

func isObserved(action string) bool {
	for _, service := range observed {
		if len(action) >= len(service) && strings.EqualFold(action[:len(service)], service) {
			return true
		}
	}
	return false
}
