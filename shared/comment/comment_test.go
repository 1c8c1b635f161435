package comment_test

import (
	"context"
	"os"
	"slices"
	"strings"
	"testing"

	"liuke/shared/comment"
	"liuke/shared/fault"
)

func analyze(t testing.TB, text string) comment.Insight {
	t.Helper()
	insight, err := comment.Local{}.Analyze(context.Background(), text)
	if err != nil {
		t.Fatal(err)
	}
	return insight
}

// rows returns the lines of a file of testdata, cut at the tab.
func rows(t testing.TB, name string) [][2]string {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	var out [][2]string
	for line := range strings.Lines(string(data)) {
		label, text, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		if !ok {
			t.Fatalf("%s: no tab in %q", name, line)
		}
		out = append(out, [2]string{label, text})
	}
	return out
}

func TestSentiment(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want comment.Sentiment
	}{
		"praise":                                    {"Great service, I am very happy.", comment.Positive},
		"blame":                                     {"Terrible quality, it broke after a day.", comment.Negative},
		"a negation turns praise into blame":        {"The food was not good.", comment.Negative},
		"a negation turns blame into praise":        {"No problems at all, never disappointed.", comment.Positive},
		"a negation ends with its clause":           {"It was not near, but the food was delicious.", comment.Positive},
		"Chinese praise":                            {"质量很好，非常满意", comment.Positive},
		"Chinese blame":                             {"太差了，再也不买了", comment.Negative},
		"a word of its own for what is not good":    {"不好", comment.Negative},
		"not as good as imagined":                   {"没有想象中好", comment.Negative},
		"not very good to use":                      {"不是很好用", comment.Negative},
		"no difference in colour is praise":         {"没有色差，很喜欢", comment.Positive},
		"traditional characters":                    {"品質很差，客服不理人", comment.Negative},
		"both languages in one comment":             {"质量 very good，很满意", comment.Positive},
		"emoji alone":                               {"👍👍", comment.Positive},
		"an angry face alone":                       {"😡", comment.Negative},
		"emoji in a language that is not known":     {"Доставка 😡😡", comment.Negative},
		"an emoticon":                               {"arrived today :(", comment.Negative},
		"nothing":                                   {"", comment.Undetermined},
		"punctuation":                               {"...", comment.Undetermined},
		"a language that is not known":              {"Очень хороший товар", comment.Undetermined},
		"a statement":                               {"I ordered it on the website.", comment.Neutral},
		"a Chinese question":                        {"请问明天能送到吗？", comment.Neutral},
		"zero-width characters within a word":       {"ter\u200brible, awful", comment.Negative},
		"marks over every letter":                   {"t\u0336e\u0336r\u0336r\u0336i\u0336b\u0336l\u0336e\u0336", comment.Negative},
		"wide letters":                              {"Ｔｅｒｒｉｂｌｅ！ ａｗｆｕｌ", comment.Negative},
		"words that are said over and over are one": {strings.Repeat("很好", 1500), comment.Positive},
	} {
		t.Run(name, func(t *testing.T) {
			if got := analyze(t, c.text); got.Sentiment != c.want {
				t.Errorf("%q is %q (%.3f), want %q", c.text, got.Sentiment, got.Score, c.want)
			}
		})
	}
}

func TestKeywords(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"words of a topic first":                  {"Yesterday evening the courier lost the parcel.", []string{"courier", "parcel", "evening", "lost"}},
		"what is said most first":                 {"the stairs, the box, the stairs", []string{"stairs", "box"}},
		"Chinese words":                           {"快递小哥的态度很好，但是包装破损", []string{"快递小哥", "态度", "包装", "破损"}},
		"traditional characters as simplified":    {"這個商品品質很差，我要退貨", []string{"商品", "品质", "退货"}},
		"an address of mail":                      {"Write to jane.doe@example.com about the refund", []string{"refund", "write"}},
		"an address of mail between Chinese":      {"退款请联系abc@qq.com谢谢", []string{"退款", "联系"}},
		"addresses of the web":                    {"see https://shop.example/x?y=1 or www.foo.org or foo.com/bar, refund", []string{"refund"}},
		"handles":                                 {"@jane_doe your courier lost it", []string{"courier", "lost"}},
		"a Chinese handle":                        {"@王小明 退款", []string{"退款"}},
		"telephone and order numbers":             {"Order AB-12345, call 138-0013-8000 about my refund", []string{"refund"}},
		"numbers in Chinese":                      {"订单号20240101，电话13800138000，退款", []string{"退款", "订单", "电话"}},
		"a name":                                  {"Jenny lost the parcel of Kowalski", []string{"parcel", "lost"}},
		"a Chinese name that is in no dictionary": {"客服赵雨桐处理了退款", []string{"客服", "处理", "退款"}},
		"an unknown Latin word within Chinese":    {"加我微信 jennyzhou 退款", []string{"退款", "微信"}},
		"HTML and a formula":                      {"<script>alert('x')</script> =cmd|'/c calc'!A1 refund", []string{"script", "refund", "alert", "cmd", "calc"}},
		"nothing of another language":             {"Очень хороший товар", nil},
	} {
		t.Run(name, func(t *testing.T) {
			if got := analyze(t, c.text).Keywords; !slices.Equal(got, c.want) {
				t.Errorf("%q has %q, want %q", c.text, got, c.want)
			}
		})
	}
}

func TestLanguage(t *testing.T) {
	for _, row := range rows(t, "languages.tsv") {
		want := strings.Trim(row[0], "-")
		if got := analyze(t, row[1]).Language; got != want {
			t.Errorf("%q is %q, want %q", row[1], got, want)
		}
	}
}

func TestLongTextsAreReadUpToTheLimit(t *testing.T) {
	head := strings.Repeat("The delivery was good. ", 200)[:comment.MaxRunes]
	if got, want := analyze(t, head+strings.Repeat(" horrible refund", 10_000)), analyze(t, head); got.Score != want.Score ||
		!slices.Equal(got.Keywords, want.Keywords) || !slices.Equal(got.Topics, want.Topics) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestAnAnalysisThatIsOverIsUnavailable(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := (comment.Local{}).Analyze(ctx, "good"); fault.CodeOf(err) != fault.Unavailable {
		t.Errorf("got %v", err)
	}
}
