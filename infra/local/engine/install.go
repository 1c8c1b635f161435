// Package engine installs and starts what stands in for AWS's stateful services on one machine: dynoxide for DynamoDB,
// fauxqs for SQS, SNS and S3. Both are pinned in infra/package.json, installed there by npm on first use, and listen on
// 127.0.0.1 alone. AWS_ENDPOINT_URL_DYNAMODB and AWS_ENDPOINT_URL_SQS name other engines, which are then used
// instead of starting these. For tests, StartDynamoDB and StartQueues start one engine a test process.
package engine

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"liuke/infra/local/process"
	"liuke/infra/local/project"
)

// Install installs the packages that infra/package.json pins, unless exactly those are installed. Processes that
// install at once wait for one another. progress is told, in words, what takes time; it may be nil. The errors say what
// to do where Node.js or npm is missing or fails.
func Install(ctx context.Context, root string, progress func(string)) error {
	return InstallIn(ctx, root, filepath.Join(root, "infra"), "installing the CDK and the engines (npm ci, once)", progress)
}

// InstallIn is Install for another folder of the checkout at root that has a package.json, package-lock.json and .npmrc;
// what says what takes time.
func InstallIn(ctx context.Context, root, dir, what string, progress func(string)) error {
	want, err := pinned(dir)
	if err != nil {
		return err
	}
	stamp := filepath.Join(dir, "node_modules", ".liuke-installed")
	if current(stamp, want) {
		return nil
	}
	unlock, err := project.Lock(ctx, filepath.Join(root, ".build", "npm.lock"), func() { tell(progress, "waiting for another installation to end") })
	if err != nil {
		return err
	}
	defer unlock()
	if current(stamp, want) { // another process did it while this one waited
		return nil
	}
	if _, err := exec.LookPath("node"); err != nil {
		return errors.New("no Node.js: what is to be installed runs on it; install Node.js 22 or newer (https://nodejs.org) and run this again")
	}
	npm, err := exec.LookPath("npm")
	if err != nil {
		return errors.New("npm is missing: it usually comes with Node.js (https://nodejs.org); install it and run this again")
	}
	tell(progress, what)
	cmd := exec.Command(npm, "ci", "--no-fund", "--no-audit", "--loglevel=error")
	cmd.Dir = dir
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := process.Run(ctx, cmd); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fmt.Errorf("npm ci in %s ended with %w; is the package registry reachable? npm said:\n%s", dir, err, tail(out.String(), 20))
	}
	return os.WriteFile(stamp, []byte(want), 0o644)
}

// pinned returns what identifies the packages to install.
func pinned(dir string) (string, error) {
	sum := sha256.New()
	for _, name := range []string{"package.json", "package-lock.json", ".npmrc"} {
		raw, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return "", fmt.Errorf("read what to install: %w", err)
		}
		fmt.Fprintf(sum, "%s %d\n", name, len(raw))
		sum.Write(raw)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

func current(stamp, want string) bool {
	have, err := os.ReadFile(stamp)
	return err == nil && string(have) == want
}

// tail returns the last n lines of a text.
func tail(text string, n int) string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	if len(lines) > n {
		lines = lines[len(lines)-n:]
	}
	return strings.Join(lines, "\n")
}

func tell(progress func(string), what string) {
	if progress != nil {
		progress(what)
	}
}
