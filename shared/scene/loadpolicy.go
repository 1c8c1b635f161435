package scene

import (
	"time"

	"liuke/shared/holdout"
	"liuke/shared/message"
	"liuke/shared/quiet"
)

// The shapes of the policy's file.
type (
	policyDocument struct {
		Quiet   quietFile   `yaml:"quiet_hours"`
		Limits  []capFile   `yaml:"limits"`
		Holdout string      `yaml:"holdout"`
		Salt    string      `yaml:"holdout_salt"`
		Surveys surveysFile `yaml:"surveys"`
	}
	quietFile struct {
		From string `yaml:"from"`
		To   string `yaml:"to"`
	}
	surveysFile struct {
		AgainAfter string `yaml:"again_after"`
	}
)

func (d *document) policy(raw []byte) Policy {
	var f policyDocument
	if !d.decode(raw, &f) {
		return Policy{}
	}
	var p Policy
	var err error
	if p.Quiet, err = quiet.Parse(f.Quiet.From, f.Quiet.To); err != nil {
		d.mistake(at("quiet_hours"), "%s", err)
	}
	p.Caps = d.caps(f.Limits, ScopeChannel, ScopeAll)
	p.Holdout = holdout.Holdout{Salt: f.Salt, Share: d.holdout(f.Holdout)}
	if f.Surveys.AgainAfter != "" {
		if p.AskAgainAfter, err = parseDuration(f.Surveys.AgainAfter); err != nil {
			d.mistake(at("surveys", "again_after"), "%s", err)
		} else if p.AskAgainAfter > message.MaxAskedAge {
			d.mistake(at("surveys", "again_after"), "again_after is at most %d days", message.MaxAskedAge/(24*time.Hour))
		}
	}
	return p
}
