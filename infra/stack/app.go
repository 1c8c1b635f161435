package stack

import (
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"liuke/infra/construct"
)

// AppProps describes the stack that can be thrown away.
type AppProps struct {
	// Stage names the deployment; it is part of the stack's name.
	Stage string
	// Account and Region are where it stands.
	Account, Region string
	// Data is the stack that holds its state.
	Data *Data
	// Code returns what the function of a name runs: an archive with an executable named bootstrap.
	Code func(function string) awslambda.Code

	// TimeZone is the business's, an IANA name; days and the recalculation's time are meant in it.
	TimeZone string
	// Currency is the one that amounts are in, by its ISO 4217 code.
	Currency string
	// Sender is the From of every mail, as in a header; SenderAddress is its address alone.
	Sender, SenderAddress string
	// BaseURL is where customers reach the suite, without a trailing slash; "" is the API's own address.
	BaseURL string
	// Edge says that requests come through CloudFront, which tells whose they are.
	Edge bool
	// AlarmAddress is told what goes wrong.
	AlarmAddress string
	// RecalculateHour and RecalculateMinute are the time of day of the recalculation.
	RecalculateHour, RecalculateMinute int
	// LogRetentionDays is how long logs are kept, one of construct.LogRetentions.
	LogRetentionDays int
	// Rates are what other currencies are worth, as JSON by currency and day: {"USD":{"2026-01-01":"0.92"}}; "" for none.
	Rates string
	// KeyRate is how many events a second one write key may send to one instance; 0 for any.
	KeyRate int
	// WebOrigins are the sites whose browsers may send events.
	WebOrigins []string
	// EventBus is the name of a bus of EventBridge whose events of the EventSources are taken; "" is none.
	EventBus     string
	EventSources []string
	// Channels are the ways to reach customers.
	Channels Channels
}

// App is everything that works on the state: functions, queues, schedules, routes, and what watches them. What it holds
// itself (messages in queues, logs) may be lost with it; drain the queues before deleting it.
type App struct {
	Stack awscdk.Stack

	// host is that of the API.
	host *string
}

// queues are the suite's, each named after what it carries.
type queues struct {
	events, rfm, signals, messages, receipts, imports, archive *construct.WorkQueue
}

// NewApp returns the stack "Liuke-<stage>-App".
func NewApp(parent constructs.Construct, props AppProps) *App {
	scope := newStack(parent, "App", "Liuke: functions, queues, schedules and routes", props.Stage, props.Account, props.Region)
	data := props.Data
	key := data.Key.Key
	logs := construct.Logs{RetentionDays: props.LogRetentionDays, Key: key}

	q := newQueues(scope, key)
	receipts := construct.NewReceipts(scope, "Mail", construct.ReceiptsProps{
		Queue: q.receipts.Queue, Key: key, Opens: props.Channels.Opens, SMS: props.Channels.SMS != nil,
	})
	api := construct.NewAPI(scope, "Api", construct.APIProps{
		Name: "Liuke-" + props.Stage, Description: "Liuke: events in, surveys, operators", WebOrigins: props.WebOrigins,
	})
	f := newFunctions(scope, props, q, receipts, api, logs)

	newWorkers(scope, q, f)
	var bus *construct.Bus
	if props.EventBus != "" {
		bus = construct.NewBus(scope, "Bus", construct.BusProps{
			Name: "bus", Description: "Liuke: hands over events of the senders that the settings name",
			Bus: props.EventBus, Sources: props.EventSources, Function: f["ingest"],
		})
	}
	construct.NewUploads(scope, "Uploads", construct.UploadsProps{
		Description: "Liuke: queues what operators have uploaded to import",
		Bucket:      data.Lake.Bucket, Names: "imports/*/upload", Queue: q.imports,
	})
	recalculate, due, compact, rollup, tally := newSchedules(scope, props, f)
	api.Serve(construct.ServeProps{
		Routes: routes(f), Throttle: rare, Operators: data.Operators, Logs: logs,
	})

	alarms := construct.NewAlarms(scope, "Alarms", construct.AlarmsProps{Address: props.AlarmAddress, Key: key})
	prompt := []*construct.WorkQueue{q.events, q.rfm, q.signals, q.messages, q.receipts}
	patient := []*construct.WorkQueue{q.imports, q.archive}
	for _, w := range prompt {
		alarms.Backlog(w, backlogLimit)
	}
	for _, w := range patient {
		alarms.Backlog(w, patientLimit)
	}
	work := append(prompt, patient...)
	for _, w := range work {
		alarms.DeadLetters(w.Name, w.DeadLetters)
	}
	if bus != nil {
		alarms.DeadLetters(bus.Name, bus.DeadLetters)
	}
	schedules := []*construct.Schedule{recalculate, due, compact, rollup, tally}
	for _, s := range schedules {
		if !s.Shared {
			alarms.DeadLetters(s.Name, s.DeadLetters)
		}
	}
	alarms.Missed(recalculate, 26*time.Hour) // a day has 25 hours once a year
	alarms.Missed(compact, 26*time.Hour)
	alarms.Missed(due, 5*time.Minute)
	alarms.Missed(rollup, 20*time.Minute)
	alarms.Missed(tally, 20*time.Minute)
	var functions []*construct.Function
	for _, name := range FunctionNames {
		functions = append(functions, f[name])
		alarms.Function(f[name])
	}
	alarms.API(api)
	watchOutcomes(alarms, f)
	dashboard := construct.NewDashboard(scope, "Dashboard", construct.DashboardProps{
		API: api, Functions: functions, Queues: work, Schedules: schedules, Bus: bus, Outcomes: outcomes(f), Alarms: alarms,
	})
	output(scope, "ApiUrl", "The suite's address", api.API.ApiEndpoint())
	if props.Channels.SMS != nil {
		output(scope, "AnswersTopic", "The topic that two-way messages of SMS are published to", receipts.TopicArn)
	}
	output(scope, "DashboardUrl", "What is going on", dashboard.URL)
	host := *api.API.ApiId() + ".execute-api." + props.Region + "." + *scope.UrlSuffix()
	return &App{Stack: scope, host: jsii.String(host)}
}

// watchOutcomes adds the alarms about what functions count.
func watchOutcomes(alarms *construct.Alarms, f map[string]*construct.Function) {
	alarms.Lasting(f["profile"], "EventsPutOff", "events are put off again and again, since a table or the lake refuses them; the log says "+
		"which and why. Nothing is lost: the events wait in their queue, and go on by themselves once it is mended")
	alarms.Once(f["ingest"], "PrivacyRequests", "a shop's customer asks for their data or for its erasure, which has to be done within "+
		"thirty days; what to do stands with the request under rejected/ in the lake, for 28 days")
	alarms.Once(f["rfm"], "RunsFailed", "a recalculation has failed for good; yesterday's scores stand. GET /v1/rfm/runs names the phase, and "+
		"the function's log says why; start another once it is mended")
	alarms.Once(f["rfm"], "CampaignsFailed", "a campaign or a simulation has failed for good; GET /v1/scenes/{id}/runs names the run and says why. "+
		"Whom it had told outreach of before is told; another run tells everybody anew")
	alarms.Once(f["rfm"], "CustomersUnreadable", "a recalculation has left out customers whose items are damaged; what stands of them stays. "+
		"POST /v1/customers/{id}/rebuild makes a history anew; the log names the run")
	alarms.Once(f["outreach"], "TasksEscalated", "a follow-up was not done by its time; GET /v1/tasks?state=overdue lists which, and whose it is now. "+
		"When each kind is due, and to whom it goes then, is set by PUT /v1/settings/tasks")
	alarms.Lasting(f["dispatch"], "QuotaUsedUp", "mail waits since SES's quota for twenty-four hours is used up; it goes on by itself as the "+
		"quota frees, and what has waited for a day is given up. Ask for a higher quota in SES's console")
	alarms.Once(f["dispatch"], "ChannelNotSetUp", "a scene's channel is switched off in this deployment, and its message has failed for it; "+
		"switch the channel on in cdk.json, or the scene off")
	alarms.Once(f["imports"], "ImportsFailed", "an import has stopped for good; GET /v1/imports/{id} says why. What it had read is in; "+
		"mend the file and import it again, which counts nothing twice")
	alarms.Once(f["archive"], "ObjectsDamaged", "an object of the lake cannot be read, and was passed over; the log names it. "+
		"An older version of it may still be had for thirty days")
}

// outcomes are the counts that tell what became of what came in.
func outcomes(f map[string]*construct.Function) []construct.Outcomes {
	counts := func(function string, metrics ...string) []construct.Count {
		var all []construct.Count
		for _, m := range metrics {
			all = append(all, construct.Count{Function: f[function], Metric: m})
		}
		return all
	}
	return []construct.Outcomes{
		{Title: "What came in", Counts: counts("ingest", "EventsAccepted", "EventsDuplicate", "EventsRejected",
			"RequestsRefused", "RequestsUnauthorized", "RequestsThrottled", "WebhooksIgnored", "WebhooksOfTests", "PrivacyRequests")},
		{Title: "What became of events", Counts: counts("profile", "EventsFolded", "EventsRefused", "EventsPutOff", "EventsOfErased", "TraitsDropped", "SignalsSent")},
		{Title: "What became of messages", Counts: counts("dispatch", "Sent", "Failed", "Unknown", "Suppressed", "ChannelNotSetUp",
			"ProviderThrottled", "ProviderBlocked", "OffersPutOff", "OffersBlocked", "Paced", "QuotaUsedUp", "EntryGone", "ScenesBroken", "TestsSent", "TestsFailed")},
		{Title: "What providers told", Counts: counts("receipts", "Event_Delivery", "Event_Bounce", "Event_Complaint", "Settled", "ForeignEvents", "EntryGone")},
		{Title: "What became of signals", Counts: counts("outreach", "Claimed", "MessagesQueued", "Delayed", "Deferred", "CameDue", "ExpressionsFailed", "StaleSignals",
			"SignalsOfErased", "SignalsOfUnknownScenes", "SignalsOfCancelledRuns", "ScenesBroken", "RemindersOfNothing", "BudgetNotGivenBack")},
		{Title: "What became of journeys", Counts: counts("outreach", "Woken", "GoalsMet", "GoalsCorrected", "GoalsBeyondMemory", "StepsOutOfTurn", "ClaimsFound", "TrialHoursCounted", "TrialHoursToCount")},
		{Title: "What became of tasks", Counts: counts("outreach", "TasksMade", "TasksEscalated", "TasksWithoutText", "AlarmsWithoutTask", "TaskSettingsUnreadable")},
		{Title: "What customers answered", Counts: counts("survey", "SurveyAnswers", "FormAnswersTrapped", "FormAnswersTooQuick", "CommentsNotAnalyzed", "SurveyRequestsThrottled",
			"HoursCounted", "HoursToCount")},
		{Title: "What customers did with messages", Counts: counts("survey", "Clicks", "Prefetches", "ClicksNotCounted", "Unsubscriptions", "UnsubscriptionsNoted",
			"UnsubscriptionsNotNoted", "PreferencesChanged")},
		{Title: "What became of imports", Counts: counts("imports", "ImportRowsAccepted", "ImportRowsRefused", "ImportsDone", "ImportsFailed")},
		{Title: "What recalculations did", Counts: counts("rfm", "RunsPlanned", "RunsDone", "RunsFailed", "PartsScored", "ScoresWritten", "SegmentChanges", "RiskWarnings", "Occasions",
			"CutsDrifted", "CustomersUnreadable", "BacktestsDone", "BacktestsFailed")},
		{Title: "What campaigns did", Counts: append(counts("outreach", "CampaignsStarted"),
			counts("rfm", "CampaignSignals", "CampaignUnjudged", "CampaignsDone", "CampaignsFailed", "SimulationsDone")...)},
		{Title: "What the archive did", Counts: counts("archive", "EventsCompacted", "EventsReplayed", "CustomersErased",
			"CustomersExported", "ObjectsDamaged")},
	}
}

// newQueues returns the queues, each hidden for as long as the function that works it off may take.
func newQueues(parent constructs.Construct, key awskms.IKey) queues {
	scope := constructs.NewConstruct(parent, jsii.String("Queues"))
	queue := func(id, name, function string, window time.Duration) *construct.WorkQueue {
		return construct.NewWorkQueue(scope, id, construct.WorkQueueProps{
			Name: name, FunctionTimeout: specs[function].timeout, Window: window, Key: key,
		})
	}
	return queues{
		events:   queue("Events", "events", "profile", eventsWindow),
		rfm:      queue("Rfm", "rfm", "rfm", 0),
		signals:  queue("Signals", "signals", "outreach", 0),
		messages: queue("Messages", "messages", "dispatch", 0),
		receipts: queue("Receipts", "receipts", "receipts", 0),
		imports:  queue("Imports", "imports", "imports", 0),
		archive:  queue("Archive", "archive", "archive", 0),
	}
}

// newWorkers lets the functions work off the queues. A batch is as large as its function can finish in time even if each
// message takes long; the caps keep a backlog from crowding out the rest, and dispatch so few that each instance has a share
// of the providers' rates that is worth having.
func newWorkers(parent constructs.Construct, q queues, f map[string]*construct.Function) {
	scope := constructs.NewConstruct(parent, jsii.String("Workers"))
	worker := func(id string, w construct.WorkerProps) { construct.NewWorker(scope, id, w) }
	worker("Profile", construct.WorkerProps{Queue: q.events, Function: f["profile"], BatchSize: 10, Window: eventsWindow, MaxConcurrency: 50})
	worker("Rfm", construct.WorkerProps{Queue: q.rfm, Function: f["rfm"], BatchSize: 1, MaxConcurrency: 16})
	worker("Outreach", construct.WorkerProps{Queue: q.signals, Function: f["outreach"], BatchSize: 5, MaxConcurrency: 20})
	worker("Dispatch", construct.WorkerProps{Queue: q.messages, Function: f["dispatch"], BatchSize: 10, MaxConcurrency: dispatchConcurrency})
	worker("Receipts", construct.WorkerProps{Queue: q.receipts, Function: f["receipts"], BatchSize: 10, MaxConcurrency: 10})
	worker("Imports", construct.WorkerProps{Queue: q.imports, Function: f["imports"], BatchSize: 1, MaxConcurrency: 5})
	worker("Archive", construct.WorkerProps{Queue: q.archive, Function: f["archive"], BatchSize: 1, MaxConcurrency: 10})
}

const (
	// eventsWindow is how long a batch of events is gathered: the more events of one customer it holds, the fewer writes.
	eventsWindow = time.Second
	// backlogLimit is how long work may wait before somebody is told.
	backlogLimit = 15 * time.Minute
	// patientLimit is how long what nobody waits for at a screen may: several imports, or the days of a replay, one behind
	// the other.
	patientLimit = 2 * time.Hour
)
