package consent

import "slices"

// Topic is what a customer may want to hear of, or not.
type Topic struct {
	ID     string            `json:"id"`
	Labels map[string]string `json:"labels"` // by locale (BCP 47)
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

// TopicsNamed returns the topics of the ids, each once: those that have a label here in their order, then the others, which
// stand for themselves.
func TopicsNamed(ids []string) (topics []Topic) {
	known := Topics()
	for _, t := range known {
		if slices.Contains(ids, t.ID) {
			topics = append(topics, t)
		}
	}
	for _, id := range slices.Sorted(slices.Values(ids)) {
		if id != "" && !slices.ContainsFunc(topics, func(t Topic) bool { return t.ID == id }) {
			topics = append(topics, Topic{ID: id})
		}
	}
	return topics
}
