package stack

import (
	"slices"
	"strings"
	"testing"
)

func TestRoutesAskForTheirCaller(t *testing.T) {
	want := map[string]string{
		"POST /v1/identify":                      "ingest NONE",
		"POST /v1/track":                         "ingest NONE",
		"POST /v1/page":                          "ingest NONE",
		"POST /v1/screen":                        "ingest NONE",
		"POST /v1/group":                         "ingest NONE",
		"POST /v1/alias":                         "ingest NONE",
		"POST /v1/i":                             "ingest NONE",
		"POST /v1/t":                             "ingest NONE",
		"POST /v1/p":                             "ingest NONE",
		"POST /v1/s":                             "ingest NONE",
		"POST /v1/g":                             "ingest NONE",
		"POST /v1/a":                             "ingest NONE",
		"POST /v1/b":                             "ingest NONE",
		"POST /v1/batch":                         "ingest NONE",
		"POST /v1/events":                        "ingest NONE",
		"POST /v1/webhooks/shopify/{connection}": "ingest NONE",
		"POST /v1/webhooks/stripe/{connection}":  "ingest NONE",
		"POST /v1/webhooks/standard/{connection}": "ingest NONE",
		"GET /s/{token}":                         "survey NONE",
		"POST /s/{token}":                        "survey NONE",
		"GET /u/{token}":                         "survey NONE",
		"POST /u/{token}":                        "survey NONE",
		"GET /p/{token}":                         "survey NONE",
		"POST /p/{token}":                        "survey NONE",
		"GET /r/{token}":                         "survey NONE",
		"HEAD /s/{token}":                        "survey NONE",
		"HEAD /u/{token}":                        "survey NONE",
		"HEAD /f/{key}":                          "survey NONE",
		"HEAD /p/{token}":                        "survey NONE",
		"HEAD /r/{token}":                        "survey NONE",
		"GET /v1/customers/{id}/consents":        "console JWT",
		"GET /openapi.json":                      "console NONE",
		"GET /v1/customers/{id}":                 "console JWT",
		"GET /v1/customers/{id}/messages":        "console JWT",
		"GET /v1/customers/{id}/audit":           "console JWT",
		"POST /v1/customers/{id}/rebuild":        "console JWT",
		"POST /v1/imports":                       "console JWT",
		"GET /v1/imports":                        "console JWT",
		"GET /v1/imports/{id}":                   "console JWT",
		"GET /v1/offers/{pool}":                  "console JWT",
		"GET /v1/scenes/{id}/results":            "console JWT",
		"DELETE /v1/customers/{id}":              "console JWT",
		"GET /v1/customers/{id}/export":          "console JWT",
		"POST /v1/replays":                       "console JWT",
		"GET /v1/replays/{id}":                   "console JWT",
		"POST /v1/rfm/runs":                      "console JWT",
		"GET /v1/rfm/runs":                       "console JWT",
		"GET /v1/rfm/runs/{id}":                  "console JWT",
		"GET /v1/rfm/runs/{id}/scores.csv":       "console JWT",
		"GET /v1/rfm/runs/{id}/analysis":         "console JWT",
		"POST /v1/rfm/backtests":                 "console JWT",
		"GET /v1/rfm/backtests":                  "console JWT",
		"GET /v1/rfm/backtests/{id}":             "console JWT",
		"GET /v1/cohorts":                        "console JWT",
		"GET /v1/economics":                      "console JWT",
		"GET /v1/models":                         "console JWT",
		"GET /v1/models/{name}":                  "console JWT",
		"PUT /v1/models/{name}":                  "console JWT",
		"DELETE /v1/models/{name}":               "console JWT",
		"GET /v1/settings/{name}":                "console JWT",
		"PUT /v1/settings/{name}":                "console JWT",
		"DELETE /v1/settings/{name}":             "console JWT",
		"GET /v1/segments":                       "console JWT",
		"GET /v1/segments/{name}/customers":      "console JWT",
		"GET /v1/scenes":                         "console JWT",
		"GET /v1/scenes/{id}":                    "console JWT",
		"PUT /v1/scenes/{id}":                    "console JWT",
		"DELETE /v1/scenes/{id}":                 "console JWT",
		"POST /v1/scenes/{id}/preview":           "console JWT",
		"GET /v1/scenes/{id}/tests/{test}":       "console JWT",
		"POST /v1/scenes/{id}/test":              "console JWT",
		"GET /v1/customers/{id}/why":             "console JWT",
		"POST /v1/scenes/{id}/runs":              "console JWT",
		"GET /v1/scenes/{id}/runs":               "console JWT",
		"GET /v1/scenes/{id}/runs/{run}":         "console JWT",
		"POST /v1/scenes/{id}/runs/{run}/cancel": "console JWT",
		"POST /v1/scenes/{id}/simulate":          "console JWT",
		"GET /v1/blocks":                         "console JWT",
		"GET /v1/blocks/{name}":                  "console JWT",
		"PUT /v1/blocks/{name}":                  "console JWT",
		"DELETE /v1/blocks/{name}":               "console JWT",
		"GET /v1/templates":                      "console JWT",
		"GET /v1/templates/{name}":               "console JWT",
		"PUT /v1/templates/{name}":               "console JWT",
		"DELETE /v1/templates/{name}":            "console JWT",
		"GET /v1/tasks":                          "console JWT",
		"GET /v1/tasks/{id}":                     "console JWT",
		"PATCH /v1/tasks/{id}":                   "console JWT",
		"GET /v1/surveys":                        "console JWT",
		"GET /v1/surveys/{survey}":               "console JWT",
		"PUT /v1/surveys/{survey}":               "console JWT",
		"POST /v1/surveys/{survey}/invitations":  "console JWT",
		"GET /v1/surveys/{survey}/responses":     "console JWT",
		"GET /v1/surveys/{survey}/metrics":       "console JWT",
		"GET /f/{key}":                           "survey NONE",
		"POST /f/{key}":                          "survey NONE",
		"POST /v1/surveys/{survey}/responses":    "survey NONE",
		"OPTIONS /v1/surveys/{survey}/responses": "survey NONE",
	}
	app := synthesize(t).app
	names := app.functions()
	for _, r := range app.of("AWS::ApiGatewayV2::Route") {
		key := text(r.Properties["RouteKey"])
		integration := strings.TrimSuffix(strings.TrimPrefix(text(r.Properties["Target"]), "integrations/${"), "}")
		got := names[target(app.Resources[integration].Properties["IntegrationUri"])] + " " + text(r.Properties["AuthorizationType"])
		if got != want[key] {
			t.Errorf("%s: %s, want %q", key, got, want[key])
		}
		delete(want, key)
	}
	for key := range want {
		t.Errorf("there is no route %s", key)
	}
}

func TestOperatorsTokensComeFromTheirUserPool(t *testing.T) {
	authorizers := synthesize(t).app.of("AWS::ApiGatewayV2::Authorizer")
	if len(authorizers) != 1 {
		t.Fatalf("%d authorizers, want one", len(authorizers))
	}
	for _, a := range authorizers {
		issuer, audience := text(at(a.Properties, "JwtConfiguration", "Issuer")), texts(at(a.Properties, "JwtConfiguration", "Audience"))
		if !strings.Contains(issuer, "OperatorsUserPool") || len(audience) != 1 || !strings.Contains(audience[0], "OperatorsUserPoolClient") {
			t.Errorf("tokens of %s for %v are taken", issuer, audience)
		}
	}
}

func TestEveryRouteIsThrottled(t *testing.T) {
	app := synthesize(t).app
	for _, stage := range app.of("AWS::ApiGatewayV2::Stage") {
		if rate, _ := at(stage.Properties, "DefaultRouteSettings", "ThrottlingRateLimit").(float64); rate <= 0 {
			t.Error("the stage has no limit of its own")
		}
		for _, r := range app.of("AWS::ApiGatewayV2::Route") {
			key := text(r.Properties["RouteKey"])
			rate, _ := at(stage.Properties, "RouteSettings", key, "ThrottlingRateLimit").(float64)
			burst, _ := at(stage.Properties, "RouteSettings", key, "ThrottlingBurstLimit").(float64)
			if rate <= 0 || burst < rate || rate > 10000 {
				t.Errorf("%s: %v requests a second, %v at once", key, rate, burst)
			}
		}
	}
}

func TestNoOtherOriginIsAnsweredUnasked(t *testing.T) {
	s := synthesize(t)
	for id, api := range s.app.of("AWS::ApiGatewayV2::Api") {
		if cors := api.Properties["CorsConfiguration"]; cors != nil {
			t.Errorf("%s answers browsers of other origins: %v", id, cors)
		}
	}
	for id, bucket := range s.data.of("AWS::S3::Bucket") {
		if cors := bucket.Properties["CorsConfiguration"]; cors != nil {
			t.Errorf("%s answers browsers of other origins: %v", id, cors)
		}
	}
}

func TestBrowsersOfTheSettingsSitesMaySendEventsAndNoMore(t *testing.T) {
	for id, api := range synthesizeWhole(t).app.of("AWS::ApiGatewayV2::Api") {
		cors := api.Properties["CorsConfiguration"]
		for _, c := range []struct {
			member string
			want   []string
		}{
			{"AllowOrigins", []string{"http://localhost:3000", "https://shop.example"}},
			{"AllowMethods", []string{"POST"}},
			{"AllowHeaders", []string{"anonymousid", "authorization", "content-type", "trace", "x-retry-count"}},
			{"ExposeHeaders", []string{"retry-after", "x-ratelimit-reset"}},
		} {
			if got := texts(at(cors, c.member)); !slices.Equal(got, c.want) {
				t.Errorf("%s: %s are %v, want %v", id, c.member, got, c.want)
			}
		}
		if at(cors, "AllowCredentials") == true {
			t.Errorf("%s takes browsers' cookies of other sites", id)
		}
	}
}

func TestAccessLogsNameTheRouteAndNobody(t *testing.T) {
	app := synthesize(t).app
	for _, stage := range app.of("AWS::ApiGatewayV2::Stage") {
		format := text(at(stage.Properties, "AccessLogSettings", "Format"))
		if !strings.Contains(format, "$context.routeKey") || !strings.Contains(format, "$context.requestId") {
			t.Errorf("the access log tells neither route nor request: %s", format)
		}
		for _, personal := range []string{"path", "sourceIp", "userAgent", "claims", "customDomain", "requestOverride"} {
			if strings.Contains(format, personal) {
				t.Errorf("the access log holds %s: %s", personal, format)
			}
		}
	}
}

func TestOperatorsFindTheirWay(t *testing.T) {
	s := synthesize(t)
	for _, name := range []string{"ApiUrl", "DashboardUrl"} {
		if s.app.Outputs[name].Value == nil {
			t.Errorf("the app stack does not put out %s", name)
		}
	}
	for _, name := range []string{"LakeBucket", "UserPoolId", "UserPoolClientId", "WriteKeysSecret", "WebhooksSecret"} {
		if s.data.Outputs[name].Value == nil {
			t.Errorf("the data stack does not put out %s", name)
		}
	}
	if n := len(s.app.of("AWS::CloudWatch::Dashboard")); n != 1 {
		t.Errorf("%d dashboards, want one", n)
	}
	told := 0
	for _, sub := range s.app.of("AWS::SNS::Subscription") {
		if sub.Properties["Protocol"] == "email" && sub.Properties["Endpoint"] == "operators@shop.example" {
			told++
		}
	}
	if told != 1 {
		t.Errorf("the alarm address is subscribed %d times", told)
	}
}
