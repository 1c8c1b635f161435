package lambda

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"liuke/infra/local/build"
)

// BenchmarkColdStart starts each function as it is deployed, but for the processor, and measures the time from the start
// of its process to its first ask for work, side by side with a peer that is aws-lambda-go alone: the least and the
// median, their ratio to the peer's, and the size of the executable here and for arm64 (MB are 10^6 bytes). What Lambda
// adds, fetching the code and starting the sandbox, is not in it; the executables are read from memory.
//
//	go test -run '^$' -bench ColdStart -benchtime 50x ./infra/local/lambda
func BenchmarkColdStart(b *testing.B) {
	mains, err := filepath.Glob("../../../functions/*/main.go")
	if err != nil || len(mains) == 0 {
		b.Fatalf("no functions to start: %v", err)
	}
	packages := []string{"./testdata/peer"}
	for _, main := range mains {
		packages = append(packages, filepath.Dir(main))
	}
	here, arm := compile(b, packages), compile(b, packages, "GOOS=linux", "GOARCH=arm64")
	for _, p := range packages {
		name := filepath.Base(p)
		b.Run(name, func(b *testing.B) {
			calls := newListener(b)
			function, peer := calls.function(name, filepath.Join(here, name)), calls.function("peer", filepath.Join(here, "peer"))
			coldStart(b, function) // reads the executables into memory
			coldStart(b, peer)
			var own, least []time.Duration
			for b.Loop() {
				own, least = append(own, coldStart(b, function)), append(least, coldStart(b, peer))
			}
			if n := calls.count.Load(); n != 0 {
				b.Errorf("%d calls of services before the first ask for work", n)
			}
			slices.Sort(own)
			slices.Sort(least)
			b.ReportMetric(0, "ns/op") // of both together: says nothing
			b.ReportMetric(milliseconds(own[0]), "min-ms")
			b.ReportMetric(milliseconds(own[len(own)/2]), "median-ms")
			b.ReportMetric(float64(own[0])/float64(least[0]), "min-x-peer")
			b.ReportMetric(float64(own[len(own)/2])/float64(least[len(least)/2]), "median-x-peer")
			b.ReportMetric(megabytes(b, function.Executable), "MB")
			b.ReportMetric(megabytes(b, filepath.Join(arm, name)), "arm64-MB")
		})
	}
}

// coldStart starts a process of the function and ends it, and returns how long it took to ask for work.
func coldStart(b *testing.B, config *Config) time.Duration {
	b.Helper()
	started := time.Now()
	e, err := launch(config)
	if err != nil {
		b.Fatal(err)
	}
	defer e.close()
	if err := e.awaitReady(b.Context()); err != nil {
		b.Fatal(err)
	}
	return time.Since(started)
}

// compile builds the packages with the flags of the release and returns the folder of the executables.
func compile(b *testing.B, packages []string, environment ...string) string {
	b.Helper()
	dir := b.TempDir()
	arguments := append(append([]string{"build"}, build.Flags...), "-o", dir+string(filepath.Separator))
	cmd := exec.Command("go", append(arguments, packages...)...)
	cmd.Env = append(append(os.Environ(), "CGO_ENABLED=0"), environment...)
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	return dir
}

// listener stands where the services are and counts who asks for them: a function must ask for nothing before it is
// asked for something.
type listener struct {
	url   string
	count atomic.Int64
}

func newListener(b *testing.B) *listener {
	l := &listener{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		l.count.Add(1)
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	b.Cleanup(server.Close)
	l.url = server.URL
	return l
}

// function describes a function with all that any of them is told.
func (l *listener) function(name, executable string) *Config {
	return &Config{
		Name: name, Executable: executable, Log: io.Discard,
		Environment: []string{
			"AWS_LAMBDA_FUNCTION_NAME=" + name, "AWS_LAMBDA_FUNCTION_MEMORY_SIZE=512", "AWS_LAMBDA_FUNCTION_VERSION=$LATEST",
			"AWS_REGION=eu-central-1", "AWS_ACCESS_KEY_ID=" + name, "AWS_SECRET_ACCESS_KEY=none", "AWS_ENDPOINT_URL=" + l.url,
			"LIUKE_STAGE=benchmark", "LIUKE_TIME_ZONE=Asia/Shanghai", "LIUKE_CURRENCY=CNY",
			"LIUKE_CUSTOMERS_TABLE=customers", "LIUKE_RECORDS_TABLE=records", "LIUKE_LAKE_BUCKET=lake",
			"LIUKE_EVENTS_QUEUE_URL=" + l.url + "/events", "LIUKE_SIGNALS_QUEUE_URL=" + l.url + "/signals",
			"LIUKE_MESSAGES_QUEUE_URL=" + l.url + "/messages", "LIUKE_RECEIPTS_QUEUE_URL=" + l.url + "/receipts",
			"LIUKE_RFM_QUEUE_URL=" + l.url + "/rfm", "LIUKE_ARCHIVE_QUEUE_URL=" + l.url + "/archive", "LIUKE_IMPORTS_QUEUE_URL=" + l.url + "/imports",
			"LIUKE_WRITE_KEYS_SECRET=write-keys", "LIUKE_TOKEN_KEYS_SECRET=token-keys", "LIUKE_WEBHOOKS_SECRET=webhooks",
			"LIUKE_SENDER=hello@shop.example", "LIUKE_BASE_URL=https://shop.example", "LIUKE_CONFIGURATION_SET=liuke", "LIUKE_CHANNELS=email,task",
		},
	}
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func megabytes(b *testing.B, file string) float64 {
	b.Helper()
	info, err := os.Stat(file)
	if err != nil {
		b.Fatal(err)
	}
	return float64(info.Size()) / 1e6
}
