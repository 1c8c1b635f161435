// Package build compiles the functions for this machine, as they are compiled for Lambda but for the processor. Go's own
// cache sees to it that nothing is compiled that has not changed.
package build

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"time"

	"liuke/infra/local/process"
	"liuke/infra/local/project"
)

// Flags are those of the executables that are deployed, as infra/build.go has them; CGO_ENABLED=0 goes with them.
var Flags = []string{"-tags", "lambda.norpc,nethttpomithttp2", "-trimpath", "-ldflags", "-s -w"}

// Functions compiles the packages ("./functions/ingest") and returns the executable of each. progress is told every few
// seconds how long it has been going on; it may be nil.
func Functions(ctx context.Context, root string, packages []string, progress func(string)) (executables map[string]string, err error) {
	dir := filepath.Join(root, ".build", "host")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	unlock, err := project.Lock(ctx, filepath.Join(root, ".build", "host.lock"), func() { tell(progress, "waiting for another build to end") })
	if err != nil {
		return nil, err
	}
	defer unlock()
	executables = map[string]string{}
	for _, p := range packages {
		executables[p] = filepath.Join(dir, path.Base(p))
	}
	if len(executables) == 0 {
		return executables, nil
	}
	arguments := append(append([]string{"build"}, Flags...), "-o", dir+string(filepath.Separator))
	cmd := exec.Command("go", append(arguments, packages...)...)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	stop := report(progress, len(packages))
	err = process.Run(ctx, cmd)
	stop()
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, fmt.Errorf("build the functions: %w\n%s", err, out.String())
	}
	return executables, nil
}

// report tells of a build that takes longer than one without changes, until stop is called.
func report(progress func(string), functions int) (stop func()) {
	if progress == nil {
		return func() {}
	}
	done := make(chan struct{})
	started := time.Now()
	go func() {
		wait := time.Second
		for {
			select {
			case <-done:
				return
			case <-time.After(wait):
				progress(fmt.Sprintf("building %d functions (%.0f s)", functions, time.Since(started).Seconds()))
				wait = 5 * time.Second
			}
		}
	}()
	return func() { close(done) }
}

func tell(progress func(string), what string) {
	if progress != nil {
		progress(what)
	}
}
