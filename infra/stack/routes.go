package stack

import (
	"fmt"
	"time"

	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"liuke/infra/construct"
)

// Limits for all callers together, below the 10,000 requests a second that an account has by default.
var (
	busy     = construct.Throttle{Rate: 2000, Burst: 4000} // shops' events
	personal = construct.Throttle{Rate: 200, Burst: 400}   // customers' links, opened as mails arrive
	rare     = construct.Throttle{Rate: 20, Burst: 40}     // operators
)

// routes are the API's, by function.
func routes(f map[string]*construct.Function) []construct.Route {
	const (
		signed   = "Other systems sign what they send; the function checks the signature before it reads anything else."
		writeKey = "Shops authenticate with a write key, which the function checks before it reads anything else."
		sealed   = "Customers have no accounts; the sealed token in the path is the right to this one page."
		public   = "Anybody may answer a public form; the function checks its key, the page's origin and the pace before any table is touched."
		openapi  = "The description of the API holds nothing that its documentation does not."
	)
	var all []construct.Route
	add := func(function string, limit construct.Throttle, public string, routes ...[2]string) {
		for _, r := range routes {
			all = append(all, construct.Route{Method: r[0], Path: r[1], Function: f[function], Throttle: limit, Public: public})
		}
	}
	add("ingest", busy, writeKey,
		[2]string{"POST", "/v1/identify"}, [2]string{"POST", "/v1/track"}, [2]string{"POST", "/v1/page"},
		[2]string{"POST", "/v1/screen"}, [2]string{"POST", "/v1/group"}, [2]string{"POST", "/v1/alias"},
		[2]string{"POST", "/v1/batch"})
	add("ingest", busy, writeKey, // the same as Segment's browser library calls them
		[2]string{"POST", "/v1/i"}, [2]string{"POST", "/v1/t"}, [2]string{"POST", "/v1/p"}, [2]string{"POST", "/v1/s"},
		[2]string{"POST", "/v1/g"}, [2]string{"POST", "/v1/a"}, [2]string{"POST", "/v1/b"})
	add("ingest", busy, writeKey, [2]string{"POST", "/v1/events"})
	add("ingest", busy, signed,
		[2]string{"POST", "/v1/webhooks/shopify/{connection}"}, [2]string{"POST", "/v1/webhooks/stripe/{connection}"},
		[2]string{"POST", "/v1/webhooks/standard/{connection}"})
	add("survey", personal, sealed,
		[2]string{"GET", "/s/{token}"}, [2]string{"POST", "/s/{token}"},
		[2]string{"GET", "/u/{token}"}, [2]string{"POST", "/u/{token}"},
		[2]string{"GET", "/p/{token}"}, [2]string{"POST", "/p/{token}"}, [2]string{"HEAD", "/p/{token}"},
		[2]string{"GET", "/r/{token}"}, [2]string{"HEAD", "/r/{token}"}, // programs look at links by HEAD before people follow them
		[2]string{"HEAD", "/s/{token}"}, [2]string{"HEAD", "/u/{token}"})
	add("survey", personal, public, [2]string{"GET", "/f/{key}"}, [2]string{"POST", "/f/{key}"}, [2]string{"HEAD", "/f/{key}"},
		[2]string{"POST", "/v1/surveys/{survey}/responses"}, [2]string{"OPTIONS", "/v1/surveys/{survey}/responses"})
	add("console", rare, openapi, [2]string{"GET", "/openapi.json"})
	add("console", rare, "",
		[2]string{"GET", "/v1/customers/{id}"}, [2]string{"GET", "/v1/customers/{id}/messages"},
		[2]string{"GET", "/v1/customers/{id}/consents"},
		[2]string{"GET", "/v1/customers/{id}/audit"}, [2]string{"POST", "/v1/customers/{id}/rebuild"},
		[2]string{"DELETE", "/v1/customers/{id}"}, [2]string{"GET", "/v1/customers/{id}/export"},
		[2]string{"POST", "/v1/replays"}, [2]string{"GET", "/v1/replays/{id}"},
		[2]string{"POST", "/v1/imports"}, [2]string{"GET", "/v1/imports"}, [2]string{"GET", "/v1/imports/{id}"},
		[2]string{"GET", "/v1/offers/{pool}"}, [2]string{"GET", "/v1/scenes/{id}/results"},
		[2]string{"POST", "/v1/rfm/runs"}, [2]string{"GET", "/v1/rfm/runs"}, [2]string{"GET", "/v1/rfm/runs/{id}"},
		[2]string{"GET", "/v1/rfm/runs/{id}/scores.csv"}, [2]string{"GET", "/v1/rfm/runs/{id}/analysis"},
		[2]string{"POST", "/v1/rfm/backtests"}, [2]string{"GET", "/v1/rfm/backtests"}, [2]string{"GET", "/v1/rfm/backtests/{id}"},
		[2]string{"GET", "/v1/cohorts"}, [2]string{"GET", "/v1/economics"},
		[2]string{"GET", "/v1/segments"}, [2]string{"GET", "/v1/segments/{name}/customers"},
		[2]string{"GET", "/v1/models"}, [2]string{"GET", "/v1/models/{name}"},
		[2]string{"PUT", "/v1/models/{name}"}, [2]string{"DELETE", "/v1/models/{name}"},
		[2]string{"GET", "/v1/settings/{name}"}, [2]string{"PUT", "/v1/settings/{name}"},
		[2]string{"DELETE", "/v1/settings/{name}"},
		[2]string{"GET", "/v1/scenes"}, [2]string{"GET", "/v1/scenes/{id}"},
		[2]string{"PUT", "/v1/scenes/{id}"}, [2]string{"DELETE", "/v1/scenes/{id}"},
		[2]string{"POST", "/v1/scenes/{id}/preview"}, [2]string{"POST", "/v1/scenes/{id}/test"}, [2]string{"GET", "/v1/scenes/{id}/tests/{test}"},
		[2]string{"GET", "/v1/customers/{id}/why"},
		[2]string{"GET", "/v1/blocks"}, [2]string{"GET", "/v1/blocks/{name}"},
		[2]string{"PUT", "/v1/blocks/{name}"}, [2]string{"DELETE", "/v1/blocks/{name}"},
		[2]string{"GET", "/v1/templates"}, [2]string{"GET", "/v1/templates/{name}"},
		[2]string{"PUT", "/v1/templates/{name}"}, [2]string{"DELETE", "/v1/templates/{name}"},
		[2]string{"POST", "/v1/scenes/{id}/runs"}, [2]string{"GET", "/v1/scenes/{id}/runs"}, [2]string{"GET", "/v1/scenes/{id}/runs/{run}"},
		[2]string{"POST", "/v1/scenes/{id}/runs/{run}/cancel"}, [2]string{"POST", "/v1/scenes/{id}/simulate"},
		[2]string{"GET", "/v1/tasks"}, [2]string{"GET", "/v1/tasks/{id}"}, [2]string{"PATCH", "/v1/tasks/{id}"},
		[2]string{"GET", "/v1/surveys"}, [2]string{"GET", "/v1/surveys/{survey}"}, [2]string{"PUT", "/v1/surveys/{survey}"},
		[2]string{"POST", "/v1/surveys/{survey}/invitations"}, [2]string{"GET", "/v1/surveys/{survey}/responses"},
		[2]string{"GET", "/v1/surveys/{survey}/metrics"})
	return all
}

// newSchedules returns the schedules. A lost minute strands nothing, since the next sweeps what is due by then; a lost day
// would leave every score a day old, or a day of events in many small objects, so those are tried again for hours.
func newSchedules(parent constructs.Construct, props AppProps, f map[string]*construct.Function) (recalculate, due, compact, rollup, tally *construct.Schedule) {
	scope := constructs.NewConstruct(parent, jsii.String("Schedules"))
	recalculate = construct.NewSchedule(scope, "Recalculate", construct.ScheduleProps{
		Name:        "recalculate",
		Description: "Liuke: recalculates every customer once a day",
		Expression:  fmt.Sprintf("cron(%d %d * * ? *)", props.RecalculateMinute, props.RecalculateHour),
		TimeZone:    props.TimeZone,
		Function:    f["rfm"],
		Retries:     10,
		MaxAge:      6 * time.Hour,
	})
	due = construct.NewSchedule(scope, "Due", construct.ScheduleProps{
		Name:        "due",
		Description: "Liuke: picks up every minute what has become due",
		Expression:  "rate(1 minute)",
		TimeZone:    props.TimeZone,
		Function:    f["outreach"],
		Retries:     0,
		MaxAge:      time.Minute,
	})
	compact = construct.NewSchedule(scope, "Compact", construct.ScheduleProps{
		Name:        "compact",
		Description: "Liuke: puts yesterday's events together, once late ones have come in",
		Expression:  "cron(40 1 * * ? *)",
		TimeZone:    "UTC", // the lake's days
		Function:    f["archive"],
		Retries:     10,
		MaxAge:      6 * time.Hour,
	})
	rollup = construct.NewSchedule(scope, "Rollup", construct.ScheduleProps{
		Name:        "rollup",
		Description: "Liuke: counts the hours in which surveys were answered",
		Expression:  "rate(5 minutes)",
		TimeZone:    props.TimeZone,
		Function:    f["survey"],
		Retries:     0,
		MaxAge:      5 * time.Minute,
	})
	tally = construct.NewSchedule(scope, "Tally", construct.ScheduleProps{
		Name:        "tally",
		Description: "Liuke: counts what scenes bring about",
		Expression:  "rate(5 minutes)",
		TimeZone:    props.TimeZone,
		Function:    f["outreach"],
		Retries:     0,
		MaxAge:      5 * time.Minute,
		Beside:      due,
	})
	return recalculate, due, compact, rollup, tally
}
