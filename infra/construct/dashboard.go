package construct

import (
	"fmt"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// DashboardProps says what the dashboard shows.
type DashboardProps struct {
	API       *API
	Functions []*Function
	Queues    []*WorkQueue
	Schedules []*Schedule
	// Bus is one whose events are taken; nil for none.
	Bus *Bus
	// Outcomes are what the functions count of their work, graph by graph.
	Outcomes []Outcomes
	Alarms   *Alarms
}

// Outcomes is one graph of counts.
type Outcomes struct {
	Title  string
	Counts []Count
}

// Count is what a function counts under a name.
type Count struct {
	Function *Function
	Metric   string
}

// Dashboard is the one page that answers "does it work, and how far behind is it?".
type Dashboard struct {
	// URL opens it in the console.
	URL *string
}

// NewDashboard returns the dashboard: what is wrong first, then the loop from the requests that come in to the mail that
// goes out.
func NewDashboard(parent constructs.Construct, id string, props DashboardProps) *Dashboard {
	scope := constructs.NewConstruct(parent, jsii.String(id))
	d := awscloudwatch.NewDashboard(scope, jsii.String("Dashboard"), &awscloudwatch.DashboardProps{
		DefaultInterval: awscdk.Duration_Hours(jsii.Number(12)),
	})
	d.ApplyRemovalPolicy(awscdk.RemovalPolicy_DESTROY)
	d.AddWidgets(awscloudwatch.NewAlarmStatusWidget(&awscloudwatch.AlarmStatusWidgetProps{
		Title: jsii.String("Alarms"), Alarms: &props.Alarms.All, Width: jsii.Number(24), Height: jsii.Number(5),
	}))

	sum := &awscloudwatch.MetricOptions{Period: minutes(5), Statistic: awscloudwatch.Stats_SUM()}
	largest := &awscloudwatch.MetricOptions{Period: minutes(5), Statistic: awscloudwatch.Stats_MAXIMUM()}
	slow := &awscloudwatch.MetricOptions{Period: minutes(5), Statistic: awscloudwatch.Stats_Percentile(jsii.Number(99))}
	api := props.API.API
	d.AddWidgets(
		graph("Requests and what failed", api.MetricCount(sum), api.MetricClientError(sum), api.MetricServerError(sum)),
		graph("Latency, 99th percentile (ms)", api.MetricLatency(slow), api.MetricIntegrationLatency(slow)),
	)
	var age, visible, dead, invocations, errors, durations, fired []awscloudwatch.IMetric
	for _, q := range props.Queues {
		age = append(age, named(q.Queue.MetricApproximateAgeOfOldestMessage(largest), q.Name))
		visible = append(visible, named(q.Queue.MetricApproximateNumberOfMessagesVisible(largest), q.Name))
		dead = append(dead, named(q.DeadLetters.MetricApproximateNumberOfMessagesVisible(largest), q.Name))
	}
	for _, fn := range props.Functions {
		invocations = append(invocations, named(fn.Function.MetricInvocations(sum), fn.Name))
		errors = append(errors, named(fn.Function.MetricErrors(sum), fn.Name))
		durations = append(durations, named(fn.Function.MetricDuration(slow), fn.Name))
	}
	for _, s := range props.Schedules {
		dead = append(dead, named(s.DeadLetters.MetricApproximateNumberOfMessagesVisible(largest), s.Name))
		fired = append(fired, awscloudwatch.NewMetric(&awscloudwatch.MetricProps{
			Namespace: jsii.String("AWS/Scheduler"), MetricName: jsii.String("InvocationAttemptCount"),
			DimensionsMap: &map[string]*string{"ScheduleGroup": s.Group.Ref()},
			Period:        minutes(5), Statistic: awscloudwatch.Stats_SUM(), Label: jsii.String(s.Name),
		}))
	}
	if bus := props.Bus; bus != nil {
		dead = append(dead, named(bus.DeadLetters.MetricApproximateNumberOfMessagesVisible(largest), bus.Name))
	}
	var outcomes []awscloudwatch.IWidget
	for _, o := range props.Outcomes {
		var counts []awscloudwatch.IMetric
		for _, c := range o.Counts {
			counts = append(counts, named(c.Function.Count(c.Metric), c.Function.Name+" "+c.Metric))
		}
		outcomes = append(outcomes, graph(o.Title, counts...))
	}
	d.AddWidgets(outcomes...)
	d.AddWidgets(graph("Oldest message (s)", age...), graph("Messages waiting", visible...))
	d.AddWidgets(graph("Dead letters", dead...), graph("Schedules fired", fired...))
	d.AddWidgets(graph("Invocations", invocations...), graph("Failed invocations", errors...))
	mail := func(name string) awscloudwatch.IMetric {
		return awscloudwatch.NewMetric(&awscloudwatch.MetricProps{
			Namespace: jsii.String("AWS/SES"), MetricName: jsii.String(name), Period: minutes(5), Statistic: awscloudwatch.Stats_SUM(),
		})
	}
	d.AddWidgets(graph("Duration, 99th percentile (ms)", durations...),
		graph("Mail of the account", mail("Send"), mail("Delivery"), mail("Bounce"), mail("Complaint"), mail("Reject")))

	region := *awscdk.Stack_Of(scope).Region()
	return &Dashboard{URL: jsii.String(fmt.Sprintf("https://%s.console.aws.amazon.com/cloudwatch/home?region=%s#dashboards/dashboard/%s",
		region, region, *d.DashboardName()))}
}

func graph(title string, metrics ...awscloudwatch.IMetric) awscloudwatch.IWidget {
	return awscloudwatch.NewGraphWidget(&awscloudwatch.GraphWidgetProps{
		Title: jsii.String(title), Left: &metrics, Width: jsii.Number(12), Height: jsii.Number(6),
		LeftYAxis: &awscloudwatch.YAxisProps{Min: jsii.Number(0), ShowUnits: jsii.Bool(false)},
	})
}

func named(m awscloudwatch.Metric, label string) awscloudwatch.IMetric {
	return m.With(&awscloudwatch.MetricOptions{Label: jsii.String(label)})
}
