package walkthrough

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"liuke/infra/local/browser"
	"liuke/infra/local/project"
)

// day is the session's.
const day = "2026-03-02"

// The customers of the README.
const (
	ben, benMail = "u2", "ben@example.com"
	mei, meiMail = "u3", "mei@example.com"
)

// What their mails are called.
const (
	thanked, thankedZH = "Thank you for your order of 480.00 EUR", "感谢您的订单（24.50 EUR）"
	asked, askedZH     = "How is our tea?", "您的评价对我们很重要"
	sorry              = "We are sorry, and thank you for telling us"
)

func TestAStrangerAsksCustomersAndSeesWhatTheySay(t *testing.T) {
	s := begin(t, onSurveys, day)
	s.prepare(t)
	before := s.score(t)
	s.ask(t)

	s.meiIsHappy(t)
	up := s.score(t)
	s.benIsNot(t)
	down := s.score(t)
	if up <= before || down >= up {
		t.Errorf("the NPS was %v, with a 10 it is %v and with a 3 it is %v", before, up, down)
	}
	s.operatorsSeeWhatWasSaid(t)
	s.benIsApologisedTo(t)
	s.theTaskIsDone(t)
	s.aFormOfTheShopsOwn(t)
}

// prepare follows the README up to where people are invited, the nightly recalculation included.
func (s *session) prepare(t *testing.T) {
	t.Helper()
	root, err := project.Root()
	if err != nil {
		t.Fatal(err)
	}
	s.follow(t, "POST", "/_local/clock")
	s.follow(t, "PUT", "/v1/settings/brand")
	s.follow(t, "PUT", "/v1/settings/tasks")
	var nps map[string]any
	if err := json.Unmarshal(s.follow(t, "GET", "/v1/surveys/nps"), &nps); err != nil {
		t.Fatal(err)
	}
	nps["texts"].(map[string]any)["en"].(map[string]any)["title"] = asked // as the README's jq does
	edited, err := json.Marshal(nps)
	if err != nil {
		t.Fatal(err)
	}
	s.follow(t, "PUT", "/v1/surveys/nps", func(r *request) { r.body = string(edited) })
	s.importAnswers(t, filepath.Join(root, "testdata", "answers.csv"))
	s.follow(t, "POST", "/v1/batch")
	s.settle(t)
	s.follow(t, "GET", "/v1/customers/"+mei)
	s.follow(t, "POST", "/v1/rfm/runs")
	s.settle(t)
}

// metrics is what the README looks at.
type metrics struct {
	Total struct {
		Asked, Answers, Invited int
		Metric                  struct {
			Score float64
			Text  string
		}
	}
	By     string
	Groups []struct {
		Name    string
		Answers int
	}
	Comments struct{ Count int }
}

// score is the NPS as the README asks for it.
func (s *session) score(t *testing.T) float64 {
	t.Helper()
	var m metrics
	if err := json.Unmarshal(s.follow(t, "GET", "/v1/surveys/nps/metrics"), &m); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d asked: %s", m.Total.Asked, m.Total.Metric.Text)
	if !strings.HasPrefix(m.Total.Metric.Text, "NPS +") || !strings.Contains(m.Total.Metric.Text, "with 95 % confidence") {
		t.Errorf("the NPS says %q", m.Total.Metric.Text)
	}
	return m.Total.Metric.Score
}

// ask invites both customers by mail.
func (s *session) ask(t *testing.T) {
	t.Helper()
	s.follow(t, "POST", "/v1/surveys/nps/invitations")
	s.settle(t)
	s.last(t, benMail, asked, thanked)
	s.last(t, meiMail, askedZH, thankedZH)
}

// open opens a mail on a phone and taps a number in it, which leads to the form; take takes a picture of the mail.
func (s *session) open(t *testing.T, m mail, locale, number string, take func(*browser.Page)) *browser.Page {
	t.Helper()
	screen := phone(locale)
	screen.Allow = []string{s.URL}
	p := browser.Render(t, m.HTML, screen)
	for _, problem := range slices.Concat(p.Violations(), p.Overflow(), p.SmallTargets()) {
		t.Errorf("the mail: %s", problem)
	}
	take(p)
	p.Follow(func() { p.Tap(`a[href$="score=` + number + `"]`) })
	if e := p.Find("#score-" + number); !e.Checked {
		t.Fatalf("the tap on %s leads to %s: %s", number, p.URL(), p.Text())
	}
	return p
}

// meiIsHappy answers in Chinese: a tap in the mail and one in the form.
func (s *session) meiIsHappy(t *testing.T) {
	t.Helper()
	p := s.open(t, s.last(t, meiMail, askedZH, thankedZH), "zh-CN", "10", func(p *browser.Page) { p.Screenshot("mail-zh") })
	if !strings.Contains(p.Text(), "您有多大可能把我们推荐给朋友或同事？") {
		t.Errorf("the form says %s", p.Text())
	}
	p.TabTo("textarea")
	p.Type("茶很香，物流也很快！")
	picture(t, p, "form-zh")
	p.Follow(func() { p.Tap("button") })
	if p.Title() != "感谢您的参与！ · Acme Tea" {
		t.Errorf("the form leads to %q: %s", p.Title(), p.Text())
	}
	p.Screenshot("thanks-zh")
	s.settle(t)
}

// benIsNot answers in English, page by page: who gives a low score is asked why.
func (s *session) benIsNot(t *testing.T) {
	t.Helper()
	p := s.open(t, s.last(t, benMail, asked, thanked), "en-GB", "3", func(p *browser.Page) { picture(t, p, "mail-en") })
	if !strings.Contains(p.Text(), "Acme Tea") || p.Count("input[name=reason]") > 0 {
		t.Errorf("the form shows %s", p.Text())
	}
	p.TabTo("textarea")
	p.Type("The parcel came a week late, and the pot was broken.")
	p.Screenshot("form-en")
	p.Follow(func() { p.Tap("button") })
	if p.Count("input[name=reason]") == 0 || !strings.Contains(p.Text(), "What should we improve?") {
		t.Fatalf("after a 3 comes %q: %s", p.Title(), p.Text())
	}
	s.settle(t) // a page is an answer already, for who goes no further
	p.Tap("#reason-delivery")
	picture(t, p, "branch-en")
	p.Follow(func() { p.Tap("button") })
	if p.Title() != "Thank you! · Acme Tea" {
		t.Errorf("the form leads to %q: %s", p.Title(), p.Text())
	}
	s.settle(t)
}

// operatorsSeeWhatWasSaid looks at the answers one by one, and at what they come to.
func (s *session) operatorsSeeWhatWasSaid(t *testing.T) {
	t.Helper()
	var list struct {
		Responses []struct {
			Customer         string `json:"customer_id"`
			Score            int
			Complete         bool
			Version          int
			Locale, Language string
			Sentiment        string
			Topics           []string
			Answers          map[string]any
			Cell             struct{ Segment, Channel string }
		}
	}
	if err := json.Unmarshal(s.follow(t, "GET", "/v1/surveys/nps/responses"), &list); err != nil {
		t.Fatal(err)
	}
	if len(list.Responses) < 2 {
		t.Fatalf("%d answers are listed", len(list.Responses))
	}
	b, m := list.Responses[0], list.Responses[1] // the last first
	if b.Customer != ben || b.Score != 3 || !b.Complete || b.Version != 2 || b.Sentiment != "negative" || !slices.Contains(b.Topics, "delivery") ||
		b.Cell.Channel != "email" || b.Cell.Segment != "New Customers" {
		t.Errorf("Ben's answer is %+v", b)
	}
	if m.Customer != mei || m.Score != 10 || !m.Complete || m.Language != "zh" || m.Sentiment != "positive" {
		t.Errorf("Mei's answer is %+v", m)
	}
	csv := string(s.follow(t, "GET", "/v1/surveys/nps/responses?format=csv"))
	if !strings.Contains(csv, "茶很香，物流也很快！") || !strings.Contains(csv, "the pot was broken") {
		t.Errorf("the table of answers is %s", csv)
	}
	var by metrics
	if err := json.Unmarshal(s.follow(t, "GET", "/v1/surveys/nps/metrics?by=locale"), &by); err != nil {
		t.Fatal(err)
	}
	if by.Total.Asked != 2 || by.Total.Invited != 2 || by.Total.Answers != 62 || len(by.Groups) != 2 || by.Comments.Count < 10 {
		t.Errorf("the answers come to %+v", by)
	}
}

// benIsApologisedTo finds the apology that his answer set off.
func (s *session) benIsApologisedTo(t *testing.T) {
	t.Helper()
	s.last(t, benMail, sorry, asked, thanked)
	s.last(t, meiMail, askedZH, thankedZH)
}

// todo is a task as the README shows it.
type todo struct {
	ID       string    `json:"task_id"`
	Customer string    `json:"customer_id"`
	Title    string    `json:"title"`
	Tier     string    `json:"tier"`
	Owner    string    `json:"owner"`
	State    string    `json:"state"`
	Outcome  string    `json:"outcome"`
	Overdue  bool      `json:"overdue"`
	Level    int       `json:"level"`
	Created  time.Time `json:"created_at"`
	Due      time.Time `json:"due_at"`
}

// theTaskIsDone finds what is to be done for Ben, lets it fall overdue and escalate, does it, and finds that Ben is asked
// again, once.
func (s *session) theTaskIsDone(t *testing.T) {
	t.Helper()
	tasks := func(method, path string) []todo {
		t.Helper()
		var list struct{ Tasks []todo }
		if err := json.Unmarshal(s.follow(t, method, path), &list); err != nil {
			t.Fatal(err)
		}
		return list.Tasks
	}
	open := tasks("GET", "/v1/tasks")
	if len(open) != 1 || open[0].Customer != ben || open[0].State != "open" || open[0].Tier != "high" || open[0].Owner != "service desk" || open[0].Overdue {
		t.Fatalf("there is to do %+v", open)
	}
	if due := open[0].Due.Sub(open[0].Created); due < 15*time.Minute || due > 16*time.Minute {
		t.Errorf("it is due after %v, want 15 minutes", due)
	}
	s.send(t, request{method: "POST", path: "/_local/clock", body: `{"advance":"20m"}`})
	s.send(t, request{method: "POST", path: "/_local/schedules/due"})
	s.settle(t)
	if late := tasks("GET", "/v1/tasks?state=overdue"); len(late) != 1 || !late[0].Overdue || late[0].Level != 1 || late[0].Owner != "head of service" {
		t.Errorf("20 minutes later is overdue %+v", late)
	}
	s.variables["task"] = open[0].ID
	for range 2 { // whoever does it again changes nothing
		var done todo
		if err := json.Unmarshal(s.follow(t, "PATCH", "/v1/tasks/$task"), &done); err != nil {
			t.Fatal(err)
		}
		if done.State != "done" || done.Outcome != "resolved" {
			t.Errorf("the task is %+v", done)
		}
		s.settle(t)
		s.last(t, benMail, asked, sorry, asked, thanked)
	}
	if open := tasks("GET", "/v1/tasks"); len(open) > 0 {
		t.Errorf("there is still to do %+v", open)
	}
}

// aFormOfTheShopsOwn writes the README's survey, puts its snippet into a page of another origin, fills it in there, and comes
// back to the shop by way of the question that a low score leads to.
func (s *session) aFormOfTheShopsOwn(t *testing.T) {
	t.Helper()
	snippet := strings.ReplaceAll(s.readme.blocks("html")[0], "https://API", s.URL)
	origin := shop(t, snippet)
	s.follow(t, "PUT", "/v1/surveys/unboxing", func(r *request) { r.body = strings.ReplaceAll(r.body, "https://shop.example", origin) })
	s.send(t, request{method: "POST", path: "/_local/clock", body: `{"advance":"1m"}`}) // within which it shows
	screen := phone("en")
	screen.Allow = []string{s.URL}
	p := browser.Open(t, origin+"/order", screen)
	p.Tap("input[value='2']")
	picture(t, p, "shop")
	p.Follow(func() { p.Tap("button") })
	if p.Count("input[name=wrong]") == 0 {
		t.Fatalf("the shop's form leads to %s: %s", p.URL(), p.Text())
	}
	p.Tap("#wrong-damaged")
	p.Follow(func() { p.Tap("button") })
	if p.URL() != origin+"/thanks" {
		t.Errorf("the second page leads to %s: %s", p.URL(), p.Text())
	}
	s.settle(t)
	var m metrics
	s.read(t, "/v1/surveys/unboxing/metrics", &m)
	if m.Total.Answers != 1 || m.Total.Metric.Text != "too few answers to say: 1 of the 30 that it takes" {
		t.Errorf("one answer comes to %+v", m.Total)
	}
}
