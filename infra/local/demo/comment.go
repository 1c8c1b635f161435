package demo

import "strings"

// comments are what customers of the shop write, by language and by how they feel: badly, so so, well.
var comments = map[string][3][]string{
	"en": {
		{
			"The parcel came ten days late and nobody told me why.",
			"It broke after a week, and the refund took a month.",
			"Far too expensive for such poor quality.",
			"I wrote to support three times and never got an answer.",
			"The size was wrong and sending it back was a nightmare.",
		},
		{
			"Fine on the whole, but delivery could be faster.",
			"Good products, prices have gone up though.",
			"Okay. The website is a bit slow.",
			"It does what it says, nothing more.",
		},
		{
			"Great quality and it arrived the next day, thank you!",
			"Friendly support, my problem was solved within minutes.",
			"I love the range, and prices are fair.",
			"Always quick, always well packed. Keep it up.",
			"Excellent service, I have told all my friends.",
		},
	},
	"zh-CN": {
		{
			"快递太慢了，等了十天才到，也没有人通知。",
			"用了一个星期就坏了，质量太差，很失望。",
			"价格太贵，不值这个钱。",
			"客服态度很差，问题一直没有解决。",
			"退货太麻烦，退款拖了一个月。",
		},
		{
			"总体还可以，希望物流再快一点。",
			"东西不错，就是涨价了。",
			"一般般，没有特别的感觉。",
			"包装可以再改进一下。",
		},
		{
			"质量很好，第二天就到了，非常满意！",
			"客服很耐心，问题很快就解决了。",
			"价格实惠，种类也多，会继续支持。",
			"包装精美，物流很快，好评。",
			"服务周到，已经推荐给朋友了。",
		},
	},
}

// write returns what a customer types into a field, often nothing.
func (s *sitting) write(field string) string {
	if strings.HasSuffix(field, "_name") {
		return []string{"Corner Shop", "隔壁小店", "Bargain Barn"}[s.rnd.IntN(3)]
	}
	mood := 0
	switch {
	case s.mood >= 0.85:
		mood = 2
	case s.mood >= 0.65:
		mood = 1
	}
	texts := comments[s.buyer.Locale][mood]
	if s.rnd.Float64() > 0.6 {
		return ""
	}
	return texts[s.rnd.IntN(len(texts))]
}
