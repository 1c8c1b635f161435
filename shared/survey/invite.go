package survey

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"

	"liuke/shared/fault"
)

// Limits of invitations.
const (
	DefaultExpires = 30 * 24 * time.Hour
	MaxExpires     = 400 * 24 * time.Hour
	MaxAgainAfter  = 400 * 24 * time.Hour
	MaxReminders   = 3
)

type inviteJSON struct {
	AgainAfter string   `json:"again_after,omitempty"`
	Sample     string   `json:"sample,omitempty"`
	Reminders  []string `json:"reminders,omitempty"`
	Expires    string   `json:"expires,omitempty"`
}

// MarshalJSON spells durations as "90d" or "36h" and the sample as "25%".
func (i Invite) MarshalJSON() ([]byte, error) {
	out := inviteJSON{
		AgainAfter: spell(i.AgainAfter), Expires: spell(i.Expires),
		Sample: percent(i.Sample),
	}
	for _, r := range i.Reminders {
		out.Reminders = append(out.Reminders, spell(r))
	}
	return json.Marshal(out)
}

// UnmarshalJSON is the inverse of MarshalJSON; what is absent is as it is by default: everybody is asked, and a link is good
// for 30 days.
func (i *Invite) UnmarshalJSON(raw []byte) error {
	var in inviteJSON
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(&in); err != nil {
		return fault.At("/invite", `invite is an object such as {"again_after":"90d","sample":"25%%","reminders":["4d"],"expires":"30d"}`)
	}
	*i = Invite{Sample: 1, Expires: DefaultExpires}
	var err error
	if in.AgainAfter != "" {
		if i.AgainAfter, err = duration("/invite/again_after", in.AgainAfter); err != nil {
			return err
		}
	}
	if in.Expires != "" {
		if i.Expires, err = duration("/invite/expires", in.Expires); err != nil {
			return err
		}
		if i.Expires == 0 {
			return fault.At("/invite/expires", "a link is good for an hour at least")
		}
	}
	if in.Sample != "" {
		digits, ok := strings.CutSuffix(in.Sample, "%")
		share, err := strconv.ParseFloat(strings.TrimSpace(digits), 64)
		if !ok || err != nil || !(share >= 0 && share <= 100) {
			return fault.At("/invite/sample", `sample is a share of the customers such as "25%%"`)
		}
		i.Sample = math.Round(share*samplePoints) / (100 * samplePoints)
	}
	for n, text := range in.Reminders {
		r, err := duration("/invite/reminders/"+strconv.Itoa(n), text)
		if err != nil {
			return err
		}
		i.Reminders = append(i.Reminders, r)
	}
	return nil
}

// duration reads a number of days or hours, such as "90d" or "36h".
func duration(at, text string) (time.Duration, error) {
	wrong := fault.At(at, `%q is no span of time: write days or hours, such as "90d" or "36h"`, text)
	if text == "" {
		return 0, wrong
	}
	unit := map[byte]time.Duration{'d': 24 * time.Hour, 'h': time.Hour}[text[len(text)-1]]
	n, err := strconv.ParseUint(text[:len(text)-1], 10, 16)
	if err != nil || unit == 0 {
		return 0, wrong
	}
	return time.Duration(n) * unit, nil
}

// Samples are kept to a ten-thousandth of a percent, so that they read back as they were.
const samplePoints = 1e4

func percent(share float64) string {
	return strconv.FormatFloat(math.Round(share*100*samplePoints)/samplePoints, 'f', -1, 64) + "%"
}

func spell(d time.Duration) string {
	switch {
	case d == 0:
		return ""
	case d%(24*time.Hour) == 0:
		return strconv.FormatInt(int64(d/(24*time.Hour)), 10) + "d"
	}
	return strconv.FormatInt(int64(d/time.Hour), 10) + "h"
}

// validate returns an Invalid error that names the first field that is wrong.
func (i *Invite) validate() error {
	switch {
	case i.AgainAfter > MaxAgainAfter:
		return fault.At("/invite/again_after", "again_after is %s at most", spell(MaxAgainAfter))
	case i.Expires <= 0 || i.Expires > MaxExpires:
		return fault.At("/invite/expires", "expires is from 1h to %s", spell(MaxExpires))
	case len(i.Reminders) > MaxReminders:
		return fault.At("/invite/reminders", "there are %d reminders at most", MaxReminders)
	}
	before := time.Duration(0)
	for n, r := range i.Reminders {
		if r <= before || r >= i.Expires {
			return fault.At("/invite/reminders/"+strconv.Itoa(n), "reminders come one after the other, and before the link expires")
		}
		before = r
	}
	return nil
}
