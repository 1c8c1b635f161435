// Command infra is the CDK app: it builds the functions and synthesizes the stacks that `cdk deploy` provisions. The CDK
// CLI runs it as cdk.json says; run by hand, it leaves the cloud assembly in CDK_OUTDIR. Settings are described by
// Settings; the account and region are those of the CLI's credentials.
//
// Variables: LIUKE_SKIP_BUILD=1 puts placeholders where the functions' executables belong, for those who need only the
// templates.
package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/jsii-runtime-go"

	"liuke/infra/construct"
	"liuke/infra/stack"
)

func main() {
	defer jsii.Close()
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		jsii.Close()
		os.Exit(1)
	}
}

func run() error {
	root, err := moduleRoot()
	if err != nil {
		return err
	}
	context, err := contextWithoutCLI(root)
	if err != nil {
		return err
	}
	app := awscdk.NewApp(&awscdk.AppProps{AnalyticsReporting: jsii.Bool(false), Context: context})
	settings, err := ReadSettings(app.Node().TryGetContext(jsii.String("liuke")), app.Node().TryGetContext(jsii.String("stage")))
	if err != nil {
		return fmt.Errorf("the settings have mistakes:\n%w", err)
	}
	assets, err := buildFunctions(root, stack.FunctionNames, os.Getenv("LIUKE_SKIP_BUILD") == "1")
	if err != nil {
		return err
	}

	account, region := environment()
	data := stack.NewData(app, stack.DataProps{
		Stage: settings.Stage, Account: account, Region: region, SenderDomain: settings.SenderDomain(),
		Channels: settings.Channels,
	})
	props := stack.AppProps{
		Stage: settings.Stage, Account: account, Region: region, Data: data,
		Code: func(function string) awslambda.Code {
			return awslambda.Code_FromAsset(jsii.String(assets(function)), nil)
		},
		TimeZone:          settings.TimeZone,
		Currency:          settings.Currency,
		Sender:            settings.Sender.String(),
		SenderAddress:     settings.Sender.Address,
		BaseURL:           settings.BaseURL,
		Edge:              settings.Edge,
		AlarmAddress:      settings.AlarmAddress,
		RecalculateHour:   settings.RecalculateAt.Hour,
		RecalculateMinute: settings.RecalculateAt.Minute,
		LogRetentionDays:  settings.LogRetentionDays,
		Rates:             settings.Rates,
		KeyRate:           settings.KeyRate,
		WebOrigins:        settings.WebOrigins,
		Channels:          settings.Channels,
	}
	if bus := settings.EventBus; bus != nil {
		props.EventBus, props.EventSources = bus.Name, bus.Sources
	}
	works := stack.NewApp(app, props)
	if settings.Edge {
		stack.NewEdge(app, stack.EdgeProps{
			Stage: settings.Stage, Account: account, App: works, Host: settings.Host(), LogRetentionDays: settings.LogRetentionDays,
		})
	}
	construct.CheckRules(app)
	app.Synth(nil)
	findings := construct.Findings(app)
	if len(findings) == 0 {
		return nil
	}
	return fmt.Errorf("%s\n%d findings of cdk-nag: fix each, or accept it with a reason (construct.Accept)",
		strings.Join(findings, "\n"), len(findings))
}

// environment is where the stacks stand. Without credentials the template is made for an account that nobody has: the
// customer-managed key of a table asks for a concrete one.
func environment() (account, region string) {
	account, region = os.Getenv("CDK_DEFAULT_ACCOUNT"), os.Getenv("CDK_DEFAULT_REGION")
	if account == "" {
		account = "111111111111"
	}
	if region == "" {
		region = "eu-central-1"
	}
	return account, region
}
