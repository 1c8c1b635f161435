package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"liuke/shared/api"
	"liuke/shared/comment"
	"liuke/shared/survey"
)

// attempt sends a request and reports whether it was acknowledged; a crash ends the instance, and the next one begins.
func (b *testBundle) attempt(t testing.TB, sample string, changes ...func(*api.Request)) (out api.Response, acknowledged bool) {
	t.Helper()
	defer func() {
		if p := recover(); p != nil {
			if _, ours := p.(crash); !ours {
				panic(p)
			}
			b.restart(t)
			acknowledged = false
		}
	}()
	out = b.do(t, sample, changes...)
	return out, out.StatusCode == http.StatusSeeOther || out.StatusCode == http.StatusCreated
}

// consistent fails the test where an answer stands without the pointer to its revision.
func (b *testBundle) consistent(t rapid.TB, pointers []string) {
	t.Helper()
	for _, a := range b.answers {
		if id := fmt.Sprintf("answer:%s:%s:%d", a.Survey, a.Invitation, a.Revision); !slices.Contains(pointers, id) {
			t.Errorf("the answer %s stands without its pointer", id)
		}
	}
}

func TestWhateverFailsNothingIsLostThatWasAcknowledged(t *testing.T) {
	clean := setup(t)
	clean.do(t, "answer")
	equal(t, "calls", clean.calls, []string{"surveys", "erased", "answer", "send", "put"})
	for n, call := range clean.calls {
		for how, name := range map[mode]string{refused: "is refused", lost: "answers nothing", crashed: "is not reached", crashedEnd: "is the last"} {
			t.Run(call+" "+name, func(t *testing.T) {
				b := setup(t)
				b.fail = func(i int, _ string) mode {
					if i == n {
						return how
					}
					return works
				}
				out, acknowledged := b.attempt(t, "answer")
				if acknowledged {
					t.Fatal("acknowledged all the same")
				}
				b.consistent(t, b.pointers(t))
				if out.StatusCode != 0 {
					status(t, out, http.StatusServiceUnavailable)
					if out.Headers["retry-after"] == "" {
						t.Error("no word of when to try again")
					}
					if call != "surveys" {
						holds(t, out, "发货很快！</textarea>", "再次提交") // what was typed is not lost either
					}
				}
				for range 2 { // the same again heals it, and once more changes nothing
					if out, ok := b.attempt(t, "answer"); !ok {
						t.Fatalf("%d %s", out.StatusCode, out.Body)
					}
				}
				if a := b.stands(); a == nil || a.Revision != 1 || a.Values["comment"].Text != "发货很快！" {
					t.Errorf("stands %+v", a)
				}
				b.consistent(t, b.pointers(t))
				for _, id := range b.pointers(t) {
					if id != "answer:nps:"+invitation+":1" {
						t.Errorf("sent %s", id)
					}
				}
				if logged := b.log.String(); strings.Contains(logged, "user-0001") || strings.Contains(logged, "发货") || strings.Contains(logged, "wIAoPiex") {
					t.Errorf("personal data in the log: %s", logged)
				}
			})
		}
	}
}

func TestAnyFaultsInAnyOrderLoseNothing(t *testing.T) {
	bodies := []string{
		"score=9&comment=a&_asked=score,comment", "score=2&comment=b&_asked=score,comment", "reason=price&_asked=reason", "score=4&reason=service", "score=9&comment=a",
	}
	rapid.Check(t, func(r *rapid.T) {
		b := setup(t)
		b.fail = func(int, string) mode {
			return mode(rapid.SampledFrom([]int{0, 0, 0, 0, 0, 0, 1, 2, 3, 4}).Draw(r, "fault"))
		}
		var known *survey.Answer // as it stood when something was acknowledged last
		for range rapid.IntRange(1, 12).Draw(r, "requests") {
			sent := rapid.SampledFrom(bodies).Draw(r, "body")
			_, acknowledged := b.attempt(t, "answer", typed(urlencoded, sent))
			now := b.stands()
			if known != nil && (now == nil || now.Revision < known.Revision || now.Revision == known.Revision && !now.Values.Equal(known.Values)) {
				r.Fatalf("%+v was acknowledged, and %+v stands", known, now)
			}
			if acknowledged {
				if now == nil && sent != bodies[2] {
					r.Fatal("acknowledged, and nothing stands")
				}
				known = now
			}
			b.consistent(r, b.pointers(t))
		}
	})
}

type reader struct {
	texts []string
	err   error
}

func (a *reader) Analyze(_ context.Context, text string) (comment.Insight, error) {
	a.texts = append(a.texts, text)
	return comment.Insight{Language: "zh", Sentiment: comment.Positive, Topics: []comment.Topic{comment.Delivery}}, a.err
}

func TestCommentsAreReadOnceAndNeverStandInTheWay(t *testing.T) {
	b := setup(t)
	a := &reader{}
	b.handler.Analyzer = a
	b.do(t, "answer")
	b.do(t, "answer", body("score=8&comment=%E5%8F%91%E8%B4%A7%E5%BE%88%E5%BF%AB%EF%BC%81"))
	equal(t, "read", a.texts, []string{"发货很快！"})
	if got := b.stands(); got.Revision != 2 || got.Insight.Sentiment != "positive" {
		t.Errorf("stands %+v", got)
	}
	a.err = errors.New("no model for 发货")
	status(t, b.do(t, "answer", body("score=8&comment=slow")), http.StatusSeeOther)
	if got := b.stands(); got.Revision != 3 || got.Insight.Sentiment != "" || got.Values["comment"].Text != "slow" {
		t.Errorf("stands %+v", got)
	}
	if !strings.Contains(b.metrics.String(), "CommentsNotAnalyzed") || strings.Contains(b.log.String(), "发货") {
		t.Errorf("logged %s", b.log)
	}
}
