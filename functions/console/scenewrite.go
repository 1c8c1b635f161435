package main

import (
	"bytes"
	"context"
	"net/http"
	"strings"

	"liuke/shared/api"
	"liuke/shared/document"
	"liuke/shared/fault"
	"liuke/shared/outreach"
	"liuke/shared/request"
)

// maxWritten is how many bytes all scenes, blocks and templates that operators have written come to at most: every function
// that decides or sends reads them when it starts.
const maxWritten = 512 << 10

// maxWrapped is the longest JSON of a document: its text may be spelled in escapes.
const maxWrapped = 6*document.MaxBytes + 4<<10

// writingBody is a document in JSON.
type writingBody struct {
	Version *int64  `json:"version"` // that was edited; 0 for none
	Text    *string `json:"text"`
}

// bodyOfWriting reads the YAML of a request, as it is or in JSON, and the version that it says was edited, nil for none.
func bodyOfWriting(r *api.Request) (text string, version *int64, err error) {
	kind, _, _ := strings.Cut(strings.ToLower(api.Header(r, "content-type")), ";")
	if strings.TrimSpace(kind) != "application/json" {
		body, err := api.Body(r, document.MaxBytes)
		return string(body), nil, err
	}
	body, err := api.Body(r, maxWrapped)
	if err != nil {
		return "", nil, err
	}
	var b writingBody
	if err := request.Parse(body, &b); err != nil {
		return "", nil, err
	}
	switch {
	case b.Text == nil:
		return "", nil, fault.At("/text", "text is the document's YAML, and is required")
	case len(*b.Text) > document.MaxBytes:
		return "", nil, fault.New(fault.TooLarge, "a document has at most %d bytes", document.MaxBytes)
	}
	return *b.Text, b.Version, nil
}

// putWriting keeps a scene, a block or a template that an operator has written or edited.
func (h *Handler) putWriting(k outreach.Kind) func(context.Context, *api.Request) (api.Response, error) {
	return func(ctx context.Context, r *api.Request) (api.Response, error) {
		text, version, err := bodyOfWriting(r)
		if err != nil {
			return api.Response{}, err
		}
		name := nameOf(r, k)
		if !outreach.NameOK(name) {
			return api.Response{}, fault.New(fault.Invalid, "a %s is named in lower-case words joined by underscores, of at most 32 characters", k)
		}
		if len(bytes.TrimSpace([]byte(text))) == 0 {
			return api.Response{}, fault.New(fault.Invalid, "the body is empty: send the YAML of the %s", k)
		}
		return h.write(ctx, r, k, name, text, version)
	}
}

// deleteWriting takes back what an operator has written: what came with the suite stands again, and what did not is gone.
func (h *Handler) deleteWriting(k outreach.Kind) func(context.Context, *api.Request) (api.Response, error) {
	return func(ctx context.Context, r *api.Request) (api.Response, error) {
		if err := noBody(r); err != nil {
			return api.Response{}, err
		}
		_, w, err := h.found(ctx, r, k)
		if err != nil {
			return api.Response{}, err
		}
		if w.origin == builtIn {
			return api.Response{}, fault.New(fault.Conflict, "the %s is as it came with the suite, and stays: only edits of it can be deleted", k)
		}
		return h.write(ctx, r, k, w.name, "", nil)
	}
}

// write writes the text of a document, "" for none, where the request's If-Match and the version let it.
func (h *Handler) write(ctx context.Context, r *api.Request, k outreach.Kind, name, text string, version *int64) (api.Response, error) {
	err := again(ctx, func() error {
		all, err := h.store.SceneDocuments(ctx)
		if err != nil {
			return err
		}
		d := h.next(all, outreach.DocumentName(k, name), text)
		stored := document.Document{Version: d.Version - 1}
		total := len(text)
		for _, other := range all {
			if other.Name == d.Name {
				stored = other
			} else {
				total += len(other.Body)
			}
		}
		if !matches(api.Header(r, "if-match"), &stored) {
			return errPrecondition
		}
		if version != nil && *version != stored.Version {
			return fault.New(fault.Conflict, "version %d stands, which is not the one that was edited: read it again", stored.Version)
		}
		if err := outreach.Check(all, d, h.compilers); err != nil {
			if wrong, used := err.(outreach.Mistakes); used && text == "" {
				return inUse{wrong}
			}
			return err
		}
		if total > maxWritten {
			return fault.New(fault.Conflict, "with this one all scenes, blocks and templates come to %d bytes, and %d are kept at most: shorten or delete some", total, maxWritten)
		}
		events, err := outreach.Events(all, d, h.compilers)
		if err != nil {
			return err
		}
		return moved(h.store.PutSceneDocument(ctx, &d, document.Edits(all), events))
	})
	switch {
	case err == errPrecondition:
		return preconditionFailed(), nil
	case err != nil:
		return api.Response{}, err
	}
	stand, err := h.library.Fresh(ctx)
	if err != nil {
		return api.Response{}, err
	}
	w, err := oneWriting(stand, k, name)
	if fault.CodeOf(err) == fault.NotFound { // an operator's own is gone
		return api.JSON(http.StatusOK, map[string]any{"deleted": name, "takes_effect": withinMinute}), nil
	}
	if err != nil {
		return api.Response{}, err
	}
	return answerWriting(stand, &w, withinMinute), nil
}

// inUse says what would be wrong without a document.
type inUse struct{ outreach.Mistakes }

// Unwrap gives the error its code.
func (e inUse) Unwrap() error { return fault.New(fault.Conflict, "%s", e.Error()) }

// maxListed is how many mistakes an answer lists.
const maxListed = 50

// wrongDocument answers with all that is wrong with a document: RFC 9457's problem, with the member errors.
func wrongDocument(code fault.Code, wrong outreach.Mistakes) api.Response {
	p := struct {
		api.Problem
		Errors outreach.Mistakes `json:"errors"`
	}{api.ProblemOf(fault.New(code, "%s", wrong[0].String())), wrong[:min(len(wrong), maxListed)]}
	out := api.JSON(p.Status, p)
	out.Headers["content-type"] = "application/problem+json"
	return out
}
