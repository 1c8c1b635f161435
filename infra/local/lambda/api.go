package lambda

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
)

const apiVersion = "/2018-06-01/runtime"

// api serves the Runtime API to the one process of the environment.
func (e *environment) api() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+apiVersion+"/invocation/next", e.serveNext)
	mux.HandleFunc("POST "+apiVersion+"/invocation/{id}/response", e.serveResponse)
	mux.HandleFunc("POST "+apiVersion+"/invocation/{id}/error", e.serveError)
	mux.HandleFunc("POST "+apiVersion+"/init/error", e.serveInitError)
	return mux
}

func (e *environment) serveNext(w http.ResponseWriter, r *http.Request) {
	e.readyOnce.Do(func() { close(e.ready) })
	select {
	case in := <-e.next:
		h := w.Header()
		h.Set("Content-Type", "application/json")
		h.Set("Lambda-Runtime-Aws-Request-Id", in.id)
		h.Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(in.deadline.UnixMilli(), 10))
		h.Set("Lambda-Runtime-Invoked-Function-Arn", e.config.ARN)
		h.Set("Lambda-Runtime-Trace-Id", "Root=1-"+fmt.Sprintf("%08x", in.deadline.Unix())+"-"+strings.ReplaceAll(in.id, "-", "")[:24]+";Sampled=0")
		w.Write(in.payload) // a process that is gone is seen by its end
	case <-r.Context().Done():
	}
}

func (e *environment) serveResponse(w http.ResponseWriter, r *http.Request) {
	in := e.invocation(r.PathValue("id"))
	if in == nil {
		refuse(w, http.StatusBadRequest, "InvalidRequestID", "no such invocation is under way")
		return
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxPayload+1))
	if err != nil {
		refuse(w, http.StatusBadRequest, "InvalidRequest", err.Error())
		return
	}
	if len(body) > maxPayload {
		const limit = "the response is over Lambda's limit of 6291456 bytes"
		in.finish(outcome{err: &Error{e.config.Name, "Function.ResponseSizeTooLarge", limit}})
		refuse(w, http.StatusRequestEntityTooLarge, "RequestEntityTooLarge", limit)
		return
	}
	in.finish(outcome{answer: body})
	accept(w)
}

func (e *environment) serveError(w http.ResponseWriter, r *http.Request) {
	in := e.invocation(r.PathValue("id"))
	if in == nil {
		refuse(w, http.StatusBadRequest, "InvalidRequestID", "no such invocation is under way")
		return
	}
	in.finish(outcome{err: e.readError(r)})
	accept(w)
}

func (e *environment) serveInitError(w http.ResponseWriter, r *http.Request) {
	select {
	case e.initError <- e.readError(r):
	default:
	}
	accept(w)
}

// readError reads what the process says of its failure.
func (e *environment) readError(r *http.Request) *Error {
	fault := &Error{Function: e.config.Name, Type: r.Header.Get("Lambda-Runtime-Function-Error-Type")}
	var body struct {
		Type    string `json:"errorType"`
		Message string `json:"errorMessage"`
	}
	if err := json.NewDecoder(io.LimitReader(r.Body, maxPayload)).Decode(&body); err == nil {
		fault.Message = body.Message
		if body.Type != "" {
			fault.Type = body.Type
		}
	}
	return fault
}

func (in *invocation) finish(o outcome) {
	select {
	case in.done <- o:
	default: // answered already
	}
}

func accept(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusAccepted)
	io.WriteString(w, `{"status":"OK"}`)
}

func refuse(w http.ResponseWriter, status int, kind, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(map[string]string{"errorType": kind, "errorMessage": message})
}
