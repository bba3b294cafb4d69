package store

import (
	"fmt"
	"net"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// parameters are the query parameters a URL may carry, by scheme; anything else could reach places that the project did
// not mean (threats.md F3).
var parameters = map[string][]string{"file": nil, "mem": nil, "s3": {"region"}, "gs": nil, "azblob": nil}

// place is a parsed URL: where the bucket is and under which prefix its keys lie.
type place struct {
	scheme string
	bucket string // path of a folder for file, else the bucket's name
	prefix string // "" or ends in a slash
	query  url.Values
}

// parse checks a URL; shown is the URL as messages may show it.
func parse(text string) (p place, shown string, err error) {
	u, e := url.Parse(text)
	if e != nil {
		return p, "", &URLError{"(unreadable)", "it is no URL"}
	}
	hadUser := u.User != nil
	u.User = nil
	shown = u.Redacted()
	allowed, known := parameters[u.Scheme]
	switch {
	case !known:
		return p, shown, &URLError{shown, fmt.Sprintf("unknown scheme %q: use file, s3, gs or azblob", u.Scheme)}
	case hadUser:
		return p, shown, &URLError{shown, "a URL must not hold credentials: give them by the environment or an instance role"}
	case u.Fragment != "":
		return p, shown, &URLError{shown, "a URL must not have a fragment"}
	}
	for k := range u.Query() {
		if !slices.Contains(allowed, k) {
			return p, shown, &URLError{shown, fmt.Sprintf("parameter %q is not allowed here", k)}
		}
	}
	p = place{scheme: u.Scheme, bucket: u.Host, query: u.Query()}
	if u.Scheme == "file" {
		if u.Host != "" {
			return p, shown, &URLError{shown, "a file URL has three slashes: file:///folder/"}
		}
		p.bucket = filepath.Clean(filepath.FromSlash(u.Path))
		return p, shown, nil
	}
	if p.bucket == "" {
		return p, shown, &URLError{shown, "it names no bucket"}
	}
	if p.prefix = strings.Trim(u.Path, "/"); p.prefix != "" {
		if path.Clean(p.prefix) != p.prefix || strings.HasPrefix(p.prefix, "..") {
			return p, shown, &URLError{shown, "its path is not plain"}
		}
		p.prefix += "/"
	}
	return p, shown, nil
}

// inside reports whether a folder lies below one of the roots and no component of it is a link; a component that does
// not exist yet is no link.
func inside(folder string, roots []string) error {
	below := false
	for _, root := range roots {
		if rel, err := filepath.Rel(root, folder); err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
			below = true
			if err := plainBelow(root, rel); err != nil {
				return err
			}
		}
	}
	if !below {
		return fmt.Errorf("it lies outside the folders that security.file_roots allows")
	}
	return nil
}

// plainBelow refuses links below a root; the root itself is the user's own choice.
func plainBelow(root, rel string) error {
	at := root
	for part := range strings.SplitSeq(rel, string(filepath.Separator)) {
		if part == "." {
			continue
		}
		at = filepath.Join(at, part)
		info, err := os.Lstat(at)
		if os.IsNotExist(err) {
			return nil
		}
		if err != nil {
			return err
		}
		if info.Mode()&os.ModeSymlink != 0 {
			return fmt.Errorf("its component %q is a link", part)
		}
	}
	return nil
}

// checkKey refuses names that could leave the bucket or confuse a reader.
func checkKey(key string) error {
	switch {
	case key == "" || len(key) > 900:
		return fmt.Errorf("a name has 1 to 900 bytes")
	case strings.HasPrefix(key, "/") || strings.Contains(key, "\\") || strings.Contains(key, ":") && key[1] == ':':
		return fmt.Errorf("a name must not be absolute")
	case strings.Contains(strings.ToLower(key), "%2e") || strings.Contains(strings.ToLower(key), "%2f"):
		return fmt.Errorf("a name must not be escaped")
	case path.Clean(key) != key || slices.Contains(strings.Split(key, "/"), ".."):
		return fmt.Errorf("a name must not climb")
	}
	for _, r := range key {
		if r < 0x20 || r == 0x7f {
			return fmt.Errorf("a name must not hold control characters")
		}
	}
	return nil
}

// checkEndpoint judges an endpoint that replaces the cloud's own: https to a public address, unless private ones are
// allowed, which also admits plain http (emulators).
func checkEndpoint(text string, private bool) error {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Host == "" || u.User != nil:
		return fmt.Errorf("it is no plain URL")
	case private && (u.Scheme == "https" || u.Scheme == "http"):
		return nil
	case u.Scheme != "https":
		return fmt.Errorf("it must be https")
	}
	host := u.Hostname()
	ip := net.ParseIP(host)
	if strings.EqualFold(host, "localhost") || ip != nil && (ip.IsLoopback() || ip.IsPrivate() || ip.IsLinkLocalUnicast() || ip.IsUnspecified()) {
		return fmt.Errorf("it is a private address (security.allow_private_endpoint admits it)")
	}
	return nil
}
