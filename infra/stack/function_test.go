package stack

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

func TestFunctionsAreToldOnlyWhatTheyNeed(t *testing.T) {
	want := map[string]string{
		"ingest":   "CURRENCY EVENTS_QUEUE_URL KEY_RATE LAKE_BUCKET RATES STAGE WEBHOOKS_SECRET WRITE_KEYS_SECRET",
		"profile":  "CURRENCY CUSTOMERS_TABLE EVENTS_QUEUE_URL LAKE_BUCKET RATES RECORDS_TABLE SIGNALS_QUEUE_URL STAGE TIME_ZONE",
		"rfm":      "BASE_URL CHANNELS CURRENCY CUSTOMERS_TABLE LAKE_BUCKET RECORDS_TABLE RFM_QUEUE_URL SIGNALS_QUEUE_URL SMS_MAX_SEGMENTS STAGE TIME_ZONE",
		"survey":   "CUSTOMERS_TABLE EDGE EVENTS_QUEUE_URL RECORDS_TABLE STAGE TOKEN_KEYS_SECRET",
		"outreach": "CHANNELS CURRENCY CUSTOMERS_TABLE MESSAGES_QUEUE_URL RECORDS_TABLE RFM_QUEUE_URL SIGNALS_QUEUE_URL STAGE TIME_ZONE",
		"dispatch": "BASE_URL CONCURRENCY CONFIGURATION_SET CURRENCY CUSTOMERS_TABLE DESTINATIONS_SECRET MESSAGES_QUEUE_URL PUSH PUSH_TTL RECORDS_TABLE SENDER " +
			"SMS_CONFIGURATION_SET SMS_DRY_RUN SMS_MAX_PRICE SMS_MAX_SEGMENTS SMS_ORIGINATION SMS_PER_SECOND SMS_TRANSACTIONAL SMS_TTL " +
			"SMTP_HOST SMTP_PORT SMTP_SECRET SMTP_SECURITY STAGE TOKEN_KEYS_SECRET",
		"receipts": "EVENTS_QUEUE_URL RECEIPTS_QUEUE_URL RECORDS_TABLE STAGE TOKEN_KEYS_SECRET",
		"imports":  "CURRENCY EVENTS_QUEUE_URL IMPORTS_QUEUE_URL LAKE_BUCKET RATES RECORDS_TABLE STAGE TIME_ZONE",
		"archive":  "ARCHIVE_QUEUE_URL CUSTOMERS_TABLE EVENTS_QUEUE_URL LAKE_BUCKET RECORDS_TABLE STAGE",
		"console":  "ARCHIVE_QUEUE_URL BASE_URL CHANNELS CURRENCY CUSTOMERS_TABLE LAKE_BUCKET MESSAGES_QUEUE_URL RECORDS_TABLE RFM_QUEUE_URL SENDER SIGNALS_QUEUE_URL STAGE TIME_ZONE TOKEN_KEYS_SECRET",
	}
	app := synthesize(t).app
	for id, name := range app.functions() {
		var got []string
		for _, key := range slices.Sorted(maps.Keys(at(app.Resources[id].Properties, "Environment", "Variables").(map[string]any))) {
			got = append(got, strings.TrimPrefix(key, "LIUKE_"))
		}
		if strings.Join(got, " ") != want[name] {
			t.Errorf("%s is told %s, want %s", name, strings.Join(got, " "), want[name])
		}
		delete(want, name)
	}
	for name := range want {
		t.Errorf("there is no function %s", name)
	}
}

func TestFunctionsRunOnArmWithLogsAndTraces(t *testing.T) {
	app := synthesize(t).app
	for id, name := range app.functions() {
		p := app.Resources[id].Properties
		if p["Runtime"] != "provided.al2023" || !slices.Equal(texts(p["Architectures"]), []string{"arm64"}) {
			t.Errorf("%s runs on %v %v", name, p["Runtime"], p["Architectures"])
		}
		if at(p, "TracingConfig", "Mode") != "Active" || at(p, "LoggingConfig", "LogFormat") != "JSON" {
			t.Errorf("%s does not trace, or logs something else than JSON", name)
		}
		if p["KmsKeyArn"] == nil {
			t.Errorf("the environment of %s is not encrypted with the suite's key", name)
		}
		logs := app.Resources[target(at(p, "LoggingConfig", "LogGroup"))]
		if logs.Properties["RetentionInDays"] != 30.0 || logs.Properties["KmsKeyId"] == nil {
			t.Errorf("the logs of %s are kept for %v days, want the setting's 30, encrypted", name, logs.Properties["RetentionInDays"])
		}
		for _, metric := range []string{"Errors", "Throttles"} {
			if !app.alarmed(metric, "FunctionName", id) {
				t.Errorf("nobody is told of %s of %s", metric, name)
			}
		}
	}
}

func TestEachFunctionHasARoleOfItsOwn(t *testing.T) {
	app := synthesize(t).app
	holder := map[string]string{}
	for id, name := range app.functions() {
		role := target(app.Resources[id].Properties["Role"])
		if other, taken := holder[role]; taken {
			t.Errorf("%s and %s share a role", name, other)
		}
		holder[role] = name
		if arns := app.Resources[role].Properties["ManagedPolicyArns"]; arns != nil {
			t.Errorf("%s holds what AWS gives to everybody: %v", name, arns)
		}
	}
}

func TestFunctionsBehindTheAPIEndBeforeIt(t *testing.T) {
	app := synthesize(t).app
	for _, i := range app.of("AWS::ApiGatewayV2::Integration") {
		fn := app.Resources[target(i.Properties["IntegrationUri"])]
		if timeout := fn.Properties["Timeout"].(float64); timeout >= 30 {
			t.Errorf("%v has %v s, but the API waits for 30", fn.Metadata, timeout)
		}
		if i.Properties["PayloadFormatVersion"] != "2.0" {
			t.Errorf("%v gets payloads of version %v", fn.Metadata, i.Properties["PayloadFormatVersion"])
		}
	}
}

// A function's resource policy may take 20 KB; what lets one route, or one rule, invoke it takes some 450 bytes.
func TestWhoMayInvokeAFunctionFitsIntoItsPolicy(t *testing.T) {
	app := synthesizeWhole(t).app
	callers := map[string]int{}
	for _, p := range app.of("AWS::Lambda::Permission") {
		callers[target(p.Properties["FunctionName"])]++
	}
	if len(callers) == 0 {
		t.Fatal("nobody may invoke any function")
	}
	for id, n := range callers {
		if n > 38 {
			t.Errorf("%s can be invoked by %d routes and rules; let one permission hold for the whole API (ScopePermissionToRoute)", id, n)
		}
	}
}
