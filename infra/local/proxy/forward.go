package proxy

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync"

	"liuke/infra/local/iam"
)

// exchange is one call on its way through.
type exchange struct {
	call   Call
	op     operation
	caller Caller
	begun  *transaction // nil where it is no transaction with a token
}

type exchangeKey struct{}

// buffers lends the copying of bodies its buffers.
type buffers struct{ pool sync.Pool }

func (b *buffers) Get() []byte {
	if buf, ok := b.pool.Get().(*[]byte); ok {
		return *buf
	}
	return make([]byte, 32<<10)
}

func (b *buffers) Put(buf []byte) { b.pool.Put(&buf) }

// engine returns what forwards to an engine.
func (p *Proxy) engine(to *url.URL, transport http.RoundTripper) *httputil.ReverseProxy {
	return &httputil.ReverseProxy{
		Rewrite: func(pr *httputil.ProxyRequest) {
			pr.Out.URL.Scheme, pr.Out.URL.Host = to.Scheme, to.Host
			pr.Out.Host = to.Host
			pr.Out.Header.Del("Expect")
		},
		Transport:      transport,
		BufferPool:     &buffers{},
		ErrorLog:       log.New(io.Discard, "", 0), // broken exchanges are answered below
		ModifyResponse: p.answered,
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
			if errors.Is(err, abort{}) || r.Context().Err() != nil {
				panic(http.ErrAbortHandler) // the server closes the connection and answers nothing
			}
			refuse(w, r, serviceOf(r), refusal{failed, "the engine did not answer"})
		},
	}
}

// abort asks that the connection be closed without an answer.
type abort struct{}

func (abort) Error() string { return "the answer is withheld" }

func serviceOf(r *http.Request) string {
	if x, ok := r.Context().Value(exchangeKey{}).(*exchange); ok {
		return x.call.service()
	}
	return serviceS3
}

// forward hands the call to its engine or stand-in.
func (p *Proxy) forward(w http.ResponseWriter, r *http.Request, x *exchange) {
	r = r.WithContext(context.WithValue(r.Context(), exchangeKey{}, x))
	if x.op.body != nil {
		r.Body = io.NopCloser(bytes.NewReader(x.op.body))
		r.ContentLength = int64(len(x.op.body))
		r.Header.Del("Content-Length")
	}
	switch x.call.service() {
	case serviceSES:
		p.stand(w, r, x, p.cfg.SES)
	case serviceSMS:
		p.stand(w, r, x, p.cfg.SMS)
	case serviceSNS:
		p.stand(w, r, x, p.cfg.SNS)
	case serviceSecrets:
		p.stand(w, r, x, p.cfg.SecretsManager)
	default:
		if x.op.token != "" {
			p.transact(w, r, x)
			return
		}
		p.engines[x.call.service()].ServeHTTP(w, r)
	}
}

// answered sees the engine's answer before the caller does.
func (p *Proxy) answered(response *http.Response) error {
	x, ok := response.Request.Context().Value(exchangeKey{}).(*exchange)
	if !ok {
		return nil
	}
	if x.begun != nil {
		p.tokens.end(x.begun, response.StatusCode == http.StatusOK, p.cfg.Now())
	}
	if ref, disturbed := p.afterwards(x.call); disturbed {
		if ref == nil {
			return abort{}
		}
		replace(response, *ref, x)
		return nil
	}
	if ref, hidden := p.hidesAbsence(response, x); hidden {
		replace(response, ref, x)
		return nil
	}
	if x.call.service() == serviceDynamoDB && response.StatusCode == http.StatusOK {
		if write, ok := dynamoDBMetered[x.op.name]; ok {
			response.Body = &meteredBody{ReadCloser: response.Body, usage: &p.usage, function: x.call.Function, write: write}
		}
	}
	return nil
}

// hidesAbsence reports whether S3 would not tell the caller that the object is absent: without s3:ListBucket on the
// bucket it answers 403 rather than 404 (S3 API reference, GetObject, "Permissions").
func (p *Proxy) hidesAbsence(response *http.Response, x *exchange) (refusal, bool) {
	if response.StatusCode != http.StatusNotFound || x.op.name != "GetObject" && x.op.name != "HeadObject" {
		return refusal{}, false
	}
	d := p.cfg.Authority.Check(iam.Request{
		Principal: iam.Role(x.caller.Role),
		Action:    "s3:ListBucket",
		Resource:  bucketOf(x.call.Resource),
	})
	if d.Allowed {
		return refusal{}, false
	}
	return refusal{denied, "the object does not exist, and S3 says so only to who may list the bucket: " + d.String()}, true
}

func replace(response *http.Response, ref refusal, x *exchange) {
	response.Body.Close()
	a := ref.answer(x.call.service(), response.Request.URL.Path)
	response.StatusCode, response.Status = a.status, ""
	response.Header = a.header
	response.Body = io.NopCloser(bytes.NewReader(a.body))
	response.ContentLength = int64(len(a.body))
	if response.Request.Method == http.MethodHead {
		response.Body = http.NoBody
	}
}

// stand lets a stand-in answer.
func (p *Proxy) stand(w http.ResponseWriter, r *http.Request, x *exchange, h http.Handler) {
	held := &held{header: http.Header{}, status: http.StatusOK}
	h.ServeHTTP(held, r)
	if ref, disturbed := p.afterwards(x.call); disturbed {
		if ref == nil {
			panic(http.ErrAbortHandler)
		}
		refuse(w, r, x.call.service(), *ref)
		return
	}
	for name, values := range held.header {
		w.Header()[name] = values
	}
	w.WriteHeader(held.status)
	w.Write(held.body.Bytes()) // a caller that has gone needs no answer
}

// held is an answer kept back until it is known whether the caller gets it.
type held struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (h *held) Header() http.Header         { return h.header }
func (h *held) WriteHeader(status int)      { h.status = status }
func (h *held) Write(b []byte) (int, error) { return h.body.Write(b) }
