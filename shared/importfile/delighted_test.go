package importfile_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"liuke/shared/importfile"
	"liuke/shared/survey"
)

var update = flag.Bool("update", false, "write the golden files anew")

const examples = "../../testdata/delighted"

// moved are the settings of a business that has made a survey of its own for each type of Delighted's that the suite brings
// none for: those that come with the examples.
func moved(t testing.TB) importfile.Settings {
	t.Helper()
	s := settings(t)
	names, err := filepath.Glob(filepath.Join(examples, "surveys", "*.json"))
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	for _, name := range names {
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		raw = bytes.Replace(raw, []byte("{"), []byte(`{"version":1,`), 1) // as the suite gives them one
		own, err := survey.Parse(raw)
		if err != nil || own.ID+".json" != filepath.Base(name) || !slices.Equal(own.Locales(), []string{"en", "zh-CN"}) {
			t.Fatalf("%s: %+v, %v", name, own, err)
		}
		s.Surveys[own.ID] = own
	}
	return s
}

// spelled writes down what a file becomes, row by row.
func spelled(t testing.TB, r importfile.Request, s importfile.Settings, file io.Reader) string {
	t.Helper()
	f, err := importfile.NewReader(file, r, s, now)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	for {
		row, err := f.Next()
		var bad *importfile.Refused
		switch {
		case errors.Is(err, io.EOF):
			return out.String()
		case errors.As(err, &bad):
			fmt.Fprintf(&out, "refused: %v\n\n", bad)
			continue
		case err != nil:
			t.Fatal(err)
		}
		fmt.Fprintf(&out, "line %d", row.Number)
		if row.Type != "" {
			fmt.Fprintf(&out, ", %s", row.Type)
		}
		for i := range row.Events {
			e := &row.Events[i]
			fmt.Fprintf(&out, "\n  %s of %s, %s: %s%s", e.Type, e.Customer(), e.Time.Format(time.RFC3339), e.Traits, e.Properties)
		}
		if a := row.Answer; a != nil {
			if a.Customer == "" {
				e, err := a.Event()
				if err != nil || len(row.Events) > 0 {
					t.Fatalf("%+v, %v", row, err)
				}
				fmt.Fprintf(&out, "\n  nobody's: %s", e.Properties)
			}
			fmt.Fprintf(&out, "\n  answer %s to %s by %q, given %s, changed %s, score %d", a.Invitation, a.Survey, a.Customer, a.Answered.Format(time.RFC3339), a.Revised.Format(time.RFC3339), a.Score)
		}
		if b := row.Suppressed; b != nil {
			fmt.Fprintf(&out, "\n  nothing to %s by %s: %s since %s", b.Address, b.Channel, b.Reason, b.Since.Format(time.RFC3339))
		}
		fmt.Fprint(&out, "\n\n")
	}
}

func TestWhatTheExampleExportsBecome(t *testing.T) {
	for _, name := range []string{"responses", "people"} {
		t.Run(name, func(t *testing.T) {
			file, err := os.ReadFile(filepath.Join(examples, name+".csv"))
			if err != nil {
				t.Fatal(err)
			}
			got := spelled(t, importfile.Request{Kind: importfile.Delighted}, moved(t), bytes.NewReader(file))
			golden := filepath.Join("testdata", name+".golden")
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(string(want), got); d != "" {
				t.Errorf("-want +got:\n%s", d)
			}
		})
	}
}

func TestEachTypeOfDelightedsHasASurveyOnItsScale(t *testing.T) {
	s := moved(t)
	lowest := map[string]int{"nps": 0, "enps": 0, "thumbs": 0}
	highest := map[string]int{"nps": 10, "enps": 10, "csat": 5, "csat3": 3, "stars_five": 5, "smileys": 5, "ces7": 7, "ces": 5, "pmf": 3, "thumbs": 1}
	types := importfile.DelightedSurveys()
	if len(types) != len(highest) {
		t.Fatalf("types %v", types)
	}
	for kind, id := range types {
		low, ok := lowest[kind]
		if !ok {
			low = 1
		}
		var file strings.Builder
		file.WriteString("Response ID,Email,Score,Created At,Survey Type\n")
		for score := low - 1; score <= highest[kind]+1; score++ {
			fmt.Fprintf(&file, "%d,a@example.com,%d,2024-01-05,%s\n", score, score, kind)
		}
		f, err := importfile.NewReader(strings.NewReader(file.String()), importfile.Request{Kind: importfile.Delighted}, s, now)
		if err != nil {
			t.Fatal(err)
		}
		for score := low - 1; score <= highest[kind]+1; score++ {
			row, err := f.Next()
			within := score >= low && score <= highest[kind]
			if within != (err == nil) {
				t.Fatalf("%s, %d: %v", kind, score, err)
			}
			if !within {
				continue
			}
			v := row.Answer.Values["score"]
			same := v.Number != nil && *v.Number == score || kind == "thumbs" && slices.Equal(v.Choices, []string{[]string{"thumbs_down", "thumbs_up"}[score]})
			if row.Answer.Survey != id || row.Type != kind || !same {
				t.Errorf("%s, %d: %+v", kind, score, row.Answer)
			}
		}
	}
}

func TestScoresAreNeverPutOnAnotherScale(t *testing.T) {
	const header = "Response ID,Email,Score,Created At,Survey Type\n"
	file := header + "1,a@example.com,3,2024-01-05,ces\n2,a@example.com,3,2024-01-05,ces7\n3,a@example.com,3,2024-01-05,nps\n4,a@example.com,3,2024-01-05,csat\n5,a@example.com,1,2024-01-05,thumbs\n"
	got := spelled(t, importfile.Request{Kind: importfile.Delighted, Survey: "ces_return"}, settings(t), strings.NewReader(file))
	for n, scale := range map[int]string{2: "ces run from 1 to 5", 4: "nps run from 0 to 10", 5: "csat run from 1 to 5", 6: "thumbs are one of thumbs_up and thumbs_down"} {
		want := fmt.Sprintf("refused: line %d, column Score: answers of the type %s, and the survey ces_return asks for something else", n, scale)
		if !strings.Contains(got, want) {
			t.Errorf("%s\nwant %s", got, want)
		}
	}
	if strings.Count(got, "refused:") != 4 || !strings.Contains(got, "line 3, ces7") {
		t.Errorf("what is on seven points is not taken:\n%s", got)
	}
	none := spelled(t, importfile.Request{Kind: importfile.Delighted}, settings(t), strings.NewReader(header+"1,a@example.com,3,2024-01-05,csat\n"))
	if want := "refused: line 2, column survey: answers of this type are filed under the survey csat, which there is not"; !strings.HasPrefix(none, want) {
		t.Errorf("%s\nwant %s", none, want)
	}
}

func TestAColumnThatIsNamedLikeAQuestionAnswersIt(t *testing.T) {
	const header = "Response ID,Email,Score,Created At,Survey Type,Reason,Waited\n"
	r := importfile.Request{Kind: importfile.Delighted, Columns: map[string]string{"delay": "Waited"}}
	got := spelled(t, r, settings(t), strings.NewReader(header+
		"1,a@example.com,3,2024-01-05,nps,\"Price, delivery\",3 weeks\n"+ // in the words of the options
		"2,a@example.com,9,2024-01-05,nps,Price,\n"+ // who is content is not asked for the reason
		"3,a@example.com,3,2024-01-05,nps,The weather,\n"))
	for _, want := range []string{
		`"answers":{"reason":["price","delivery"],"score":3}`, `"properties":{"Survey Type":"nps","delay":"3 weeks"}`, `{"email":"a@example.com","delay":"3 weeks","last_surveyed_at":"2024-01-05T12:00:00Z"}`,
		`"answers":{"score":9}`, `"properties":{"Reason":"Price","Survey Type":"nps"}`,
		"line 4, column Reason: reason is one of product, service, price, delivery, communication, other: the column goes by the name of a question of the survey nps",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%s\nwant %s", got, want)
		}
	}
	r.Columns["cause"] = "Reason"
	got = spelled(t, r, settings(t), strings.NewReader(header+"3,a@example.com,3,2024-01-05,nps,The weather,\n"))
	if want := `"properties":{"Survey Type":"nps","cause":"The weather"}`; !strings.Contains(got, want) {
		t.Errorf("by another name:\n%s\nwant %s", got, want)
	}
}

func TestAnAnswerStaysWithinBounds(t *testing.T) {
	long := strings.Repeat("很", 4000)
	var header, values strings.Builder
	for i := range 101 {
		fmt.Fprintf(&header, ",P%d", i)
		values.WriteString(",x")
	}
	for name, c := range map[string]struct{ header, row, want string }{
		"a comment":            {",Comment", "," + long + "很", "column Comment: comment has at most 4000 characters"},
		"a property":           {",Plan", "," + long, "column Plan: a property has at most 8 KB"},
		"its name":             {"," + strings.Repeat("n", 300), ",x", "and it would be a property's: shorten it"},
		"control characters":   {",Plan", ",a\x07", "column Plan: the value has control characters in it"},
		"properties":           {header.String(), values.String(), "an answer has at most 100 properties"},
		"a tag":                {",Tags", "," + strings.Repeat("x", 101), "column Tags: a tag is at most 100 bytes long"},
		"tags":                 {",Tags", `,"` + fmt.Sprint(numbers(51)) + `"`, "column Tags: an answer has at most 50 tags"},
		"a channel":            {",Channel", ",=cmd()", "column Channel: a channel is named by words such as email"},
		"all of it":            {",Comment,A,B,C", "," + long + strings.Repeat(","+long[:7998], 3), "the row says more than 32 KB in one answer"},
		"an answer before its": {",Updated At", ",2024-01-05 09:59:59 UTC", "column Updated At: the answer was changed before it was given"},
	} {
		t.Run(name, func(t *testing.T) {
			got := spelled(t, importfile.Request{Kind: importfile.Delighted, Survey: "nps"}, settings(t), strings.NewReader(
				"Response ID,Email,Score,Created At"+c.header+"\n1,a@example.com,3,2024-01-05 10:00:00 UTC"+c.row+"\n"))
			if !strings.HasPrefix(got, "refused: line 2") || !strings.Contains(got, c.want) {
				t.Errorf("%.500s\nwant %s", got, c.want)
			}
		})
	}
}

// numbers are as many tags, with commas between them.
func numbers(n int) string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprint("t", i)
	}
	return strings.Join(all, ",")
}

func TestAFileThatDoesNotSayWhatItsScoresMeasureIsNotGuessedAt(t *testing.T) {
	const file = "Response ID,Email,Score,Created At\n1,a@example.com,5,2024-01-05\n"
	_, err := importfile.NewReader(strings.NewReader(file), importfile.Request{Kind: importfile.Delighted}, settings(t), now)
	if err == nil || !strings.Contains(err.Error(), "does not say what its scores measure") {
		t.Errorf("got %v", err)
	}
	got := spelled(t, importfile.Request{Kind: importfile.Delighted, Survey: "csat_ticket"}, settings(t), strings.NewReader(file))
	if !strings.HasPrefix(got, "line 2, csat\n") {
		t.Error(got)
	}
	_, err = importfile.NewReader(strings.NewReader("Email,Name\na@example.com,A\n"), importfile.Request{Kind: importfile.Delighted}, settings(t), now)
	if err == nil || !strings.Contains(err.Error(), "the file has no column score") {
		t.Errorf("neither responses nor people: %v", err)
	}
}
