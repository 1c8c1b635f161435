package fold_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"liuke/shared/consent"
	"liuke/shared/customer"
	"liuke/shared/dynamo"
	"liuke/shared/event"
	"liuke/shared/fault"
	"liuke/shared/fold"
	"liuke/shared/survey"
	"liuke/shared/token"
)

// said is an identify call of that many minutes past noon.
func said(id, user string, minutes int, traits string) event.Event {
	at := noon.Add(time.Duration(minutes) * time.Minute)
	return event.Event{ID: event.MessageID(id), Type: event.Identify, User: user, Time: at, Received: at, Source: event.SourceSegment, Traits: json.RawMessage(traits)}
}

// proofs lists what was recorded of a customer's consent, the latest first, as "purpose=given by source (version)".
func proofs(t interface{ Fatal(...any) }, f *fold.Folder, ctx context.Context, id customer.ID) (all []string) {
	records, _, err := f.Store.(interface {
		Consents(context.Context, customer.ID, int, string) ([]consent.Record, []string, error)
	}).Consents(ctx, id, 100, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range records {
		for _, c := range r.Changes {
			given := "null"
			if c.Given != nil {
				given = fmt.Sprint(*c.Given)
			}
			all = append(all, strings.TrimSpace(fmt.Sprintf("%s=%s by %s %s", c.Purpose, given, r.Source, r.Version)))
		}
	}
	return all
}

func TestEveryChangeOfConsentIsProven(t *testing.T) {
	t.Parallel()
	unsubscribed := func(topic string, minutes int) event.Event {
		u := token.Unsubscribe{Customer: "c", Channel: "email", Topic: topic}
		e, err := survey.Unsubscribed(u, "link", customer.Proof{Source: customer.ByOneClick}, noon.Add(time.Duration(minutes)*time.Minute))
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	no := false
	chosen := consent.Preferences{
		Channels: map[string]bool{"sms": true}, Topics: map[string]bool{"news": false}, Personalised: &no, Quiet: &consent.Quiet{From: "22:00", To: "07:00"},
		Locale: "zh-CN", Proof: customer.Proof{Source: customer.ByPreferenceCentre, Version: "3"},
	}
	preferences, err := chosen.Event("c", "p1", event.Event{Time: noon.Add(time.Hour), Received: noon.Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	forged := preferences
	forged.Source, forged.ID = event.SourceSegment, "p2"
	imported := said("i", "c", 1, `{"consent":{"email":true}}`)
	imported.Source, imported.Import = event.SourceImport, true
	const hash = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
	for name, c := range map[string]struct {
		events []event.Event
		want   []string
	}{
		"consent by the API":                {[]event.Event{said("a", "c", 1, `{"consent":{"email":true,"sms":false}}`)}, []string{"channel:email=true by api", "channel:sms=false by api"}},
		"consent with its text":             {[]event.Event{said("a", "c", 1, `{"consent":{"email":true},"consent_proof":{"source":"form","text_version":"v2","text_hash":"`+hash+`","where":"checkout"}}`)}, []string{"channel:email=true by form v2"}},
		"the same again is no change":       {[]event.Event{said("a", "c", 1, `{"consent":{"email":true}}`), said("b", "c", 2, `{"consent":{"email":true},"name":"Li"}`)}, []string{"channel:email=true by api"}},
		"the same again by another text":    {[]event.Event{said("a", "c", 1, `{"consent":{"email":true}}`), said("b", "c", 2, `{"consent":{"email":true},"consent_proof":{"text_version":"v3"}}`)}, []string{"channel:email=true by api v3", "channel:email=true by api"}},
		"a word that comes late":            {[]event.Event{said("b", "c", 2, `{"consent":{"email":false}}`), said("a", "c", 1, `{"consent":{"email":true}}`)}, []string{"channel:email=false by api", "channel:email=true by api"}},
		"a word that is taken back":         {[]event.Event{said("a", "c", 1, `{"consent":{"email":true}}`), said("b", "c", 2, `{"consent":{"email":null}}`)}, []string{"channel:email=null by api", "channel:email=true by api"}},
		"no word on consent":                {[]event.Event{said("a", "c", 1, `{"name":"Li","consent_proof":{"text_version":"v3"}}`)}, nil},
		"an import":                         {[]event.Event{imported}, []string{"channel:email=true by import"}},
		"one click, and again":              {[]event.Event{said("a", "c", 1, `{"consent":{"email":true}}`), unsubscribed("", 2), unsubscribed("", 2), unsubscribed("", 3)}, []string{"channel:email=false by one_click", "channel:email=true by api"}},
		"one click on a topic":              {[]event.Event{unsubscribed("offers", 2)}, []string{"topic:offers=false by one_click"}},
		"the preference centre":             {[]event.Event{preferences}, []string{"channel:sms=true by preference_centre 3", "personalised_offers=false by preference_centre 3", "topic:news=false by preference_centre 3"}},
		"what another claims to be of ours": {[]event.Event{forged}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, _ := setup(t)
			foldAll(t, f, t.Context(), c.events...)
			foldAll(t, f, t.Context(), c.events...) // delivered again
			if got := proofs(t, f, t.Context(), "c"); !slices.Equal(got, c.want) {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

func TestAProofIsNeverGuessed(t *testing.T) {
	for traits, pointer := range map[string]string{
		`{"consent":{"email":true},"consent_proof":"form"}`:                         "/traits/consent_proof",
		`{"consent":{"email":true},"consent_proof":{"source":"preference_centre"}}`: "/traits/consent_proof/source",
		`{"consent":{"email":true},"consent_proof":{"text_hash":"abc"}}`:            "/traits/consent_proof/text_hash",
		`{"consent":{"email":true},"consent_proof":{"where":"a\u0000b"}}`:           "/traits/consent_proof/where",
		`{"consent_proof":{"text_version":"` + strings.Repeat("v", 65) + `"}}`:      "/traits/consent_proof/text_version",
	} {
		_, err := customer.ParseTraits(json.RawMessage(traits))
		if problem, _ := err.(*fault.Error); problem == nil || problem.Pointer != pointer || problem.Code != fault.Invalid {
			t.Errorf("%s: %v", traits, err)
		}
	}
}

// overtaken is a store in which, before some writes, another moves the customer's item: the traits are written, and the item
// that goes with them is not; or which loses its answer.
type overtaken struct {
	*dynamo.Store
	next func() string
}

func (o overtaken) Write(ctx context.Context, w *fold.Write) error {
	switch o.next() {
	case "overtaken":
		states, errs := o.Load(ctx, []fold.Want{{Customer: w.Customer.ID}})
		if errs[0] != nil {
			return errs[0]
		}
		if rec := states[0].Customer; rec.Version > 0 {
			rec.Version++
			if err := o.Commit(ctx, &rec, nil); err != nil {
				return err
			}
		}
	case "lost":
		if err := o.Store.Write(ctx, w); err != nil {
			return err
		}
		return fault.New(fault.Unavailable, "no answer")
	case "refused":
		return fault.New(fault.Throttled, "slower")
	}
	return o.Store.Write(ctx, w)
}

// TestOneProofAChange holds that what was said of consent is recorded once each, and what stands is the last word by time,
// whatever order the events come in, however often, and whatever befalls the writes.
func TestOneProofAChange(t *testing.T) {
	t.Parallel()
	f, _ := setup(t)
	store := f.Store.(*dynamo.Store)
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		id := fmt.Sprint("c", n)
		var words []event.Event
		value := map[string]string{}
		for i := range rapid.IntRange(1, 6).Draw(rt, "words") {
			v := rapid.SampledFrom([]string{"true", "false"}).Draw(rt, "value")
			e := said(fmt.Sprint("e", i), id, i, `{"consent":{"email":`+v+`},"consent_proof":{"text_version":"v`+fmt.Sprint(i)+`"}}`)
			words, value[string(e.ID)] = append(words, e), v
		}
		arriving := rapid.Permutation(append(slices.Clone(words), rapid.SliceOfN(rapid.SampledFrom(words), 0, 4).Draw(rt, "again")...)).Draw(rt, "order")
		f := *f
		fates := rapid.SliceOfN(rapid.SampledFrom([]string{"", "", "overtaken", "lost", "refused"}), 8, 8).Draw(rt, "fates")
		at := 0
		f.Store = overtaken{store, func() string {
			if at++; at <= len(fates) {
				return fates[at-1]
			}
			return ""
		}}
		for len(arriving) > 0 { // what fails is delivered again
			k := rapid.IntRange(1, len(arriving)).Draw(rt, "batch")
			var left []event.Event
			for i, o := range f.Fold(t.Context(), arriving[:k]) {
				if o.Err != nil && !fault.Retryable(o.Err) {
					rt.Fatal(o.Err)
				}
				if o.Err != nil {
					left = append(left, arriving[i])
				}
			}
			arriving = append(left, arriving[k:]...)
		}
		records, _, err := store.Consents(t.Context(), customer.ID(id), 100, "")
		if err != nil || len(records) != len(words) {
			rt.Fatalf("%d records of %d words, %v: %+v", len(records), len(words), err, records)
		}
		for i, r := range records {
			e := words[len(words)-1-i]
			if r.Event != string(e.ID) || !r.Time.Equal(e.Time) || len(r.Changes) != 1 || fmt.Sprint(*r.Changes[0].Given) != value[r.Event] {
				rt.Fatalf("%+v, want one of %+v", r, e)
			}
		}
		p, err := store.Profile(t.Context(), customer.ID(id))
		if err != nil || p.Get("consent.email") != value[records[0].Event] {
			rt.Fatalf("%q stands, %v", p.Get("consent.email"), err)
		}
	})
}

func TestMoreWordsOnConsentThanATransactionTakes(t *testing.T) {
	t.Parallel()
	f, _ := setup(t)
	var events []event.Event
	for i := range 2*fold.MaxConsents + 3 {
		events = append(events, said(fmt.Sprint("e", i), "c", i, fmt.Sprintf(`{"consent":{"email":%v}}`, i%2 == 0)))
	}
	for i := range fold.MaxOrders {
		events = append(events, placed(fmt.Sprint("p", i), "c", fmt.Sprint("o", i), "1.00"))
	}
	foldAll(t, f, t.Context(), events...)
	if got := proofs(t, f, t.Context(), "c"); len(got) != 2*fold.MaxConsents+3 {
		t.Errorf("%d records", len(got))
	}
}

func TestProofsGoWithTheCustomerAndPageByPage(t *testing.T) {
	t.Parallel()
	f, _ := setup(t)
	store := f.Store.(*dynamo.Store)
	for i := range 5 {
		foldAll(t, f, t.Context(), said(fmt.Sprint("e", i), "c", i, fmt.Sprintf(`{"consent":{"email":%v}}`, i%2 == 0)))
	}
	var seen []string
	for before := ""; ; {
		records, places, err := store.Consents(t.Context(), "c", 2, before)
		if err != nil {
			t.Fatal(err)
		}
		if len(records) == 0 {
			break
		}
		for _, r := range records {
			seen = append(seen, r.Event)
		}
		before = places[len(places)-1]
	}
	if !slices.Equal(seen, []string{"e4", "e3", "e2", "e1", "e0"}) {
		t.Errorf("%q", seen)
	}
	if err := store.Erase(t.Context(), "c", noon); err != nil {
		t.Fatal(err)
	}
	if got := proofs(t, f, t.Context(), "c"); len(got) > 0 {
		t.Errorf("of an erased customer there are %q", got)
	}
}
