package proxy

import (
	"crypto/sha256"
	"encoding/json"
	"net/http"
	"sync"
	"time"
)

// tokenFor is how long the token of a transaction is known. DynamoDB knows one for ten minutes; a client makes a new one
// for each transaction and repeats it within seconds, when it tries the same call again.
const tokenFor = time.Minute

// tokens answers transactions that are sent again with the token of their first time, as DynamoDB does: what has been
// done is not done twice. The engine is not asked to, for it goes through all the tokens of the last ten minutes with each
// transaction: after 100,000 of them that is five milliseconds a call. The methods are safe for concurrent use.
type tokens struct {
	mu    sync.Mutex
	known map[string]*transaction
	done  []*transaction // by when they were done, the oldest first
}

// transaction is one that came with a token.
type transaction struct {
	token   string
	content [sha256.Size]byte // of the request as it was written: a client repeats it byte by byte
	done    time.Time         // zero while it is under way
}

// begin takes note of a transaction with a token. It returns nil and no refusal where it has been done already.
func (t *tokens) begin(token string, content []byte, now time.Time) (*transaction, *refusal) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for len(t.done) > 0 && now.Sub(t.done[0].done) >= tokenFor {
		delete(t.known, t.done[0].token)
		t.done[0], t.done = nil, t.done[1:]
	}
	sum := sha256.Sum256(content)
	switch before := t.known[token]; {
	case before == nil:
		if t.known == nil {
			t.known = map[string]*transaction{}
		}
		begun := &transaction{token: token, content: sum}
		t.known[token] = begun
		return begun, nil
	case before.content != sum:
		return nil, &refusal{reused, "the token was used with another transaction"}
	case before.done.IsZero():
		return nil, &refusal{underWay, "the transaction with this token is under way"}
	}
	return nil, nil
}

// end says whether a transaction has been done. The token of one that has not is as good as new.
func (t *tokens) end(x *transaction, done bool, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case !x.done.IsZero():
	case done:
		x.done = now
		t.done = append(t.done, x)
	case t.known[x.token] == x:
		delete(t.known, x.token)
	}
}

// takeToken takes the token out of the request for a transaction. It returns "" where there is none.
func takeToken(request map[string]json.RawMessage) string {
	token, _ := text(request, "ClientRequestToken")
	if token != "" {
		delete(request, "ClientRequestToken")
	}
	return token
}

// transact forwards a transaction with a token, unless it has been done.
func (p *Proxy) transact(w http.ResponseWriter, r *http.Request, x *exchange) {
	begun, ref := p.tokens.begin(x.op.token, x.op.body, p.cfg.Now())
	switch {
	case ref != nil:
		refuse(w, r, serviceDynamoDB, *ref)
	case begun == nil:
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		w.Write([]byte("{}")) // a caller that has gone needs no answer
	default:
		x.begun = begun
		defer func() { p.tokens.end(begun, false, p.cfg.Now()) }()
		p.engines[serviceDynamoDB].ServeHTTP(w, r)
	}
}
