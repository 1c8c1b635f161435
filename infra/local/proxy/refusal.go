package proxy

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"liuke/infra/local/iam"
)

// refusal is an answer that the proxy gives itself.
type refusal struct {
	kind    refusalKind
	message string
}

func (r refusal) Error() string { return r.message }

type refusalKind int

const (
	denied refusalKind = iota
	unauthenticated
	invalid
	unknown // an operation that the suite does not have
	noQueue
	throttled
	failed
	reused   // a token that was another transaction's
	underWay // a transaction that is sent again before it has ended
)

func asRefusal(err error) refusal {
	var r refusal
	var d *iam.Denied
	switch {
	case errors.As(err, &r):
		return r
	case errors.As(err, &d):
		return refusal{denied, d.Decision.String()}
	default:
		return refusal{failed, "the suite could not answer"}
	}
}

// wire is how a service spells a kind of refusal.
type wire struct {
	status int
	code   string
}

var wires = map[string]map[refusalKind]wire{
	serviceDynamoDB: {
		denied:          {400, "com.amazon.coral.service#AccessDeniedException"},
		unauthenticated: {400, "com.amazon.coral.service#UnrecognizedClientException"},
		invalid:         {400, "com.amazon.coral.validate#ValidationException"},
		unknown:         {400, "com.amazon.coral.service#UnknownOperationException"},
		throttled:       {400, "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException"},
		failed:          {500, "com.amazonaws.dynamodb.v20120810#InternalServerError"},
		reused:          {400, "com.amazonaws.dynamodb.v20120810#IdempotentParameterMismatchException"},
		underWay:        {400, "com.amazonaws.dynamodb.v20120810#TransactionInProgressException"},
	},
	serviceSQS: {
		denied:          {403, "com.amazon.coral.service#AccessDeniedException"},
		unauthenticated: {403, "com.amazon.coral.service#InvalidClientTokenId"},
		invalid:         {400, "com.amazon.coral.service#InvalidParameterValueException"},
		unknown:         {400, "com.amazonaws.sqs#UnsupportedOperation"},
		noQueue:         {400, "com.amazonaws.sqs#QueueDoesNotExist"},
		throttled:       {400, "com.amazonaws.sqs#RequestThrottled"},
		failed:          {500, "com.amazon.coral.service#InternalFailure"},
	},
	serviceS3: {
		denied:          {403, "AccessDenied"},
		unauthenticated: {403, "InvalidAccessKeyId"},
		invalid:         {400, "InvalidRequest"},
		unknown:         {501, "NotImplemented"},
		throttled:       {503, "SlowDown"},
		failed:          {500, "InternalError"},
	},
	serviceSES: {
		denied:          {403, "AccessDeniedException"},
		unauthenticated: {403, "UnrecognizedClientException"},
		invalid:         {400, "BadRequestException"},
		unknown:         {404, "UnknownOperationException"},
		throttled:       {429, "TooManyRequestsException"},
		failed:          {500, "InternalServiceErrorException"},
	},
	serviceSMS: {
		denied:          {400, "AccessDeniedException"},
		unauthenticated: {400, "UnrecognizedClientException"},
		invalid:         {400, "ValidationException"},
		unknown:         {400, "UnknownOperationException"},
		throttled:       {400, "ThrottlingException"},
		failed:          {500, "InternalServerException"},
	},
	serviceSNS: {
		denied:          {403, "AuthorizationError"},
		unauthenticated: {403, "InvalidClientTokenId"},
		invalid:         {400, "InvalidParameter"},
		unknown:         {400, "InvalidAction"},
		throttled:       {400, "Throttled"},
		failed:          {500, "InternalError"},
	},
	serviceSecrets: {
		denied:          {400, "AccessDeniedException"},
		unauthenticated: {400, "UnrecognizedClientException"},
		invalid:         {400, "InvalidParameterException"},
		unknown:         {400, "UnknownOperationException"},
		throttled:       {400, "ThrottlingException"},
		failed:          {500, "InternalServiceError"},
	},
}

// queryErrors are the codes that SQS also sends for clients that knew its query protocol.
var queryErrors = map[refusalKind]string{
	denied: "AccessDenied;Sender", noQueue: "AWS.SimpleQueueService.NonExistentQueue;Sender",
	throttled: "RequestThrottled;Sender", failed: "InternalFailure;Receiver",
}

// answer is a refusal as the service would write it.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (ref refusal) answer(service, path string) answer {
	spelling, ok := wires[service]
	if !ok {
		spelling = wires[serviceSecrets]
	}
	w, ok := spelling[ref.kind]
	if !ok {
		w = spelling[invalid]
	}
	header := http.Header{"X-Amzn-Requestid": {"local"}}
	var body []byte
	switch service {
	case serviceS3:
		header.Set("Content-Type", "application/xml")
		body = []byte(xml.Header + "<Error><Code>" + w.code + "</Code><Message>" + escapeXML(ref.message) +
			"</Message><Resource>" + escapeXML(path) + "</Resource><RequestId>local</RequestId></Error>")
	case serviceSNS:
		header.Set("Content-Type", "text/xml")
		body = []byte(`<ErrorResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><Error><Type>Sender</Type><Code>` + w.code +
			"</Code><Message>" + escapeXML(ref.message) + "</Message></Error><RequestId>local</RequestId></ErrorResponse>")
	case serviceSES:
		header.Set("Content-Type", "application/json")
		header.Set("X-Amzn-Errortype", w.code)
		body = encode(map[string]string{"message": ref.message})
	default:
		header.Set("Content-Type", "application/x-amz-json-1.0")
		if service == serviceSQS && queryErrors[ref.kind] != "" {
			header.Set("X-Amzn-Query-Error", queryErrors[ref.kind])
		}
		body = encode(map[string]string{"__type": w.code, "message": ref.message})
	}
	header.Set("Content-Length", strconv.Itoa(len(body)))
	return answer{w.status, header, body}
}

// refuse writes a refusal.
func refuse(w http.ResponseWriter, r *http.Request, service string, ref refusal) {
	a := ref.answer(service, r.URL.Path)
	for name, values := range a.header {
		w.Header()[name] = values
	}
	w.WriteHeader(a.status)
	if r.Method != http.MethodHead {
		w.Write(a.body) // a caller that has gone needs no answer
	}
}

func encode(v map[string]string) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		return []byte("{}") // texts always encode
	}
	return b
}

func escapeXML(s string) string {
	var b strings.Builder
	if err := xml.EscapeText(&b, []byte(s)); err != nil {
		return ""
	}
	return b.String()
}
