package main

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"liuke/shared/importfile"
)

// timeLeft lets an invocation make so many steps.
func (w *world) timeLeft(context.Context) time.Duration {
	if w.left--; w.steps > 0 && w.left <= 0 {
		return 0
	}
	return time.Hour
}

// orders is a file of orders with equal rows among them, and some that are refused.
func orders(rows int) string {
	var b strings.Builder
	b.WriteString("customer_id,date,amount\n")
	for i := range rows {
		switch i % 7 {
		case 3:
			b.WriteString("c,never,1\n")
		case 5:
			b.WriteString("same,2024-01-05,5\n")
		default:
			fmt.Fprintf(&b, "c%d,2024-01-05,%d.50\n", i, i)
		}
	}
	return b.String()
}

// responses is a file of answers, some of them in several editions.
func responses(rows int) string {
	var b strings.Builder
	b.WriteString("response_id,email,score,created at,comment,updated at\n")
	for i := range rows {
		score := fmt.Sprint(i % 11)
		if i%9 == 4 {
			score = "many"
		}
		id := i - i%5/4
		email := fmt.Sprintf("c%d@example.com", id%4)
		if id%4 == 3 {
			email = "" // nobody that is known
		}
		fmt.Fprintf(&b, "r%d,%s,%s,2024-01-%02d,%d,2024-02-%02d\n", id, email, score, 1+i%3, i, 1+i%17)
	}
	return b.String()
}

// people is a file of people, some of whom are not to be sent to.
const people = "Email,Customer ID,Unsubscribed at,Bounced at\na@example.com,a,2024-01-05,\nb@example.com,,yes,\nc@example.com,c,,2024-01-06\nd@example.com,d,,\n"

// stubborn delivers every message again and again to workers that die, the first at its first call to the outside, the
// next at its second, and so on, until one lives to the end.
func (w *world) stubborn(body string, committed func(dieAt int) bool) (deaths int) {
	w.t.Helper()
	for ok := true; ok; body, ok = w.imports.take() {
		for dieAt := 1; ; dieAt++ {
			if dieAt > 2000 {
				w.t.Fatalf("no end to %s", body)
			}
			w.network.revive(dieAt, committed(dieAt))
			acknowledged := w.deliver(body)
			died := w.network.died()
			w.network.revive(0, false)
			if !died {
				if !acknowledged {
					w.t.Fatalf("not acknowledged: %s", body)
				}
				break
			}
			deaths++
		}
	}
	return deaths
}

var cases = map[string]struct {
	request importfile.Request
	file    string
}{
	"orders":               {importfile.Request{Kind: importfile.Orders}, orders(47)},
	"responses":            {importfile.Request{Kind: importfile.Delighted, Survey: "nps"}, responses(33)},
	"people":               {importfile.Request{Kind: importfile.Delighted}, people},
	"orders to check":      {importfile.Request{Kind: importfile.Orders, DryRun: true}, orders(25)},
	"lines that end in CR": {importfile.Request{Kind: importfile.Orders}, strings.ReplaceAll(orders(15), "\n", "\r")},
	"an answer to each":    {importfile.Request{Kind: importfile.Answers}, "customer_id,score,date\n" + strings.Repeat("a,9,2024-01-05\nb,3,2024-01-05\n", 12)},
}

func TestWorkersThatDieAtAnyCallChangeNothing(t *testing.T) {
	for name, c := range cases {
		for when, committed := range map[string]func(int) bool{
			"before the call has its effect":     func(int) bool { return false },
			"after it had, before the answer":    func(int) bool { return true },
			"now before, now after, and in time": func(n int) bool { return n%2 == 0 },
		} {
			t.Run(name+" "+when, func(t *testing.T) {
				w := newWorld(t)
				if strings.HasSuffix(when, "in time") {
					w.steps = 2
				}
				id, notification := w.open(c.request, c.file)
				deaths := w.stubborn(notification, committed)
				w.expect(id, w.content(c.request, c.file))
				if deaths < 5 {
					t.Errorf("%d workers died: the test shows little", deaths)
				}
				t.Logf("%d workers died", deaths)
			})
		}
	}
}

func TestCallsThatFailAreMadeAgain(t *testing.T) {
	for name, c := range cases {
		for _, committed := range []bool{false, true} {
			t.Run(fmt.Sprint(name, ", committed ", committed), func(t *testing.T) {
				w := newWorld(t)
				id, body := w.open(c.request, c.file)
				w.network.stumbles = true
				for ok, try := true, 1; ok; try++ {
					if try > 500 {
						t.Fatalf("no end to %s", body)
					}
					w.network.revive(try%60+1, committed)
					if !w.deliver(body) {
						w.imports.bodies = append(w.imports.bodies, body) // SQS delivers it again
					}
					w.network.revive(0, false)
					body, ok = w.imports.take()
				}
				w.expect(id, w.content(c.request, c.file))
			})
		}
	}
}

func TestTwoWorkersOnOneImportGiveWayToEachOther(t *testing.T) {
	w := newWorld(t)
	file := orders(47)
	r := importfile.Request{Kind: importfile.Orders}
	id, notification := w.open(r, file)
	slow := w.handler.Props
	nested := 0
	slow.Left = func(context.Context) time.Duration {
		if nested++; nested == 2 { // the slower worker has made two steps of its own when a quicker one does one
			w.steps = 1
			if !w.deliver(notification) {
				t.Fatal("the quicker worker fails")
			}
			w.steps = 0
		}
		return time.Hour
	}
	quick := w.handler
	w.handler = NewHandler(slow)
	w.t.Cleanup(func() { w.handler = quick })
	slower := w.handler
	w.handler = quick
	out := slower.work(t.Context(), []task{{id}})
	if len(out) != 1 || out[0] == nil || !strings.Contains(out[0].Error(), "another worker") {
		t.Fatalf("the slower worker does not give way: %v", out)
	}
	w.drain(notification)
	w.expect(id, w.content(r, file))
}
