package standin

import (
	"context"
	"encoding/json"
	"errors"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
)

const secretARN = "arn:aws:secretsmanager:eu-central-1:111111111111:secret:write-keys-AbCdEf"

func keysSpec(t *testing.T) SecretSpec {
	t.Helper()
	g, err := ParseGenerate(map[string]any{"SecretStringTemplate": `{"note":"x"}`, "GenerateStringKey": "current",
		"PasswordLength": json.Number("43"), "ExcludePunctuation": true})
	if err != nil {
		t.Fatal(err)
	}
	return SecretSpec{ARN: secretARN, Name: "write-keys", Generate: g}
}

func TestSecretsOutliveARestart(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secrets.json")
	now := func() time.Time { return noon }
	first, err := OpenSecrets(file, now, keysSpec(t))
	if err != nil {
		t.Fatal(err)
	}
	value, _ := first.Value(secretARN)
	var object map[string]string
	if err := json.Unmarshal([]byte(value), &object); err != nil || len(object["current"]) != 43 || object["note"] != "x" {
		t.Fatalf("value = %s, %v", value, err)
	}
	again, err := OpenSecrets(file, now, keysSpec(t))
	if err != nil {
		t.Fatal(err)
	}
	if kept, ok := again.Value("write-keys"); !ok || kept != value {
		t.Error("the value has changed")
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode = %v, %v; want it readable by its owner alone", info.Mode(), err)
	}
}

func TestGetSecretValue(t *testing.T) {
	s, err := OpenSecrets("", func() time.Time { return noon }, keysSpec(t), SecretSpec{ARN: secretARN + "2", Name: "plain", Value: "p"})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(s)
	defer server.Close()
	client := secretsmanager.NewFromConfig(aws.Config{Region: "eu-central-1", BaseEndpoint: aws.String(server.URL),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "a", SecretAccessKey: "b"}, nil
		})})
	get := func(id, stage string) (string, error) {
		in := &secretsmanager.GetSecretValueInput{SecretId: &id}
		if stage != "" {
			in.VersionStage = &stage
		}
		out, err := client.GetSecretValue(t.Context(), in)
		if err != nil {
			return "", err
		}
		return *out.SecretString, nil
	}
	if v, err := get("plain", ""); err != nil || v != "p" {
		t.Errorf("by name: %q, %v", v, err)
	}
	before, err := get(secretARN, "AWSCURRENT")
	if err != nil {
		t.Fatal(err)
	}
	var absent *types.ResourceNotFoundException
	if _, err := get(secretARN, "AWSPREVIOUS"); !errors.As(err, &absent) {
		t.Errorf("a previous value before any rotation: %v", err)
	}
	if err := s.Put(secretARN, "new"); err != nil {
		t.Fatal(err)
	}
	if v, err := get(secretARN, ""); err != nil || v != "new" {
		t.Errorf("after rotation: %q, %v", v, err)
	}
	if v, err := get(secretARN, "AWSPREVIOUS"); err != nil || v != before {
		t.Errorf("the value before: %q, %v", v, err)
	}
	if _, err := get("other", ""); !errors.As(err, &absent) {
		t.Errorf("another secret: %v", err)
	}
}

func TestGenerate(t *testing.T) {
	cases := []struct {
		name     string
		property map[string]any
		length   int
		holds    func(string) bool
	}{
		{"the default is 32 characters of each type", map[string]any{}, 32, func(s string) bool {
			return strings.ContainsAny(s, lowercase) && strings.ContainsAny(s, uppercase) && strings.ContainsAny(s, numbers) && strings.ContainsAny(s, punctuation)
		}},
		{"what is excluded does not occur", map[string]any{"ExcludePunctuation": true, "ExcludeNumbers": true, "ExcludeCharacters": "abc", "PasswordLength": 300}, 300,
			func(s string) bool { return !strings.ContainsAny(s, punctuation+numbers+"abc") }},
		{"a password may be as short as its types are many", map[string]any{"PasswordLength": 4}, 4, func(s string) bool { return true }},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			g, err := ParseGenerate(c.property)
			if err != nil {
				t.Fatal(err)
			}
			s, err := g.Make()
			if err != nil || len(s) != c.length || !c.holds(s) {
				t.Errorf("made %q, %v", s, err)
			}
		})
	}
	for name, property := range map[string]map[string]any{
		"a password shorter than its types":    {"PasswordLength": 3},
		"a password of nothing":                {"ExcludeLowercase": true, "ExcludeUppercase": true, "ExcludeNumbers": true, "ExcludePunctuation": true},
		"a template without a key":             {"SecretStringTemplate": "{}"},
		"a template that is not a JSON object": {"SecretStringTemplate": "[]", "GenerateStringKey": "a"},
	} {
		g, err := ParseGenerate(property)
		if err != nil {
			t.Fatal(err)
		}
		if s, err := g.Make(); err == nil {
			t.Errorf("%s: made %q", name, s)
		}
	}
}
