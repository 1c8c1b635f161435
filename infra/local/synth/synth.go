// Package synth runs the CDK program for the suite on one machine and keeps what it made: the program runs again only
// when what goes into it has changed. The stage is always "local"; the account is one that nobody has. The CDK's own
// command is not needed.
package synth

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"liuke/infra/local/process"
	"liuke/infra/local/project"
)

// Stage is the stage that runs on one machine.
const Stage = "local"

// Run returns the folder of the assembly, made anew where its program, settings or tools have changed since it was made.
// progress is told, in words, what takes time; it may be nil.
func Run(ctx context.Context, root string, progress func(string)) (outdir string, err error) {
	return With(ctx, root, nil, progress)
}

// With is Run with settings that go before those of cdk.json: {"web_origins": …}. Each set of settings has a folder of
// its own.
func With(ctx context.Context, root string, before map[string]any, progress func(string)) (outdir string, err error) {
	build := filepath.Join(root, ".build")
	unlock, err := project.Lock(ctx, filepath.Join(build, "synth.lock"), func() { tell(progress, "waiting for another synthesis to end") })
	if err != nil {
		return "", err
	}
	defer unlock()
	settings, err := settings(root, before)
	if err != nil {
		return "", err
	}
	tools, node, err := versions(ctx)
	if err != nil {
		return "", err
	}
	want, err := digest(root, settings, tools)
	if err != nil {
		return "", err
	}
	outdir = filepath.Join(build, "assembly")
	if len(before) > 0 {
		sum := sha256.Sum256([]byte(settings))
		outdir += "-" + hex.EncodeToString(sum[:4])
	}
	stamp := outdir + ".sum"
	if have, err := os.ReadFile(stamp); err == nil && string(have) == want {
		return outdir, nil
	}
	tell(progress, "synthesizing the stacks (the first time compiles the CDK, for a minute or two)")
	if err := errors.Join(os.RemoveAll(outdir), os.RemoveAll(stamp), os.MkdirAll(outdir, 0o755)); err != nil {
		return "", err
	}
	cmd := exec.Command("go", "run", "./infra")
	cmd.Dir = root
	cmd.Env = append(inherited(), "CDK_OUTDIR="+outdir, "CDK_CONTEXT_JSON="+settings, "LIUKE_SKIP_BUILD=1",
		"JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION="+strings.TrimPrefix(strings.Split(node, ".")[0], "v"))
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := process.Run(ctx, cmd); err != nil {
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		return "", fmt.Errorf("synthesize the stacks: go run ./infra ended with %w and said:\n%s", err, out.String())
	}
	if _, err := os.Stat(filepath.Join(outdir, "manifest.json")); err != nil {
		return "", fmt.Errorf("synthesize the stacks: go run ./infra left no assembly and said:\n%s", out.String())
	}
	return outdir, os.WriteFile(stamp, []byte(want), 0o644)
}

// settings is the context of cdk.json as the CDK's command would hand it over, with what goes before it, with the stage,
// and with the constructs' paths in the templates, by which people call things.
func settings(root string, before map[string]any) (string, error) {
	raw, err := os.ReadFile(filepath.Join(root, "cdk.json"))
	if err != nil {
		return "", fmt.Errorf("read the settings: %w", err)
	}
	var file struct {
		Context map[string]json.RawMessage `json:"context"`
	}
	if err := json.Unmarshal(raw, &file); err != nil {
		return "", fmt.Errorf("read the settings: cdk.json: %w", err)
	}
	context := map[string]json.RawMessage{}
	maps.Copy(context, file.Context)
	if len(before) > 0 {
		liuke := map[string]any{}
		if err := json.Unmarshal(context["liuke"], &liuke); err != nil {
			return "", fmt.Errorf("read the settings: cdk.json: liuke: %w", err)
		}
		maps.Copy(liuke, before)
		if context["liuke"], err = json.Marshal(liuke); err != nil {
			return "", fmt.Errorf("read the settings: %w", err)
		}
	}
	context["stage"] = json.RawMessage(`"` + Stage + `"`)
	context["aws:cdk:enable-path-metadata"] = json.RawMessage("true")
	merged, err := json.Marshal(context)
	return string(merged), err
}

// inherited is this process's environment without what would make the templates depend on the machine.
func inherited() []string {
	return slices.DeleteFunc(os.Environ(), func(v string) bool {
		return strings.HasPrefix(v, "CDK_") || strings.HasPrefix(v, "LIUKE_")
	})
}

// versions returns the versions of Go and Node.js.
func versions(ctx context.Context) (tools, node string, err error) {
	var of [2]string
	for i, command := range [][]string{{"go", "env", "GOVERSION"}, {"node", "--version"}} {
		cmd := exec.Command(command[0], command[1:]...)
		var out bytes.Buffer
		cmd.Stdout = &out
		if err := process.Run(ctx, cmd); err != nil {
			if errors.Is(err, exec.ErrNotFound) {
				return "", "", fmt.Errorf("%s is missing: install Go from https://go.dev and Node.js 22 or newer from https://nodejs.org", command[0])
			}
			return "", "", fmt.Errorf("%s: %w", strings.Join(command, " "), err)
		}
		of[i] = strings.TrimSpace(out.String())
	}
	return strings.Join(of[:], " "), of[1], nil
}

// digest identifies all that goes into the templates.
func digest(root, settings, tools string) (string, error) {
	sum := sha256.New()
	fmt.Fprintf(sum, "%s\n%s\n", settings, tools)
	add := func(path string) error {
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		fmt.Fprintf(sum, "%s\n", strings.TrimPrefix(path, root))
		_, err = io.Copy(sum, f)
		return err
	}
	for _, name := range []string{"go.mod", "go.sum"} {
		if err := add(filepath.Join(root, name)); err != nil {
			return "", err
		}
	}
	infra := filepath.Join(root, "infra")
	err := filepath.WalkDir(infra, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (path == filepath.Join(infra, "node_modules") || path == filepath.Join(infra, "local") || strings.HasPrefix(d.Name(), "cdk.out")):
			return filepath.SkipDir
		case d.IsDir() || strings.HasSuffix(path, "_test.go") || strings.HasSuffix(path, ".golden"):
			return nil
		}
		return add(path)
	})
	return hex.EncodeToString(sum.Sum(nil)), err
}

func tell(progress func(string), what string) {
	if progress != nil {
		progress(what)
	}
}
