package standin

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"strings"
)

// Generate is how Secrets Manager makes a value (AWS::SecretsManager::Secret GenerateSecretString).
type Generate struct {
	Template           string // SecretStringTemplate: a JSON object that the password is put into, "" for none
	Key                string // GenerateStringKey: under which name
	Length             int    // PasswordLength, 32 at 0
	Exclude            string // ExcludeCharacters
	ExcludeLowercase   bool
	ExcludeUppercase   bool
	ExcludeNumbers     bool
	ExcludePunctuation bool
	IncludeSpace       bool
	RequireEachType    bool // RequireEachIncludedType; true unless the template says otherwise
}

const (
	lowercase   = "abcdefghijklmnopqrstuvwxyz"
	uppercase   = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	numbers     = "0123456789"
	punctuation = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
)

// maxPassword is the longest password that Secrets Manager makes.
const maxPassword = 4096

// ParseGenerate reads the property GenerateSecretString, decoded from JSON.
func ParseGenerate(property map[string]any) (*Generate, error) {
	raw, err := json.Marshal(property)
	if err != nil {
		return nil, fmt.Errorf("GenerateSecretString: %w", err)
	}
	p := struct {
		SecretStringTemplate, GenerateStringKey, ExcludeCharacters             string
		PasswordLength                                                         int
		ExcludeLowercase, ExcludeUppercase, ExcludeNumbers, ExcludePunctuation bool
		IncludeSpace, RequireEachIncludedType                                  bool
	}{RequireEachIncludedType: true}
	if err := json.Unmarshal(raw, &p); err != nil {
		return nil, fmt.Errorf("GenerateSecretString: %w", err)
	}
	return &Generate{
		Template: p.SecretStringTemplate, Key: p.GenerateStringKey, Length: p.PasswordLength, Exclude: p.ExcludeCharacters,
		ExcludeLowercase: p.ExcludeLowercase, ExcludeUppercase: p.ExcludeUppercase, ExcludeNumbers: p.ExcludeNumbers,
		ExcludePunctuation: p.ExcludePunctuation, IncludeSpace: p.IncludeSpace, RequireEachType: p.RequireEachIncludedType,
	}, nil
}

// Make makes a value: a password, or the template's object with the password in it.
func (g *Generate) Make() (string, error) {
	password, err := g.password()
	if err != nil || g.Template == "" {
		return password, err
	}
	if g.Key == "" {
		return "", errors.New("SecretStringTemplate comes without GenerateStringKey")
	}
	var object map[string]any
	if err := json.Unmarshal([]byte(g.Template), &object); err != nil || object == nil {
		return "", errors.New("SecretStringTemplate is not a JSON object")
	}
	object[g.Key] = password
	raw, err := json.Marshal(object)
	return string(raw), err
}

func (g *Generate) password() (string, error) {
	var classes []string
	for _, class := range []struct {
		characters string
		excluded   bool
	}{
		{lowercase, g.ExcludeLowercase}, {uppercase, g.ExcludeUppercase}, {numbers, g.ExcludeNumbers},
		{punctuation, g.ExcludePunctuation}, {" ", !g.IncludeSpace},
	} {
		left := strings.Map(func(c rune) rune {
			if strings.ContainsRune(g.Exclude, c) {
				return -1
			}
			return c
		}, class.characters)
		if !class.excluded && left != "" {
			classes = append(classes, left)
		}
	}
	length := g.Length
	if length == 0 {
		length = 32
	}
	if len(classes) == 0 || length < 1 || length > maxPassword || g.RequireEachType && length < len(classes) {
		return "", errors.New("no password can be made of what is asked for")
	}
	all := strings.Join(classes, "")
	for {
		password := make([]byte, length)
		for i := range password {
			n, err := rand.Int(rand.Reader, big.NewInt(int64(len(all))))
			if err != nil {
				return "", err
			}
			password[i] = all[n.Int64()]
		}
		if !g.RequireEachType || hasEach(string(password), classes) { // trying again keeps the choice uniform
			return string(password), nil
		}
	}
}

func hasEach(password string, classes []string) bool {
	for _, class := range classes {
		if !strings.ContainsAny(password, class) {
			return false
		}
	}
	return true
}
