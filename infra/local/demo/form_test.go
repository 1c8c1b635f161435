package demo

import (
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"liuke/shared/survey"
	surveypage "liuke/shared/survey/page"
)

// A made-up customer fills in any page of any survey so that it is taken: what must be answered is, and nothing is sent
// that the page does not ask for.
func TestWhateverCustomersSendIsTaken(t *testing.T) {
	all, err := survey.BuiltIn()
	if err != nil {
		t.Fatal(err)
	}
	pages, err := surveypage.New()
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		s := all[rapid.SampledFrom(sorted(all)).Draw(t, "survey")]
		locale := rapid.SampledFrom(s.Locales()).Draw(t, "locale")
		reader := sitting{
			buyer: &Buyer{Locale: locale}, mood: rapid.Float64Range(0, 1).Draw(t, "mood"),
			rnd: rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 4)),
		}
		stands, complete := survey.Values{}, false
		for from := 0; !complete; {
			asked := s.Page(stands, from)
			if len(asked) == 0 {
				t.Fatalf("nothing is left to be asked, and the answer is not complete: %v", stands)
			}
			shown := pages.Form(surveypage.Form{View: surveypage.View{Survey: s, Locale: locale}, Questions: asked, Given: survey.Values{}})
			at, err := parsePage("https://shop.example/s/x?score=9", []byte(shown.HTML))
			if err != nil {
				t.Fatal(err)
			}
			typed := survey.Form{Fields: map[string][]string{}}
			for _, f := range reader.fill(at.fields) {
				switch f.name {
				case survey.FieldAsked, survey.FieldVersion:
				default:
					typed.Fields[f.name] = append(typed.Fields[f.name], f.value)
				}
			}
			for _, q := range asked {
				typed.Asked = append(typed.Asked, q.ID)
			}
			for name := range typed.Fields {
				if !slices.Contains(typed.Asked, name) {
					t.Fatalf("the field %q is no question of the page, which asks %v", name, typed.Asked)
				}
			}
			var wrong []survey.Mistake
			if stands, complete, wrong = s.Check(typed, stands); len(wrong) > 0 {
				t.Fatalf("%v is not taken: %v", typed.Fields, wrong)
			}
			from = s.Index(asked[len(asked)-1].ID) + 1
		}
	})
}

func TestALinkIsFoundInAMailWithItsAnswers(t *testing.T) {
	for _, c := range []struct {
		name    string
		mail    mail
		form    string
		choices []string
	}{
		{"one that asks", mail{
			Text: "How are we doing?\nhttps://x.example/s/aB_-9\n\nNo more: https://x.example/u/zz",
			HTML: `<a href="https://x.example/s/aB_-9?score=0">0</a><a href="https://x.example/s/aB_-9?a=b&amp;c=d">b</a><a href="https://x.example/s/aB_-9">here</a>`,
		}, "https://x.example/s/aB_-9", []string{"score=0", "a=b&c=d"}},
		{"one that asks nothing", mail{Text: "Thank you. No more: https://x.example/u/zz", HTML: `<a href="https://x.example/u/zz">no more</a>`}, "", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			l, ok := surveyLinkOf(&c.mail)
			if ok != (c.form != "") || l.form != c.form || !slices.Equal(l.choices, c.choices) {
				t.Errorf("%v %+v, want %q with %q", ok, l, c.form, c.choices)
			}
		})
	}
}
