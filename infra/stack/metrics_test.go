package stack

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// sources is the code of a function, without its tests.
func sources(t *testing.T, function string) string {
	t.Helper()
	files, err := filepath.Glob("../../functions/" + function + "/*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("functions/%s has no source: %v", function, err)
	}
	var all strings.Builder
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(source)
	}
	return all.String()
}

// graphed are the counts that the dashboard shows, each with the id of the function that counts.
func graphed(app template) (all [][2]string) {
	count := regexp.MustCompile(`\["Liuke","(\w+)","function","\$\{(\w+)\}"`)
	for _, dashboard := range app.of("AWS::CloudWatch::Dashboard") {
		for _, m := range count.FindAllStringSubmatch(text(dashboard.Properties["DashboardBody"]), -1) {
			all = append(all, [2]string{m[1], m[2]})
		}
	}
	return all
}

// TestWhatFunctionsCountIsShown takes for a count what a function's source counts by name, and every other name there of two words
// or more that begin with capitals: few other things are called so.
func TestWhatFunctionsCountIsShown(t *testing.T) {
	not := map[string]string{
		"outreach Held_":  "by gate, of which there are many; the results of a scene have them",
		"receipts Event_": "by type; the dashboard shows the three that say most",

		"receipts DeliveryDelay":      "a type of event",
		"receipts RenderingFailure":   "a type of event",
		"receipts TextOther":          "a type of event",
		"rfm ApproximateReceiveCount": "an attribute of SQS",
	}
	app := synthesize(t).app
	names := app.functions()
	shown := map[string]bool{}
	for _, m := range graphed(app) {
		shown[names[m[1]]+" "+m[0]] = true
	}
	found := map[string]bool{}
	counted := regexp.MustCompile(`\b[cC]ount\("([A-Z]\w*)"|"((?:[A-Z][a-z]+){2,})"`)
	for _, function := range FunctionNames {
		for _, m := range counted.FindAllStringSubmatch(sources(t, function), -1) {
			what := function + " " + m[1] + m[2]
			found[what] = true
		}
	}
	for what := range found {
		if not[what] == "" && !shown[what] {
			t.Errorf("%s is on no graph of the dashboard", what)
		}
	}
	for what := range not {
		if !found[what] {
			t.Errorf("%s is excepted, and in no function any more", what)
		}
	}
	if len(found) < 60 {
		t.Errorf("%d counts were found in the sources", len(found))
	}
}

func TestWhatIsWatchedIsWhatFunctionsCount(t *testing.T) {
	app := synthesize(t).app
	names := app.functions()
	shown := 0
	check := func(where, metric, function string) {
		if names[function] == "" {
			t.Errorf("%s: %s is counted by %s, which is no function", where, metric, function)
		} else if kind, some := strings.CutPrefix(metric, "Event_"); some && strings.Contains(sources(t, names[function]), `"`+kind+`"`) {
			return // of the kind, which is added to the name
		} else if !strings.Contains(sources(t, names[function]), `"`+metric+`"`) {
			t.Errorf("%s: %s counts no %s", where, names[function], metric)
		}
	}
	for _, m := range graphed(app) {
		check("dashboard", m[0], m[1])
		shown++
	}
	if shown == 0 {
		t.Error("the dashboard shows nothing that functions count")
	}
	watched := 0
	for id, a := range app.of("AWS::CloudWatch::Alarm") {
		if a.Properties["Namespace"] != "Liuke" {
			continue
		}
		for _, d := range list(a.Properties["Dimensions"]) {
			check(id, a.Properties["MetricName"].(string), target(at(d, "Value")))
			watched++
		}
	}
	if watched == 0 {
		t.Error("no alarm watches what functions count")
	}
	telemetry, err := os.ReadFile("../../shared/telemetry/telemetry.go")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(telemetry), `Namespace = "Liuke"`) || !strings.Contains(string(telemetry), `{{"function"}}`) {
		t.Error("functions count elsewhere than in the namespace Liuke by function")
	}
}

func TestOutcomesThatNeedSomebodyAreToldOf(t *testing.T) {
	app := synthesize(t).app
	names := app.functions()
	want := map[string]float64{ // after how many minutes on end
		"profile EventsPutOff":    30, // once in a while it is nothing
		"ingest PrivacyRequests":  5,
		"imports ImportsFailed":   5,
		"archive ObjectsDamaged":  5,
		"rfm CustomersUnreadable": 5,
		"rfm RunsFailed":          5,
		"rfm CampaignsFailed":     5,
		"outreach TasksEscalated": 5,

		"dispatch ChannelNotSetUp": 5,
		"dispatch QuotaUsedUp":     30, // it frees bit by bit
	}
	for id, a := range app.of("AWS::CloudWatch::Alarm") {
		if a.Properties["Namespace"] != "Liuke" {
			continue
		}
		for _, d := range list(a.Properties["Dimensions"]) {
			what := names[target(at(d, "Value"))] + " " + a.Properties["MetricName"].(string)
			minutes := a.Properties["Period"].(float64) / 60 * a.Properties["EvaluationPeriods"].(float64)
			if minutes != want[what] || a.Properties["Threshold"] != 0.0 {
				t.Errorf("%s tells of %s after %v minutes, want %v", id, what, minutes, want[what])
			}
			if a.Properties["TreatMissingData"] != "notBreaching" || len(list(a.Properties["AlarmActions"])) != 1 {
				t.Errorf("%s takes silence for %s, or tells nobody", id, what)
			}
			delete(want, what)
		}
	}
	for what := range want {
		t.Errorf("nobody is told of %s", what)
	}
}
