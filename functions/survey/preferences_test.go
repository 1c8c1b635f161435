package main

import (
	"context"
	cryptorand "crypto/rand"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"liuke/infra/local/engine"
	"liuke/shared/api"
	"liuke/shared/consent"
	"liuke/shared/customer"
	"liuke/shared/dynamo"
	"liuke/shared/event"
	"liuke/shared/fold"
	"liuke/shared/money"
	"liuke/shared/token"
)

// known gives the samples' customer traits.
func (b *testBundle) known(traits map[string]string) {
	p := customer.Profile{Version: 1}
	for name, value := range traits {
		p.Set(name, customer.Trait{Value: value, Time: 1, Event: "e"})
	}
	b.profiles["user-0001"] = p
}

var sealedField = regexp.MustCompile(`name="_shown" value="([^"]+)"`)

// page shows the preferences and returns what its form would send, as it stands.
func (b *testBundle) page(t *testing.T, changes ...func(*api.Request)) (api.Response, url.Values) {
	t.Helper()
	out := status(t, b.do(t, "preferences", changes...), http.StatusOK)
	form := url.Values{"_shown": {sealedField.FindStringSubmatch(out.Body)[1]}}
	for _, m := range regexp.MustCompile(`<input type="checkbox" name="([^"]+)" id="[^"]+" value="([^"]+)" checked`).FindAllStringSubmatch(out.Body, -1) {
		form.Add(m[1], m[2])
	}
	for _, m := range regexp.MustCompile(`<select name="([^"]+)".*?<option value="([^"]*)" selected>`).FindAllStringSubmatch(out.Body, -1) {
		form.Add(m[1], m[2])
	}
	return out, form
}

// save sends the form and returns the page that it leads to.
func (b *testBundle) save(t *testing.T, form url.Values) (api.Response, func(*api.Request)) {
	t.Helper()
	out := status(t, b.do(t, "preferences_sent", typed(urlencoded, form.Encode()), header("accept", browserAccepts)), http.StatusSeeOther)
	to, err := url.Parse(out.Headers["location"])
	if err != nil || to.Path != "" || to.Host != "" {
		t.Fatalf("leads to %q, %v", out.Headers["location"], err)
	}
	var pairs []string
	for name := range to.Query() {
		pairs = append(pairs, name, to.Query().Get(name))
	}
	return status(t, b.do(t, "preferences", query(pairs...)), http.StatusOK), query(append(pairs, queryForm, "1")...)
}

// changed returns what the one event says that was sent.
func (b *testBundle) changed(t *testing.T) (event.Event, consent.Preferences) {
	t.Helper()
	if len(b.sent) != 1 {
		t.Fatalf("%d events", len(b.sent))
	}
	all, err := event.Unpack(b.sent[0].Body)
	if err != nil || len(all) != 1 {
		t.Fatal(err)
	}
	p, err := consent.ParsePreferences(all[0].Properties)
	if err != nil {
		t.Fatal(err)
	}
	return all[0], p
}

func TestPreferencesAreShownAndOnlyDifferencesAreSent(t *testing.T) {
	b := setup(t)
	b.known(map[string]string{customer.ConsentTrait("email"): "true", customer.TopicTrait("surveys"): "false", customer.TraitQuietFrom: "22:30", customer.TraitQuietTo: "07:00", customer.TraitLocale: "en-GB"})
	out, form := b.page(t)
	holds(t, out, "偏好设置", "促销与优惠", "满意度调查", "our_own", `<option value="22:30" selected>`, `<option value="en" selected>`)
	want := url.Values{"_shown": form["_shown"], "channel": {"email"}, "topic": {"promotions", "our_own"}, "personalised_offers": {"true"}, "quiet_from": {"22:30"}, "quiet_to": {"07:00"}, "language": {"en"}}
	if diff := cmp.Diff(want, form); diff != "" {
		t.Fatal(diff)
	}
	equal(t, "calls", b.touched(), []string{"load", "topics"})
	done, _ := b.save(t, form)
	holds(t, done, "您没有做任何更改")
	if len(b.sent) != 0 {
		t.Fatal("what was not touched was sent")
	}

	form["channel"], form["topic"] = []string{"sms"}, []string{"surveys", "our_own"}
	form.Del("personalised_offers")
	form.Set("quiet_from", "")
	form.Set("language", "zh-CN")
	done, again := b.save(t, form)
	holds(t, done, "已保存", "电子邮件：<strong>关闭", "短信：<strong>开启", "促销与优惠：<strong>关闭", "满意度调查：<strong>开启", "个性化优惠：<strong>关闭", "免打扰时段：<strong>关闭", "消息语言 简体中文：<strong>开启")
	e, p := b.changed(t)
	no := false
	text := p.Proof
	if diff := cmp.Diff(consent.Preferences{
		Channels: map[string]bool{"email": false, "sms": true}, Topics: map[string]bool{"surveys": true, "promotions": false}, Personalised: &no,
		Quiet: &consent.Quiet{}, Locale: "zh-CN", Proof: customer.Proof{Source: customer.ByPreferenceCentre, Version: text.Version, Hash: text.Hash},
	}, p); diff != "" || len(text.Hash) != 64 || text.Version == "" {
		t.Error(diff)
	}
	if e.Name != event.PreferencesChanged || e.Source != event.SourceSurvey || e.User != "user-0001" || !e.Time.Equal(b.now) || b.sent[0].Delay != 0 {
		t.Errorf("%+v", e)
	}

	// The form that is shown again has what was changed, though nothing is folded yet.
	_, next := b.page(t, again)
	want = url.Values{"_shown": next["_shown"], "channel": {"sms"}, "topic": {"surveys", "our_own"}, "language": {"zh-CN"}, "quiet_from": {""}, "quiet_to": {""}}
	if diff := cmp.Diff(want, next); diff != "" {
		t.Error(diff)
	}
}

func TestAFormThatWasSentTwiceIsOneChange(t *testing.T) {
	b := setup(t)
	_, form := b.page(t)
	form["channel"] = []string{"email"}
	b.save(t, form)
	b.now = b.now.Add(time.Minute)
	b.save(t, form)
	form["channel"] = []string{"sms"}
	b.save(t, form)
	if ids := b.pointers(t); len(ids) != 3 || ids[0] != ids[1] || ids[1] == ids[2] {
		t.Errorf("%q", ids)
	}
}

func TestStopEverything(t *testing.T) {
	b := setup(t)
	b.known(map[string]string{customer.ConsentTrait("email"): "true"})
	_, form := b.page(t, query("lang", "en"))
	done, _ := b.save(t, url.Values{"_shown": form["_shown"], "stop": {"all"}})
	holds(t, done, "我们不会再向您发送任何消息")
	if _, p := b.changed(t); len(p.Channels) != 3 || p.Channels["email"] || p.Channels["sms"] || p.Channels["push"] || p.Topics != nil || p.Personalised != nil {
		t.Errorf("%+v", p)
	}
}

func TestLookingAtPreferencesChangesNothing(t *testing.T) {
	b := setup(t)
	for _, change := range []func(*api.Request){query(), query("stop", "all"), query("channel", "sms"), query("lang", "en"), head} {
		status(t, b.do(t, "preferences", change), http.StatusOK)
	}
	if len(b.sent) > 0 {
		t.Errorf("%v", b.sent)
	}
}

func TestPreferencesOfTheErasedAndWithoutTheTable(t *testing.T) {
	b := setup(t)
	b.erased["user-0001"] = true
	holds(t, status(t, b.do(t, "preferences"), http.StatusGone), "您的数据已经删除")
	status(t, b.do(t, "preferences", header("accept", "application/json")), http.StatusGone)
	b.erased = map[customer.ID]bool{}
	_, form := b.page(t)
	b.fail = func(_ int, call string) mode {
		if call == "send" {
			return works
		}
		return refused
	}
	holds(t, status(t, b.do(t, "preferences"), http.StatusServiceUnavailable), "暂时无法处理")
	form["channel"] = []string{"email"}
	status(t, b.do(t, "preferences_sent", typed(urlencoded, form.Encode())), http.StatusSeeOther) // it takes no table
	b.fail = func(int, string) mode { return refused }
	form["channel"] = []string{"sms"}
	status(t, b.do(t, "preferences_sent", typed(urlencoded, form.Encode())), http.StatusServiceUnavailable)
}

func TestWhatIsNoFormOfPreferences(t *testing.T) {
	b := setup(t)
	_, form := b.page(t)
	seal := func(purpose string, v any) string {
		tok, err := b.keys.Seal(purpose, v)
		if err != nil {
			t.Fatal(err)
		}
		return tok
	}
	with := func(name string, values ...string) string {
		all := url.Values{}
		for n, v := range form {
			all[n] = v
		}
		all[name] = values
		return all.Encode()
	}
	for name, c := range map[string]struct {
		change func(*api.Request)
		want   int
	}{
		"no form":                            {typed(urlencoded, ""), http.StatusBadRequest},
		"a form without what was shown":      {typed(urlencoded, "channel=email"), http.StatusBadRequest},
		"what another customer was shown":    {typed(urlencoded, with("_shown", seal(token.PurposeShown, shown{Customer: "user-0002"}))), http.StatusBadRequest},
		"what was sealed for something else": {typed(urlencoded, with("_shown", seal(token.PurposeSaved, saved{Customer: "user-0001"}))), http.StatusBadRequest},
		"an hour that there is not":          {typed(urlencoded, url.Values{"_shown": form["_shown"], "quiet_from": {"99:99"}, "quiet_to": {"07:00"}}.Encode()), http.StatusBadRequest},
		"a language that no page has":        {typed(urlencoded, with("language", "xx")), http.StatusBadRequest},
		"another content type":               {typed("text/plain", form.Encode()), http.StatusBadRequest},
		"no content type":                    {typed("", form.Encode()), http.StatusBadRequest},
		"a huge body":                        {typed(urlencoded, with("topic", strings.Repeat("x", MaxBodyBytes))), http.StatusRequestEntityTooLarge},
		"too many fields":                    {typed(urlencoded, form.Encode()+strings.Repeat("&topic=x", 300)), http.StatusBadRequest},
		"a damaged multipart body":           {typed("multipart/form-data; boundary=x", "--x\r\n"), http.StatusBadRequest},
		"a token of a link to unsubscribe": {func(r *api.Request) {
			r.PathParameters["token"] = seal(token.PurposeUnsubscribe, token.Unsubscribe{Customer: "user-0001", Channel: "email"})
		}, http.StatusUnauthorized},
		"a token with a line break": {func(r *api.Request) { r.PathParameters["token"] += "\n" }, http.StatusUnauthorized},
	} {
		t.Run(name, func(t *testing.T) {
			status(t, b.do(t, "preferences_sent", c.change), c.want)
		})
	}
	if len(b.sent) > 0 {
		t.Errorf("%v", b.sent)
	}
	status(t, b.do(t, "preferences_sent", typed(urlencoded, with("channel", "fax", "<script>"))), http.StatusSeeOther)
	status(t, b.do(t, "preferences_sent", typed(urlencoded, with("topic", "promotions", "surveys", "our_own", "injected"))), http.StatusSeeOther)
	if len(b.sent) > 0 {
		t.Errorf("a channel or a topic that was not shown was changed: %v", b.sent)
	}
	for _, sealed := range []string{"x", seal(token.PurposeShown, shown{Customer: "user-0001"}), seal(token.PurposeSaved, saved{Customer: "user-0002"})} {
		status(t, b.do(t, "preferences", query("saved", sealed)), http.StatusUnauthorized)
	}
}

func TestAFloodOfPreferencesIsSlowedBeforeAnyTable(t *testing.T) {
	b := setup(t)
	for range LinkPace {
		status(t, b.do(t, "preferences"), http.StatusOK)
	}
	calls := len(b.calls)
	if out := status(t, b.do(t, "preferences"), http.StatusTooManyRequests); out.Headers["retry-after"] == "" || len(b.calls) != calls {
		t.Errorf("%v", out.Headers)
	}
	status(t, b.do(t, "preferences_sent"), http.StatusTooManyRequests)
}

func TestJSONIsTakenAsTheFormIs(t *testing.T) {
	b := setup(t)
	_, form := b.page(t)
	body, err := json.Marshal(map[string]any{"_shown": form.Get("_shown"), "channel": []string{"push"}, "topic": form["topic"], "personalised_offers": "true", "language": form.Get("language")})
	if err != nil {
		t.Fatal(err)
	}
	if out := status(t, b.do(t, "preferences_sent", typed("application/json", string(body))), http.StatusOK); out.Body != `{"changed":1,"saved":true}` {
		t.Error(out.Body)
	}
}

// TestAStaleFormUndoesNothing follows two forms of one customer through the events to the tables: of what both changed the
// later counts, and what one alone changed stands.
func TestAStaleFormUndoesNothing(t *testing.T) {
	b := setup(t)
	customers, records := engine.NewTables(t)
	store := dynamo.New(engine.Config(engine.StartDynamoDB(t)), customers, records)
	b.handler.People = store
	_, stale := b.page(t)
	_, fresh := b.page(t)
	fresh["channel"], fresh["topic"] = []string{"email", "sms"}, []string{"our_own"}
	b.save(t, fresh)
	b.now = b.now.Add(time.Hour)
	stale["channel"] = []string{"sms", "push"} // email it shows as off, and leaves so
	b.save(t, stale)
	var events []event.Event
	for _, m := range b.sent {
		all, err := event.Unpack(m.Body)
		if err != nil {
			t.Fatal(err)
		}
		events = append(all, events...) // the later first
	}
	f := fold.Folder{Settings: fold.Settings{Zone: time.UTC, Money: money.Only("CNY")}, Store: store, Random: cryptorand.Reader,
		Sleep: func(context.Context, time.Duration) error { return nil }, Jitter: func() float64 { return 0 }}
	for _, o := range f.Fold(t.Context(), events) {
		if o.Err != nil {
			t.Fatal(o.Err)
		}
	}
	_, now := b.page(t)
	if diff := cmp.Diff([]string{"email", "sms", "push"}, now["channel"]); diff != "" || !cmp.Equal([]string{"our_own"}, now["topic"]) {
		t.Errorf("%s %v", diff, now)
	}
	proofs, _, err := store.Consents(t.Context(), "user-0001", 10, "")
	if err != nil || len(proofs) != 2 || proofs[0].Source != customer.ByPreferenceCentre || proofs[0].Hash == "" || !proofs[0].Time.Equal(b.now) {
		t.Errorf("%+v, %v", proofs, err)
	}
}
