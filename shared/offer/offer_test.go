package offer_test

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"liuke/shared/fault"
	"liuke/shared/offer"
)

func TestWhetherAPoolMayGive(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	pool := offer.Pool{ID: "spring", Scenes: []string{"win_back"}, Expires: now.Add(48 * time.Hour), LeastValid: 24 * time.Hour}
	for _, c := range []struct {
		name, scene string
		pool        *offer.Pool
		at          time.Time
		want        string
	}{
		{"its scene may", "win_back", &pool, now, ""},
		{"another scene may not", "birthday", &pool, now, offer.ReasonNotYours},
		{"a code that is good for just too short a time is not given", "win_back", &pool, now.Add(24 * time.Hour), offer.ReasonExpired},
		{"one that is good for long enough is", "win_back", &pool, now.Add(24*time.Hour - 1), ""},
		{"after the end nobody may", "win_back", &pool, now.Add(72 * time.Hour), offer.ReasonExpired},
		{"a pool for all, for ever", "birthday", &offer.Pool{ID: "all"}, now.AddDate(50, 0, 0), ""},
		{"no pool at all", "birthday", nil, now, offer.ReasonUnknown},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := c.pool.Refuses(c.scene, c.at); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestPoolsThatAreRefused(t *testing.T) {
	for name, p := range map[string]offer.Pool{
		"/id":          {ID: "Spring"},
		"/scenes":      {ID: "spring", Scenes: []string{""}},
		"/least_valid": {ID: "spring", LeastValid: -1},
		"/mask":        {ID: "spring", Mask: "VIP ##"},
	} {
		var f *fault.Error
		if err := p.Validate(); !errors.As(err, &f) || f.Code != fault.Invalid || f.Pointer != name {
			t.Errorf("got %#v, want invalid at %s", err, name)
		}
	}
	if err := (&offer.Pool{ID: "spring", Scenes: []string{"win_back"}, Mask: "VIP-##_@@.??"}).Validate(); err != nil {
		t.Error(err)
	}
}

func TestCodesAreSpelledAsTheMaskSays(t *testing.T) {
	for _, c := range []struct {
		mask, code string
		ok         bool
	}{
		{"", "a", true}, {"", "A-b_c.9", true}, {"", "", false}, {"", "a b", false}, {"", "é", false}, {"", "a,b", false},
		{"", strings.Repeat("a", 64), true}, {"", strings.Repeat("a", 65), false},
		{"VIP-##-@?", "VIP-07-aZ", true}, {"VIP-##-@?", "vip-07-a9", true}, {"VIP-##-@?", "VIP-0A-aZ", false},
		{"VIP-##-@?", "VIP-07-1Z", false}, {"VIP-##-@?", "VIP-07-a", false}, {"VIP-##-@?", "VIP_07-aZ", false},
	} {
		if err := (&offer.Pool{ID: "p", Mask: c.mask}).Check(c.code); (err == nil) != c.ok || err != nil && fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%q by %q: %v", c.code, c.mask, err)
		}
	}
}

func TestKeysAreOfTheCodeAndThePool(t *testing.T) {
	p, q := &offer.Pool{ID: "p"}, &offer.Pool{ID: "q"}
	if p.Key("ab-1") != p.Key("AB-1") {
		t.Error("capitals make another code")
	}
	if p.Key("AB-1") == q.Key("AB-1") || p.Key("AB-1") == p.Key("AB-2") {
		t.Error("two codes of one key")
	}
	var shards [offer.Shards]int
	for i := range 16_000 {
		k := p.Key(fmt.Sprint("code-", i))
		if shards[k.Shard]++; len(k.Hash) != 26 || strings.ToLower(k.Hash) != k.Hash {
			t.Fatalf("%+v", k)
		}
	}
	for i, n := range shards {
		if n < 1000-4*31 || n > 1000+4*31 {
			t.Errorf("shard %d has %d of 16,000", i, n)
		}
	}
}

func read(in string, p *offer.Pool) (codes []string, refused []string, err error) {
	f := offer.NewFile(strings.NewReader(in), p)
	for {
		row, err := f.Next()
		var r *offer.Refused
		switch {
		case errors.Is(err, io.EOF):
			return codes, refused, nil
		case errors.As(err, &r):
			refused = append(refused, r.Error())
		case err != nil:
			return codes, refused, err
		default:
			codes = append(codes, fmt.Sprintf("%d:%s", row.Number, row.Code))
		}
	}
}

func TestFiles(t *testing.T) {
	for _, c := range []struct {
		name, in, mask string
		codes, refused []string
	}{
		{"one code a line", "AAA\nBBB\n", "", []string{"1:AAA", "2:BBB"}, nil},
		{"without a last line end, with a mark of byte order and the line ends of Windows", "\ufeffAAA\r\nBBB", "", []string{"1:AAA", "2:BBB"}, nil},
		{"a column among others", "value;Code;note\n5;\"AAA\";x\n5; BBB ;\n", "", []string{"2:AAA", "3:BBB"}, nil},
		{"codes that stand twice", "AAA\nbbb\naaa\nBBB\n", "", []string{"1:AAA", "2:bbb"}, []string{"line 3: the code stands on line 1 already", "line 4: the code stands on line 2 already"}},
		{"blank rows", "code\n\nAAA\n  \n", "", []string{"3:AAA"}, []string{"line 2: the code is blank", "line 4: the code is blank"}},
		{"rows without the column", "a,code\nx\ny,AAA\n", "", []string{"3:AAA"}, []string{"line 2: the row has no cell in the column of codes"}},
		{"codes that do not fit the mask", "A1\nB2\n33\n", "@#", []string{"1:A1", "2:B2"}, []string{"line 3: the code is not spelled as the pool's mask says"}},
		{"a quote that is never closed costs its line alone", "\"A A\nBBB\n", "", []string{"2:BBB"}, []string{"line 1: a code has letters from A to Z, digits, hyphens, underscores and points alone"}},
		{"a line that never ends costs itself alone", "AAA\n" + strings.Repeat("x", 20_000) + "\nBBB\n", "", []string{"1:AAA", "3:BBB"}, []string{"line 2: the line is longer than 4096 bytes"}},
		{"an empty file", "", "", nil, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			codes, refused, err := read(c.in, &offer.Pool{ID: "p", Mask: c.mask})
			if err != nil || !slices.Equal(codes, c.codes) || !slices.Equal(refused, c.refused) {
				t.Errorf("%q, refused %q, %v", codes, refused, err)
			}
		})
	}
	if _, _, err := read("a,b\n1,2\n", &offer.Pool{ID: "p"}); fault.CodeOf(err) != fault.Invalid {
		t.Errorf("columns without a name: %v", err)
	}
	if _, _, err := read(strings.Repeat("x", offer.MaxBytes+1), &offer.Pool{ID: "p"}); fault.CodeOf(err) != fault.TooLarge {
		t.Errorf("a file that is too large: %v", err)
	}
}

func FuzzFile(f *testing.F) {
	f.Add("code\nAAA\n", "")
	f.Add("a;code\n1;\"B-1\"\n;;\n", "@-#")
	f.Add("\ufeff\n\x00", "??")
	f.Fuzz(func(t *testing.T, in, mask string) {
		p := &offer.Pool{ID: "p", Mask: mask}
		if p.Validate() != nil {
			return
		}
		seen := map[offer.Key]bool{}
		file := offer.NewFile(strings.NewReader(in), p)
		for last := 0; ; {
			row, err := file.Next()
			var r *offer.Refused
			switch {
			case errors.As(err, &r):
				row.Number = r.Number
			case err != nil:
				if !errors.Is(err, io.EOF) && fault.CodeOf(err) != fault.Invalid && fault.CodeOf(err) != fault.TooLarge {
					t.Fatal(err)
				}
				return
			default:
				if key := p.Key(row.Code); seen[key] || p.Check(row.Code) != nil {
					t.Fatalf("%q is taken", row.Code)
				} else {
					seen[key] = true
				}
			}
			if row.Number <= last {
				t.Fatalf("line %d after line %d", row.Number, last)
			}
			last = row.Number
		}
	})
}
