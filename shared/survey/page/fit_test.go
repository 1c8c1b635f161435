package page

import (
	"strings"
	"testing"

	"liuke/shared/fault"
)

func TestASurveyWhosePagesAreTooLargeIsNamed(t *testing.T) {
	p, s, brand := pages(t), kinds(t), testBrand(t)
	if err := p.Fit(s, brand); err != nil {
		t.Fatal(err)
	}
	brand.Logo += strings.Repeat("A", MaxLogoBytes-len(brand.Logo))
	if err := p.Fit(s, brand); err != nil {
		t.Error("a large logo leaves no room for a survey: ", err)
	}
	words := s.Texts["zh-CN"].Questions["comment"]
	words.Hint = strings.Repeat("长", 333)
	words.Ask = words.Hint
	s.Texts["zh-CN"].Questions["comment"] = words
	if err := p.Fit(s, brand); err != nil {
		t.Error(err)
	}
	words.Ask = strings.Repeat("长", MaxBytes/3)
	s.Texts["zh-CN"].Questions["comment"] = words
	err, ok := p.Fit(s, nil).(*fault.Error)
	if !ok || err.Code != fault.Invalid || err.Pointer != "/texts/zh-CN" {
		t.Errorf("%v", err)
	}
}
