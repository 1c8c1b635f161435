package sms_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"pgregory.net/rapid"

	"liuke/shared/sms"
)

func TestMeasure(t *testing.T) {
	for _, c := range []struct {
		name string
		text string
		want sms.Size
	}{
		{"nothing makes no segment", "", sms.Size{Encoding: sms.GSM7, Room: 160}},
		{"160 characters fit one segment", strings.Repeat("a", 160), sms.Size{Encoding: sms.GSM7, Units: 160, Segments: 1}},
		{"161 need two of 153", strings.Repeat("a", 161), sms.Size{Encoding: sms.GSM7, Units: 161, Segments: 2, Room: 145}},
		{"306 fill two", strings.Repeat("a", 306), sms.Size{Encoding: sms.GSM7, Units: 306, Segments: 2}},
		{"the euro sign takes two septets", strings.Repeat("a", 158) + "€", sms.Size{Encoding: sms.GSM7, Units: 160, Segments: 1}},
		{"an escaped character is not cut in two", strings.Repeat("a", 152) + "€" + strings.Repeat("a", 152),
			sms.Size{Encoding: sms.GSM7, Units: 306, Segments: 3, Room: 152}},
		{"70 Chinese characters fit one segment", strings.Repeat("留", 70), sms.Size{Encoding: sms.UCS2, Units: 70, Segments: 1, Foreign: []rune("留")}},
		{"71 need two of 67", strings.Repeat("客", 71), sms.Size{Encoding: sms.UCS2, Units: 71, Segments: 2, Room: 63, Foreign: []rune("客")}},
		{"an emoji takes two units", strings.Repeat("🎁", 35), sms.Size{Encoding: sms.UCS2, Units: 70, Segments: 1, Foreign: []rune("🎁")}},
		{"an emoji is not cut in two", strings.Repeat("a", 66) + "🎁" + strings.Repeat("a", 66),
			sms.Size{Encoding: sms.UCS2, Units: 134, Segments: 3, Room: 66, Foreign: []rune("🎁")}},
		{"one curly quote sends all of it in UCS-2, and is named", "Don’t miss it – don’t", sms.Size{Encoding: sms.UCS2, Units: 21, Segments: 1, Room: 49, Foreign: []rune("’–")}},
		{"what is not UTF-8 is replaced", "a\xff\xfe", sms.Size{Encoding: sms.UCS2, Units: 3, Segments: 1, Room: 67, Foreign: []rune("\ufffd")}},
		{"the list of foreign characters ends", "一二三四五六七八九十", sms.Size{Encoding: sms.UCS2, Units: 10, Segments: 1, Room: 60, Foreign: []rune("一二三四五六七八")}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := sms.Measure(c.text); !reflect.DeepEqual(got, c.want) {
				t.Errorf("got %+v\nwant %+v", got, c.want)
			}
		})
	}
}

// TestTheAlphabet goes through the tables of 3GPP TS 23.038 row by row.
func TestTheAlphabet(t *testing.T) {
	const basic = "@£$¥èéùìòÇ\nØø\rÅå" + "Δ_ΦΓΛΩΠΨΣΘΞÆæßÉ" + " !\"#¤%&'()*+,-./" + "0123456789:;<=>?" +
		"¡ABCDEFGHIJKLMNO" + "PQRSTUVWXYZÄÖÑÜ§" + "¿abcdefghijklmno" + "pqrstuvwxyzäöñüà"
	const extension = "\f^{}\\[~]|€"
	if n := utf8.RuneCountInString(basic); n != 127 { // 128 places, one of which is the escape character
		t.Fatalf("the table has %d characters", n)
	}
	for r := rune(0); r <= 0x3000; r++ {
		want := 0
		switch {
		case strings.ContainsRune(basic, r):
			want = 1
		case strings.ContainsRune(extension, r):
			want = 2
		}
		got := sms.Measure(string(r))
		if want == 0 && got.Encoding == sms.UCS2 && slices.Equal(got.Foreign, []rune(string(r))) {
			continue
		}
		if want == 0 || got.Encoding != sms.GSM7 || got.Units != want {
			t.Errorf("%q: %+v, want %d septets", r, got, want)
		}
	}
}

func TestNationalCharacters(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       sms.Encoding
	}{
		{"German and Swedish", "Schöne Grüße, tack så mycket", sms.GSM7},
		{"Italian, but for its capitals", "più, è, perché", sms.GSM7},
		{"Spanish without acute vowels", "¿Mañana? ¡Sí", sms.UCS2},
		{"French with a cedilla", "Ça va, garçon", sms.UCS2},
		{"Greek capitals that Latin lacks", "ΔΦΓΛΩΠΨΣΘΞ", sms.GSM7},
		{"Greek in small letters", "Γειά", sms.UCS2},
		{"Polish", "Dziękujemy", sms.UCS2},
		{"Turkish", "Teşekkürler", sms.UCS2},
		{"the backquote, which the alphabet lacks", "`", sms.UCS2},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := sms.Measure(c.text); got.Encoding != c.want {
				t.Errorf("%q goes in %s for %q", c.text, got.Encoding, got.Foreign)
			}
		})
	}
}

// TestLimitsAsPublished holds the counts to the limits by parts that AWS End User Messaging publishes ("SMS character limits").
func TestLimitsAsPublished(t *testing.T) {
	gsm := []int{160, 306, 459, 612, 765, 918, 1071, 1224, 1377, 1530}
	ucs := []int{70, 134, 201, 268, 335, 402, 469, 536, 603, 670}
	for i := range gsm {
		for char, limit := range map[string]int{"a": gsm[i], "留": ucs[i]} {
			if got := sms.Measure(strings.Repeat(char, limit)); got.Segments != i+1 || got.Room != 0 {
				t.Errorf("%d × %s: %+v", limit, char, got)
			}
			if got := sms.Measure(strings.Repeat(char, limit+1)).Segments; got != i+2 {
				t.Errorf("%d × %s: %d segments", limit+1, char, got)
			}
		}
	}
}

// model counts anew from the split: every segment fits, and none could have taken the next character.
func model(t interface {
	Helper()
	Errorf(string, ...any)
}, text string) {
	t.Helper()
	size, parts := sms.Measure(text), sms.Split(text)
	if got := strings.Join(parts, ""); got != string([]rune(text)) {
		t.Errorf("%q comes back as %q", text, got)
	}
	units := func(s string) int {
		if size.Encoding == sms.UCS2 {
			return len(utf16.Encode([]rune(s)))
		}
		return sms.Measure(s).Units
	}
	alone, each := 160, 153
	if size.Encoding == sms.UCS2 {
		alone, each = 70, 67
	}
	if len(parts) > 1 {
		alone = each
	}
	sum := 0
	for i, part := range parts {
		n := units(part)
		sum += n
		if n > alone || n == 0 || !utf8.ValidString(part) {
			t.Errorf("segment %d of %q holds %d units", i, text, n)
		}
		if i > 0 {
			_, first := utf8.DecodeRuneInString(part)
			if units(parts[i-1]+part[:first]) <= each {
				t.Errorf("segment %d of %q could have held more", i-1, text)
			}
		}
	}
	if len(parts) != size.Segments || sum != size.Units {
		t.Errorf("%d segments of %d units; counted were %+v", len(parts), sum, size)
	}
	if size.Segments > 0 && len(parts) > 0 && size.Room != alone-units(parts[len(parts)-1]) {
		t.Errorf("room for %d", size.Room)
	}
	if (size.Encoding == sms.UCS2) != (len(size.Foreign) > 0) {
		t.Errorf("%s for %q", size.Encoding, size.Foreign)
	}
}

func TestSegmentsHoldWhatTheyCan(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		alphabet := rapid.SampledFrom([][]rune{[]rune("ab€[ é"), []rune("a留🎁€ş"), []rune("🎁👩‍👩‍👧")}).Draw(t, "alphabet")
		model(t, rapid.StringOfN(rapid.SampledFrom(alphabet), 0, 500, -1).Draw(t, "text"))
	})
}

func FuzzMeasure(f *testing.F) {
	f.Add("Hello 你好 🎁")
	f.Add(strings.Repeat("[", 81))
	f.Add(strings.Repeat("🎁", 36) + "\xff")
	f.Fuzz(func(t *testing.T, text string) { model(t, text) })
}

func TestPrice(t *testing.T) {
	for text, want := range map[string]sms.Price{"0": 0, "0.00645": 6450, "0.05": 50_000, "1000": 1_000_000_000, "12.5": 12_500_000, "0.000001": 1} {
		got, err := sms.ParsePrice(text)
		if err != nil || got != want {
			t.Errorf("%s: %d, %v", text, got, err)
		}
	}
	for _, text := range []string{"", ".", ".5", "5.", "-1", "+1", "1e3", "1000.000001", "0.0000001", "1,5", "０.5", "0x1", "1_0", "1.+5"} {
		if got, err := sms.ParsePrice(text); err == nil {
			t.Errorf("%q is read as %s", text, got)
		}
	}
	for price, want := range map[sms.Price]string{0: "0.00", 6450: "0.00645", 50_000: "0.05", 1_500_000: "1.50", 1: "0.000001", -6450: "-0.00645", 12_000_000: "12.00"} {
		if got := price.String(); got != want {
			t.Errorf("%d is written %s", price, got)
		}
	}
	if got := sms.Measure(strings.Repeat("a", 161)).Cost(6450).String(); got != "0.0129" {
		t.Errorf("two segments cost %s", got)
	}
	rapid.Check(t, func(t *rapid.T) {
		p := sms.Price(rapid.Int64Range(0, 1_000_000_000).Draw(t, "price"))
		if got, err := sms.ParsePrice(p.String()); err != nil || got != p {
			t.Fatalf("%s is read as %d, %v", p, got, err)
		}
	})
}
