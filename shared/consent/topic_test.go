package consent_test

import (
	"testing"

	"liuke/shared/consent"
)

func TestTopicsAreCalledAsOperatorsSay(t *testing.T) {
	topics := consent.TopicsNamed([]string{"tea_club", "promotions", "", "cellar", "promotions"}, map[string]map[string]string{
		"tea_club": {"en": "Our tea club", "zh": "茶友会"}, "promotions": {"en": "Bargains"},
	}, map[string]map[string]string{"tea_club": {"en": "New harvests", "zh": "新茶"}, "nobody": {"en": "Nothing"}})
	for i, want := range []struct{ id, en, zh, de string }{
		{"promotions", "Bargains", "促销与优惠", "Bargains"}, {"cellar", "Cellar", "Cellar", "Cellar"}, {"tea_club", "Our tea club", "茶友会", "Our tea club"},
	} {
		topic := topics[i]
		if topic.ID != want.id || topic.Label("en", "en") != want.en || topic.Label("zh-CN", "en") != want.zh || topic.Label("de", "en") != want.de {
			t.Errorf("%+v, want %+v", topic, want)
		}
	}
	if other := consent.TopicsNamed([]string{"promotions"}, nil, nil)[0]; len(topics) != 3 || other.Label("en", "en") != "Promotions and offers" {
		t.Errorf("%v; and without operators' labels %v", topics, other)
	}
	if club := topics[2]; club.Description("en-GB", "en") != "New harvests" || club.Description("zh-CN", "en") != "新茶" || club.Description("de", "en") != "New harvests" || topics[0].Description("en", "en") != "" {
		t.Errorf("described are %+v", topics)
	}
	if words := (&consent.Topic{ID: "tea_club_news"}).Label("en", "en"); words != "Tea club news" {
		t.Errorf("%q", words)
	}
}
