package standin

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"liuke/shared/clock"
)

// SecretSpec is a secret of the template: a value, or how one is made.
type SecretSpec struct {
	ARN      string
	Name     string
	Value    string    // SecretString, "" where it is generated
	Generate *Generate // GenerateSecretString
}

// secret is a secret with its value and the one before.
type secret struct {
	Value    string    `json:"value"`
	Version  string    `json:"version"`
	Created  time.Time `json:"created"`
	Previous *secret   `json:"previous,omitempty"`

	arn, name string
}

// Secrets is an http.Handler for the endpoint of Secrets Manager: GetSecretValue. It is safe for concurrent use.
type Secrets struct {
	now  clock.Now
	file string

	mu     sync.Mutex
	byARN  map[string]*secret
	byName map[string]*secret
}

// OpenSecrets returns the template's secrets. Values that were generated before are read from the file; new ones are
// added to it, readable by its owner alone. Without a file they live in memory.
func OpenSecrets(file string, now clock.Now, specs ...SecretSpec) (*Secrets, error) {
	s := &Secrets{now: now, file: file, byARN: map[string]*secret{}, byName: map[string]*secret{}}
	kept := map[string]*secret{}
	if file != "" {
		raw, err := os.ReadFile(file)
		if err == nil {
			err = json.Unmarshal(raw, &kept)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("read the secrets of %s: %w", file, err)
		}
	}
	for _, spec := range specs {
		sec := kept[spec.ARN]
		if sec == nil {
			value := spec.Value
			if spec.Generate != nil {
				var err error
				if value, err = spec.Generate.Make(); err != nil {
					return nil, fmt.Errorf("make the secret %s: %w", spec.Name, err)
				}
			}
			sec = &secret{Value: value, Version: newUUID(), Created: now()}
		}
		sec.arn, sec.name = spec.ARN, spec.Name
		s.byARN[spec.ARN], s.byName[spec.Name] = sec, sec
	}
	return s, s.save()
}

// save writes all values, in one step.
func (s *Secrets) save() error {
	if s.file == "" {
		return nil
	}
	raw, err := json.MarshalIndent(s.byARN, "", "  ")
	if err != nil {
		return fmt.Errorf("write the secrets: %w", err)
	}
	temporary, err := os.CreateTemp(filepath.Dir(s.file), ".secrets-*") // of mode 0600
	if err != nil {
		return fmt.Errorf("write the secrets: %w", err)
	}
	_, err = temporary.Write(raw)
	err = errors.Join(err, temporary.Close())
	if err == nil {
		err = os.Rename(temporary.Name(), s.file)
	}
	if err != nil {
		return fmt.Errorf("write the secrets: %w", errors.Join(err, os.Remove(temporary.Name())))
	}
	return nil
}

// Value returns the secret's current value, by its ARN or name.
func (s *Secrets) Value(id string) (string, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if sec := s.find(id); sec != nil {
		return sec.Value, true
	}
	return "", false
}

// ARN returns the secret's ARN, by its name or by the ARN itself.
func (s *Secrets) ARN(id string) (string, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if sec := s.find(id); sec != nil {
		return sec.arn, true
	}
	return "", false
}

// Put gives a secret a new value, as an operator does who rotates it; the old one stays as AWSPREVIOUS.
func (s *Secrets) Put(id, value string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	sec := s.find(id)
	if sec == nil {
		return errors.New("the template has no such secret")
	}
	before := *sec
	before.Previous = nil
	sec.Value, sec.Version, sec.Created, sec.Previous = value, newUUID(), s.now(), &before
	return s.save()
}

func (s *Secrets) find(id string) *secret {
	if sec := s.byARN[id]; sec != nil {
		return sec
	}
	return s.byName[id]
}

// ServeHTTP answers GetSecretValue.
func (s *Secrets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("X-Amz-Target") != "secretsmanager.GetSecretValue" {
		secretsError(w, "InvalidRequestException", "The suite on one machine has GetSecretValue only.")
		return
	}
	var request struct{ SecretId, VersionStage, VersionId string }
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<16)).Decode(&request); err != nil {
		secretsError(w, "InvalidParameterException", "The body is not the JSON of GetSecretValue.")
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	sec := s.find(request.SecretId)
	if sec == nil {
		secretsError(w, "ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
		return
	}
	arn, name, stage := sec.arn, sec.name, "AWSCURRENT"
	if request.VersionStage == "AWSPREVIOUS" || sec.Previous != nil && request.VersionId == sec.Previous.Version {
		sec, stage = sec.Previous, "AWSPREVIOUS"
	}
	if sec == nil || request.VersionStage != "" && request.VersionStage != stage || request.VersionId != "" && request.VersionId != sec.Version {
		secretsError(w, "ResourceNotFoundException", "Secrets Manager can't find the specified secret value for the version asked for.")
		return
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	writeJSON(w, http.StatusOK, map[string]any{
		"ARN": arn, "Name": name, "VersionId": sec.Version, "SecretString": sec.Value, "VersionStages": []string{stage},
		"CreatedDate": float64(sec.Created.UnixMilli()) / 1000,
	})
}

func secretsError(w http.ResponseWriter, code, message string) {
	writeJSON(w, http.StatusBadRequest, map[string]string{"__type": code, "message": message})
}
