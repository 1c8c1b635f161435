package main

import (
	"context"
	"net/http"

	"liuke/shared/api"
	"liuke/shared/fault"
	"liuke/shared/importfile"
)

// Imports reads what became of imports.
type Imports interface {
	importfile.Records
	// Import returns NotFound where there is none of the id.
	Import(ctx context.Context, id string) (*importfile.Import, error)
	// ImportRefused returns the refused rows that are listed, by number.
	ImportRefused(ctx context.Context, id string) ([]importfile.Refused, error)
	// Imports returns the latest imports, newest first.
	Imports(ctx context.Context, limit int) ([]*importfile.Import, error)
}

// openImport keeps a new import and tells where to upload its file.
func (h *Handler) openImport(ctx context.Context, r *api.Request) (api.Response, error) {
	body, err := api.Body(r, maxRequestBytes)
	if err != nil {
		return api.Response{}, err
	}
	request, err := importfile.ParseRequest(body)
	if err != nil {
		return api.Response{}, err
	}
	opener := importfile.Opener{Records: h.store, Uploads: h.lake, Now: h.now, Random: h.random}
	ticket, err := opener.Open(ctx, request)
	if err != nil {
		return api.Response{}, err
	}
	out := api.JSON(http.StatusCreated, ticket)
	out.Headers["location"] = "imports/" + ticket.ID // beside the address that was posted to
	return out, nil
}

// imports lists the latest imports, newest first, without their refused rows.
func (h *Handler) imports(ctx context.Context, r *api.Request) (api.Response, error) {
	n, err := limit(r, 10, 50)
	if err != nil {
		return api.Response{}, err
	}
	all, err := h.store.Imports(ctx, n)
	if err != nil {
		return api.Response{}, err
	}
	views := make([]importfile.View, len(all))
	for i, imported := range all {
		views[i] = imported.View(nil)
	}
	return api.JSON(http.StatusOK, map[string]any{"imports": views}), nil
}

// oneImport shows how far an import has come, with the rows that it refused.
func (h *Handler) oneImport(ctx context.Context, r *api.Request) (api.Response, error) {
	id := pathParameter(r, "id")
	if !importfile.IsID(id) {
		return api.Response{}, fault.New(fault.NotFound, "there is no such import, or not any more")
	}
	imported, err := h.store.Import(ctx, id)
	if err != nil {
		return api.Response{}, err
	}
	refused, err := h.store.ImportRefused(ctx, id)
	if err != nil {
		return api.Response{}, err
	}
	return api.JSON(http.StatusOK, imported.View(refused)), nil
}
