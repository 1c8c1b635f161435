package comment_test

import (
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"

	"liuke/shared/comment"
)

// sound reports what no insight may be, whatever the text.
func sound(t interface {
	Helper()
	Errorf(string, ...any)
}, insight comment.Insight) {
	t.Helper()
	if !slices.Contains([]string{comment.English, comment.Chinese, comment.Unknown}, insight.Language) {
		t.Errorf("language %q", insight.Language)
	}
	if !slices.Contains([]comment.Sentiment{comment.Positive, comment.Negative, comment.Neutral, comment.Undetermined}, insight.Sentiment) {
		t.Errorf("sentiment %q", insight.Sentiment)
	}
	if math.IsNaN(insight.Score) || math.Abs(insight.Score) > 1 || insight.Sentiment == comment.Undetermined && insight.Score != 0 {
		t.Errorf("score %v of %q", insight.Score, insight.Sentiment)
	}
	if len(insight.Topics) > comment.MaxTopics || len(insight.Keywords) > comment.MaxKeywords {
		t.Errorf("%d topics, %d keywords", len(insight.Topics), len(insight.Keywords))
	}
	for i, topic := range insight.Topics {
		if !slices.Contains(comment.Topics(), topic) || slices.Contains(insight.Topics[:i], topic) {
			t.Errorf("topics %q", insight.Topics)
		}
	}
	for i, word := range insight.Keywords {
		if word == "" || !utf8.ValidString(word) || utf8.RuneCountInString(word) > comment.MaxKeywordRunes ||
			strings.ToLower(word) != word || slices.Contains(insight.Keywords[:i], word) {
			t.Errorf("keywords %q", insight.Keywords)
		}
		for _, r := range word {
			if !unicode.IsLetter(r) && !unicode.IsMark(r) {
				t.Errorf("%q within the keyword %q", r, word)
			}
		}
	}
}

func FuzzAnalyze(f *testing.F) {
	for _, text := range []string{
		"", "Great!", "不错，很满意", "品質很差", "a\x00b\xff\xfe", "@", "@@", "@小明", "x@", "www.", "://", "👨‍👩‍👧", "e\u0301", "İIıſK",
		"=cmd|'/c calc'!A1", "<b>bad</b>", strings.Repeat("不", 5000), strings.Repeat("a", 5000), strings.Repeat("a.", 3000),
		strings.Repeat("'", 5000), "𠀀𠀀", "Ⅷ ⅷ ª º", "ǅ", "not not not good", "١٢٣", "한국어 좋아요", "\u202egood", "don''t a'b'c",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		insight := analyze(t, text)
		sound(t, insight)
		if again := analyze(t, text); !reflect.DeepEqual(insight, again) {
			t.Errorf("%+v, then %+v", insight, again)
		}
	})
}

func TestWhatMayBePersonalIsInNoKeyword(t *testing.T) {
	word := rapid.StringMatching(`[a-z]{4,10}`)
	personal := map[string]*rapid.Generator[[]string]{
		"mail":   rapid.Custom(func(t *rapid.T) []string { w := word.Draw(t, "w"); return []string{w + "@" + w + ".com", w} }),
		"handle": rapid.Custom(func(t *rapid.T) []string { w := word.Draw(t, "w"); return []string{"@" + w, w} }),
		"web":    rapid.Custom(func(t *rapid.T) []string { w := word.Draw(t, "w"); return []string{"https://" + w + ".io/" + w, w} }),
		"code":   rapid.Custom(func(t *rapid.T) []string { w := word.Draw(t, "w"); return []string{w + "7", w} }),
		"name":   rapid.Custom(func(t *rapid.T) []string { w := "Xq" + word.Draw(t, "w"); return []string{w, strings.ToLower(w)} }),
	}
	around := []string{"the courier lost it, %s said", "%s", "退款请找%s谢谢", "物流 %s 太慢", "%s: refund!"}
	for kind, generator := range personal {
		t.Run(kind, rapid.MakeCheck(func(t *rapid.T) {
			drawn := generator.Draw(t, kind)
			text := strings.Replace(rapid.SampledFrom(around).Draw(t, "around"), "%s", drawn[0], 1)
			if strings.Contains(around[0]+around[4], drawn[1]) {
				t.Skip("a word of the text as well")
			}
			insight := analyzeRapid(t, text)
			sound(t, insight)
			if slices.Contains(insight.Keywords, drawn[1]) {
				t.Errorf("%q has the keywords %q", text, insight.Keywords)
			}
		}))
	}
}

func analyzeRapid(t *rapid.T, text string) comment.Insight {
	insight, err := comment.Local{}.Analyze(t.Context(), text)
	if err != nil {
		t.Fatal(err)
	}
	return insight
}
