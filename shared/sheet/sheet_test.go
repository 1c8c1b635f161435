package sheet_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"liuke/shared/sheet"
)

func TestWhatBeginsLikeAFormulaIsText(t *testing.T) {
	for field, want := range map[string]string{
		"": "", "9": "9", "a=b": "a=b", "很好": "很好", "=cmd|'/C calc'!A0": "'=cmd|'/C calc'!A0", "+1": "'+1", "-1": "'-1", "@SUM(A1)": "'@SUM(A1)",
		"\t=1": "'\t=1", "\r=1": "'\r=1", "\n=1": "'\n=1", "|x": "'|x", "＝1": "'＝1", "'quoted": "''quoted",
	} {
		if got := sheet.Inert(field); got != want {
			t.Errorf("%q becomes %q, want %q", field, got, want)
		}
	}
}

func TestInertTextComesBackPlain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		field := rapid.String().Draw(t, "field")
		inert := sheet.Inert(field)
		if sheet.Plain(inert) != field || strings.HasPrefix(inert, "=") {
			t.Fatalf("%q becomes %q and then %q", field, inert, sheet.Plain(inert))
		}
	})
}
