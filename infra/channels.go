package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"liuke/infra/stack"
)

var (
	// originationPattern is what SMS are sent from: a pool, a number or a sender id of the deployment's own account and
	// region, or the ARN of one that another account shares.
	originationPattern = regexp.MustCompile(`^(arn:aws[a-z-]*:sms-voice:[a-z0-9-]+:[0-9]{12}:)?` +
		`(pool/pool-[A-Za-z0-9]{1,64}|phone-number/phone-[A-Za-z0-9]{1,64}|sender-id/[A-Za-z0-9_-]{1,11}/[A-Z]{2})$`)
	applicationPattern = regexp.MustCompile(`^(APNS|APNS_SANDBOX|GCM)/[A-Za-z0-9_.-]{1,256}$`)
	pricePattern       = regexp.MustCompile(`^[0-9]{1,2}(\.[0-9]{1,5})?$`)
	hostPattern        = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$`)
)

// What AWS End User Messaging and the push services take.
const (
	minTextTTL = 5 * time.Second
	maxTextTTL = 72 * time.Hour
	maxPushTTL = 28 * 24 * time.Hour
	mostPace   = 1000 // messages a second
	mostApps   = 10
)

// optional reads an object into a pointer; null switches the channel off.
func optional[T any](raw json.RawMessage, example string, into **T) error {
	if bytes.Equal(bytes.TrimSpace(raw), []byte("null")) {
		*into = nil
		return nil
	}
	var value T
	if err := strict(raw, &value); err != nil {
		return fmt.Errorf("is %s; give an object such as %s, or null for none", raw, example)
	}
	*into = &value
	return nil
}

// lifetime reads a time to live; "" is 0.
func lifetime(text string, least, most time.Duration) (time.Duration, bool) {
	if text == "" {
		return 0, true
	}
	d, err := time.ParseDuration(text)
	return d, err == nil && d >= least && d <= most && d%time.Second == 0
}

// readSMS reads how text messages are sent.
func readSMS(s *Settings, raw json.RawMessage) error {
	var written *struct {
		Origination   string  `json:"origination"`
		Transactional string  `json:"transactional"`
		MaxPrice      string  `json:"max_price"`
		TTL           string  `json:"ttl"`
		MaxSegments   int     `json:"max_segments"`
		PerSecond     float64 `json:"per_second"`
		DryRun        bool    `json:"dry_run"`
	}
	if err := optional(raw, `{"origination":"pool/pool-0123456789abcdef","max_price":"0.10"}`, &written); err != nil || written == nil {
		s.Channels.SMS = nil
		return err
	}
	w := *written
	var mistakes []error
	wrong := func(format string, args ...any) { mistakes = append(mistakes, fmt.Errorf(format, args...)) }
	for name, identity := range map[string]string{"origination": w.Origination, "transactional": w.Transactional} {
		if !originationPattern.MatchString(identity) && (name == "origination" || identity != "") {
			wrong("has the %s %q; give what messages are sent from, such as \"pool/pool-0123456789abcdef\", \"phone-number/phone-0123456789abcdef\", "+
				"\"sender-id/SHOP/DE\", or the ARN of one", name, identity)
		}
	}
	if w.MaxPrice != "" && (!pricePattern.MatchString(w.MaxPrice) || strings.Trim(w.MaxPrice, "0.") == "") {
		wrong("has the max_price %q; give dollars in quotation marks, from \"0.00001\" to less than \"100\" with at most five decimals", w.MaxPrice)
	}
	ttl, ok := lifetime(w.TTL, minTextTTL, maxTextTTL)
	if !ok {
		wrong("has the ttl %q; give whole seconds from \"5s\" to \"72h\"", w.TTL)
	}
	if w.MaxSegments < 0 || w.MaxSegments > 10 {
		wrong("has %d as max_segments; give 1 to 10, or 0 for as many as the service takes", w.MaxSegments)
	}
	if w.PerSecond < 0 || w.PerSecond > mostPace {
		wrong("has %v as per_second; give messages a second up to %d, or 0 for as many as the service takes", w.PerSecond, mostPace)
	}
	s.Channels.SMS = &stack.SMS{
		Origination: w.Origination, Transactional: w.Transactional, MaxPrice: w.MaxPrice, TimeToLive: ttl,
		MaxSegments: w.MaxSegments, PerSecond: w.PerSecond, DryRun: w.DryRun,
	}
	return join("liuke.sms", mistakes)
}

// readPush reads how notifications are sent.
func readPush(s *Settings, raw json.RawMessage) error {
	var written *struct {
		Applications []string `json:"applications"`
		TTL          string   `json:"ttl"`
	}
	if err := optional(raw, `{"applications":["APNS/shop","GCM/shop"],"ttl":"24h"}`, &written); err != nil || written == nil {
		s.Channels.Push = nil
		return err
	}
	w := *written
	var mistakes []error
	if n := len(w.Applications); n < 1 || n > mostApps {
		mistakes = append(mistakes, fmt.Errorf("has %d applications; give 1 to %d platform applications of SNS, such as \"APNS/shop\"", n, mostApps))
	}
	for i, application := range w.Applications {
		if !applicationPattern.MatchString(application) || slices.Contains(w.Applications[:i], application) {
			mistakes = append(mistakes, fmt.Errorf("has the application %q; give each once, by platform and name as at the end of its ARN: "+
				"\"APNS/shop\", \"APNS_SANDBOX/shop\" or \"GCM/shop\"", application))
		}
	}
	ttl, ok := lifetime(w.TTL, time.Second, maxPushTTL)
	if !ok {
		mistakes = append(mistakes, fmt.Errorf("has the ttl %q; give whole seconds from \"1s\" to \"672h\"", w.TTL))
	}
	s.Channels.Push = &stack.Push{Applications: w.Applications, TimeToLive: ttl}
	return join("liuke.push", mistakes)
}

// readSMTP reads which mail server sends in SES's place.
func readSMTP(s *Settings, raw json.RawMessage) error {
	var written *struct {
		Host     string `json:"host"`
		Port     int    `json:"port"`
		Security string `json:"security"`
		Login    *bool  `json:"login"`
	}
	if err := optional(raw, `{"host":"mail.shop.example","security":"starttls"}`, &written); err != nil || written == nil {
		s.Channels.SMTP = nil
		return err
	}
	w := *written
	var mistakes []error
	if !hostPattern.MatchString(w.Host) {
		mistakes = append(mistakes, fmt.Errorf("has the host %q; give the name in the server's certificate, such as \"mail.shop.example\"", w.Host))
	}
	if w.Port < 0 || w.Port > 65535 || w.Port == 25 {
		mistakes = append(mistakes, fmt.Errorf("has the port %d; give the one for submissions, 1 to 65535 but not 25, which Lambda cannot reach, "+
			"or 0 for the usual one", w.Port))
	}
	switch w.Security {
	case "":
		w.Security = "starttls"
	case "starttls", "tls":
	default:
		mistakes = append(mistakes, fmt.Errorf("has the security %q; give \"starttls\" or \"tls\": mail is not handed over in the open", w.Security))
	}
	s.Channels.SMTP = &stack.SMTP{Host: w.Host, Port: w.Port, Security: w.Security, Login: w.Login == nil || *w.Login}
	return join("liuke.smtp", mistakes)
}

// flag reads true or false.
func flag(set func(*Settings, bool)) func(*Settings, json.RawMessage) error {
	return func(s *Settings, raw json.RawMessage) error {
		var on bool
		err := json.Unmarshal(raw, &on)
		set(s, on)
		return check(err == nil && string(raw) != "null", "is %s; give true or false", raw)
	}
}
