package consent

import (
	"maps"
	"slices"
	"strings"
)

// MaxTopics is how many topics all scenes name at most, and a customer is shown.
const MaxTopics = 50

// Topic is what a customer may want to hear of, or not.
type Topic struct {
	ID     string            `json:"id"`
	Labels map[string]string `json:"labels"` // by locale (BCP 47)
	// Descriptions say, by locale, what messages of the topic are about; none where the operator gave none.
	Descriptions map[string]string `json:"descriptions,omitempty"`
}

// Topics returns the topics that come with the suite, in the order in which customers are shown them.
func Topics() []Topic {
	label := func(id, en, zh string) Topic { return Topic{ID: id, Labels: map[string]string{"en": en, "zh-CN": zh}} }
	return []Topic{
		label("promotions", "Promotions and offers", "促销与优惠"),
		label("news", "News and new products", "新品与资讯"),
		label("reminders", "Reminders to buy again", "复购提醒"),
		label("membership", "Membership", "会员权益"),
		label("referrals", "Rewards for recommending us", "推荐有礼"),
		label("reviews", "Requests for reviews", "评价邀请"),
		label("greetings", "Birthday and festival greetings", "生日与节日问候"),
		label("surveys", "Surveys", "满意度调查"),
	}
}

// TopicsNamed returns the topics of the ids, each once: those that come with the suite in their order, then the others. Own are
// labels of operators', by id and locale, which go before those that come with the suite, and descriptions likewise.
func TopicsNamed(ids []string, own, descriptions map[string]map[string]string) (topics []Topic) {
	for _, t := range Topics() {
		if slices.Contains(ids, t.ID) {
			topics = append(topics, t)
		}
	}
	for _, id := range slices.Sorted(slices.Values(ids)) {
		if id != "" && !slices.ContainsFunc(topics, func(t Topic) bool { return t.ID == id }) {
			topics = append(topics, Topic{ID: id, Labels: map[string]string{}})
		}
	}
	for i := range topics {
		maps.Copy(topics[i].Labels, own[topics[i].ID])
		topics[i].Descriptions = descriptions[topics[i].ID]
	}
	return topics
}

// Label is what the topic is called in a locale; where it has no label there, in its language, else in fallback, else by its id
// in words.
func (t *Topic) Label(locale, fallback string) string {
	if label := in(t.Labels, locale, fallback); label != "" {
		return label
	}
	words := strings.ReplaceAll(t.ID, "_", " ")
	return strings.ToUpper(words[:min(1, len(words))]) + words[min(1, len(words)):] // ids are in ASCII
}

// Description is what messages of the topic are about, in a locale; where none is written there, in its language, else in fallback; ""
// for none.
func (t *Topic) Description(locale, fallback string) string {
	return in(t.Descriptions, locale, fallback)
}

// in returns the words of a locale, of its language or of fallback.
func in(words map[string]string, locale, fallback string) string {
	language, _, _ := strings.Cut(locale, "-")
	for _, l := range []string{locale, language, fallback} {
		if text := words[l]; text != "" {
			return text
		}
	}
	return ""
}
