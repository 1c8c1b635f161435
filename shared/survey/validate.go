package survey

import (
	"encoding/json"
	"errors"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"liuke/shared/fault"
)

// Limits of a survey, so that its form stays within one small page and its answers within an item.
const (
	MaxIDBytes     = 128 // of an invitation; the ids of surveys, questions and options are shorter words
	MaxQuestions   = 30
	MaxOptions     = 30
	MaxLocales     = 40
	MaxTextBytes   = 1000     // of one text
	MaxBytes       = 64 << 10 // of a survey in JSON
	MaxForms       = 20
	maxScalePoints = 11
	maxConditions  = 10
)

func asFault(err error, to **fault.Error) bool { return errors.As(err, to) }

// Validate returns an Invalid error that names the first field that is wrong.
func (s *Survey) Validate() error {
	switch {
	case !isWord(s.ID):
		return fault.At("/id", "a survey's id is lower-case words joined by underscores, of %d characters at most", maxWordBytes)
	case s.Version < 1:
		return fault.At("/version", "a survey's version counts from 1")
	case s.Node != "" && !isWord(s.Node):
		return fault.At("/node", "a node is lower-case words joined by underscores, of %d characters at most", maxWordBytes)
	case len(s.Questions) == 0 || len(s.Questions) > MaxQuestions:
		return fault.At("/questions", "a survey has 1 to %d questions", MaxQuestions)
	}
	if i := &s.Invite; i.AgainAfter == 0 && i.Sample == 0 && len(i.Reminders) == 0 && i.Expires == 0 { // nothing was said
		s.Invite = Invite{Sample: 1, Expires: DefaultExpires}
	}
	for i := range s.Questions {
		if err := s.question(i); err != nil {
			return err
		}
	}
	if err := s.Invite.validate(); err != nil {
		return err
	}
	if err := s.forms(); err != nil {
		return err
	}
	if len(s.Texts) > MaxLocales {
		return fault.At("/texts", "a survey has at most %d locales", MaxLocales)
	}
	if _, ok := s.Texts[Fallback]; !ok {
		return fault.At("/texts", "a survey has a text in %q, for who reads none of its other languages", Fallback)
	}
	for _, locale := range slices.Sorted(maps.Keys(s.Texts)) {
		if err := s.text(locale); err != nil {
			return err
		}
	}
	if raw, err := json.Marshal(s); err != nil || len(raw) > MaxBytes {
		return fault.New(fault.Invalid, "a survey takes at most %d bytes", MaxBytes)
	}
	return nil
}

func (s *Survey) question(i int) error {
	q, at := &s.Questions[i], "/questions/"+strconv.Itoa(i)
	switch {
	case !isWord(q.ID) || slices.Contains(reserved, q.ID):
		return fault.At(at+"/id", "a question's id is lower-case words joined by underscores, of %d characters at most, and none of %s", maxWordBytes, strings.Join(reserved, ", "))
	case s.Index(q.ID) != i:
		return fault.At(at+"/id", "another question has the id %s", q.ID)
	}
	if err := q.kind(at); err != nil {
		return err
	}
	if len(q.When) > maxConditions {
		return fault.At(at+"/when", "a question depends on at most %d conditions", maxConditions)
	}
	for n := range q.When {
		if err := s.condition(&q.When[n], i, at+"/when/"+strconv.Itoa(n)); err != nil {
			return err
		}
	}
	return nil
}

// kind checks what belongs to the question's kind.
func (q *Question) kind(at string) error {
	chosen := q.Kind == Single || q.Kind == Multiple
	switch q.Kind {
	case NPS, CSAT, CES, Single:
		if q.Min != 0 || q.Max != 0 {
			return fault.At(at, "min and max belong to scale, multiple and text")
		}
	case Scale:
		if q.Min < 0 || q.Max <= q.Min || q.Max-q.Min >= maxScalePoints {
			return fault.At(at, "a scale runs from min, 0 or more, to max, over at most %d points", maxScalePoints)
		}
	case Multiple:
		if q.Min < 0 || q.Max < 0 || q.Max > len(q.Options) || q.Min > q.most() {
			return fault.At(at, "min and max are how many of the options may be chosen")
		}
	case FreeText:
		if q.Min != 0 || q.Max < 0 || q.Max > MaxTextRunes {
			return fault.At(at+"/max", "max is how many characters a text may have, %d at most", MaxTextRunes)
		}
	default:
		return fault.At(at+"/kind", "a question is one of nps, csat, ces, scale, single, multiple and text")
	}
	switch {
	case !chosen && len(q.Options) > 0:
		return fault.At(at+"/options", "options belong to single and multiple")
	case chosen && (len(q.Options) < 2 || len(q.Options) > MaxOptions):
		return fault.At(at+"/options", "there are 2 to %d options", MaxOptions)
	}
	for n, o := range q.Options {
		if !isWord(o) || slices.Index(q.Options, o) != n {
			return fault.At(at+"/options/"+strconv.Itoa(n), "options are lower-case words joined by underscores, each once")
		}
	}
	return nil
}

// unprintable tells what no text holds.
func unprintable(r rune) bool { return unicode.IsControl(r) && r != '\n' }

func (s *Survey) condition(c *Condition, question int, at string) error {
	on := s.Index(c.Question)
	if on < 0 || on >= question {
		return fault.At(at+"/question", "there is no earlier question %s to depend on", c.Question)
	}
	q := &s.Questions[on]
	switch {
	case q.Kind == FreeText:
		return fault.At(at+"/question", "no question depends on a text")
	case q.Numeric() && (len(c.Is) > 0 || c.AtLeast == nil && c.AtMost == nil):
		return fault.At(at, "a condition on a number says at_least, at_most or both")
	case q.Numeric() && !q.inReach(c):
		return fault.At(at, "no number of %s meets the condition", q.ID)
	case !q.Numeric() && (len(c.Is) == 0 || c.AtLeast != nil || c.AtMost != nil):
		return fault.At(at, "a condition on options says which, by is")
	}
	for n, o := range c.Is {
		if !slices.Contains(q.Options, o) {
			return fault.At(at+"/is/"+strconv.Itoa(n), "%s is no option of %s", o, q.ID)
		}
	}
	return nil
}

// inReach reports whether any number that answers the question meets the condition.
func (q *Question) inReach(c *Condition) bool {
	lowest, highest := q.Range()
	if c.AtLeast != nil {
		lowest = max(lowest, *c.AtLeast)
	}
	if c.AtMost != nil {
		highest = min(highest, *c.AtMost)
	}
	return lowest <= highest
}

func (s *Survey) forms() error {
	if len(s.Forms) > MaxForms {
		return fault.At("/forms", "a survey has at most %d forms", MaxForms)
	}
	for i := range s.Forms {
		f, at := &s.Forms[i], "/forms/"+strconv.Itoa(i)
		switch {
		case !isFormKey(f.Key):
			return fault.At(at+"/key", "a form's key has 16 to 64 characters of a-z, 0-9, \"-\" and \"_\": make one up at random")
		case s.Form(f.Key) != f:
			return fault.At(at+"/key", "another form has the same key")
		case len(f.Origins) == 0 || len(f.Origins) > 20:
			return fault.At(at+"/origins", "a form names 1 to 20 origins of the pages that may send it")
		case f.MinSeconds < 0 || f.MinSeconds > 60:
			return fault.At(at+"/min_seconds", "min_seconds is from 0 to 60")
		case f.Node != "" && !isWord(f.Node):
			return fault.At(at+"/node", "a node is lower-case words joined by underscores")
		case f.Channel != "" && !isWord(f.Channel):
			return fault.At(at+"/channel", "a channel is lower-case words joined by underscores")
		case len(f.Back) > 20:
			return fault.At(at+"/back", "a form names at most 20 pages to go back to")
		}
		for n, o := range f.Origins {
			if u, err := url.Parse(o); err != nil || u.Scheme+"://"+u.Host != o || !web(u) || !isHost(u) {
				return fault.At(at+"/origins/"+strconv.Itoa(n), "an origin is a scheme and a host alone, as browsers spell it, such as https://shop.example: https (or http on this machine), lower case, letters beyond a to z as xn--…, no port that goes without saying, no pattern")
			}
		}
		for n, b := range f.Back {
			if u, err := url.Parse(b); err != nil || u.User != nil || !web(u) || !isHost(u) || u.String() != b || len(b) > MaxTextBytes {
				return fault.At(at+"/back/"+strconv.Itoa(n), "a page to go back to is a whole address, such as https://shop.example/thanks")
			}
		}
	}
	return nil
}

// web reports whether an address is of the web: encrypted, or on this machine for who tries things out.
func web(u *url.URL) bool {
	return u.Scheme == "https" || u.Scheme == "http" && (u.Hostname() == "localhost" || u.Hostname() == "127.0.0.1")
}

// isHost reports whether an address names its host, and its port where it must, as browsers do.
func isHost(u *url.URL) bool {
	name, port := u.Hostname(), u.Port()
	if name == "" || len(name) > 253 || u.Host != name && u.Host != name+":"+port || strings.HasSuffix(name, ".") || strings.HasPrefix(name, ".") || strings.Contains(name, "..") {
		return false
	}
	if strings.IndexFunc(name, func(r rune) bool { return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '.') }) >= 0 {
		return false
	}
	n, err := strconv.ParseUint(port, 10, 16)
	return port == "" || err == nil && n > 0 && port == strconv.FormatUint(n, 10) && !(u.Scheme == "https" && n == 443) && !(u.Scheme == "http" && n == 80)
}

// text checks that a locale has all texts of all questions.
func (s *Survey) text(locale string) error {
	t, at := s.Texts[locale], "/texts/"+locale
	if !isTag(locale) {
		return fault.At(at, "a locale is a BCP 47 tag such as en or zh-CN")
	}
	type line struct {
		at, text string
		needed   bool
	}
	lines := []line{{"/title", t.Title, true}, {"/intro", t.Intro, false}, {"/thanks", t.Thanks, false}}
	for i := range s.Questions {
		q := &s.Questions[i]
		w, in := t.Questions[q.ID], "/questions/"+q.ID
		lines = append(lines, line{in + "/ask", w.Ask, true}, line{in + "/hint", w.Hint, false},
			line{in + "/lowest", w.Lowest, q.Numeric()}, line{in + "/highest", w.Highest, q.Numeric()})
		for _, o := range q.Options {
			lines = append(lines, line{in + "/options/" + o, w.Options[o], true})
		}
		for _, o := range slices.Sorted(maps.Keys(w.Options)) {
			if !slices.Contains(q.Options, o) {
				return fault.At(at+in+"/options/"+pointerEscape.Replace(o), "the question has no such option")
			}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(t.Questions)) {
		if s.Index(id) < 0 {
			return fault.At(at+"/questions/"+pointerEscape.Replace(id), "the survey has no such question")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(t.Interface)) {
		lines = append(lines, line{"/interface/" + pointerEscape.Replace(name), t.Interface[name], false})
	}
	for _, l := range lines {
		switch {
		case l.needed && strings.TrimSpace(l.text) == "":
			return fault.At(at+l.at, "the text is missing")
		case len(l.text) > MaxTextBytes || !utf8.ValidString(l.text) || strings.ContainsFunc(l.text, unprintable):
			return fault.At(at+l.at, "a text is UTF-8 of at most %d bytes, without control characters but line ends", MaxTextBytes)
		}
	}
	return nil
}
