package page

import (
	"strings"
	"testing"

	"liuke/shared/brand"
	"liuke/shared/fault"
)

func TestASurveyWhosePagesAreTooLargeIsNamed(t *testing.T) {
	p, s, b := pages(t), kinds(t), testBrand(t)
	if err := p.Fit(s, b); err != nil {
		t.Fatal(err)
	}
	b.Logo += strings.Repeat("A", brand.MaxLogoBytes-len(b.Logo))
	if err := p.Fit(s, b); err != nil {
		t.Error("a large logo leaves no room for a survey: ", err)
	}
	words := s.Texts["zh-CN"].Questions["comment"]
	words.Hint = strings.Repeat("长", 333)
	words.Ask = words.Hint
	s.Texts["zh-CN"].Questions["comment"] = words
	if err := p.Fit(s, b); err != nil {
		t.Error(err)
	}
	words.Ask = strings.Repeat("长", MaxBytes/3)
	s.Texts["zh-CN"].Questions["comment"] = words
	err, ok := p.Fit(s, nil).(*fault.Error)
	if !ok || err.Code != fault.Invalid || err.Pointer != "/texts/zh-CN" {
		t.Errorf("%v", err)
	}
}
