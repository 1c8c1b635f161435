package task

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"liuke/shared/fault"
	"liuke/shared/pattern"
	"liuke/shared/request"
)

// Document names the settings that hold the policy.
const Document = "tasks"

// Policy says by when tasks are to be done, by whom, and what happens otherwise. Times are on the clock, of whole minutes.
type Policy struct {
	TierModel  string                   // the segment model whose labels are the tiers
	Due        map[string]time.Duration // by tier
	Otherwise  time.Duration            // for any other tier, and for none
	Owners     map[string]string        // by tier
	Owner      string                   // for any other tier, and for none; "" for nobody
	EscalateTo string                   // who owns a task that escalated; "" leaves it to whom it belongs
	Again      time.Duration            // from one escalation to the next
	Levels     int                      // how often a task escalates at most
}

// What policies may say.
const (
	minPolicy   = 5 * time.Minute
	maxLevels   = 9
	maxTiers    = 32
	maxTierName = 64
)

// Defaults is the policy where nothing is set: 15 minutes for customers of the class A, 4 hours for B, a day for C and
// all others; three escalations an hour apart, to nobody else.
func Defaults() Policy {
	return Policy{
		TierModel: "abc",
		Due:       map[string]time.Duration{"A": 15 * time.Minute, "B": 4 * time.Hour, "C": 24 * time.Hour},
		Otherwise: 24 * time.Hour, Owners: map[string]string{}, Again: time.Hour, Levels: 3,
	}
}

// DueIn is how long a task about a customer of the tier may take.
func (p *Policy) DueIn(tier string) time.Duration {
	if d, ok := p.Due[tier]; ok {
		return d
	}
	return p.Otherwise
}

// OwnerOf is who is to do a task about a customer of the tier.
func (p *Policy) OwnerOf(tier string) string {
	if owner, ok := p.Owners[tier]; ok {
		return owner
	}
	return p.Owner
}

// policyFile is a policy as operators write it.
type policyFile struct {
	TierModel  *string           `json:"tier_model,omitempty"`
	Due        map[string]string `json:"due"`
	Otherwise  *string           `json:"otherwise,omitempty"`
	Owners     map[string]string `json:"owners"`
	Owner      *string           `json:"owner,omitempty"`
	EscalateTo *string           `json:"escalate_to,omitempty"`
	Again      *string           `json:"escalate_again_after,omitempty"`
	Levels     *int              `json:"levels,omitempty"`
}

// modelName is how segment models are called.
var modelName = pattern.New(`^[a-z0-9_]{1,32}$`)

// ParsePolicy reads a policy as JSON, strictly. What it leaves out is as Defaults has it; the times of another model's
// tiers than the default's are none. It returns an Invalid error with the pointer to the member at fault.
func ParsePolicy(body []byte) (Policy, error) {
	var f policyFile
	if err := request.Parse(body, &f); err != nil {
		return Policy{}, err
	}
	p := Defaults()
	if f.TierModel != nil {
		if !modelName().MatchString(*f.TierModel) {
			return Policy{}, fault.At("/tier_model", "tier_model is the name of a segment model, such as %s", p.TierModel)
		}
		if *f.TierModel != p.TierModel {
			p.TierModel, p.Due = *f.TierModel, map[string]time.Duration{}
		}
	}
	if err := p.times(&f); err != nil {
		return Policy{}, err
	}
	if err := p.owners(&f); err != nil {
		return Policy{}, err
	}
	if f.Levels != nil {
		if p.Levels = *f.Levels; p.Levels < 0 || p.Levels > maxLevels {
			return Policy{}, fault.At("/levels", "levels is a whole number from 0 to %d", maxLevels)
		}
	}
	return p, nil
}

func (p *Policy) times(f *policyFile) (err error) {
	if f.Due != nil {
		if err := checkTiers("/due", f.Due); err != nil {
			return err
		}
		p.Due = map[string]time.Duration{}
		for _, tier := range slices.Sorted(maps.Keys(f.Due)) {
			if p.Due[tier], err = parseTime("/due/"+escaped(tier), f.Due[tier]); err != nil {
				return err
			}
		}
	}
	if f.Otherwise != nil {
		if p.Otherwise, err = parseTime("/otherwise", *f.Otherwise); err != nil {
			return err
		}
	}
	if f.Again != nil {
		p.Again, err = parseTime("/escalate_again_after", *f.Again)
	}
	return err
}

func (p *Policy) owners(f *policyFile) (err error) {
	if err := checkTiers("/owners", f.Owners); err != nil {
		return err
	}
	for _, tier := range slices.Sorted(maps.Keys(f.Owners)) {
		if p.Owners[tier], err = parseOwner("/owners/"+escaped(tier), f.Owners[tier]); err != nil {
			return err
		}
	}
	if f.Owner != nil {
		if p.Owner, err = parseOwner("/owner", *f.Owner); err != nil {
			return err
		}
	}
	if f.EscalateTo != nil {
		p.EscalateTo, err = parseOwner("/escalate_to", *f.EscalateTo)
	}
	return err
}

func checkTiers(at string, tiers map[string]string) error {
	if len(tiers) > maxTiers {
		return fault.At(at, "there are %d tiers at most", maxTiers)
	}
	for tier := range tiers {
		if tier == "" || len(tier) > maxTierName || line(tier) != tier {
			return fault.At(at, "a tier is a label of the segment model, of %d bytes at most", maxTierName)
		}
	}
	return nil
}

// escaped spells a name within a JSON pointer (RFC 6901, 3).
func escaped(name string) string { return strings.NewReplacer("~", "~0", "/", "~1").Replace(name) }

func parseTime(at, text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if err != nil || d < minPolicy || d > MaxDue || d%time.Minute != 0 {
		return 0, fault.At(at, "a time is whole minutes such as 15m or 4h, from %v to %v", minPolicy, MaxDue)
	}
	return d, nil
}

// MarshalJSON writes the policy as ParsePolicy reads it.
func (p Policy) MarshalJSON() ([]byte, error) {
	otherwise, again := short(p.Otherwise), short(p.Again)
	f := policyFile{
		TierModel: &p.TierModel, Due: make(map[string]string, len(p.Due)), Otherwise: &otherwise, Owners: p.Owners, Owner: &p.Owner,
		EscalateTo: &p.EscalateTo, Again: &again, Levels: &p.Levels,
	}
	for tier, d := range p.Due {
		f.Due[tier] = short(d)
	}
	return json.Marshal(f)
}

// short spells a time of whole minutes without the parts that are 0.
func short(d time.Duration) string {
	if d%time.Hour == 0 {
		return strconv.FormatInt(int64(d/time.Hour), 10) + "h"
	}
	return strings.TrimSuffix(d.String(), "0s")
}
