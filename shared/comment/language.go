package comment

import (
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"liuke/shared/comment/internal/polarity"
	"liuke/shared/comment/internal/token"
)

// foreignWords are frequent in other languages of the Latin alphabet, and no words of English.
const foreignWords = `el los las que por para con muy pero una está esta este del todo buen bueno buena bien malo mala gracias y es lo su mi ya fue hay
	le les des et est pas très tres avec mais je nous vous ma ce cette au du sur livraison produit merci rapide un dans qui ne trop c'est j'ai
	der das und ist nicht sehr mit für ein eine ich aber auf zu gut von schnell leider den dem wir sie auch wie wird
	não nao muito com mas da em bom boa produto entrega obrigado uma foi
	il che molto sono ottimo grazie di della consegna prodotto anche questo
	het een niet van goed ik op te maar heel snel zijn voor dat met
	yang dan tidak sangat ini saya bagus barang sekali dengan untuk
	nie jest bardzo się na towar polecam
	och är inte mycket det jag på att som av til ikke og meget
	ve bir çok bu için ama de güzel
	rất và không hàng giao tốt`

// englishWords are frequent in English, beside those that the model and the list of stop words have.
const englishWords = `after again ago always another around away back before best better bought box buy call called came car card change
	check city clean close color come customer cut day days did difference different done down each easy eat email end enough
	even ever every everything family far fast feel few find first fit food found friend friends full gave get gets getting give go
	going gone got great had half hard help here home hotel hour hours house idea inside instead item items job keep kind know
	last late left less life light line little live local long look looked looking lot low made make makes making man many maybe
	meal menu minutes mobile money month months morning much name need needed never new next night nothing now number off office
	often old once online only open order ordered other out over own package paid parcel part pay people person phone place
	please point power price product products purchase put quality quick ready real reason received return right room run said same
	say see seen sell send sent service set shipping shirt shoes shop short side simple since size small something sometimes soon staff
	star stars start stay still stop store stuff such sure table take taste tell thing things think thought through time
	times today told tomorrow took top tried trip try turn two under until up use used using usually wait waited waiting want wanted
	water way wear week weeks well went where while whole why wife work worked working works worn world worth year years
	yes yesterday yet your ok okay`

var (
	foreign = sync.OnceValue(func() map[string]bool { return wordSet(foreignWords) })
	english = sync.OnceValue(func() map[string]bool { return wordSet(englishWords + " " + englishStops) })
)

func wordSet(words string) map[string]bool {
	out := map[string]bool{}
	for _, word := range strings.Fields(words) {
		out[word] = true
	}
	return out
}

// isEnglish tells whether a word in lower case is known to be English.
func isEnglish(word string) bool {
	if english()[word] {
		return true
	}
	if _, ok := polarity.Model()[word]; ok && !foreign()[word] {
		return true
	}
	return topicOf(word) != nil
}

// language returns the language that most words are of. Chinese characters beside many of another script are not
// Chinese (as in Japanese); Latin words are English where at least a third is known to be, and more than twice as many
// as are known not to be.
func language(tokens []token.Token) string {
	var han, hanRunes, other, latin, known, strange int
	for i := range tokens {
		switch t := &tokens[i]; t.Kind {
		case token.Han:
			han++
			hanRunes += utf8.RuneCountInString(t.Text)
		case token.Other:
			other += utf8.RuneCountInString(t.Text)
		case token.Latin:
			latin++
			switch {
			case foreign()[t.Text] || accented(t.Text):
				strange++
			case isEnglish(t.Text):
				known++
			}
		}
	}
	switch {
	case other*3 > hanRunes && other > latin:
		return Unknown
	case han > 0 && han >= latin:
		return Chinese
	case known > 0 && known*3 >= latin && known > 2*strange:
		return English
	}
	return Unknown
}

// accented tells whether a word has a letter that English words do not.
func accented(word string) bool {
	for _, r := range word {
		if r > unicode.MaxASCII {
			return word != "café" && word != "naïve" && word != "fiancé" && word != "résumé"
		}
	}
	return false
}
