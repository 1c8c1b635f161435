package gateway

import (
	"encoding/base64"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-lambda-go/events"
)

// event is the request in payload format 2.0 ("Working with AWS Lambda proxy integrations for HTTP APIs", API Gateway
// Developer Guide): header names in lower case, repeated headers and parameters joined by commas, cookies apart.
func (g *Gateway) event(r *http.Request, routeKey string, parameters map[string]string, body []byte) events.APIGatewayV2HTTPRequest {
	now := g.config.Now()
	source, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		source = r.RemoteAddr
	}
	path, err := url.PathUnescape(r.URL.EscapedPath())
	if err != nil {
		path = r.URL.Path
	}
	domain, _, _ := strings.Cut(r.Host, ":")
	prefix, _, _ := strings.Cut(domain, ".")
	e := events.APIGatewayV2HTTPRequest{
		Version: "2.0", RouteKey: routeKey, RawPath: path, RawQueryString: r.URL.RawQuery,
		Headers: headers(r), PathParameters: parameters,
		RequestContext: events.APIGatewayV2HTTPRequestContext{
			RouteKey: routeKey, AccountID: g.config.Account, Stage: "$default", RequestID: requestID(), APIID: g.config.APIID,
			DomainName: domain, DomainPrefix: prefix, Time: now.UTC().Format("02/Jan/2006:15:04:05 -0700"), TimeEpoch: now.UnixMilli(),
			HTTP: events.APIGatewayV2HTTPRequestContextHTTPDescription{
				Method: r.Method, Path: path, Protocol: r.Proto, SourceIP: source, UserAgent: r.UserAgent(),
			},
		},
	}
	for _, line := range r.Header.Values("Cookie") {
		for _, cookie := range strings.Split(line, ";") {
			e.Cookies = append(e.Cookies, strings.TrimSpace(cookie))
		}
	}
	if query := r.URL.Query(); len(query) > 0 {
		e.QueryStringParameters = map[string]string{}
		for name, values := range query {
			e.QueryStringParameters[name] = strings.Join(values, ",")
		}
	}
	if len(body) > 0 {
		if isText(r.Header, body) {
			e.Body = string(body)
		} else {
			e.Body, e.IsBase64Encoded = base64.StdEncoding.EncodeToString(body), true
		}
	}
	return e
}

func headers(r *http.Request) map[string]string {
	out := map[string]string{"host": r.Host}
	for name, values := range r.Header {
		if name != "Cookie" {
			out[strings.ToLower(name)] = strings.Join(values, ",")
		}
	}
	if r.ContentLength > 0 {
		out["content-length"] = strconv.FormatInt(r.ContentLength, 10)
	}
	source, _, _ := net.SplitHostPort(r.RemoteAddr)
	if before := out["x-forwarded-for"]; before != "" {
		source = before + "," + source
	}
	_, port, _ := net.SplitHostPort(r.Host)
	out["x-forwarded-for"], out["x-forwarded-port"], out["x-forwarded-proto"] = source, port, "http"
	return out
}

// isText says whether API Gateway hands a body on as it is: text/*, JSON, XML and JavaScript without an encoding. All
// else, web forms included, it hands on in base64.
func isText(h http.Header, body []byte) bool {
	if encoding := h.Get("Content-Encoding"); encoding != "" && !strings.EqualFold(encoding, "identity") {
		return false
	}
	kind, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil {
		return h.Get("Content-Type") == "" && utf8.Valid(body)
	}
	if !utf8.Valid(body) {
		return false
	}
	return strings.HasPrefix(kind, "text/") || strings.HasSuffix(kind, "+json") || strings.HasSuffix(kind, "+xml") ||
		kind == "application/json" || kind == "application/xml" || kind == "application/javascript"
}

func bodyOf(r *events.APIGatewayV2HTTPResponse) ([]byte, error) {
	if r.IsBase64Encoded {
		return base64.StdEncoding.DecodeString(r.Body)
	}
	return []byte(r.Body), nil
}
