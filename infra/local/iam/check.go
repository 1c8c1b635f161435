package iam

import (
	"slices"
	"strconv"
	"strings"
)

// Check decides one call. It neither adds implied calls nor keeps refusals: see Authorize.
func (a *Authority) Check(req Request) Decision {
	d := Decision{
		Request:   req,
		Principal: a.principalName(req.Principal),
		Resource:  a.resourceName(req.Resource),
	}
	attached := a.owner(req.Resource)
	get := a.lookup(req)
	var identity verdict
	if r := a.roles[req.Principal.Role]; r != nil {
		identity = weigh(r.policies, req, get, func(*Statement) grip { return direct })
	}
	resource := weigh(a.resources[attached], req, get, func(st *Statement) grip { return a.grip(st, req.Principal) })
	switch {
	case resource.denied != "":
		d.Reason = resource.denied
	case identity.denied != "":
		d.Reason = identity.denied
	case len(resource.allowed) > 0:
		d.Allowed = true
	case req.Principal.Service != "" || strings.HasPrefix(req.Action, "sts:"):
		d.Reason = resource.why("no statement of the policy of " + a.resourceName(attached) + " allows it")
	case strings.HasPrefix(req.Action, "kms:") && len(resource.handed) == 0:
		d.Reason = resource.why("no statement of the key policy allows it, nor hands the decision to the account")
	case len(identity.allowed) > 0:
		d.Allowed = true
	default:
		d.Reason = identity.why("no statement allows it")
	}
	if d.Allowed {
		resource.use()
		identity.use()
	}
	return d
}

// grip is how the Principal element of a statement takes hold of a principal.
type grip int

const (
	loose  grip = iota // not at all
	handed             // it names the whole account: the identity's own policies decide
	direct
)

func (a *Authority) grip(st *Statement, p Principal) grip {
	best := loose
	for _, pp := range st.principals {
		switch {
		case pp.kind == "*",
			pp.kind == "Service" && p.Service != "" && pp.value == p.Service,
			pp.kind == "AWS" && p.Role != "" && pp.value == p.Role:
			return direct
		case pp.kind == "AWS" && p.Role != "" && (pp.value == a.root || pp.value == a.Account):
			best = handed
		}
	}
	return best
}

// verdict is what one set of policies says about a call.
type verdict struct {
	denied  string // the statement that denies it, "" for none
	allowed []match
	handed  []match // statements that leave it to the identity's own policies
	near    string  // why the statement that came nearest to allowing it does not
	miss    nearness
}

// match is a statement that applies, by an entry of its action element and one of its resource element.
type match struct {
	statement        *Statement
	action, resource int
}

type nearness int

const (
	otherResource nearness = iota + 1
	unmetCondition
)

func weigh(policies []*Policy, req Request, get lookup, hold func(*Statement) grip) verdict {
	var v verdict
	for _, p := range policies {
		for _, c := range p.candidates(req.Action) {
			st := c.statement
			g := hold(st)
			if g == loose {
				continue
			}
			index, ok := st.covers(req.Resource)
			if !ok {
				v.nearly(st, otherResource, "statement "+st.Sid+" of "+p.Source+" allows it on other resources only")
				continue
			}
			if unmet := slices.IndexFunc(st.conditions, func(c condition) bool { return !c.holds(get) }); unmet >= 0 {
				v.nearly(st, unmetCondition, "statement "+st.Sid+" of "+p.Source+" allows it on a condition that is not met: "+st.conditions[unmet].String())
				continue
			}
			switch {
			case st.Effect == Deny:
				v.denied = "statement " + st.Sid + " of " + p.Source + " denies it"
				return v
			case g == direct:
				v.allowed = append(v.allowed, match{st, c.index, index})
			default:
				v.handed = append(v.handed, match{st, c.index, index})
			}
		}
	}
	return v
}

func (v *verdict) nearly(st *Statement, n nearness, why string) {
	if st.Effect == Allow && n > v.miss {
		v.miss, v.near = n, why
	}
}

func (v verdict) why(otherwise string) string {
	if v.near != "" {
		return v.near
	}
	return otherwise
}

func (v verdict) use() {
	for _, m := range v.allowed {
		m.statement.use(m.action, m.resource)
	}
	for _, m := range v.handed {
		m.statement.use(m.action, m.resource)
	}
}

// lookup gives the condition keys that every call has, and those of this one.
func (a *Authority) lookup(req Request) lookup {
	return func(key string) []string {
		if values, ok := req.Context[key]; ok {
			return values
		}
		switch key {
		case "aws:securetransport":
			return []string{"true"} // on AWS the SDK speaks TLS; the suite's loopback stands for it
		case "aws:principalisawsservice":
			return []string{strconv.FormatBool(req.Principal.Service != "")}
		case "aws:principalservicename":
			if req.Principal.Service != "" {
				return []string{req.Principal.Service}
			}
		case "aws:principalarn":
			if req.Principal.Role != "" {
				return []string{req.Principal.Role}
			}
		case "aws:principalaccount", "kms:calleraccount":
			if req.Principal.Role != "" {
				return []string{a.Account}
			}
		case "aws:principaltype":
			if req.Principal.Role != "" {
				return []string{"AssumedRole"}
			}
		case "aws:resourceaccount":
			return []string{a.Account}
		case "aws:requestedregion":
			return []string{a.Region}
		}
		return nil
	}
}

// owner strips an ARN down to the resource that policies are attached to: a bucket for its objects, a table for its
// indexes.
func (a *Authority) owner(arn string) string {
	if rest, ok := strings.CutPrefix(arn, "arn:aws:s3:::"); ok {
		bucket, _, _ := strings.Cut(rest, "/")
		return "arn:aws:s3:::" + bucket
	}
	if table, _, ok := strings.Cut(arn, "/index/"); ok && strings.Contains(table, ":table/") {
		return table
	}
	return arn
}
