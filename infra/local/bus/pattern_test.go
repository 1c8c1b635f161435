package bus

import (
	"strings"
	"testing"
)

const upload = `{"source":"aws.s3","detail-type":"Object Created","resources":["arn:aws:s3:::lake","arn:x"],
	"detail":{"bucket":{"name":"lake"},"object":{"key":"imports/01J/upload","size":5},"ip":"10.0.1.2","gone":null,"rows":[{"n":1},{"n":2}]}}`

func TestPatternsMatchAsEventBridgesDo(t *testing.T) {
	for name, c := range map[string]struct {
		pattern string
		want    bool
	}{
		"all fields must match":                           {`{"source":["aws.s3"],"detail-type":["Object Created"]}`, true},
		"one field that differs is enough":                {`{"source":["aws.s3"],"detail-type":["Object Deleted"]}`, false},
		"any value of a list will do":                     {`{"source":["aws.ec2","aws.s3"]}`, true},
		"fields are looked for at their depth":            {`{"detail":{"bucket":{"name":["lake"]}}}`, true},
		"a field that is absent does not match":           {`{"detail":{"bucket":{"owner":["lake"]}}}`, false},
		"one item of the event's list is enough":          {`{"resources":["arn:x"]}`, true},
		"objects in the event's list are looked into":     {`{"detail":{"rows":{"n":[2]}}}`, true},
		"numbers are compared by value":                   {`{"detail":{"object":{"size":[5.0]}}}`, true},
		"a number is no text":                             {`{"detail":{"object":{"size":["5"]}}}`, false},
		"null matches null":                               {`{"detail":{"gone":[null]}}`, true},
		"null does not match what is absent":              {`{"detail":{"never":[null]}}`, false},
		"a prefix":                                        {`{"detail":{"object":{"key":[{"prefix":"imports/"}]}}}`, true},
		"another prefix":                                  {`{"detail":{"object":{"key":[{"prefix":"exports/"}]}}}`, false},
		"a prefix in any case":                            {`{"detail":{"object":{"key":[{"prefix":{"equals-ignore-case":"IMPORTS/"}}]}}}`, true},
		"a suffix":                                        {`{"detail":{"object":{"key":[{"suffix":"/upload"}]}}}`, true},
		"a wildcard":                                      {`{"detail":{"object":{"key":[{"wildcard":"imports/*/upload"}]}}}`, true},
		"a wildcard that ends too early":                  {`{"detail":{"object":{"key":[{"wildcard":"imports/*/up"}]}}}`, false},
		"a wildcard for nothing at all":                   {`{"detail":{"object":{"key":[{"wildcard":"imports/01J*/upload"}]}}}`, true},
		"an escaped star is itself":                       {`{"detail":{"object":{"key":[{"wildcard":"imports/\\*/upload"}]}}}`, false},
		"parts of a wildcard may not overlap":             {`{"detail":{"object":{"key":[{"wildcard":"imports/*/01J/upload"}]}}}`, false},
		"letters in any case":                             {`{"source":[{"equals-ignore-case":"AWS.S3"}]}`, true},
		"a field that must be there":                      {`{"detail":{"object":{"key":[{"exists":true}]}}}`, true},
		"a field that must not be there":                  {`{"detail":{"object":{"version-id":[{"exists":false}]}}}`, true},
		"a number within bounds":                          {`{"detail":{"object":{"size":[{"numeric":[">",0,"<=",5]}]}}}`, true},
		"a number beyond its bounds":                      {`{"detail":{"object":{"size":[{"numeric":[">",0,"<",5]}]}}}`, false},
		"anything but another value":                      {`{"source":[{"anything-but":["aws.ec2","aws.sqs"]}]}`, true},
		"anything but this value":                         {`{"source":[{"anything-but":"aws.s3"}]}`, false},
		"anything but a prefix":                           {`{"source":[{"anything-but":{"prefix":"aws."}}]}`, false},
		"anything but one of several suffixes":            {`{"source":[{"anything-but":{"suffix":[".ec2",".sqs"]}}]}`, true},
		"anything but a value, of a field that is absent": {`{"never":[{"anything-but":"x"}]}`, false},
		"an address of a network":                         {`{"detail":{"ip":[{"cidr":"10.0.0.0/8"}]}}`, true},
		"one of the alternatives":                         {`{"$or":[{"source":["aws.ec2"]},{"detail":{"object":{"size":[5]}}}]}`, true},
		"none of the alternatives":                        {`{"source":["aws.s3"],"$or":[{"account":["1"]},{"account":["2"]}]}`, false},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := ParsePattern(c.pattern)
			if err != nil {
				t.Fatal(err)
			}
			if got := p.Match([]byte(upload)); got != c.want {
				t.Errorf("%s matches: %v, want %v", c.pattern, got, c.want)
			}
		})
	}
}

func TestPatternsThatCannotBeReadSayWhy(t *testing.T) {
	for pattern, want := range map[string]string{
		`{}`:                                  "not an object with fields",
		`[]`:                                  "not an object with fields",
		`{"source":"aws.s3"}`:                 "/source is neither",
		`{"source":[]}`:                       "/source is an empty list",
		`{"a":{"b":[{"regex":"x"}]}}`:         `/a/b: the comparison "regex" is not known`,
		`{"a":[{"prefix":1}]}`:                "no text",
		`{"a":[{"exists":"yes"}]}`:            "neither true nor false",
		`{"a":[{"numeric":["~",1]}]}`:         "not an order and a number",
		`{"a":[{"wildcard":"a**b"}]}`:         "side by side",
		`{"a":[{"prefix":"a","suffix":"b"}]}`: "one member",
		`{"$or":[{"a":["b"]}]}`:               "list of alternatives",
		`{"a":[{"cidr":"here"}]}`:             "cidr",
	} {
		if _, err := ParsePattern(pattern); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", pattern, err, want)
		}
	}
}
