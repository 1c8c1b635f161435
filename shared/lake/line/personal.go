package line

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"liuke/shared/fault"
)

// personal names the members of properties that say who somebody is, or how to reach them, in the spelling of plain.
// The value says whether the name is telling at any depth; products and plans have names and comments of their own.
var personal = map[string]bool{
	"email": true, "emailaddress": true, "phone": true, "phonenumber": true, "mobile": true, "telephone": true,
	"firstname": true, "lastname": true, "fullname": true, "birthday": true, "dateofbirth": true,
	"address": true, "shippingaddress": true, "billingaddress": true, "ip": true, "ipaddress": true,
	"name": false, "comment": false,
}

// plain is a name without case and separators, so that first_name, firstName and "First Name" are one.
func plain(name string) string {
	return strings.Map(func(r rune) rune {
		if r == '_' || r == '-' || r == ' ' || r == '.' {
			return -1
		}
		return r
	}, strings.ToLower(name))
}

// divide takes properties apart into what stays open and what is sealed; either may be nil. Properties of which nothing is
// sealed stay as they came, and what is no object is sealed as a whole. It returns an Internal error for what is no JSON.
func divide(properties json.RawMessage) (open, sealed json.RawMessage, err error) {
	if len(properties) == 0 {
		return nil, nil, nil
	}
	if bytes.TrimLeft(properties, " \t\r\n")[0] != '{' {
		return nil, properties, nil
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(properties, &all); err != nil {
		return nil, nil, fault.New(fault.Internal, "the properties of an event are no JSON") // the cause may quote them
	}
	secret := map[string]json.RawMessage{}
	for name, value := range all {
		if _, telling := personal[plain(name)]; telling || tells(value) {
			secret[name] = value
			delete(all, name)
		}
	}
	if len(secret) == 0 {
		return properties, nil, nil
	}
	if len(all) > 0 {
		open, err = json.Marshal(all)
	}
	if err == nil {
		sealed, err = json.Marshal(secret)
	}
	return open, sealed, fault.As(err, fault.Internal, "the properties of an event cannot be encoded")
}

// tells reports whether a value holds what looks like an address of mail, or somewhere within it a name that is telling
// at any depth. When in doubt, it does.
func tells(value json.RawMessage) bool {
	if bytes.ContainsRune(value, '@') || bytes.Contains(value, []byte("%40")) || bytes.Contains(value, []byte(`\u0040`)) {
		return true
	}
	if value[0] != '{' && value[0] != '[' {
		return false
	}
	var within any
	return json.Unmarshal(value, &within) != nil || names(within)
}

// names reports whether a telling name stands anywhere within a decoded value.
func names(within any) bool {
	switch v := within.(type) {
	case map[string]any:
		for name, value := range v {
			if personal[plain(name)] || names(value) {
				return true
			}
		}
	case []any:
		return slices.ContainsFunc(v, names)
	}
	return false
}

// unite puts properties together again.
func unite(open, sealed json.RawMessage) (json.RawMessage, error) {
	if len(open) == 0 || len(sealed) == 0 {
		return append(open, sealed...), nil
	}
	var all, secret map[string]json.RawMessage
	if json.Unmarshal(open, &all) != nil || json.Unmarshal(sealed, &secret) != nil || all == nil {
		return nil, errDamaged
	}
	maps.Copy(all, secret)
	raw, err := json.Marshal(all)
	return raw, fault.As(err, fault.Internal, "the properties of an event cannot be encoded")
}
