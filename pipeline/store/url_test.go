package store_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/malgrupp/malgrupp/pipeline/store"
)

func TestURLsThatAreNotAllowed(t *testing.T) {
	o := store.Options{Roots: []string{"/project"}, Endpoint: map[string]string{"gs": "https://gcs.example.org"}}
	for _, url := range []string{
		"", "events/", "http://bucket/a", "ftp://bucket", "s3:bucket", "s3://", "s3:///a", "s3://key:secret@bucket/a",
		"s3://k@bucket", "s3://bucket?endpoint=http://169.254.169.254", "s3://bucket?disable_https=true",
		"s3://bucket?profile=root", "s3://bucket?awssdk=v1", "azblob://c?protocol=http", "azblob://c?domain=evil.example",
		"azblob://c?localemu=true", "gs://bucket?access_id=-", "gs://bucket?private_key_path=/etc/passwd", "gs://bucket/a",
		"file:///etc", "file:///project/../etc", "file:///project2",
		"file://host/project", "file://./project", "file:///project?metadata=skip", "file:///project?no_tmp_dir=1",
		"mem://bucket", "s3://bucket/../a", "s3://bucket/%2e%2e/a", "s3://bucket#a", "s3://bucket:99/a",
		"s3://bucket?prefix=../a", "s3://bucket?%zz",
	} {
		_, err := store.Open(t.Context(), url, o)
		refused, ok := errors.AsType[*store.URLError](err)
		if !ok || strings.Contains(refused.Error(), "secret") {
			t.Errorf("%q: %v", url, err)
		}
	}
}

func TestEndpointsArePublicUnlessAllowed(t *testing.T) {
	for _, endpoint := range []string{
		"http://s3.example.org", "https://127.0.0.1:9000", "https://169.254.169.254", "https://10.0.0.1", "https://[::1]",
		"https://localhost", "https://metadata.google.internal", "https://2130706433", "https://0x7f.1",
		"https://u:p@s3.example.org", "s3.example.org", "https://",
	} {
		o := store.Options{Endpoint: map[string]string{"s3": endpoint}}
		if _, err := store.Open(t.Context(), "s3://bucket?region=eu-north-1", o); err == nil {
			t.Errorf("%s was accepted", endpoint)
		}
	}
	for endpoint, private := range map[string]bool{"https://s3.example.org": false, "http://127.0.0.1:9000": true} {
		o := store.Options{Endpoint: map[string]string{"s3": endpoint}, AllowPrivateEndpoint: private}
		if _, err := store.Open(t.Context(), "s3://bucket?region=eu-north-1", o); err != nil {
			t.Error(err)
		}
	}
}

// An Azure server of the bank's own has the account in its path. That it may lie elsewhere than on this machine, only
// opening shows; the requests go to one that does.
func TestAnotherAzureServerIsAskedUnderItsOwnAddress(t *testing.T) {
	t.Setenv("AZURE_STORAGE_ACCOUNT", "bank")
	t.Setenv("AZURE_STORAGE_KEY", "a2V5")
	asked := make(chan string, 9)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- r.Method + " " + r.URL.Path
		w.WriteHeader(http.StatusNotFound)
	}))
	defer server.Close()
	for endpoint, want := range map[string]string{
		server.URL: "HEAD /bank/logs/a", "https://blob.bank.example": "", "http://10.0.0.1:10000": "",
	} {
		o := store.Options{Endpoint: map[string]string{"azblob": endpoint}, AllowPrivateEndpoint: true}
		b, err := store.Open(t.Context(), "azblob://logs/", o)
		if err != nil {
			t.Errorf("%s: %v", endpoint, err)
			continue
		}
		if want == "" {
			continue
		}
		if there, err := b.Exists(t.Context(), "a"); there || err != nil {
			t.Errorf("%s: %v, %v", endpoint, there, err)
		}
		if got := <-asked; got != want {
			t.Errorf("asked %q, want %q", got, want)
		}
	}
	t.Setenv("AZURE_STORAGE_SAS_TOKEN", "sig=secret")
	o := store.Options{Endpoint: map[string]string{"azblob": "https://blob.bank.example"}}
	if _, err := store.Open(t.Context(), "azblob://logs/", o); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("a token that whoever receives it may use would be sent to another server: %v", err)
	}
}

func TestReadingFromS3SaysNothingOnStandardError(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "key")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(w, r, "a", time.Time{}, strings.NewReader("content"))
	}))
	defer server.Close()
	said, err := os.Create(filepath.Join(t.TempDir(), "stderr"))
	if err != nil {
		t.Fatal(err)
	}
	defer func(before *os.File) { os.Stderr = before }(os.Stderr)
	os.Stderr = said
	o := store.Options{Endpoint: map[string]string{"s3": server.URL}, AllowPrivateEndpoint: true}
	b := openAt(t, "s3://logs/?region=eu-north-1", o)
	if content, err := b.ReadAll(t.Context(), "a", 10); string(content) != "content" || err != nil {
		t.Errorf("read %q, %v", content, err)
	}
	if text, err := os.ReadFile(said.Name()); len(text) > 0 || err != nil {
		t.Errorf("standard error has %q, %v", text, err)
	}
}
