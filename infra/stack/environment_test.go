package stack

import (
	"regexp"
	"testing"
)

func TestFunctionsReadWhatTheyAreTold(t *testing.T) {
	variable := regexp.MustCompile(`\bLIUKE_[A-Z_]+\b`)
	app := synthesize(t).app
	for id, name := range app.functions() {
		read := map[string]bool{"LIUKE_STAGE": true}
		for _, v := range variable.FindAllString(sources(t, name), -1) {
			read[v] = v != "LIUKE_CLOCK_FILE" // never deployed
		}
		told := at(app.Resources[id].Properties, "Environment", "Variables").(map[string]any)
		for v, needed := range read {
			if _, given := told[v]; needed && !given {
				t.Errorf("%s reads %s, which it is not told", name, v)
			}
		}
		for v := range told {
			if !read[v] {
				t.Errorf("%s is told %s, which it does not read", name, v)
			}
		}
	}
}
