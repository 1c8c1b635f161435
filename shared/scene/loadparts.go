package scene

import (
	"regexp"
	"slices"
	"strconv"
	"time"

	"liuke/shared/fault"
	"liuke/shared/holdout"
	"liuke/shared/message"
)

// localeForm is the part of BCP 47 that content is written for: language, script, region.
var localeForm = regexp.MustCompile(`^[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2})?$`)

// cap checks a cap whose scope must be one of those given; a single one need not be named.
func (d *document) cap(where []any, f capFile, scopes ...Scope) Cap {
	c := Cap{Scope: Scope(f.Scope), Channel: message.Channel(f.Channel), Max: f.Max}
	if f.Scope == "" && len(scopes) == 1 {
		c.Scope = scopes[0]
	}
	if !slices.Contains(scopes, c.Scope) {
		d.mistake(append(where, "scope"), "scope must be one of %v", scopes)
	}
	switch {
	case c.Scope == ScopeChannel && c.Channel != message.Email:
		d.mistake(append(where, "channel"), "a cap of a channel must name one: %s", message.Email)
	case c.Scope != ScopeChannel && c.Channel != "":
		d.mistake(append(where, "channel"), "channel belongs to the scope %s", ScopeChannel)
	}
	if c.Max < 1 || c.Max > message.MaxStamps/2 {
		d.mistake(append(where, "max"), "max must be between 1 and %d", message.MaxStamps/2)
	}
	var err error
	if c.Per, err = parseDuration(f.Per); err != nil {
		d.mistake(append(where, "per"), "per: %s", err)
	} else if c.Per > message.MaxWindow {
		d.mistake(append(where, "per"), "per is at most %d days", message.MaxWindow/(24*time.Hour))
	}
	return c
}

// holdout reads a share such as 5%; none is 0.
func (d *document) holdout(share string) float64 {
	if share == "" {
		return 0
	}
	out, err := holdout.ParseShare(share)
	if err != nil {
		d.mistake(at("holdout"), "holdout: %s", err)
	}
	return out
}

// content checks what the scene says in each locale.
func (d *document) content(s *Scene, files map[string]contentFile) {
	known := s.variables()
	s.content = make(map[string]*content, len(files))
	for locale, f := range files {
		if !localeForm.MatchString(locale) {
			d.mistake(at("content", locale), "%q is not a locale such as en or zh-CN", locale)
		}
		if s.Channel == message.Task {
			s.content[locale] = d.brief(locale, f, known)
			s.locales = append(s.locales, locale)
			continue
		}
		if f.Title != "" {
			d.mistake(at("content", locale, "title"), "title belongs to the channel %s", message.Task)
		}
		c := &content{
			subject: d.template(at("content", locale, "subject"), f.Subject, locale, known, false),
			text:    d.template(at("content", locale, "text"), f.Text, locale, known, false),
			html:    d.template(at("content", locale, "html"), f.HTML, locale, known, true),
		}
		for part, t := range map[string]Template{"text": c.text, "html": c.html} {
			if d.compilers.Content == nil || t == nil {
				continue
			}
			if s.Kind == Marketing && !t.Uses(varUnsubscribe) {
				d.mistake(at("content", locale, part), "marketing must offer {{ %s }}", varUnsubscribe)
			}
			if s.Asks() && !t.Uses(varSurvey) && !t.Uses(varAskLink) && !t.Uses(varChoices) {
				d.mistake(at("content", locale, part), "what asks to a survey must offer {{ %s }}", varAskLink)
			}
		}
		s.content[locale] = c
		s.locales = append(s.locales, locale)
	}
	slices.Sort(s.locales)
	if _, ok := files[DefaultLocale]; !ok {
		d.mistake(at("content"), "content in %s is missing, which serves whoever reads none of the others", DefaultLocale)
	}
}

func (d *document) audience(source string) Audience {
	if d.compilers.Audience == nil {
		return unread{}
	}
	a, flaws := d.compilers.Audience(source)
	for _, f := range flaws {
		d.mistakeIn(at("audience"), f.Line, "audience: %s", f.Text)
	}
	return a
}

func (d *document) template(where []any, source, locale string, known []string, isHTML bool) Template {
	return d.templateBy(d.compilers.Content, where, source, locale, known, isHTML)
}

func (d *document) templateBy(compile CompileContent, where []any, source, locale string, known []string, isHTML bool) Template {
	if source == "" {
		d.mistake(where, "%v is missing", where[len(where)-1])
		return nil
	}
	if compile == nil {
		return unread{}
	}
	text, lines := d.expand(where, source, locale, isHTML)
	t, flaws := compile(text, known, isHTML)
	for _, f := range flaws {
		from := lines[min(max(f.Line, 1), len(lines))-1]
		if from.block != "" {
			f.Text += " (in the block " + from.block + ", or beside it)"
		}
		d.mistakeIn(where, from.line, "%s", f.Text)
	}
	return t
}

// parseDuration reads whole days ("30d") or what time.ParseDuration reads; it must be over 0.
func parseDuration(s string) (time.Duration, error) {
	var d time.Duration
	if n := len(s); n > 1 && s[n-1] == 'd' {
		days, err := strconv.ParseUint(s[:n-1], 10, 16)
		if err == nil {
			d = time.Duration(days) * 24 * time.Hour
		}
	} else if parsed, err := time.ParseDuration(s); err == nil {
		d = parsed
	}
	if d <= 0 {
		return 0, fault.New(fault.Invalid, "%q is not a duration such as 30d or 48h", s)
	}
	return d, nil
}
