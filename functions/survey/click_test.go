package main

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"liuke/shared/api"
	"liuke/shared/message"
	"liuke/shared/token"
)

// spring is where the link of the samples leads.
const spring = "https://shop.example/spring?from=mail"

// mailed puts the entry of the samples on the ledger, handed over a minute ago.
func (b *testBundle) mailed() {
	b.entries[invitation] = message.Entry{Customer: "user-0001", ID: invitation, Revision: 4, State: message.Sent, Channel: message.Email, Sent: b.now.Add(-time.Minute)}
}

func head(r *api.Request) {
	r.RouteKey = "HEAD" + strings.TrimPrefix(r.RouteKey, "GET")
	r.RequestContext.HTTP.Method = "HEAD"
}

// leads fails the test where a response leads anywhere but to the address.
func leads(t *testing.T, out api.Response, to string) {
	t.Helper()
	if h := status(t, out, http.StatusSeeOther).Headers; h["location"] != to || h["referrer-policy"] != "no-referrer" || out.Body != "" {
		t.Errorf("%v %q", h, out.Body)
	}
}

func TestAClickIsCountedOnceAndLeadsOn(t *testing.T) {
	b := setup(t)
	b.mailed()
	for range 3 {
		leads(t, b.do(t, "click"), spring)
		b.now = b.now.Add(time.Hour)
	}
	e := b.entries[invitation]
	if want := b.now.Add(-3 * time.Hour); !e.Clicked.Equal(want) || !e.Prefetched.IsZero() || e.Revision != 5 {
		t.Errorf("%+v", e)
	}
	equal(t, "calls", b.calls, []string{"entry", "write", "entry", "entry"})
	if strings.Contains(e.Link, "shop") {
		t.Errorf("the ledger holds %q", e.Link)
	}
}

func TestProgramsAreNoClicks(t *testing.T) {
	for name, change := range map[string]func(*api.Request){
		"a head":     head,
		"a prefetch": header("sec-purpose", "prefetch;prerender"),
		"a scanner":  header("user-agent", "Mozilla/5.0 (compatible; Proofpoint)"),
		"nobody":     header("user-agent", ""),
	} {
		t.Run(name, func(t *testing.T) {
			b := setup(t)
			b.mailed()
			leads(t, b.do(t, "click", change), spring)
			if e := b.entries[invitation]; !e.Clicked.IsZero() || !e.Prefetched.Equal(b.now) {
				t.Errorf("%+v", e)
			}
		})
	}
}

func TestSeveralLinksAtOnceAreNoClicks(t *testing.T) {
	b := setup(t)
	b.mailed()
	for _, address := range []string{"https://shop.example/1", "https://shop.example/2", "https://shop.example/3"} {
		tok, err := b.keys.Seal(token.PurposeClick, token.Click{Entry: token.Entry{Customer: "user-0001", Entry: invitation}, URL: address})
		if err != nil {
			t.Fatal(err)
		}
		leads(t, b.do(t, "click", func(r *api.Request) { r.PathParameters = map[string]string{"token": tok} }), address)
		b.now = b.now.Add(200 * time.Millisecond)
	}
	if e := b.entries[invitation]; !e.Clicked.IsZero() || e.Prefetched.IsZero() {
		t.Errorf("%+v", e)
	}
}

func TestTheLinkLeadsOnWhateverBecomesOfTheCount(t *testing.T) {
	for name, how := range map[string]func(n int, call string) mode{
		"the table is down": func(int, string) mode { return refused },
		"the write is lost": func(_ int, call string) mode { return map[string]mode{"write": lost}[call] },
		"the entry is gone": nil,
	} {
		t.Run(name, func(t *testing.T) {
			b := setup(t)
			if how != nil {
				b.mailed()
			}
			b.fail = how
			leads(t, b.do(t, "click"), spring)
		})
	}
}

func TestAnEntryThatMovesIsCountedAnew(t *testing.T) {
	b := setup(t)
	b.mailed()
	moving := 0
	b.handler.Ledger = moves{b.memory, &moving}
	leads(t, b.do(t, "click"), spring)
	if e := b.entries[invitation]; !e.Clicked.Equal(b.now) || moving != 1 {
		t.Errorf("%+v", e)
	}
}

// moves is a ledger in which a receipt comes between reading and writing, once.
type moves struct {
	*memory
	times *int
}

func (m moves) WriteEntry(ctx context.Context, e message.Entry) (message.Entry, error) {
	if *m.times == 0 {
		*m.times++
		moved := m.entries[e.ID]
		moved.Revision++
		m.entries[e.ID] = moved
	}
	return m.memory.WriteEntry(ctx, e)
}

func TestAFloodOfClicksLeadsOnAndIsNotCounted(t *testing.T) {
	b := setup(t)
	b.mailed()
	for range LinkPace + 40 {
		leads(t, b.do(t, "click"), spring)
	}
	if len(b.calls) > LinkPace+1 {
		t.Errorf("%d calls to the table", len(b.calls))
	}
}

func TestALinkLeadsNowhereElse(t *testing.T) {
	b := setup(t)
	b.mailed()
	unsubscribe, err := b.keys.Seal(token.PurposeUnsubscribe, token.Click{Entry: token.Entry{Customer: "user-0001", Entry: invitation}, URL: "https://evil.example"})
	if err != nil {
		t.Fatal(err)
	}
	raw := append(append([]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 4}, "user"...), "https://shop.example/\r\nset-cookie: a=b"...)
	crlf, err := b.keys.Seal(token.PurposeClick, spelled(raw))
	if err != nil {
		t.Fatal(err)
	}
	script, err := b.keys.Seal(token.PurposeClick, spelled(append(raw[:21:21], "javascript:alert(1)"...)))
	if err != nil {
		t.Fatal(err)
	}
	for name, tok := range map[string]string{
		"an address in the place of a token": "https://evil.example", "nothing": "", "a token of another purpose": unsubscribe, "a token cut short": unsubscribe[:20],
		"a line break that was sealed": crlf, "a script that was sealed": script, "a long one": strings.Repeat("A", 1<<16),
	} {
		out := b.do(t, "click", func(r *api.Request) { r.PathParameters = map[string]string{"token": tok} }, query("url", "https://evil.example", "to", "//evil.example"))
		if status(t, out, http.StatusUnauthorized); out.Headers["location"] != "" {
			t.Errorf("%s leads to %s", name, out.Headers["location"])
		}
	}
	leads(t, b.do(t, "click", query("url", "https://evil.example")), spring)
	if len(b.calls) != 2 {
		t.Errorf("calls %v", b.calls)
	}
}

// spelled is a payload that is sealed as it stands.
type spelled []byte

func (s spelled) MarshalBinary() ([]byte, error) { return s, nil }

func TestHeadIsAnsweredWhereverCustomersLinksAre(t *testing.T) {
	b := setup(t)
	b.mailed()
	for sample, want := range map[string]int{"form": http.StatusOK, "unsubscribe": http.StatusOK, "preferences": http.StatusOK, "click": http.StatusSeeOther} {
		if out := status(t, b.do(t, sample, head), want); out.Body != "" {
			t.Errorf("%s: %q", sample, out.Body)
		}
		status(t, b.do(t, sample, head, func(r *api.Request) { r.PathParameters = map[string]string{"token": "x"} }), http.StatusUnauthorized)
	}
	if len(b.sent) > 0 || len(b.answers) > 0 {
		t.Errorf("looking changed something: %v", b.calls)
	}
}
