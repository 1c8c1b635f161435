package main

import (
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"strings"
)

// EventBus is a bus of Amazon EventBridge in the deployment's own account and region, and whose events on it are taken.
type EventBus struct {
	// Name ("name") is the bus's: "default", or what its makers called it.
	Name string `json:"name"`
	// Sources ("sources") are what senders write as "source", at least one and at most twenty. Events of the others stay
	// untouched.
	Sources []string `json:"sources"`
}

var (
	busPattern    = regexp.MustCompile(`^[/.\-_A-Za-z0-9]{1,256}$`)
	sourcePattern = regexp.MustCompile(`^[^*\s"\\]{1,256}$`)
)

// mostOrigins is how many origins one deployment answers, and mostSources how many senders one rule names; an event
// pattern may take 2,048 characters.
const (
	mostOrigins = 50
	mostSources = 20
)

// readWebOrigins reads the origins, each as browsers write it.
func readWebOrigins(s *Settings, raw json.RawMessage) error {
	var origins []string
	if err := json.Unmarshal(raw, &origins); err != nil || origins == nil {
		return fmt.Errorf("is %s; give a list, such as [\"https://shop.example\"]", raw)
	}
	s.WebOrigins = origins
	var mistakes []error
	if len(origins) > mostOrigins {
		mistakes = append(mistakes, fmt.Errorf("has %d origins, more than %d", len(origins), mostOrigins))
	}
	seen := map[string]bool{}
	for _, origin := range origins {
		switch {
		case !isOrigin(origin):
			mistakes = append(mistakes, fmt.Errorf("has %q; give a site as browsers name it: https://, its host in small "+
				"letters, no path and no *, such as \"https://shop.example\"; http:// for localhost alone", origin))
		case seen[origin]:
			mistakes = append(mistakes, fmt.Errorf("has %q twice; give it once", origin))
		}
		seen[origin] = true
	}
	return join("liuke.web_origins", mistakes)
}

// isOrigin tells whether s is what a browser sends as Origin from a site that is safe to answer.
func isOrigin(s string) bool {
	u, err := url.Parse(s)
	if err != nil || s != u.Scheme+"://"+u.Host || u.Hostname() == "" || s != strings.ToLower(s) || strings.ContainsAny(s, "*, ") {
		return false
	}
	local := u.Hostname() == "localhost" || u.Hostname() == "127.0.0.1"
	return u.Scheme == "https" && u.Port() != "443" || u.Scheme == "http" && local && u.Port() != "80"
}

// readEventBus reads the bus.
func readEventBus(s *Settings, raw json.RawMessage) error {
	var bus *EventBus
	if err := strict(raw, &bus); err != nil || bus == nil {
		return fmt.Errorf("is %s; give a bus and whose events on it are taken, such as {\"name\":\"default\",\"sources\":[\"shop.orders\"]}", raw)
	}
	s.EventBus = bus
	var mistakes []error
	if !busPattern.MatchString(bus.Name) {
		mistakes = append(mistakes, fmt.Errorf("has the name %q; give that of a bus in this account and region, such as \"default\"", bus.Name))
	}
	if n := len(bus.Sources); n < 1 || n > mostSources {
		mistakes = append(mistakes, fmt.Errorf("has %d sources; give 1 to %d, as the senders write them in \"source\"", n, mostSources))
	}
	for _, source := range bus.Sources {
		ofAWS := strings.HasPrefix(source, "aws.") && !strings.HasPrefix(source, "aws.partner/")
		if !sourcePattern.MatchString(source) || ofAWS {
			mistakes = append(mistakes, fmt.Errorf("has the source %q; give what a sender of customers' events writes in "+
				"\"source\", such as \"shop.orders\": no spaces, no *, nothing of AWS's own services", source))
		}
	}
	return join("liuke.event_bus", mistakes)
}

// strict reads JSON that has no other members than the value's.
func strict(raw json.RawMessage, value any) error {
	d := json.NewDecoder(strings.NewReader(string(raw)))
	d.DisallowUnknownFields()
	return d.Decode(value)
}

// agree tells what is wrong with settings that are right each by itself.
func (s Settings) agree() []error {
	var mistakes []error
	if s.Edge && s.BaseURL == "" {
		mistakes = append(mistakes, fmt.Errorf("liuke.edge is true, but liuke.base_url is missing; give the address under "+
			"which CloudFront is to answer, such as \"https://go.shop.example\": TLS 1.2 asks for a certificate of your own"))
	}
	if s.Edge && s.BaseURL != "" && strings.Contains(s.Host(), ":") {
		mistakes = append(mistakes, fmt.Errorf("liuke.base_url is %q, but CloudFront answers at port 443 alone; leave the port out", s.BaseURL))
	}
	var table map[string]json.RawMessage
	if s.Rates != "" && json.Unmarshal([]byte(s.Rates), &table) == nil && table[s.Currency] != nil {
		mistakes = append(mistakes, fmt.Errorf("liuke.rates has rates of %s, which is the deployment's own currency; leave it out", s.Currency))
	}
	return mistakes
}
