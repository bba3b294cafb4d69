package store

import (
	"fmt"
	"net/netip"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
)

// URLError says that a URL may not be opened.
type URLError struct {
	URL    string // without credentials and query
	Reason string
}

// Fault says what kind of failure it is.
func (e *URLError) Fault() (kind, reason, hint string) {
	return "invalid", "URL", "use file://, s3://, gs:// or azblob:// as docs/how-to/storage.md shows"
}

func (e *URLError) Error() string { return fmt.Sprintf("open storage %q: %s", e.URL, e.Reason) }

// location is a checked URL.
type location struct {
	scheme, bucket string
	prefix         string // "" or ends in /
	root, dir      string // file: allowed folder, and the path below it
	driver         string // clouds: URL for the driver
	azure, account string // Azure: the server that stands in for it, and the account if the URL names one
	shown          string // for messages
}

// parameters lists, by scheme, what may follow the question mark.
var parameters = map[string][]string{
	"file":   nil,
	"mem":    {"prefix"},
	"s3":     {"prefix", "region"},
	"gs":     {"prefix"},
	"azblob": {"prefix", "storage_account"},
}

func parse(raw string, o *Options) (location, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return location{}, &URLError{URL: "", Reason: "it is not a URL: write scheme://bucket/prefix"}
	}
	at := location{scheme: u.Scheme, bucket: u.Host, shown: shown(u)}
	refuse := func(format string, args ...any) (location, error) {
		return location{}, &URLError{URL: at.shown, Reason: fmt.Sprintf(format, args...)}
	}
	allowed, known := parameters[u.Scheme]
	switch {
	case !known:
		return refuse("the scheme %q is not known: use s3, gs, azblob or file", u.Scheme)
	case u.User != nil:
		return refuse("credentials do not belong into a URL: give them to the environment")
	case u.Fragment != "" || u.Opaque != "":
		return refuse("write scheme://bucket/prefix, without # and with two slashes")
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return refuse("what follows the question mark is damaged")
	}
	for name := range query {
		if !slices.Contains(allowed, name) {
			return refuse("the parameter %q is not allowed: %s knows %s", name, u.Scheme, listed(allowed))
		}
	}
	if u.Scheme == "file" {
		return at, at.inFolder(u, o)
	}
	return at, at.inBucket(u, query, o)
}

func listed(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

// Shown is a URL as it may be shown, without anything that could be secret; "" where it is none.
func Shown(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return ""
	}
	return shown(u)
}

// shown is a URL without anything that could be secret.
func shown(u *url.URL) string {
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
}

func (at *location) inFolder(u *url.URL, o *Options) error {
	if u.Host != "" && u.Host != "localhost" {
		return &URLError{URL: at.shown, Reason: "a file URL has three slashes and an absolute path: file:///folder"}
	}
	if strings.ContainsRune(u.Path, 0) || !filepath.IsAbs(u.Path) {
		return &URLError{URL: at.shown, Reason: "the path is not absolute"}
	}
	path := filepath.Clean(u.Path)
	for _, root := range o.Roots {
		below, err := filepath.Rel(root, path)
		if err == nil && filepath.IsLocal(below) {
			at.root, at.dir = root, below
			return nil
		}
	}
	return &URLError{URL: at.shown, Reason: "it lies outside the allowed folders: add its folder to `security.file_roots`"}
}

func (at *location) inBucket(u *url.URL, query url.Values, o *Options) error {
	if at.bucket == "" || strings.Contains(at.bucket, ":") {
		return &URLError{URL: at.shown, Reason: "it names no bucket, or a port"}
	}
	at.prefix = strings.Trim(strings.TrimPrefix(u.Path, "/")+query.Get("prefix"), "/")
	if err := checkPrefix(at.prefix); err != nil {
		return &URLError{URL: at.shown, Reason: err.Error()}
	}
	if at.prefix != "" {
		at.prefix += "/"
	}
	query.Del("prefix")
	if at.scheme == "mem" && o.Memory == nil {
		return &URLError{URL: at.shown, Reason: "mem:// is for tests only"}
	}
	if endpoint := o.Endpoint[at.scheme]; endpoint != "" {
		if err := at.redirect(query, endpoint, o.AllowPrivateEndpoint); err != nil {
			return err
		}
	}
	at.driver = (&url.URL{Scheme: at.scheme, Host: at.bucket, RawQuery: query.Encode()}).String()
	return nil
}

// redirect adds what makes the driver talk to another server.
func (at *location) redirect(query url.Values, endpoint string, private bool) error {
	e, err := url.Parse(endpoint)
	if err != nil || e.Host == "" || e.User != nil || e.RawQuery != "" || e.Scheme != "https" && e.Scheme != "http" {
		return &URLError{URL: at.shown, Reason: "its endpoint is not of the form https://host"}
	}
	if !private && (e.Scheme != "https" || !isPublic(e.Hostname())) {
		return &URLError{
			URL: at.shown, Reason: "its endpoint is not https on a public address: set `allow_private_endpoint` if it should be",
		}
	}
	switch at.scheme {
	case "s3":
		query.Set("endpoint", e.Scheme+"://"+e.Host)
		query.Set("use_path_style", "true")
	case "azblob":
		at.azure, at.account = e.Scheme+"://"+e.Host, query.Get("storage_account")
	default:
		return &URLError{URL: at.shown, Reason: "an endpoint can be set for s3 and azblob only"}
	}
	return nil
}

// isPublic refuses addresses of this machine and its network. A name could still resolve to one; whoever sets an
// endpoint's name is trusted to know it.
func isPublic(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") || strings.HasSuffix(host, ".internal") {
		return false
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		last := host[strings.LastIndexByte(host, '.')+1:]
		return last != host && last != "" && (last[0] < '0' || last[0] > '9') // 127.1 and 0x7f.1 are addresses too
	}
	ip = ip.Unmap()
	return ip.IsGlobalUnicast() && !ip.IsPrivate()
}
