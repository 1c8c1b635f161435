package suite

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"liuke/infra/local/project"
)

// stateDir is the folder of all that outlives a restart:
//
//	endpoint.json   how to reach the suite, while it runs
//	clock           the clock's offset, ns
//	dynamodb.db     the tables
//	s3/             the lake's objects, as files
//	queues.json     what the queues held at the last Close
//	outbox.jsonl    mail
//	secrets.json, operators.pem   write keys, token keys, the key of operators' tokens
//	logs/           what the functions wrote
type stateDir struct{ dir string }

func openState(dir string) (s *stateDir, unlock func(), err error) {
	dir, err = filepath.Abs(dir)
	if err == nil {
		err = os.MkdirAll(filepath.Join(dir, "logs"), 0o700)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("open the state folder: %w", err)
	}
	unlock, err = project.TryLock(filepath.Join(dir, "lock"))
	if errors.Is(err, project.ErrLocked) {
		return nil, nil, fmt.Errorf("the state folder %s is in use by another suite: end that one, or give another folder with -state", dir)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("open the state folder: %w", err)
	}
	s = &stateDir{dir}
	return s, unlock, s.removeEndpoint()
}

func (s *stateDir) path(name string) string { return filepath.Join(s.dir, name) }

func (s *stateDir) removeEndpoint() error {
	if err := os.Remove(s.path("endpoint.json")); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// writeEndpoint writes endpoint.json in one step: who sees it can read all of it.
func (s *stateDir) writeEndpoint(e Endpoint) error {
	raw, err := json.MarshalIndent(e, "", "  ")
	if err != nil {
		return err
	}
	temporary := s.path("endpoint.json.new")
	if err := os.WriteFile(temporary, append(raw, '\n'), 0o600); err != nil {
		return err
	}
	return os.Rename(temporary, s.path("endpoint.json"))
}

// ReadEndpoint reads the endpoint.json of a running suite's state folder.
func ReadEndpoint(state string) (Endpoint, error) {
	var e Endpoint
	raw, err := os.ReadFile(filepath.Join(state, "endpoint.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return e, fmt.Errorf("no suite is running over the state folder %s: start one with `go run ./infra/local up -state %s`", state, state)
	}
	if err == nil {
		err = json.Unmarshal(raw, &e)
	}
	if err != nil {
		return e, fmt.Errorf("read how to reach the suite: %w", err)
	}
	return e, nil
}
