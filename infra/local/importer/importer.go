// Package importer uploads a file of history to a suite and waits until all that it holds has been folded, as an operator
// would: it opens an import, puts the file to where the suite says, and asks how far it has come.
package importer

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"liuke/shared/importfile"
)

// Options say where to import and how.
type Options struct {
	URL     string             // of the suite, without a trailing slash
	Token   string             // an operator's
	Request importfile.Request // Bytes is the file's
	// Progress is called from time to time with what is being done, the share of it that is done, 0 to 1, and words; nil
	// is not called.
	Progress func(share float64, words string)
}

// Result is what came of a file.
type Result struct {
	importfile.View
	Uploaded time.Duration // until the upload was taken
	Read     time.Duration // until all rows had been read
	Folded   time.Duration // until all had been folded; 0 where that cannot be seen
}

const (
	uploadTries = 4
	firstPause  = 500 * time.Millisecond
	pollFrom    = 50 * time.Millisecond
	pollTo      = 2 * time.Second
	answerBytes = 4 << 20
)

// client imports one file.
type client struct {
	Options
	http *http.Client
}

// Import imports a file. Rows that were refused are in the result; the error is of the file as a whole, or of a suite that
// cannot be reached.
func Import(ctx context.Context, file io.ReaderAt, size int64, options Options) (*Result, error) {
	c := &client{Options: options, http: &http.Client{Transport: &http.Transport{Proxy: http.ProxyFromEnvironment}}}
	if c.Progress == nil {
		c.Progress = func(float64, string) {}
	}
	c.Request.Bytes = size
	if err := c.Request.Validate(); err != nil {
		return nil, err
	}
	before, err := Look(ctx, c.URL)
	local := !errors.Is(err, ErrNotLocal)
	if err != nil && local {
		return nil, err
	}
	started := time.Now()
	var ticket importfile.Ticket
	if err := c.call(ctx, http.MethodPost, "/v1/imports", c.Request, &ticket); err != nil {
		return nil, fmt.Errorf("open an import: %w", err)
	}
	if err := c.upload(ctx, file, size, ticket.URL); err != nil {
		return nil, err
	}
	result := &Result{Uploaded: time.Since(started)}
	if result.View, err = c.await(ctx, ticket.ID); err != nil {
		return nil, err
	}
	result.Read = time.Since(started)
	if !local || result.DryRun {
		return result, nil
	}
	err = Settle(ctx, c.URL, before, func(waiting int) {
		c.Progress(1, fmt.Sprintf("%d rows read; %d messages still to fold", result.Rows.Read, waiting))
	})
	result.Folded = time.Since(started)
	return result, err
}

// upload puts the file to where the suite has said, again where the way there breaks.
func (c *client) upload(ctx context.Context, file io.ReaderAt, size int64, url string) error {
	pause := firstPause
	for try := 1; ; try++ {
		again, err := c.put(ctx, io.NewSectionReader(file, 0, size), size, url)
		if err == nil || !again || try == uploadTries || ctx.Err() != nil {
			return err
		}
		if err := sleep(ctx, pause); err != nil {
			return err
		}
		pause *= 2
	}
}

// put uploads once, and says whether another try may be of use.
func (c *client) put(ctx context.Context, file io.Reader, size int64, url string) (again bool, err error) {
	body := &watched{Reader: file, size: size, progress: c.Progress}
	request, err := http.NewRequestWithContext(ctx, http.MethodPut, url, io.NopCloser(body))
	if err != nil {
		return false, errors.New("the suite's address for the upload cannot be read") // the cause would repeat it
	}
	request.ContentLength = size
	response, err := c.http.Do(request)
	if err != nil {
		return true, fmt.Errorf("upload: %w", withoutAddress(err))
	}
	defer response.Body.Close()
	if response.StatusCode == http.StatusOK {
		return false, nil
	}
	io.Copy(io.Discard, io.LimitReader(response.Body, answerBytes)) // may name the object and the key; the status says enough
	return response.StatusCode >= http.StatusInternalServerError, fmt.Errorf("upload: the suite's storage answered %s", response.Status)
}

// withoutAddress is the cause of a request's error without the address, which is a key to the upload.
func withoutAddress(err error) error {
	if unwrapped := errors.Unwrap(err); unwrapped != nil {
		return unwrapped
	}
	return err
}

// watched tells how much has been read.
type watched struct {
	io.Reader
	read, size int64
	progress   func(float64, string)
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.Reader.Read(p)
	w.read += int64(n)
	w.progress(float64(w.read)/float64(w.size), fmt.Sprintf("uploading, %.1f of %.1f MB", float64(w.read)/1e6, float64(w.size)/1e6))
	return n, err
}

// await waits until the import has ended.
func (c *client) await(ctx context.Context, id string) (v importfile.View, err error) {
	for pause := pollFrom; ; pause = min(2*pause, pollTo) {
		if err := c.call(ctx, http.MethodGet, "/v1/imports/"+id, nil, &v); err != nil {
			return v, fmt.Errorf("ask how far the import is: %w", err)
		}
		switch v.State {
		case importfile.Done:
			return v, nil
		case importfile.Failed:
			return v, errors.New(v.Reason)
		case importfile.Waiting:
			c.Progress(0, "uploaded; waiting for the suite to begin")
		case importfile.Reading:
			c.Progress(float64(v.Bytes.Done)/float64(max(v.Bytes.Of, 1)), fmt.Sprintf("%d rows read, %d of them refused", v.Rows.Read, v.Rows.Refused))
		}
		if err := sleep(ctx, pause); err != nil {
			return v, err
		}
	}
}

// callTries is how often a call is made that fails for now.
const callTries = 6

// call makes an operator's call, again where the suite cannot answer now.
func (c *client) call(ctx context.Context, method, path string, in, out any) error {
	pause := firstPause
	for try := 1; ; try++ {
		again, err := c.once(ctx, method, path, in, out)
		if err == nil || !again || try == callTries || ctx.Err() != nil {
			return err
		}
		if err := sleep(ctx, pause); err != nil {
			return err
		}
		pause *= 2
	}
}

func (c *client) once(ctx context.Context, method, path string, in, out any) (again bool, err error) {
	var body io.Reader
	if in != nil {
		raw, err := json.Marshal(in)
		if err != nil {
			return false, err
		}
		body = bytes.NewReader(raw)
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, c.URL+path, body)
	if err != nil {
		return false, err
	}
	request.Header.Set("Authorization", "Bearer "+c.Token)
	request.Header.Set("Content-Type", "application/json")
	response, err := c.http.Do(request)
	if err != nil {
		return true, err
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(response.Body, answerBytes))
	if err != nil {
		return true, err
	}
	if response.StatusCode >= http.StatusMultipleChoices {
		again = response.StatusCode == http.StatusTooManyRequests || response.StatusCode >= http.StatusInternalServerError
		return again, problem(response, raw)
	}
	return false, json.Unmarshal(raw, out)
}

// problem is what the suite says is wrong (RFC 9457).
func problem(response *http.Response, raw []byte) error {
	var p struct {
		Detail  string `json:"detail"`
		Pointer string `json:"pointer"`
	}
	if json.Unmarshal(raw, &p) != nil || p.Detail == "" {
		return fmt.Errorf("the suite answered %s: %.300s", response.Status, raw)
	}
	if response.StatusCode == http.StatusUnauthorized || response.StatusCode == http.StatusForbidden {
		return fmt.Errorf("the suite answered %s: is the token an operator's, and still good?", response.Status)
	}
	if p.Pointer != "" {
		p.Detail += " (" + strings.TrimPrefix(p.Pointer, "/") + ")"
	}
	return errors.New(p.Detail)
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
