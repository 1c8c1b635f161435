package stack

import (
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"liuke/infra/construct"
)

// Channels are the ways to reach customers beside SES. What is nil or false is switched off: nothing stands in the templates
// for it, and nothing may be called.
type Channels struct {
	SMS  *SMS
	Push *Push
	// SMTP, where there is one, sends mail in SES's place.
	SMTP *SMTP
	// Webhook posts messages to the destinations that operators enter in a secret.
	Webhook bool
	// Opens has SES tell when a mail's picture is fetched, which says little: mail programs fetch it unseen.
	Opens bool
}

// SMS is how text messages are sent, through AWS End User Messaging.
type SMS struct {
	// Origination is what messages are sent from, Transactional what those are that are not advertising, "" for the same:
	// "pool/pool-…", "phone-number/phone-…", "sender-id/<name>/<country>", or a whole ARN.
	Origination, Transactional string
	// MaxPrice is what one message may cost in dollars, such as "0.10"; "" for no limit.
	MaxPrice string
	// TimeToLive is how long the service tries to hand a message to a carrier; 0 for its own 72 hours.
	TimeToLive time.Duration
	// MaxSegments is how many segments a message may make; 0 for as many as the service takes.
	MaxSegments int
	// PerSecond is how many messages are sent a second by all together; 0 for as many as the service takes.
	PerSecond float64
	// DryRun has messages checked and not sent.
	DryRun bool
}

// Push is how notifications are sent, through Amazon SNS.
type Push struct {
	// Applications are the platform applications whose endpoints are written to, "APNS/shop".
	Applications []string
	// TimeToLive is how long the platform keeps a notification for a phone that is off; 0 for its own.
	TimeToLive time.Duration
}

// SMTP is a mail server of one's own.
type SMTP struct {
	Host string
	// Port is 0 for that of the way it is encrypted.
	Port int
	// Security is "starttls" or "tls".
	Security string
	// Login says that the server asks who sends: a secret holds it.
	Login bool
}

// dispatchConcurrency is how many instances of dispatch work at a time: each keeps to its share of what providers take.
const dispatchConcurrency = 5

// environment is what dispatch is told of the channels; of what is switched off, "".
func (c Channels) environment(data *Data, receipts *construct.Receipts) map[string]*string {
	told := map[string]*string{"LIUKE_CONCURRENCY": jsii.String(strconv.Itoa(dispatchConcurrency))}
	for _, name := range []string{
		"SMS_ORIGINATION", "SMS_TRANSACTIONAL", "SMS_CONFIGURATION_SET", "SMS_MAX_PRICE", "SMS_TTL", "SMS_MAX_SEGMENTS", "SMS_PER_SECOND", "SMS_DRY_RUN",
		"PUSH", "PUSH_TTL", "SMTP_HOST", "SMTP_PORT", "SMTP_SECURITY", "SMTP_SECRET", "DESTINATIONS_SECRET",
	} {
		told["LIUKE_"+name] = jsii.String("")
	}
	if s := c.SMS; s != nil {
		told["LIUKE_SMS_ORIGINATION"] = originationARN(data.Stack, s.Origination)
		if s.Transactional != "" {
			told["LIUKE_SMS_TRANSACTIONAL"] = originationARN(data.Stack, s.Transactional)
		}
		told["LIUKE_SMS_CONFIGURATION_SET"] = receipts.TextSetName
		told["LIUKE_SMS_MAX_PRICE"] = jsii.String(s.MaxPrice)
		told["LIUKE_SMS_TTL"] = jsii.String(s.TimeToLive.String())
		told["LIUKE_SMS_MAX_SEGMENTS"] = jsii.String(strconv.Itoa(s.MaxSegments))
		told["LIUKE_SMS_PER_SECOND"] = jsii.String(strconv.FormatFloat(s.PerSecond, 'f', -1, 64))
		told["LIUKE_SMS_DRY_RUN"] = jsii.String(strconv.FormatBool(s.DryRun))
	}
	if p := c.Push; p != nil {
		told["LIUKE_PUSH"], told["LIUKE_PUSH_TTL"] = jsii.String("true"), jsii.String(p.TimeToLive.String())
	}
	if s := c.SMTP; s != nil {
		told["LIUKE_SMTP_HOST"], told["LIUKE_SMTP_SECURITY"] = jsii.String(s.Host), jsii.String(s.Security)
		told["LIUKE_SMTP_PORT"] = jsii.String(strconv.Itoa(s.Port))
		if s.Login {
			told["LIUKE_SMTP_SECRET"] = data.SMTP.Secret.SecretArn()
		}
	}
	if c.Webhook {
		told["LIUKE_DESTINATIONS_SECRET"] = data.Destinations.Secret.SecretArn()
	}
	return told
}

// names lists the channels that are switched on, "email,sms".
func (c Channels) names() string {
	names := "email"
	for _, other := range []struct {
		name string
		on   bool
	}{{"sms", c.SMS != nil}, {"push", c.Push != nil}, {"webhook", c.Webhook}} {
		if other.on {
			names += "," + other.name
		}
	}
	return names
}

// access is what dispatch may do for the channels that are switched on.
func (c Channels) access(data *Data, receipts *construct.Receipts, sender string) []construct.Access {
	var all []construct.Access
	if c.SMTP == nil {
		all = append(all, construct.Access{
			Service: "ses", Actions: []string{"SendEmail"},
			Resources:  []*string{data.Sender.IdentityArn, receipts.ConfigurationSetArn},
			Conditions: map[string]any{"StringEquals": map[string]any{"ses:FromAddress": sender}},
		}, construct.Access{
			Service: "ses", Actions: []string{"GetAccount"}, Resources: []*string{jsii.String("*")},
			Wildcard: "The account's sending quota belongs to no resource.", Of: "/^Resource::\\*$/",
		})
	} else if c.SMTP.Login {
		all = append(all, construct.ReadSecret(data.SMTP.Secret))
	}
	if s := c.SMS; s != nil {
		from := []*string{originationARN(data.Stack, s.Origination), receipts.TextSetArn}
		if s.Transactional != "" && s.Transactional != s.Origination {
			from = append(from, originationARN(data.Stack, s.Transactional))
		}
		all = append(all, construct.Access{Service: "sms-voice", Actions: []string{"SendTextMessage"}, Resources: from})
	}
	if p := c.Push; p != nil {
		push := construct.Access{
			Service: "sns", Actions: []string{"Publish"},
			Wildcard: "Endpoints are made by the shop's app, one a phone; the platform application is the shop's own.",
			Of:       "/^Resource::.*:endpoint\\/(APNS|APNS_SANDBOX|GCM)\\/[^\\/]+\\/\\*$/",
		}
		for _, application := range p.Applications {
			push.Resources = append(push.Resources, data.Stack.FormatArn(&awscdk.ArnComponents{
				Service: jsii.String("sns"), Resource: jsii.String("endpoint"), ResourceName: jsii.String(application + "/*"),
			}))
		}
		all = append(all, push)
	}
	if c.Webhook {
		all = append(all, construct.ReadSecret(data.Destinations.Secret))
	}
	return all
}

// originationARN is the ARN of what SMS are sent from; one that is none stands for what is of the stack's account and region.
func originationARN(stack awscdk.Stack, identity string) *string {
	if strings.HasPrefix(identity, "arn:") {
		return jsii.String(identity)
	}
	kind, name, _ := strings.Cut(identity, "/")
	return stack.FormatArn(&awscdk.ArnComponents{
		Service: jsii.String("sms-voice"), Resource: jsii.String(kind), ResourceName: jsii.String(name),
	})
}
