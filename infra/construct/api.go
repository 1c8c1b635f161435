package construct

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigatewayv2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigatewayv2authorizers"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigatewayv2integrations"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// Throttle is a limit for all callers together.
type Throttle struct {
	// Rate is requests per second, and Burst how many may come at once.
	Rate, Burst float64
}

// Route is one method of one path.
type Route struct {
	// Method and Path as the API has them: "GET", "/s/{token}".
	Method, Path string
	Function     *Function
	Throttle     Throttle
	// Public is the reason why anyone may call it without a token of the operators' user pool, and what guards it
	// instead; "" asks for the token.
	Public string
}

// APIProps describes the HTTP API.
type APIProps struct {
	// Name is a label, which need not be unique, and Description one sentence for the console.
	Name, Description string
	// WebOrigins are the sites whose browsers may send it something, as they name them: "https://shop.example". None is
	// for none; "*" is not for use here.
	WebOrigins []string
}

// ServeProps says what the API serves.
type ServeProps struct {
	Routes []Route
	// Throttle holds for routes without one of their own.
	Throttle Throttle
	// Operators issues the tokens that routes ask for unless they are public.
	Operators *Operators
	// Logs says how access logs are kept.
	Logs Logs
}

// API is an HTTP API (payload format 2.0) with one stage. It answers browsers of other sites (CORS) only as far as it is
// told to, and counts no metrics by route, which are paid for one by one. Its access logs name the route, never the
// path, which holds customers' tokens, nor the caller's address.
type API struct {
	API   awsapigatewayv2.HttpApi
	Stage awsapigatewayv2.HttpStage

	scope constructs.Construct
}

// accessLogFormat is one JSON object a request, of nothing that names a customer.
const accessLogFormat = `{"requestId":"$context.requestId","time":"$context.requestTimeEpoch","route":"$context.routeKey",` +
	`"status":"$context.status","milliseconds":"$context.responseLatency","integrationStatus":"$context.integrationStatus",` +
	`"integrationMilliseconds":"$context.integrationLatency","integrationError":"$context.integrationErrorMessage",` +
	`"authorizerError":"$context.authorizer.error","bytes":"$context.responseLength"}`

// NewAPI returns the API without routes: functions need its address before they are made.
func NewAPI(parent constructs.Construct, id string, props APIProps) *API {
	scope := constructs.NewConstruct(parent, jsii.String(id))
	api := &awsapigatewayv2.HttpApiProps{
		ApiName:            jsii.String(props.Name),
		Description:        jsii.String(props.Description),
		CreateDefaultStage: jsii.Bool(false),
	}
	if len(props.WebOrigins) > 0 {
		api.CorsPreflight = &awsapigatewayv2.CorsPreflightOptions{
			AllowOrigins: jsii.Strings(props.WebOrigins...),
			AllowMethods: &[]awsapigatewayv2.CorsHttpMethod{awsapigatewayv2.CorsHttpMethod_POST},
			// RudderStack's browser library sends the visitor's id as a header; Segment's a count of its tries from the
			// second on, older ones a trace. Both read when to come back.
			AllowHeaders:  jsii.Strings("content-type", "authorization", "anonymousid", "trace", "x-retry-count"),
			ExposeHeaders: jsii.Strings("retry-after", "x-ratelimit-reset"),
			MaxAge:        awscdk.Duration_Hours(jsii.Number(1)),
		}
	}
	return &API{scope: scope, API: awsapigatewayv2.NewHttpApi(scope, jsii.String("Api"), api)}
}

// Serve adds the routes and the stage that serves them.
func (a *API) Serve(props ServeProps) {
	logs := newLogGroup(a.scope, "AccessLogs", props.Logs)
	a.Stage = awsapigatewayv2.NewHttpStage(a.scope, jsii.String("Stage"), &awsapigatewayv2.HttpStageProps{
		HttpApi:    a.API,
		StageName:  jsii.String("$default"),
		AutoDeploy: jsii.Bool(true),
		Throttle: &awsapigatewayv2.ThrottleSettings{
			RateLimit: jsii.Number(props.Throttle.Rate), BurstLimit: jsii.Number(props.Throttle.Burst),
		},
	})
	stage := a.Stage.Node().DefaultChild().(awsapigatewayv2.CfnStage)
	stage.SetAccessLogSettings(&awsapigatewayv2.CfnStage_AccessLogSettingsProperty{
		DestinationArn: awscdk.Stack_Of(a.scope).FormatArn(&awscdk.ArnComponents{
			Service: jsii.String("logs"), Resource: jsii.String("log-group"), ResourceName: logs.LogGroupName(),
			ArnFormat: awscdk.ArnFormat_COLON_RESOURCE_NAME,
		}),
		Format: jsii.String(accessLogFormat),
	})
	authorizer := awsapigatewayv2authorizers.NewHttpJwtAuthorizer(jsii.String("Operators"), props.Operators.UserPool.UserPoolProviderUrl(),
		&awsapigatewayv2authorizers.HttpJwtAuthorizerProps{JwtAudience: &[]*string{props.Operators.Client.UserPoolClientId()}})
	integrations := map[*Function]awsapigatewayv2.HttpRouteIntegration{}
	settings := map[string]any{}
	for _, r := range props.Routes {
		if integrations[r.Function] == nil {
			integrations[r.Function] = awsapigatewayv2integrations.NewHttpLambdaIntegration(jsii.String(r.Function.Name), r.Function.Function,
				// One permission for the whole API: a function's policy has not room for one a route.
				&awsapigatewayv2integrations.HttpLambdaIntegrationProps{ScopePermissionToRoute: jsii.Bool(false)})
		}
		options := &awsapigatewayv2.AddRoutesOptions{
			Path:        jsii.String(r.Path),
			Methods:     &[]awsapigatewayv2.HttpMethod{awsapigatewayv2.HttpMethod(r.Method)},
			Integration: integrations[r.Function],
		}
		if r.Public == "" {
			options.Authorizer = authorizer
		}
		for _, route := range *a.API.AddRoutes(options) {
			if r.Public != "" {
				Accept(route, "AwsSolutions-APIG4", r.Public)
			}
			stage.AddResourceDependency(route.Node().DefaultChild().(awsapigatewayv2.CfnRoute), nil) // settings of a route that is not there yet are refused
		}
		settings[r.Method+" "+r.Path] = map[string]any{
			"ThrottlingRateLimit": r.Throttle.Rate, "ThrottlingBurstLimit": r.Throttle.Burst,
		}
	}
	stage.AddPropertyOverride(jsii.String("RouteSettings"), settings)
}
