package polarity

import (
	"strings"
	"sync"

	"liuke/shared/comment/internal/token"
)

// reach is how many words a negation reaches.
const reach = 3

// Negated is what a word counts for that a negation reaches: most of its weight, the other way.
const Negated = -0.75

// negators turn what follows. Each language's words are in its own script, so one list does.
const negatorWords = `not no never nor neither nothing none nobody without hardly barely cannot cant can't dont don't
	didn't didnt doesn't doesnt isn't isnt wasn't wasnt aren't arent weren't werent won't wont wouldn't wouldnt couldn't
	couldnt shouldn't hasn't hasnt haven't havent hadn't ain't aint lacks lacking
	不 没 没有 不是 并不 并非 并没有 不太 不够 不怎么 不大 未 未能 毫无 毫不 从不 从未 没什么 没啥 无法 难以 谈不上 算不上 称不上 不算 不能 不会 别 绝不 决不 不再`

// pivots end what a negation reaches, as punctuation does.
const pivotWords = `but however although though yet except 但 但是 不过 可是 可 然而 而且 只是 就是 虽然 因为 所以`

// stops say nothing of favour by themselves; beside another word they may.
const stopWords = `the a an and or of to in on at for with is was are were be been being am i it its it's i'm this that
	these those my me we us our you your he she his her they them their there here as by from so if then than when which who
	what had has have do did does will would can could should just also very really too more most some any all one two
	的 了 是 我 你 他 她 它 我们 你们 他们 在 和 与 就 都 也 还 又 很 非常 太 真 真的 特别 比较 挺 蛮 有 个 一个 这 那 这个 那个 这次 这样 吧 呢 啊 吗 哦 呀 着 过 得 地 给 对 把 被 让 用 会 要 能 到 去 来 上 下 说 看 买 里 而 及 等 但 但是 不过 因为 所以 如果`

var (
	negators = sync.OnceValue(func() map[string]bool { return set(negatorWords) })
	pivots   = sync.OnceValue(func() map[string]bool { return set(pivotWords) })
	stops    = sync.OnceValue(func() map[string]bool { return set(stopWords) })
)

func set(words string) map[string]bool {
	out := map[string]bool{}
	for _, word := range strings.Fields(words) {
		out[word] = true
	}
	return out
}

// IsStop tells whether a word says nothing of favour by itself.
func IsStop(word string) bool { return stops()[word] }

// Features calls emit for each feature of tokens: a word by itself, with 1, or Negated where a negation reaches it; and
// a pair of words that follow each other with nothing between them but what is hidden, joined by "_", with 1. A word
// that is said over and over counts once. The key is good until emit returns.
func Features(tokens []token.Token, emit func(key []byte, value float64)) {
	negators, pivots, stops := negators(), pivots(), stops()
	var pair []byte
	last, left := "", 0 // the word before, and how many words the negation yet reaches
	for i := range tokens {
		t := &tokens[i]
		switch t.Kind {
		case token.Break:
			last, left = "", 0
		case token.Emoji:
			emit(append(pair[:0], t.Text...), 1)
		case token.Latin, token.Han, token.Number:
			if t.Text == last {
				continue
			}
			if last != "" && !(stops[last] && stops[t.Text]) {
				pair = append(append(append(pair[:0], last...), '_'), t.Text...)
				emit(pair, 1)
			}
			switch {
			case negators[t.Text]:
				left = reach + 1
				emit(append(pair[:0], t.Text...), 1)
			case pivots[t.Text]:
				left = 0
			case !stops[t.Text]:
				value := 1.0
				if left > 0 {
					value = Negated
				}
				emit(append(pair[:0], t.Text...), value)
			}
			last, left = t.Text, max(left-1, 0)
		}
	}
}

// Words returns the Chinese words that features depend on, for the dictionary to have them.
func Words() []string {
	var out []string
	for _, word := range strings.Fields(negatorWords + " " + pivotWords + " " + stopWords) {
		if word[0] >= 0x80 {
			out = append(out, word)
		}
	}
	return out
}
