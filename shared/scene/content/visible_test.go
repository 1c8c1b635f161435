package content

import (
	"strings"
	"testing"

	"liuke/shared/scene"
)

func TestWhatReadersOfHTMLSee(t *testing.T) {
	for _, c := range []struct {
		name, html string
		want       bool
	}{
		{"as text", `<p>{{ link }}</p>`, true},
		{"where a link leads", `<a href="{{ link }}">Stop</a>`, true},
		{"where a link leads, in single quotes and with words behind", `<a class=x href=' {{ link }}&a=b'><b>Stop</b></a>`, true},
		{"where a picture leads", `<a href="{{ link }}"><img src="x"></a>`, true},
		{"behind a head that is closed by the body alone", `<html><head><title>x</title><body><a href="{{ link }}">Stop</a>`, true},
		{"behind what is not shown", `<div style="display:none">x</div><p>{{ link }}</p>`, true},
		{"in a comment that a condition opens", `{% if a %}<!--{% endif %}{{ link }}-->`, false},
		{"in small print that can be read", `<p style="opacity:0.9;font-size:0.9em">{{ link }}</p>`, true},
		{"where a link leads that shows nothing", `<a href="{{ link }}"> </a>Stop`, false},
		{"within the address of a link", `<a href="https://x/{{ link }}">Stop</a>`, false},
		{"in a title", `<p title="{{ link }}">x</p>`, false},
		{"as the address of a picture", `<img src="{{ link }}">`, false},
		{"in the page's title", `<title>{{ link }}</title>`, false},
		{"in a script", `<script>"{{ link }}"</script>`, false},
		{"in a style", `<style>{{ link }}</style>`, false},
		{"in a comment", `<!-- {{ link }} -->`, false},
		{"in what is not displayed", `<div style="color:red; DISPLAY : none"><p><a href="{{ link }}">Stop</a></p></div>`, false},
		{"in what is hidden", `<div hidden><a href="{{ link }}">Stop</a></div>`, false},
		{"in letters of no size", `<p style="font-size:0px">{{ link }}</p>`, false},
		{"in a field", `<textarea>{{ link }}</textarea>`, false},
		{"as a name of a variable that somebody wrote", "<p>" + edge + "link" + edge + "</p><!-- {{ link }} -->", false},
	} {
		tmpl, flaws := Compiler()(c.html, []string{"link", "a"}, scene.HTML)
		if len(flaws) > 0 {
			t.Fatal(c.name, flaws)
		}
		if tmpl.Shows("link") != c.want {
			t.Errorf("%s: %v", c.name, !c.want)
		}
	}
}

func FuzzWhatReadersSee(f *testing.F) {
	f.Add("<a href='" + edge + "link" + edge + "'>x</a>")
	f.Add("<p hidden>" + edge + "link" + edge)
	f.Fuzz(func(t *testing.T, page string) {
		for variable := range visible(page) {
			if !strings.Contains(strings.ToValidUTF8(page, ""), variable) && !strings.Contains(page, "&") {
				t.Errorf("%q is seen, and does not stand there", variable)
			}
		}
		if len(visible("<!--"+strings.ReplaceAll(page, "-", "")+"-->")) > 0 && !strings.Contains(page, ">") {
			t.Error("a comment is seen")
		}
	})
}
