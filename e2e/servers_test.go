package e2e_test

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// s3Server is an S3 server of somebody else's, installed by its pinned version and started for one test.
type s3Server struct {
	name, module, version string
	args                  func(port, dir string) []string
}

const accessKey, secretKey = "e2e-access", "e2e-secret-key"

// s3Servers share no code with each other: what both accept is S3, not a habit of one.
var s3Servers = []s3Server{
	{"versitygw", "github.com/versity/versitygw/cmd/versitygw", "v1.8.0", func(port, dir string) []string {
		return []string{"--access", accessKey, "--secret", secretKey, "--port", "127.0.0.1:" + port, "posix", dir}
	}},
	{"gofakes3", "github.com/johannesboyne/gofakes3/cmd/gofakes3", "v1.2.0", func(port, _ string) []string {
		return []string{"-backend", "memory", "-host", "127.0.0.1:" + port, "-initialbucket", bucketName}
	}},
}

const bucketName = "eshop"

// install builds the server where no other test run has, outside of every module of ours.
func (s s3Server) install(t *testing.T) string {
	t.Helper()
	cache := must(os.UserCacheDir())(t)
	dir := filepath.Join(cache, "malgrupp-e2e", s.name+"-"+s.version)
	program := filepath.Join(dir, s.name)
	if _, err := os.Stat(program); err == nil {
		return program
	}
	started := time.Now()
	build := exec.Command("go", "install", s.module+"@"+s.version)
	build.Dir = t.TempDir()
	build.Env = append(os.Environ(), "GOBIN="+dir, "CGO_ENABLED=0", "GOFLAGS=")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("install %s %s: %v\n%s", s.module, s.version, err, out)
	}
	t.Logf("installed %s %s in %.0f s", s.name, s.version, time.Since(started).Seconds())
	return program
}

// start runs the server with an empty bucket until the test ends, and puts a counter before it. It returns the counter.
func (s s3Server) start(t *testing.T) *counter {
	t.Helper()
	program := s.install(t)
	dir := t.TempDir()
	check(t, os.Mkdir(filepath.Join(dir, bucketName), 0o755))
	l := must(net.Listen("tcp", "127.0.0.1:0"))(t)
	port := fmt.Sprint(l.Addr().(*net.TCPAddr).Port)
	check(t, l.Close())
	server := exec.Command(program, s.args(port, dir)...)
	log := must(os.Create(filepath.Join(t.TempDir(), "log")))(t)
	server.Stdout, server.Stderr, server.Dir = log, log, t.TempDir()
	check(t, server.Start())
	t.Cleanup(func() {
		_ = server.Process.Kill()
		_ = server.Wait()
	})
	for tries := 0; ; tries++ {
		c, err := net.DialTimeout("tcp", "127.0.0.1:"+port, time.Second)
		if err == nil {
			check(t, c.Close())
			break
		}
		if tries == 100 {
			t.Fatalf("%s does not answer: %v\n%s", s.name, err, must(os.ReadFile(log.Name()))(t))
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Setenv("AWS_ACCESS_KEY_ID", accessKey)
	t.Setenv("AWS_SECRET_ACCESS_KEY", secretKey)
	t.Setenv("AWS_REGION", "us-east-1")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	return newCounter(t, "http://127.0.0.1:"+port)
}

// counter stands before a server and counts what it sends, by the path asked for.
type counter struct {
	URL string
	mu  sync.Mutex
	got map[string]fetched
}

// fetched is how often and how much of an object was sent.
type fetched struct{ requests, bytes int64 }

func newCounter(t *testing.T, server string) *counter {
	t.Helper()
	target := must(url.Parse(server))(t)
	c := &counter{got: map[string]fetched{}}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.Out.Host = r.In.Host // the signature covers it
	}, ErrorLog: log.New(io.Discard, "", 0)} // whoever asks may be killed
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		counted := &countingWriter{ResponseWriter: w}
		proxy.ServeHTTP(counted, r)
		if r.Method == http.MethodGet {
			c.mu.Lock()
			f := c.got[r.URL.Path]
			c.got[r.URL.Path] = fetched{f.requests + 1, f.bytes + counted.bytes}
			c.mu.Unlock()
		}
	}))
	t.Cleanup(front.Close)
	c.URL = front.URL
	return c
}

type countingWriter struct {
	http.ResponseWriter
	bytes int64
}

func (w *countingWriter) Write(p []byte) (int, error) {
	n, err := w.ResponseWriter.Write(p)
	w.bytes += int64(n)
	return n, err
}

// Unwrap lets the proxy flush.
func (w *countingWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// below sums what was fetched of objects under a prefix of the bucket, and forgets it.
func (c *counter) below(prefix string) (sum fetched) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for path, f := range c.got {
		if strings.HasPrefix(path, "/"+bucketName+"/"+prefix) {
			sum.requests += f.requests
			sum.bytes += f.bytes
			delete(c.got, path)
		}
	}
	return sum
}
