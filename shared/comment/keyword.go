package comment

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"liuke/shared/comment/internal/polarity"
	"liuke/shared/comment/internal/token"
)

// englishStops say little by themselves.
const englishStops = `a about all also am an and any anyone anything are as at be because been being both but by can can't cannot could
	couldn't did didn't do does doesn't doing don't dont done during each either else even ever every everyone everything for from further get
	gets getting give go goes going gone got had hadn't has hasn't have haven't having he he's her here hers herself him himself his how
	however i i'd i'll i'm i've if in into is isn't it it's its itself just keep kept know let let's like made make makes many may me might
	more most much must my myself need never no none nor not nothing now of off on once one ones only onto or other others our ours out over
	own per please put quite rather really said same say says see seem seems seen she she's should shouldn't since so some someone something
	still such sure take taken than that that's the their theirs them themselves then there there's these they they're they've thing things
	think this those though through till to too took try two under until up upon us use used using very via want wanted was wasn't way we we're
	we've went were weren't what what's when where which while who whole whom whose why will with within without won't would wouldn't yes yet
	you you'd you'll you're you've your yours yourself etc lot lots bit good bad great best better worst worse nice fine love loved like liked
	happy actually already always again another around ago came come
	comes anyway maybe perhaps thank thanks ok okay well im ive id isnt wasnt didnt doesnt cant wont couldnt wouldnt first second last next`

// chineseStops say little by themselves, beside the list of package polarity.
const chineseStops = `这里 那里 哪里 什么 怎么 怎么样 怎样 为什么 多少 几个 一些 一点 一下 一样 一定 一直 一起 一般 一次 一条 一件 一台 两个 两次 三个 几次 几天 第一 第二
	自己 人家 大家 别人 有人 有点 有些 没有 不是 不会 不能 不要 不用 不到 不了 不想 可以 可能 应该 需要 已经 还是 还有 还会 还要 还没 就是 都是 也是 只是 只有 只能 总是 真是 算是 但是 不过
	可是 而且 或者 以及 如果 虽然 因为 所以 然后 之后 之前 以后 以前 现在 当时 时候 刚刚 终于 其他 其实 其中 另外 觉得 感觉 认为 知道 看到 看着 看看 说是 说话 听说 希望 发现 想到 没想到 居然 竟然
	简直 真心 真的 确实 实在 的确 绝对 特别 非常 比较 相当 十分 超级 稍微 略微 有时候 每次 这次 上次 下次 第一次 第二次 今天 昨天 明天 上午 下午 晚上 早上 时间 东西 这么 那么 这样 那样 这种 那种 这些 那些
	收到 拿到 买了 用了 吃了 试了 穿了 买的 打开 出来 起来 过来 过去 回来 进去 下来 上去 来说 的话 而已 罢了 什么样 之类 等等 里面 外面 上面 下面 一个 一家 这家 本人 我们 你们 他们 她们 咱们 没法 不得不 不仅
	不但 并且 甚至 尤其 除了 关于 对于 根据 通过 由于 不知 不知道 谢谢 请问 麻烦 好像 大概 差不多 左右 继续 开始 结果 最后 目前 暂时 方面 事情 问题 情况 很好 不好 不错 还不错 挺好 挺不错 很差 太差 太差了 满意 不满意 喜欢 不喜欢 还可以 好评 差评 想象中`

var chineseStop = sync.OnceValue(func() map[string]bool { return wordSet(chineseStops) })

// keywords returns the words that a text says most: those that are said more often first, of others those of a topic,
// of others those that come first.
func keywords(tokens []token.Token, language string) []string {
	type tally struct {
		word  string
		times int
		topic bool
	}
	var tallies []tally
	index := map[string]int{}
	for i := range tokens {
		word := keyword(&tokens[i], language)
		if word == "" {
			continue
		}
		at, ok := index[word]
		if !ok {
			at = len(tallies)
			index[word] = at
			tallies = append(tallies, tally{word: word, topic: topicOf(word) != nil})
		}
		tallies[at].times++
	}
	slices.SortStableFunc(tallies, func(a, b tally) int {
		if c := cmp.Compare(b.times, a.times); c != 0 || a.topic == b.topic {
			return c
		}
		if a.topic {
			return -1
		}
		return 1
	})
	var out []string
	for _, t := range tallies[:min(len(tallies), MaxKeywords)] {
		out = append(out, t.word)
	}
	return out
}

// keyword returns the keyword that a token is, or "". A Chinese word must be in the dictionary, which has no names of
// people; a Latin one must be known where it stands in Chinese or has a capital, which names have.
func keyword(t *token.Token, language string) string {
	runes := utf8.RuneCountInString(t.Text)
	switch t.Kind {
	case token.Han:
		if runes < 2 || !token.Known(t.Text) || polarity.IsStop(t.Text) || chineseStop()[t.Text] {
			return ""
		}
		return t.Text
	case token.Latin:
		word := strings.TrimSuffix(t.Text, "'s")
		if runes < 3 || runes > MaxKeywordRunes || strings.ContainsRune(word, '\'') || english()[word] && topicOf(word) == nil {
			return ""
		}
		if (t.Capital || language != English) && !isEnglish(word) {
			return ""
		}
		return word
	}
	return ""
}
