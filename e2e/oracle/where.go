// Package oracle computes who belongs to which segment a second time, by plain loops over rows, so that the engine has
// somebody to disagree with.
//
// It is written from the specification alone and shares no code with the engine: own clock, own consent states, own
// star map, own predicates. In come rows and consent acts, out go members and counts. It is slow, and it explains
// nothing.
package oracle

import (
	"strings"
)

// Truth is the verdict on a row or a person, ordered as `any` prefers it.
type Truth int8

// The truths. NoValue is a metric of nothing.
const (
	False Truth = iota
	NoValue
	Unknown
	True
)

func truth(b bool) Truth {
	if b {
		return True
	}
	return False
}

func negated(t Truth) Truth {
	switch t {
	case True:
		return False
	case False:
		return True
	}
	return t
}

// either is the three-valued or of tests on a row.
func either(ts ...Truth) Truth {
	out := False
	for _, t := range ts {
		out = max(out, t)
	}
	return out
}

// both is the three-valued and of tests on a row.
func both(ts ...Truth) Truth {
	out := True
	for _, t := range ts {
		out = min(out, t)
	}
	return out
}

// text and number lift a test over a column that may be null.
func text(v *string, test func(string) bool) Truth {
	if v == nil {
		return Unknown
	}
	return truth(test(*v))
}

func number(v *int32, test func(int32) bool) Truth {
	if v == nil {
		return Unknown
	}
	return truth(test(*v))
}

// authority cuts a URL into what stands between its scheme and its path, and the rest; ok is false without a scheme.
func authority(url string) (host, rest string, ok bool) {
	at := strings.Index(url, "://")
	if at < 0 || strings.ContainsAny(url[:at], "/?#") {
		return "", url, false
	}
	after := url[at+3:]
	if end := strings.IndexAny(after, "/?#"); end >= 0 {
		return after[:end], after[end:], true
	}
	return after, "", true
}

// hostOf is host() for hosts that are no IPv6 address; nil is null.
func hostOf(url string) *string {
	host, _, ok := authority(url)
	if !ok {
		return nil
	}
	if at := strings.LastIndexByte(host, '@'); at >= 0 {
		host = host[at+1:]
	}
	host, _, _ = strings.Cut(host, ":")
	if host == "" {
		return nil
	}
	host = strings.ToLower(host)
	return &host
}

// pathOf is path().
func pathOf(url string) string {
	_, rest, ok := authority(url)
	if end := strings.IndexAny(rest, "?#"); end >= 0 {
		rest = rest[:end]
	}
	if rest == "" && ok {
		return "/"
	}
	return rest
}

// queryOf is query_param(); nil is null.
func queryOf(url, key string) *string {
	url, _, _ = strings.Cut(url, "#")
	_, query, ok := strings.Cut(url, "?")
	if !ok {
		return nil
	}
	for _, piece := range strings.Split(query, "&") {
		name, value, _ := strings.Cut(piece, "=")
		if name == key {
			return &value
		}
	}
	return nil
}
