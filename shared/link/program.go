package link

import "strings"

// programs are parts of the names of what follows links without a person: scanners of mail, previews of chats, search
// engines, libraries. All are in lower case.
var programs = []string{
	"crawler", "spider", "preview", "scanner", "slurp", "externalhit", "googleimageproxy", "ggpht", "whatsapp", "headless",
	"barracuda", "proofpoint", "mimecast", "messagelabs", "symantec", "trendmicro", "zscaler", "safelinks", "urldefense", "fireeye",
	"curl/", "wget", "python", "go-http-client", "java/", "okhttp", "axios", "node-fetch", "undici", "libwww", "httpclient", "http_client",
	"ruby", "php/", "perl", "monitor", "phantomjs", "virustotal",
}

// Program reports whether a request for a link says itself that it is none of a person's: by its method, by what it is for, or
// by the name of who makes it. Header returns a header by its name in lower case.
func Program(method string, header func(name string) string) bool {
	if method != "GET" {
		return true
	}
	for _, name := range []string{"purpose", "sec-purpose", "x-purpose", "x-moz"} {
		said := strings.ToLower(header(name))
		if strings.Contains(said, "prefetch") || strings.Contains(said, "prerender") || strings.Contains(said, "preview") {
			return true
		}
	}
	agent := strings.ToLower(header("user-agent"))
	if agent == "" || strings.Contains(strings.ReplaceAll(agent, "cubot", ""), "bot") { // Cubot makes phones
		return true
	}
	for _, p := range programs {
		if strings.Contains(agent, p) {
			return true
		}
	}
	return false
}
