package standin

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sesv2"

	"liuke/infra/local/iam"
	"liuke/shared/channel"
	"liuke/shared/channel/channeltest"
	"liuke/shared/channel/push"
	"liuke/shared/channel/sms"
	"liuke/shared/channel/sms/inbound"
	"liuke/shared/channel/sms/receipt"
	"liuke/shared/channel/smtp"
	"liuke/shared/channel/webhook"
	"liuke/shared/offer"
	price "liuke/shared/sms"
)

// atNoon is the clock of what stands in.
func atNoon() time.Time { return noon }

func newOutbox(t *testing.T) *Outbox {
	t.Helper()
	o, err := OpenOutbox("")
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func serve(t *testing.T, h http.Handler) string {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.URL
}

// checkSent sends a message and compares what comes of it: sent, or what the channel says of the answer.
func checkSent(t *testing.T, name string, ch channel.Channel, m channel.Message, want string, suppress bool) {
	t.Helper()
	_, err := ch.Send(t.Context(), m)
	got := "sent"
	if err != nil {
		got = err.Error()
	}
	if got != want || channel.Suppresses(err) != suppress {
		t.Errorf("%s: got %s, suppress %t; want %s", name, got, channel.Suppresses(err), want)
	}
}

// texts is a stand-in of AWS End User Messaging whose events arrive in bodies.
type texts struct {
	service *SMSService
	outbox  *Outbox
	url     string

	mu     sync.Mutex
	bodies [][]byte
	lost   []error
}

func newTexts(t *testing.T, topicPolicy string) *texts {
	t.Helper()
	x := &texts{outbox: newOutbox(t)}
	a := iam.NewAuthority("111111111111", "eu-central-1")
	a.AddKey(key, parsePolicy(t, keyForSNS, strings.ReplaceAll(keyForSES, "ses.", "sms-voice.")))
	a.AddResourcePolicy(topic, parsePolicy(t, topicPolicy))
	a.AddResourcePolicy(queue, parsePolicy(t, queueOpen))
	a.Encrypt(topic, key)
	a.Encrypt(queue, key)
	x.service = NewSMS(SMSConfig{
		Authority: a, ConfigurationSets: []string{"texts"}, Outbox: x.outbox, Now: atNoon,
		Destinations: []EventDestination{{ConfigurationSet: "texts", Types: []string{"TEXT_ALL"}, Topic: topic, Queues: []Subscription{{Queue: queue, Raw: true}}}},
		Deliver: func(_ context.Context, _ string, body []byte) error {
			x.mu.Lock()
			defer x.mu.Unlock()
			x.bodies = append(x.bodies, body)
			return nil
		},
		OnLost: func(err error) { x.lost = append(x.lost, err) },
	})
	t.Cleanup(x.service.Close)
	x.url = serve(t, x.service)
	return x
}

const textsOpen = `{"Effect":"Allow","Principal":{"Service":"sms-voice.amazonaws.com"},"Action":"sns:Publish","Resource":"` + topic + `",
	"Condition":{"ArnLike":{"aws:SourceArn":"arn:aws:sms-voice:eu-central-1:111111111111:configuration-set/*"}}}`

func (x *texts) channel(t *testing.T, change func(*sms.Config)) channel.Channel {
	t.Helper()
	c := sms.Config{Origination: "arn:aws:sms-voice:eu-central-1:111111111111:pool/pool-1", ConfigurationSet: "texts"}
	if change != nil {
		change(&c)
	}
	ch, err := sms.New(channeltest.Config(x.url), c)
	if err != nil {
		t.Fatal(err)
	}
	return ch
}

func TestSMSAreAnsweredAsTheServiceDoes(t *testing.T) {
	x := newTexts(t, textsOpen)
	for _, c := range []struct {
		name, to string
		change   func(*sms.Config)
		want     string
		suppress bool
	}{
		{"a number gets its message", "+4915112345678", nil, "sent", false},
		{"who wrote STOP gets none", "+12065550189", nil, "refused: DESTINATION_PHONE_NUMBER_OPTED_OUT", true},
		{"what is too dear is not sent", "+4915112345678", func(c *sms.Config) { c.MaxPrice = 80_000 }, "refused: PRICE_OVER_THRESHOLD", false},
		{"what is cheap enough is", "+12065550100", func(c *sms.Config) { c.MaxPrice, c.TimeToLive = 10_000, time.Minute }, "sent", false},
		{"a set that is not there", "+12065550100", func(c *sms.Config) { c.ConfigurationSet = "others" }, "blocked: ResourceNotFoundException", false},
		{"a dry run sends nothing", "+12065550100", func(c *sms.Config) { c.DryRun = true }, "sent", false},
	} {
		checkSent(t, c.name, x.channel(t, c.change), channel.Message{To: c.to, Text: "Hello Li", Ledger: "abc"}, c.want, c.suppress)
	}
	sent := x.outbox.By(SMS, "")
	if len(sent) != 2 || sent[1].To[0] != "+4915112345678" || sent[1].Text != "Hello Li" || sent[1].Headers["Message-Type"] != "PROMOTIONAL" {
		t.Errorf("the outbox has %+v", sent)
	}
}

func TestEventsOfSMSTellTheNumbersFate(t *testing.T) {
	x := newTexts(t, textsOpen)
	for to, want := range map[string][]string{
		"+4915112345678": {"TEXT_PENDING", "TEXT_SENT", "TEXT_DELIVERED"}, "+12065550182": {"TEXT_PENDING", "TEXT_BLOCKED"},
		"+12065550185": {"TEXT_PENDING", "TEXT_TTL_EXPIRED"},
	} {
		x.bodies = nil
		checkSent(t, to, x.channel(t, nil), channel.Message{To: to, Text: "Hello Li 你好", Ledger: "abc"}, "sent", false)
		if err := x.service.Settle(t.Context()); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, body := range x.bodies {
			e, err := receipt.Parse(body)
			if err != nil || e.Entry != "abc" || e.Receipt == nil || e.Segments != 1 || e.Cost == price.Price(0) {
				t.Errorf("%s: %+v, %v", body, e, err)
			}
			got = append(got, e.Type)
		}
		if !slices.Equal(got, want) || len(x.lost) > 0 {
			t.Errorf("%s: %v, want %v; lost %v", to, got, want, x.lost)
		}
	}
}

func TestEventsOfSMSAreLostWhereTheTopicIsClosed(t *testing.T) {
	x := newTexts(t, topicOpen) // to SES alone
	checkSent(t, "a message", x.channel(t, nil), channel.Message{To: "+12065550100", Text: "Hi", Ledger: "abc"}, "sent", false)
	if err := x.service.Settle(t.Context()); err != nil || len(x.bodies) > 0 || len(x.lost) != 3 {
		t.Errorf("%d arrived, %v lost, %v", len(x.bodies), x.lost, err)
	}
}

func TestPhonesAreAnsweredForAsSNSDoes(t *testing.T) {
	outbox := newOutbox(t)
	ch, err := push.New(channeltest.Config(serve(t, NewPhones(outbox, atNoon))), push.Config{})
	if err != nil {
		t.Fatal(err)
	}
	const endpoint = "arn:aws:sns:eu-central-1:111111111111:endpoint/APNS/shop/"
	for _, c := range []struct {
		name, to, want string
		suppress       bool
	}{
		{"a phone", endpoint + "1", "sent", false},
		{"an Android", strings.Replace(endpoint, "APNS", "GCM", 1) + "2", "sent", false},
		{"an app that was removed", endpoint + "3-disabled", "refused: EndpointDisabled", true},
		{"an endpoint that was deleted", endpoint + "4-gone", "refused: NoEndpoint", true},
	} {
		m := channel.Message{To: c.to, Subject: "你好", Text: "Hello Li", Data: json.RawMessage(`{"page":"orders/7"}`), Ledger: "abc"}
		checkSent(t, c.name, ch, m, c.want, c.suppress)
	}
	for _, m := range outbox.By(Push, "") {
		if m.Subject != "你好" || m.Text != "Hello Li" || !strings.Contains(string(m.Data), "orders/7") || !strings.Contains(string(m.Data), "abc") {
			t.Errorf("the outbox has %+v", m)
		}
	}
	if outbox.Len() != 2 {
		t.Errorf("%d notifications in the outbox", outbox.Len())
	}
}

func TestTheQuotaCountsWhatWasSent(t *testing.T) {
	b := setup(t, testOptions{})
	for _, c := range []struct {
		name string
		set  Quota
		want [3]float64 // a second, a day, sent
	}{
		{"an account without limits", Quota{}, [3]float64{100_000, -1, 1}},
		{"a new account", Quota{PerSecond: 1, PerDay: 200}, [3]float64{1, 200, 1}},
	} {
		b.ses.cfg.Quota = c.set
		if b.outbox.Len() == 0 {
			if _, err := b.client.SendEmail(t.Context(), email("ann@example.com")); err != nil {
				t.Fatal(err)
			}
			b.outbox.Add(Message{ID: "sms", Channel: SMS, SentAt: noon})
			b.outbox.Add(Message{ID: "old", Channel: Email, SentAt: noon.AddDate(0, 0, -1)})
			b.outbox.messages[0], b.outbox.messages[2] = b.outbox.messages[2], b.outbox.messages[0] // in the order of time
		}
		out, err := b.client.GetAccount(t.Context(), &sesv2.GetAccountInput{})
		if err != nil {
			t.Fatal(err)
		}
		if q := out.SendQuota; [3]float64{q.MaxSendRate, q.Max24HourSend, q.SentLast24Hours} != c.want {
			t.Errorf("%s: %+v", c.name, q)
		}
	}
}

func TestThePageShowsEveryChannel(t *testing.T) {
	o := newOutbox(t)
	for _, m := range []Message{
		{ID: "s", Channel: SMS, To: []string{"+4915112345678"}, Text: "Your parcel is on its way"},
		{ID: "p", Channel: Push, To: []string{"arn:aws:sns:x"}, Subject: "Hello", Text: "A gift", Data: json.RawMessage(`{"aps":{"alert":"<b>"}}`)},
		{ID: "w", Channel: Webhook, To: []string{"crm"}, Data: json.RawMessage(`{"a":1}`)},
	} {
		if err := o.Add(m); err != nil {
			t.Fatal(err)
		}
	}
	p := NewPage(o, "/outbox")
	for target, has := range map[string][]string{
		"/outbox":                           {"Your parcel is on its way", "push to arn:aws:sns:x", "webhook to crm", "3 messages"},
		"/outbox?channel=sms":               {"1 message by sms", "<option selected>sms"},
		"/outbox?to=%2B4915112345678":       {"1 message to", "/outbox/s"},
		"/outbox/p":                         {"<h1>Hello</h1>", "A gift", "&lt;b&gt;", "<dd>push</dd>"},
		"/outbox?channel=webhook&page=7":    {"/outbox/w"},
		"/outbox?channel=email&format=html": {"Nothing was sent yet"},
	} {
		w := httptest.NewRecorder()
		p.ServeHTTP(w, httptest.NewRequest(http.MethodGet, target, nil))
		for _, part := range has {
			if !strings.Contains(w.Body.String(), part) {
				t.Errorf("%s lacks %q:\n%s", target, part, w.Body)
			}
		}
	}
}

// destinations is a secret of where webhooks go.
type destinations string

func (d destinations) Value(context.Context) ([]byte, error) { return []byte(d), nil }

func TestWebhooksAreTakenAsTheirReceiversDo(t *testing.T) {
	const secret = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
	outbox := newOutbox(t)
	url := serve(t, NewReceiver(outbox, atNoon, secret))
	named := map[string]any{
		"other": map[string]string{"url": url + "/crm", "current": "whsec_ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA="},
		"group": map[string]string{"url": url + "/group", "answer": "errcode"},
	}
	for _, name := range []string{"crm", "down", "away"} {
		named[name] = map[string]string{"url": url + "/" + name, "current": secret}
	}
	raw, err := json.Marshal(named)
	if err != nil {
		t.Fatal(err)
	}
	ch := webhook.New(webhook.Config{Secret: destinations(raw), Now: atNoon, Local: true})
	for _, c := range []struct{ name, to, want string }{
		{"what is signed is taken", "crm", "sent"},
		{"what another signed is not", "other", "blocked: HTTP_401"},
		{"a bot answers in its own way", "group", "sent"},
		{"one that is down may have taken it", "down", "unknown: HTTP_503"},
		{"one that is away has not", "away", "blocked: HTTP_410"},
	} {
		checkSent(t, c.name, ch, channel.Message{To: c.to, Data: json.RawMessage(`{"event":"win_back"}`), Ledger: "abc"}, c.want, false)
	}
	got := outbox.By(Webhook, "crm")
	if len(got) != 1 || string(got[0].Data) != `{"event":"win_back"}` || got[0].Headers["Webhook-Id"] != "abc" || outbox.Len() != 2 {
		t.Errorf("the outbox has %+v", outbox.Messages(""))
	}
}

func TestTheShopGivesEachIDOneCode(t *testing.T) {
	const secret = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
	outbox := newOutbox(t)
	url := serve(t, NewReceiver(outbox, atNoon, secret))
	named := map[string]any{"stranger": map[string]string{"url": url + "/shop", "current": "whsec_ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA="}}
	for _, name := range ReceiverNames {
		named[name] = map[string]string{"url": url + "/" + name, "current": secret}
	}
	raw, err := json.Marshal(named)
	if err != nil {
		t.Fatal(err)
	}
	ch := webhook.New(webhook.Config{Secret: destinations(raw), Now: atNoon, Local: true})
	ask := func(to, id string) string {
		reply, some, err := ch.Ask(t.Context(), to, id, json.RawMessage(`{"scene":"win_back"}`))
		if err != nil {
			return err.Error()
		}
		if !some {
			return "none"
		}
		code, err := offer.ReadAnswer(reply)
		if err != nil || !strings.HasPrefix(code, "LOCAL-") {
			t.Errorf("%s says %s: %v", to, reply, err)
		}
		return code
	}
	if one := ask("shop", "one"); one != ask("shop", "one") || one == ask("shop", "another") {
		t.Errorf("%s, then %s, and %s to another", one, ask("shop", "one"), ask("shop", "another"))
	}
	for to, want := range map[string]string{"sold_out": "none", "down": "unknown: HTTP_503", "away": "blocked: HTTP_410", "stranger": "blocked: HTTP_401"} {
		if got := ask(to, "one"); got != want {
			t.Errorf("%s: %s, want %s", to, got, want)
		}
	}
	if outbox.Len() != 0 {
		t.Errorf("the outbox has %+v", outbox.Messages(""))
	}
}

func TestTheMailServerTakesMail(t *testing.T) {
	for _, security := range []smtp.Security{smtp.StartTLS, smtp.Implicit} {
		t.Run(string(security), func(t *testing.T) {
			outbox := newOutbox(t)
			file := filepath.Join(t.TempDir(), "mail.pem")
			server, err := NewMailServer(outbox, atNoon, file, security == smtp.Implicit)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(server.Close)
			certificate, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			roots := x509.NewCertPool()
			roots.AppendCertsFromPEM(certificate)
			ch, err := smtp.New(smtp.Config{
				Host: server.Host, Port: server.Port, Security: security, From: "商店 <hello@shop.example>", Now: time.Now, Roots: roots,
				Secret: destinations(`{"username":"shop","password":"local"}`),
			})
			if err != nil {
				t.Fatal(err)
			}
			m := channel.Message{To: "li@example.com", Subject: "想你了", Text: "See https://shop.example.\n", HTML: "<p>Hi 李</p>", Unsubscribe: "https://shop.example/u/1", Ledger: "abc"}
			checkSent(t, "a mail", ch, m, "sent", false)
			m.To = "bounce@simulator.amazonses.com"
			checkSent(t, "a mail to nobody", ch, m, "refused: smtp_550_5.1.1", true)
			got := outbox.Messages("")
			if len(got) != 1 || got[0].Subject != "想你了" || got[0].HTML != "<p>Hi 李</p>" || !strings.Contains(got[0].Text, "See https") ||
				got[0].Headers["List-Unsubscribe"] != "<https://shop.example/u/1>" || got[0].Headers["X-Liuke-Entry"] != "abc" || !strings.Contains(got[0].From, "商店") {
				t.Errorf("the outbox has %+v", got)
			}
		})
	}
}

func TestWhatCustomersAnswerIsPublishedAsTheServiceDoes(t *testing.T) {
	x := newTexts(t, strings.ReplaceAll(textsOpen, "configuration-set/*", "*"))
	const from = "+4915112345678"
	checkSent(t, "a message", x.channel(t, nil), channel.Message{To: from, Text: "Hello Li", Ledger: "abc"}, "sent", false)
	if err := x.service.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	x.bodies = nil
	id, err := x.service.Answer(t.Context(), Answer{From: from, Body: "STOP"})
	if err != nil {
		t.Fatal(err)
	}
	again, err := x.service.Answer(t.Context(), Answer{From: from, Body: "STOP", ID: id})
	if err != nil || again != id || len(x.bodies) != 2 || !bytes.Equal(x.bodies[0], x.bodies[1]) {
		t.Fatalf("published %s and %s: %d bodies, %v", id, again, len(x.bodies), err)
	}
	m, err := inbound.Parse(x.bodies[0], atNoon())
	if want := (inbound.Message{ID: id, From: from, To: x.outbox.By(SMS, from)[0].From, Body: "STOP", Previous: x.outbox.By(SMS, from)[0].ID, Time: atNoon().UTC()}); err != nil || m != want {
		t.Errorf("%+v, want %+v, %v", m, want, err)
	}
	for _, a := range []Answer{{From: "Li", Body: "STOP"}, {From: from}} {
		if _, err := x.service.Answer(t.Context(), a); err == nil {
			t.Errorf("%+v is published", a)
		}
	}
}

func TestWhatCustomersAnswerNeedsTheTopicsPermission(t *testing.T) {
	x := newTexts(t, textsOpen) // for configuration sets alone
	if _, err := x.service.Answer(t.Context(), Answer{From: "+12065550100", Body: "STOP"}); err != nil || len(x.bodies) != 0 || len(x.lost) != 1 {
		t.Errorf("%d bodies, lost %v, %v", len(x.bodies), x.lost, err)
	}
}
