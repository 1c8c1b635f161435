package standin

import (
	"fmt"
	"net/mail"
	"regexp"
	"strings"
)

// sendEmail is the request of SES v2's SendEmail, as far as it is understood here.
type sendEmail struct {
	FromEmailAddress     string
	ConfigurationSetName string
	ReplyToAddresses     []string
	Destination          struct{ ToAddresses, CcAddresses, BccAddresses []string }
	EmailTags            []struct{ Name, Value string }
	Content              struct {
		Simple *struct {
			Subject struct{ Data string }
			Body    struct{ Text, Html *struct{ Data string } }
			Headers []struct{ Name, Value string }
		}
	}
}

// The limits of SES ("Service quotas" and the API reference's MessageTag and MessageHeader).
const (
	maxRecipients  = 50
	maxTags        = 50
	maxHeaders     = 15
	maxHeaderName  = 126
	maxHeaderValue = 870
	maxAddress     = 320
)

var (
	tagSyntax    = regexp.MustCompile(`^[A-Za-z0-9_-]{1,256}$`)
	headerSyntax = regexp.MustCompile(`^[!-9;-~]+$`)
	labelSyntax  = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$`)
)

// ownHeaders are those that SES writes itself and takes from nobody.
var ownHeaders = map[string]bool{
	"bcc": true, "cc": true, "content-disposition": true, "content-transfer-encoding": true, "content-type": true,
	"date": true, "from": true, "message-id": true, "mime-version": true, "reply-to": true, "return-path": true,
	"sender": true, "subject": true, "to": true,
}

// badRequest is what SES answers to a request that is wrong in itself. The message holds no address.
type badRequest string

func (b badRequest) Error() string { return string(b) }

// check holds the request to the rules of SES and returns the bare From address and the bare recipients.
func (s *sendEmail) check() (from string, recipients []string, err error) {
	from, err = bareAddress(s.FromEmailAddress)
	if err != nil {
		return "", nil, badRequest("FromEmailAddress: " + err.Error())
	}
	for _, list := range [][]string{s.Destination.ToAddresses, s.Destination.CcAddresses, s.Destination.BccAddresses} {
		for _, text := range list {
			address, err := bareAddress(text)
			if err != nil {
				return "", nil, badRequest("Destination: " + err.Error())
			}
			recipients = append(recipients, address)
		}
	}
	for _, text := range s.ReplyToAddresses {
		if _, err := bareAddress(text); err != nil {
			return "", nil, badRequest("ReplyToAddresses: " + err.Error())
		}
	}
	switch {
	case len(recipients) == 0:
		return "", nil, badRequest("Destination has no recipient.")
	case len(recipients) > maxRecipients:
		return "", nil, badRequest(fmt.Sprintf("Recipient count exceeds %d.", maxRecipients))
	}
	return from, recipients, firstOf(s.checkContent(), s.checkTags())
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *sendEmail) checkContent() error {
	c := s.Content.Simple
	switch {
	case c == nil:
		return badRequest("Content: the suite on one machine takes Simple content, not Raw or Template.")
	case c.Subject.Data == "":
		return badRequest("Content.Simple.Subject has no data.")
	case c.Body.Text == nil && c.Body.Html == nil:
		return badRequest("Content.Simple.Body has neither Text nor Html.")
	case len(c.Headers) > maxHeaders:
		return badRequest(fmt.Sprintf("Content.Simple.Headers has more than %d headers.", maxHeaders))
	}
	for _, h := range c.Headers {
		switch {
		case len(h.Name) > maxHeaderName || !headerSyntax.MatchString(h.Name):
			return badRequest("Content.Simple.Headers: a name is not 1 to 126 printable ASCII characters without a colon.")
		case ownHeaders[strings.ToLower(h.Name)]:
			return badRequest("Content.Simple.Headers: the header " + h.Name + " cannot be set.")
		case h.Value == "" || len(h.Value) > maxHeaderValue || strings.ContainsFunc(h.Value, notPrintable):
			return badRequest("Content.Simple.Headers: the value of " + h.Name + " is not 1 to 870 printable ASCII characters.")
		}
	}
	return nil
}

func (s *sendEmail) checkTags() error {
	if len(s.EmailTags) > maxTags {
		return badRequest(fmt.Sprintf("EmailTags has more than %d tags.", maxTags))
	}
	seen := map[string]bool{}
	for _, tag := range s.EmailTags {
		switch {
		case !tagSyntax.MatchString(tag.Name) || !tagSyntax.MatchString(tag.Value):
			return badRequest("EmailTags: names and values are 1 to 256 ASCII letters, digits, underscores and dashes.")
		case strings.HasPrefix(strings.ToLower(tag.Name), "ses:"), seen[tag.Name]:
			return badRequest("EmailTags: the name " + tag.Name + " is reserved or occurs twice.")
		}
		seen[tag.Name] = true
	}
	return nil
}

func notPrintable(c rune) bool { return c < ' ' || c > '~' }

// bareAddress reads "a@b" or "Name <a@b>". SES asks for ASCII throughout: a name in other letters is encoded by
// RFC 2047, a domain by Punycode, and local parts in other letters are not supported. Errors do not hold the address.
func bareAddress(text string) (string, error) {
	if strings.ContainsFunc(text, notPrintable) {
		return "", badRequest("an address or display name holds characters other than printable ASCII; encode it.")
	}
	parsed, err := mail.ParseAddress(text)
	if err != nil {
		return "", badRequest("an address is ill-formed.")
	}
	local, domain, _ := cutLast(parsed.Address, "@")
	switch {
	case len(parsed.Address) > maxAddress || len(local) > 64:
		return "", badRequest("an address is too long.")
	case strings.ContainsFunc(parsed.Address, notPrintable):
		return "", badRequest("an address holds control characters or others than ASCII.")
	}
	for _, label := range strings.Split(domain, ".") {
		if !labelSyntax.MatchString(label) {
			return "", badRequest("the domain of an address is ill-formed.")
		}
	}
	return parsed.Address, nil
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

// fold puts the domain of an address, or a domain, into lower case; local parts keep theirs.
func fold(identity string) string {
	local, domain, found := cutLast(identity, "@")
	if !found {
		return strings.ToLower(identity)
	}
	return local + "@" + strings.ToLower(domain)
}
