package main

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"liuke/shared/api"
	"liuke/shared/brand"
	"liuke/shared/message"
	"liuke/shared/outreach"
)

func TestASceneIsPreviewedAsItWouldBeSent(t *testing.T) {
	b := setup(t)
	b.seed(t)
	for _, name := range outreach.Names(outreach.Scene) {
		for _, locale := range []string{"en", "zh-CN"} {
			status, body, out := b.do(t, "preview_scene", all(of(name), withBody(`{"locale":"`+locale+`"}`)))
			if missing, _ := body["missing"].([]any); status != http.StatusOK || len(missing) > 0 || body["text"] == nil && body["json"] == nil {
				t.Errorf("%s, %s: %d %.300s", name, locale, status, out.Body)
			}
		}
	}
	_, body, _ := b.do(t, "preview_scene", nil)
	if body["locale"] != "zh-CN" || !strings.Contains(body["subject"].(string), "李安") || !strings.Contains(body["html"].(string), "https://a1b2c3.execute-api.example/s/sample?") {
		t.Errorf("%v", body)
	}
	if _, body, _ := b.do(t, "preview_scene", withBody(`{"customer":"user-0001","locale":"en"}`)); body["locale"] != "en" || body["segment"] != "Potential Loyalist" || strings.Contains(body["text"].(string), "Ann") {
		t.Errorf("of a customer: %v", body)
	}
	_, _, out := b.do(t, "preview_scene", func(r *api.Request) { r.QueryStringParameters = map[string]string{"as": "html"} })
	if !strings.HasPrefix(out.Headers["content-type"], "text/html") || !strings.HasPrefix(out.Headers["content-security-policy"], "sandbox; default-src 'none'") || !strings.Contains(out.Body, "李安") {
		t.Errorf("as a page: %v", out.Headers)
	}
}

func TestAPreviewIsInTheColourOfTheBrand(t *testing.T) {
	b := setup(t)
	b.seed(t)
	offer := all(of("free_trial"), withBody(`{"locale":"en"}`))
	if _, body, _ := b.do(t, "preview_scene", offer); strings.Contains(body["html"].(string), "shop") || strings.Contains(body["text"].(string), "shop") {
		t.Errorf("without a shop it leads to one: %v", body)
	}
	status, body, _ := b.do(t, "put_settings", func(r *api.Request) {
		named(brand.Document)(r)
		r.Body = `{"name":"Teehaus","colour":"#ffcc00","shop_url":"https://shop.example/"}`
		delete(r.Headers, "if-match")
	})
	if status != http.StatusOK {
		t.Fatal(body)
	}
	_, body, _ = b.do(t, "preview_scene", offer)
	for _, want := range []string{">Teehaus</p>", `href="https://shop.example/"`, "background:#ffcc00;color:#000000"} {
		if !strings.Contains(body["html"].(string), want) {
			t.Errorf("%s is not in %v", want, body["html"])
		}
	}
	if !strings.Contains(body["text"].(string), "To the shop: https://shop.example/") {
		t.Errorf("%v", body["text"])
	}
}

const draft = `id: greeting
kind: marketing
on: {signal: order_placed}
channels: [sms, email]
variants: [{id: plain, weight: 1, control: true}, {id: bold, weight: 1}]
content:
  en: {text: 'Hello {{ customer.first_name }}, order {{ order.id }} — {{ stop_hint }}'}
pieces:
  - for: {variant: bold}
    content: {en: {text: 'HELLO {{ customer.name }} {{ stop_hint }}'}}
  - for: {channel: email}
    content: {en: {subject: Hello, text: 'Hello {{ unsubscribe_link }}', html: '<p>{{ unsubscribe_link }}</p>'}}
`

func TestATextIsPreviewedThatNobodyHasKept(t *testing.T) {
	b := setup(t)
	b.seed(t)
	put := func(r *api.Request) {
		named(outreach.Document)(r)
		r.Body = `{"prices":[{"channel":"sms","each":"0.07"}],"sms":{"stop_hint":{"en":"Stop: reply STOP"}}}`
		delete(r.Headers, "if-match")
	}
	if status, body, _ := b.do(t, "put_settings", put); status != http.StatusOK {
		t.Fatal(body)
	}
	preview := func(members string) (int, map[string]any) {
		t.Helper()
		raw, err := json.Marshal(draft)
		must(t, err)
		status, body, _ := b.do(t, "preview_scene", all(of("greeting"), withBody(`{"text":`+string(raw)+members+`}`)))
		return status, body
	}
	status, body := preview("")
	size, _ := body["sms"].(map[string]any)
	if status != http.StatusOK || body["channel"] != "sms" || body["variant"] != "plain" || body["text"] != "Hello Ann, order A-1001 — Stop: reply STOP" ||
		size["encoding"] != "UCS-2" || size["segments"] != 1.0 || size["foreign"] != "—" || body["cost"] != "0.07" {
		t.Errorf("%d %v", status, body)
	}
	if _, body := preview(`,"variant":"bold"`); body["text"] != "HELLO Ann Example Stop: reply STOP" {
		t.Errorf("%v", body)
	}
	if _, body := preview(`,"channel":"email"`); body["subject"] != "Hello" || body["sms"] != nil {
		t.Errorf("%v", body)
	}
	if status, body := preview(`,"customer":"user-0001"`); status != http.StatusOK || body["text"] != nil || body["missing"].([]any)[0] == "" {
		t.Errorf("a customer without a name: %d %v", status, body)
	}
	for members, pointer := range map[string]string{
		`,"step":1`: "/step", `,"step":-1`: "/step", `,"variant":"c"`: "/variant", `,"channel":"push"`: "/channel",
		`,"segment":"Nobody"`:                   "/segment",
		`,"customer":"user-0001","sample":true`: "/sample", `,"colour":1`: "/colour",
	} {
		if status, body := preview(members); status != http.StatusBadRequest || body["pointer"] != pointer {
			t.Errorf("%s: %d %v", members, status, body)
		}
	}
	if status, _ := preview(`,"customer":"nobody"`); status != http.StatusNotFound {
		t.Errorf("nobody: %d", status)
	}
	status, body, _ = b.do(t, "preview_scene", all(of("greeting"), withBody(`{"text":"id: greeting\nkind: spam\n"}`)))
	if wrong, _ := body["errors"].([]any); status != http.StatusBadRequest || len(wrong) < 2 {
		t.Errorf("%d %v", status, body)
	}
	if status, _, _ := b.do(t, "preview_scene", of("nobody")); status != http.StatusNotFound {
		t.Errorf("no scene: %d", status)
	}
	if documents, err := b.store.SceneDocuments(t.Context()); err != nil || len(documents) > 0 {
		t.Errorf("a preview kept %v, %v", documents, err)
	}
}

func TestAWebhookIsTestedByItsDestinationsName(t *testing.T) {
	for to, want := range map[string]bool{"erp": true, "erp_2": true, "http://erp.example/": false, "erp\r\nx": false, "Erp": false, "": false} {
		if got := addresses(message.Webhook, to); got != want {
			t.Errorf("%q: %v", to, got)
		}
	}
}

func TestANumberAndAnEndpointAreTestedAsTheirChannelsTakeThem(t *testing.T) {
	const endpoint = "arn:aws:sns:eu-west-1:123456789012:endpoint/GCM/shop/0f9b"
	for _, c := range []struct {
		channel message.Channel
		to      string
		want    bool
	}{
		{message.SMS, "+4915112345678", true},
		{message.SMS, "4915112345678", false},
		{message.SMS, "+49 151 12345678", false},
		{message.SMS, "+0123456789", false},
		{message.Push, endpoint, true},
		{message.Push, "a device", false},
		{message.Push, "arn:aws:sns:eu-west-1:123456789012:topic", false},
		{message.Push, endpoint + "\r\nx", false},
		{message.Push, endpoint + strings.Repeat("x", 512), false},
	} {
		if got := addresses(c.channel, c.to); got != c.want {
			t.Errorf("%s %q: %v", c.channel, c.to, got)
		}
	}
}

func TestATestGoesToTheNamedAddressAndStandsNowhere(t *testing.T) {
	b := setup(t)
	b.seed(t)
	status, body, out := b.do(t, "test_scene", nil)
	sent := b.messages()
	if status != http.StatusAccepted || len(sent) != 1 {
		t.Fatal(status, out.Body, sent)
	}
	var job message.Job
	must(t, json.Unmarshal([]byte(sent[0]), &job))
	if job.Customer != "" || job.Entry != "" || job.Test == nil || job.Test.ID != body["test_id"] || job.Test.To != "editor@shop.example" ||
		job.Test.Channel != message.Email || job.Test.Subject == "" || job.Test.HTML == "" {
		t.Errorf("%+v", job.Test)
	}
	tested := func(id string) (int, map[string]any) {
		status, body, _ := b.do(t, "test", func(r *api.Request) { r.PathParameters["test"] = id })
		return status, body
	}
	if status, fate := tested(job.Test.ID); status != http.StatusOK || fate["state"] != "claimed" || fate["says"] != "it is about to be sent" || fate["settled_at"] != nil ||
		fate["asked_at"] != "2026-03-01T08:31:01Z" || out.Headers["location"] != "/v1/scenes/win_back/tests/"+job.Test.ID {
		t.Errorf("before it is sent: %d %v", status, fate)
	}
	for says, became := range map[string]func(*message.TestRecord){
		"the provider took it": func(r *message.TestRecord) { r.State, r.Provider = message.Sent, "0100" },
		"not sent: the address is suppressed: by the customer's own word, such as STOP by SMS, after a hard bounce or a complaint, or by what a provider said": func(r *message.TestRecord) { r.State, r.Reason = message.Failed, "suppressed" },
		"not sent: the provider says MessageRejected":                func(r *message.TestRecord) { r.State, r.Reason = message.Failed, "MessageRejected" },
		"nobody can tell whether it was sent: the provider says 500": func(r *message.TestRecord) { r.State, r.Reason = message.Unknown, "500" },
		"it is tried again: the provider says TooManyRequests":       func(r *message.TestRecord) { r.Reason = "TooManyRequests" },
	} {
		r := job.Test.Record()
		became(&r)
		must(t, b.store.PutTest(t.Context(), r))
		if status, fate := tested(r.ID); status != http.StatusOK || fate["says"] != says || fate["state"] != string(r.State) || r.Provider != "" && fate["provider_id"] != r.Provider {
			t.Errorf("%d %v", status, fate)
		}
	}
	if status, _ := tested("aaaaaaaaaaaaaaaaaaaaaaaaaa"); status != http.StatusNotFound {
		t.Errorf("no such test: %d", status)
	}
	if status, _, _ := b.do(t, "test", func(r *api.Request) { r.PathParameters["test"], r.PathParameters["id"] = job.Test.ID, "greeting" }); status != http.StatusNotFound {
		t.Errorf("another scene's: %d", status)
	}
	must(t, b.store.Suppress(t.Context(), message.Email, "gone@shop.example", "bounce", now))
	for name, c := range map[string]struct {
		body   string
		status int
	}{
		"no address":            {`{}`, 400},
		"an address of none":    {`{"to":"editor"}`, 400},
		"not in ASCII":          {`{"to":"用户@shop.example"}`, 400},
		"a domain of no ASCII":  {`{"to":"a@商店.example"}`, 400},
		"a domain literal":      {`{"to":"a@[192.0.2.1]"}`, 400},
		"one that is too long":  {`{"to":"a@` + strings.Repeat("shop.", 50) + `example"}`, 400},
		"two addresses":         {`{"to":"a@shop.example, b@shop.example"}`, 400},
		"a line more":           {`{"to":"a@shop.example\r\nBcc: b@shop.example"}`, 400},
		"a suppressed one":      {`{"to":"Gone@shop.example"}`, 409},
		"a channel of no such":  {`{"to":"a@shop.example","channel":"sms"}`, 400},
		"a customer of no such": {`{"to":"a@shop.example","customer":"nobody"}`, 404},
		"a text":                {`{"to":"a@shop.example","text":"id: x"}`, 400},
	} {
		if status, body, _ := b.do(t, "test_scene", withBody(c.body)); status != c.status {
			t.Errorf("%s: %d %v", name, status, body)
		}
	}
	if status, body, _ := b.do(t, "test_scene", of("recovery_task")); status != http.StatusBadRequest || body["pointer"] != "/channel" {
		t.Errorf("a task: %d %v", status, body)
	}
	for range testsAMinute - 1 {
		if status, body, _ := b.do(t, "test_scene", nil); status != http.StatusAccepted {
			t.Fatal(status, body)
		}
	}
	if status, body, out := b.do(t, "test_scene", nil); status != http.StatusTooManyRequests || out.Headers["retry-after"] != "60" {
		t.Errorf("one more: %d %v %v", status, body, out.Headers)
	}
	if strings.Contains(b.log.String(), "not served") {
		t.Errorf("an operator's haste was logged: %s", b.log)
	}
	if strings.Contains(b.log.String(), "shop.example") {
		t.Errorf("an address was logged: %s", b.log)
	}
}
