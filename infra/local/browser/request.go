package browser

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
)

// Request is something that a page asked for.
type Request struct {
	URL    string // without the fragment
	Method string
	Kind   string // "Document", "Image", "Stylesheet", "Script", "Font" and others of the devtools protocol
	Status int    // of the answer; 0 where none came
	Bytes  int    // as they came over the wire, headers included; 0 until all came
	Failed string // why no answer came, e.g. "net::ERR_NAME_NOT_RESOLVED"

	id network.RequestID
}

// Requests returns what the page asked for since it was opened, in order; a redirection counts as a request of its own.
// Data that a document has inside itself (data:) are none, nor is the icon that browsers look for by themselves.
func (p *Page) Requests() []Request {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.requests)
}

// listen takes the browser's events in the order in which they come.
func (p *Page) listen(event any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch e := event.(type) {
	case *page.EventLoadEventFired:
		p.loads++
		p.notify()
	case *runtime.EventBindingCalled:
		if e.Name == clicked {
			p.clicks++
			p.notify()
		}
	case *network.EventRequestWillBeSent:
		if e.RedirectResponse != nil {
			p.answered(e.RequestID, e.RedirectResponse)
			p.finished(e.RequestID, e.RedirectResponse.EncodedDataLength)
		}
		p.requested(e)
	case *network.EventResponseReceived:
		p.answered(e.RequestID, e.Response)
	case *network.EventLoadingFinished:
		p.finished(e.RequestID, e.EncodedDataLength)
	case *network.EventLoadingFailed:
		if r := p.request(e.RequestID); r != nil {
			r.Failed = e.ErrorText
		}
	case *log.EventEntryAdded:
		// An answer that is an error is no fault: pages are tested that tell people of one.
		if e.Entry.Level == log.EntryLevelError && e.Entry.Source != log.EntrySourceNetwork {
			p.fault("has an error in its console: %s", e.Entry.Text)
		}
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeAssert {
			p.fault("wrote an error to its console: %s", said(e.Args))
		}
	case *runtime.EventExceptionThrown:
		if e.ExceptionDetails.Exception != nil {
			p.fault("threw an exception: %s", e.ExceptionDetails.Exception.Description)
		} else {
			p.fault("threw an exception: %s", e.ExceptionDetails.Text)
		}
	}
}

func (p *Page) notify() {
	close(p.changed)
	p.changed = make(chan struct{})
}

func said(arguments []*runtime.RemoteObject) string {
	var words []string
	for _, a := range arguments {
		if a.Description != "" {
			words = append(words, a.Description)
		} else {
			words = append(words, string(a.Value))
		}
	}
	return strings.Join(words, " ")
}

// icon is what browsers look for by themselves, sooner or later or not at all, where a page names no icon.
const icon = "/favicon.ico"

func (p *Page) requested(e *network.EventRequestWillBeSent) {
	r := Request{URL: e.Request.URL, Method: e.Request.Method, Kind: string(e.Type), id: e.RequestID}
	own := r.Kind == string(network.ResourceTypeOther) && r.URL == originOf(r.URL)+icon
	if own || !strings.HasPrefix(r.URL, "http:") && !strings.HasPrefix(r.URL, "https:") {
		return
	}
	p.requests = append(p.requests, r)
	if !p.allowed(r) {
		p.fault("asks for what it may not: %s %s (%s)", r.Method, r.URL, r.Kind)
	}
}

func (p *Page) allowed(r Request) bool {
	if r.Kind == string(network.ResourceTypeDocument) && p.origin != "" && originOf(r.URL) == p.origin {
		return true
	}
	return slices.ContainsFunc(p.options.Allow, func(start string) bool { return strings.HasPrefix(r.URL, start) })
}

func originOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

func (p *Page) answered(id network.RequestID, response *network.Response) {
	if r := p.request(id); r != nil {
		r.Status = int(response.Status)
	}
}

func (p *Page) finished(id network.RequestID, length float64) {
	if r := p.request(id); r != nil {
		r.Bytes = int(length)
	}
}

// request returns the last request of an id, which redirections share.
func (p *Page) request(id network.RequestID) *Request {
	for i := len(p.requests) - 1; i >= 0; i-- {
		if p.requests[i].id == id {
			return &p.requests[i]
		}
	}
	return nil
}

func (p *Page) fault(format string, arguments ...any) {
	p.faults = append(p.faults, fmt.Sprintf(format, arguments...))
}
