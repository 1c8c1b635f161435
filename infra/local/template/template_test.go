package template

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// load writes an assembly of stacks, in order of their names, and loads it.
func load(t *testing.T, stacks map[string]string) (*App, error) {
	t.Helper()
	dir := t.TempDir()
	var artifacts []string
	for name, body := range stacks {
		artifacts = append(artifacts, `"`+name+`":{"type":"aws:cloudformation:stack","environment":"aws://111111111111/eu-central-1","properties":{"templateFile":"`+name+`.json"}}`)
		write(t, filepath.Join(dir, name+".json"), body)
	}
	slices.Sort(artifacts)
	write(t, filepath.Join(dir, "manifest.json"), `{"artifacts":{"tree":{"type":"cdk:tree"},`+strings.Join(artifacts, ",")+`}}`)
	return Load(dir)
}

func write(t *testing.T, path, body string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(body), 0o600); err != nil {
		t.Fatal(err)
	}
}

const queueInData = `{"Resources":{
	"Dead":{"Type":"AWS::SQS::Queue","Metadata":{"aws:cdk:path":"Data/Queues/Events/DeadLetters/Resource"}},
	"Queue":{"Type":"AWS::SQS::Queue","Metadata":{"aws:cdk:path":"Data/Queues/Events/Queue/Resource"},"Properties":{
		"VisibilityTimeout":60,"RedrivePolicy":{"deadLetterTargetArn":{"Fn::GetAtt":["Dead","Arn"]},"maxReceiveCount":5}}}},
	"Parameters":{"Size":{"Type":"Number","Default":7}},
	"Outputs":{"Exported":{"Value":{"Fn::GetAtt":["Queue","Arn"]},"Export":{"Name":{"Fn::Sub":"${AWS::StackName}:QueueArn"}}}}}`

func TestEveryIntrinsicFunctionResolves(t *testing.T) {
	for name, c := range map[string]struct{ value, want string }{
		"Ref of a topic is its ARN":             {`{"Ref":"Topic"}`, "arn:aws:sns:eu-central-1:111111111111:app-topic"},
		"Ref of a parameter is its default":     {`{"Ref":"Size"}`, "7"},
		"Ref of a pseudo parameter":             {`{"Ref":"AWS::Region"}`, "eu-central-1"},
		"GetAtt by list":                        {`{"Fn::GetAtt":["Topic","TopicName"]}`, "app-topic"},
		"GetAtt by text":                        {`{"Fn::GetAtt":"Topic.TopicName"}`, "app-topic"},
		"Join of texts and references":          {`{"Fn::Join":["/",["a",{"Ref":"AWS::AccountId"},3,true]]}`, "a/111111111111/3/true"},
		"Sub with references and an escape":     {`{"Fn::Sub":"${AWS::Partition}-${Topic.TopicName}-${!Literal}"}`, "aws-app-topic-${Literal}"},
		"Sub with values of its own":            {`{"Fn::Sub":["${X}",{"X":{"Ref":"Size"}}]}`, "7"},
		"Select of a Split":                     {`{"Fn::Select":[1,{"Fn::Split":[":","a:b"]}]}`, "b"},
		"Base64":                                {`{"Fn::Base64":"a"}`, "YQ=="},
		"ImportValue of another stack's export": {`{"Fn::ImportValue":"Data:QueueArn"}`, "arn:aws:sqs:eu-central-1:111111111111:data-queue"},
		"GetStackOutput of another stack":       {`{"Fn::GetStackOutput":{"StackName":"Data","OutputName":"Exported"}}`, "arn:aws:sqs:eu-central-1:111111111111:data-queue"},
	} {
		t.Run(name, func(t *testing.T) {
			app, err := load(t, map[string]string{"Data": queueInData, "App": `{"Parameters":{"Size":{"Default":7}},"Resources":{
				"Topic":{"Type":"AWS::SNS::Topic"},
				"Function":{"Type":"AWS::Lambda::Function","Metadata":{"liuke:package":"./functions/x"},"Properties":{"Role":"r",
					"Environment":{"Variables":{"V":` + c.value + `,"GONE":{"Ref":"AWS::NoValue"}}}}}}}`})
			if err != nil {
				t.Fatal(err)
			}
			functions, err := app.Functions()
			if err != nil {
				t.Fatal(err)
			}
			if got := functions[0].Environment; !maps.Equal(got, map[string]string{"V": c.want}) {
				t.Errorf("resolved to %v, want V=%s alone", got, c.want)
			}
		})
	}
}

func TestWhatCannotBeResolvedIsAnErrorThatNamesThePlace(t *testing.T) {
	for name, c := range map[string]struct{ value, want string }{
		"an unknown resource":  {`{"Ref":"Nobody"}`, "Nobody"},
		"an unknown attribute": {`{"Fn::GetAtt":["Bad","Color"]}`, "Color"},
		"an unknown function":  {`{"Fn::Cidr":["10.0.0.0/16"]}`, "Fn::Cidr"},
		"an unknown export":    {`{"Fn::ImportValue":"Nothing"}`, "Nothing"},
		"an open Sub":          {`{"Fn::Sub":"${AWS::Region"}`, "not closed"},
		"a list in a Join":     {`{"Fn::Join":["",[["a"]]]}`, "string is wanted"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := load(t, map[string]string{"App": `{"Resources":{"Bad":{"Type":"AWS::SQS::Queue","Properties":{"X":` + c.value + `}}}}`})
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "resource Bad") {
				t.Errorf("got %v, want an error about resource Bad with %q", err, c.want)
			}
		})
	}
}

func TestAConditionOfAPolicyIsNoIntrinsicFunction(t *testing.T) {
	app, err := load(t, map[string]string{"App": `{"Resources":{"P":{"Type":"AWS::IAM::Policy","Properties":{"PolicyDocument":{"Condition":{"Bool":{"a":"b"}}}}}}}`})
	if err != nil {
		t.Fatal(err)
	}
	if member(member(app.Resources[0].At("PolicyDocument"), "Condition"), "Bool") == nil {
		t.Errorf("the condition has gone: %v", app.Resources[0].Properties)
	}
}

func TestAStackWithoutAnEnvironmentIsRefused(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "manifest.json"), `{"artifacts":{"A":{"type":"aws:cloudformation:stack","environment":"aws://unknown-account/unknown-region","properties":{"templateFile":"A.json"}}}}`)
	if _, err := Load(dir); err == nil || !strings.Contains(err.Error(), "environment") {
		t.Errorf("got %v, want an error about the environment", err)
	}
}

func TestQueuesForDeadLettersComeFirst(t *testing.T) {
	app, err := load(t, map[string]string{"Data": strings.ReplaceAll(queueInData, `"Dead"`, `"ZDead"`)})
	if err != nil {
		t.Fatal(err)
	}
	queues, err := app.Queues()
	if err != nil {
		t.Fatal(err)
	}
	if !queues[0].IsDeadLetters() || queues[1].IsDeadLetters() || queues[1].DeadLetters != queues[0].ARN {
		t.Errorf("queues %v, %v", queues[0], queues[1])
	}
	if queues[0].Short() != "events-deadletters" || queues[1].Short() != "events" {
		t.Errorf("called %s and %s", queues[0].Short(), queues[1].Short())
	}
	if q := queues[1]; q.MaxReceives != 5 || q.Visibility != time.Minute {
		t.Errorf("%d tries, hidden for %v", q.MaxReceives, q.Visibility)
	}
}

func TestDeadLettersThatNoStackHasAreAnError(t *testing.T) {
	app, err := load(t, map[string]string{"App": `{"Resources":{"Q":{"Type":"AWS::SQS::Queue","Properties":{"RedrivePolicy":{"deadLetterTargetArn":"arn:aws:sqs:eu-central-1:111111111111:gone","maxReceiveCount":5}}}}}`})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := app.Queues(); err == nil || !strings.Contains(err.Error(), "gone") {
		t.Errorf("got %v, want an error that names the queue", err)
	}
}

func TestNamesAreTheSameInEachRunAndFitTheServices(t *testing.T) {
	long := strings.Repeat("VeryLong", 10)
	body := `{"Resources":{"` + long + `":{"Type":"AWS::S3::Bucket"}}}`
	first, err := load(t, map[string]string{"App": body})
	if err != nil {
		t.Fatal(err)
	}
	second, err := load(t, map[string]string{"App": body})
	if err != nil {
		t.Fatal(err)
	}
	name := first.Resources[0].Name
	if name != second.Resources[0].Name || len(name) > 63 || strings.ToLower(name) != name {
		t.Errorf("bucket names %q and %q", name, second.Resources[0].Name)
	}
}

func TestRulesAreReadWithTheirTargets(t *testing.T) {
	app, err := load(t, map[string]string{"Data": queueInData, "App": `{"Resources":{
		"Bus":{"Type":"AWS::Events::EventBus","Properties":{"Name":"shop"}},
		"Function":{"Type":"AWS::Lambda::Function"},
		"Failures":{"Type":"AWS::Lambda::EventInvokeConfig","Properties":{"FunctionName":{"Ref":"Function"},"MaximumRetryAttempts":1,
			"DestinationConfig":{"OnFailure":{"Destination":{"Fn::ImportValue":"Data:QueueArn"}}}}},
		"Uploads":{"Type":"AWS::Events::Rule","Properties":{"EventPattern":{"source":["aws.s3"]},"Targets":[
			{"Id":"T","Arn":{"Fn::ImportValue":"Data:QueueArn"},"RetryPolicy":{"MaximumRetryAttempts":3},"Input":"{}"}]}},
		"Orders":{"Type":"AWS::Events::Rule","Properties":{"EventBusName":"shop","State":"DISABLED","EventPattern":{"source":["a"]},"Targets":[
			{"Id":"T","Arn":{"Fn::GetAtt":["Function","Arn"]},"DeadLetterConfig":{"Arn":{"Fn::ImportValue":"Data:QueueArn"}}}]}}}}`})
	if err != nil {
		t.Fatal(err)
	}
	rules, err := app.Rules()
	if err != nil || len(rules) != 2 {
		t.Fatalf("read %d rules, %v", len(rules), err)
	}
	const queue = "arn:aws:sqs:eu-central-1:111111111111:data-queue"
	orders, uploads := rules[0], rules[1]
	if orders.Bus != "shop" || orders.Enabled || orders.ARN != "arn:aws:events:eu-central-1:111111111111:rule/shop/app-orders" {
		t.Errorf("the rule of the other bus is %+v of %s", orders, orders.ARN)
	}
	if got, want := orders.Targets[0], (RuleTarget{ARN: app.Find("AWS::Lambda::Function", "app-function").ARN, Retries: 185, DeadLetters: queue}); got != want {
		t.Errorf("its target is %+v, want %+v", got, want)
	}
	if uploads.Bus != "default" || !uploads.Enabled || uploads.ARN != "arn:aws:events:eu-central-1:111111111111:rule/app-uploads" {
		t.Errorf("the rule of the default bus is %+v of %s", uploads, uploads.ARN)
	}
	if got, want := uploads.Targets[0], (RuleTarget{ARN: queue, Input: "{}", Retries: 3}); got != want {
		t.Errorf("its target is %+v, want %+v", got, want)
	}
	if buses := app.Buses(); !slices.Equal(buses, []string{"shop"}) {
		t.Errorf("the other buses are %v", buses)
	}
	if failures, retries, err := app.FailureQueue(orders.Targets[0].ARN); failures != queue || retries != 1 || err != nil {
		t.Errorf("failures go to %q after %d retries (%v)", failures, retries, err)
	}
}

func TestARuleThatCannotRunHereSaysWhy(t *testing.T) {
	for name, c := range map[string]struct{ properties, want string }{
		"a schedule":                   {`{"ScheduleExpression":"rate(1 day)"}`, "EventPattern is missing"},
		"a target that no stack has":   {`{"EventPattern":{"source":["a"]},"Targets":[{"Arn":"arn:aws:sqs:eu-central-1:1:x"}]}`, "neither a queue nor a function"},
		"an event that is transformed": {`{"EventPattern":{"source":["a"]},"Targets":[{"Arn":{"Fn::ImportValue":"Data:QueueArn"},"InputPath":"$.detail"}]}`, "InputPath does not run"},
	} {
		t.Run(name, func(t *testing.T) {
			app, err := load(t, map[string]string{"Data": queueInData, "App": `{"Resources":{"Rule":{"Type":"AWS::Events::Rule","Properties":` + c.properties + `}}}`})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := app.Rules(); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}
