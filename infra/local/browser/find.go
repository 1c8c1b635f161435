package browser

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"

	"liuke/infra/local/engine"
	"liuke/infra/local/project"
)

// pinned is the value of LIUKE_CHROMIUM that asks for the browser of infra/local/browser/npm, whatever else is installed.
const pinned = "npm"

// names are the commands that browsers are installed as, the preferred one first.
var names = []string{
	"chromium", "chromium-browser", "google-chrome", "google-chrome-stable",
	"/Applications/Chromium.app/Contents/MacOS/Chromium",
	"/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
}

// Find returns the browser that tests use: the one that LIUKE_CHROMIUM names; else a Chromium or Chrome that is installed;
// else, on 64-bit Linux, the one that infra/local/browser/npm/chromium pins, which it installs by npm on first use, as it
// does where LIUKE_CHROMIUM is "npm". The error says what to install.
func Find(ctx context.Context) (string, error) {
	named := os.Getenv("LIUKE_CHROMIUM")
	if named != "" && named != pinned {
		path, err := exec.LookPath(named)
		if err != nil {
			return "", fmt.Errorf("LIUKE_CHROMIUM names no browser: %w", err)
		}
		return path, nil
	}
	if named == "" {
		for _, name := range names {
			if path, err := exec.LookPath(name); err == nil {
				return path, nil
			}
		}
	}
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
		return "", errors.New("no browser: install Chromium or Google Chrome, or name one in LIUKE_CHROMIUM")
	}
	root, err := project.Root()
	if err != nil {
		return "", err
	}
	path, err := install(ctx, root)
	if err != nil {
		return "", fmt.Errorf("no browser is installed (install Chromium or Google Chrome, or name one in LIUKE_CHROMIUM), and npm could install none: %w", err)
	}
	return path, nil
}

//go:embed unpack.mjs
var unpackScript string

// install installs the pinned browser, unpacks it and returns its command.
func install(ctx context.Context, root string) (string, error) {
	from, err := installPackage(ctx, root, "chromium", "@sparticuz/chromium")
	if err != nil {
		return "", err
	}
	to := filepath.Join(from, "unpacked")
	command := filepath.Join(to, "chromium.sh")
	unlock, err := project.Lock(ctx, filepath.Join(root, ".build", "browser", "unpack.lock"), nil)
	if err != nil {
		return "", err
	}
	defer unlock()
	if _, err := os.Stat(command); err == nil {
		return command, nil
	}
	out, err := exec.CommandContext(ctx, "node", "--input-type=module", "--eval", unpackScript, "--", from, to).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("unpack the browser: %w: %s", err, out)
	}
	return command, nil
}

// installPackage installs what a folder of npm pins and returns the folder of the package.
func installPackage(ctx context.Context, root, folder, name string) (string, error) {
	dir := filepath.Join(root, "infra", "local", "browser", "npm", folder)
	if err := engine.InstallIn(ctx, root, dir, "installing "+name+" (npm ci, once)", nil); err != nil {
		return "", err
	}
	return filepath.Join(dir, "node_modules", filepath.FromSlash(name)), nil
}

// fonts returns the environment that gives the browser Chinese letters: none where the system has them or looks for fonts
// otherwise than by fontconfig, else one with fonts that it installs.
func fonts(ctx context.Context, root string) ([]string, error) {
	if runtime.GOOS != "linux" {
		return nil, nil
	}
	if found, err := exec.CommandContext(ctx, "fc-list", ":lang=zh-cn", "family").Output(); err == nil && len(found) > 0 {
		return nil, nil
	}
	from, err := installPackage(ctx, root, "fonts", "@embedpdf/fonts-sc")
	if err != nil {
		return nil, fmt.Errorf("no Chinese font is installed, and npm could install none: %w", err)
	}
	path := filepath.Join(root, ".build", "browser", "fonts.conf")
	config := fmt.Sprintf(fontConfig, filepath.Join(from, "fonts"), filepath.Join(root, ".build", "browser", "fontcache"))
	if have, err := os.ReadFile(path); err != nil || string(have) != config {
		if err := replace(path, config); err != nil {
			return nil, fmt.Errorf("write the configuration of fonts: %w", err)
		}
	}
	return []string{"FONTCONFIG_FILE=" + path}, nil
}

const fontConfig = `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <include ignore_missing="yes">/etc/fonts/fonts.conf</include>
  <dir>%s</dir>
  <cachedir>%s</cachedir>
</fontconfig>
`

// replace writes a file so that others see the old one or the new one.
func replace(path, text string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	if _, err := f.WriteString(text); err != nil {
		return errors.Join(err, f.Close())
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
