package reference

import "strings"

// authority cuts a URL behind its :// and before the rest; ok is false where there is none.
func authority(url string) (host, rest string, ok bool) {
	scheme, after, found := strings.Cut(url, "://")
	if !found || strings.ContainsAny(scheme, "/?#") {
		return "", url, false
	}
	end := strings.IndexAny(after, "/?#")
	if end < 0 {
		end = len(after)
	}
	return after[:end], after[end:], true
}

func hostOf(url string) any {
	host, _, _ := authority(url)
	host = host[strings.LastIndex(host, "@")+1:]
	port := strings.Index(host, ":")
	if strings.HasPrefix(host, "[") {
		if close := strings.Index(host, "]"); close >= 0 {
			port = close + 1
		}
	}
	if port >= 0 {
		host = host[:port]
	}
	if host == "" {
		return nil
	}
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, host)
}

func pathOf(url string) any {
	_, path, ok := authority(url)
	if end := strings.IndexAny(path, "?#"); end >= 0 {
		path = path[:end]
	}
	if ok && path == "" {
		return "/"
	}
	return path
}

func paramOf(url, key string) any {
	url, _, _ = strings.Cut(url, "#")
	_, query, _ := strings.Cut(url, "?")
	for piece := range strings.SplitSeq(query, "&") {
		if name, value, _ := strings.Cut(piece, "="); name == key {
			return value
		}
	}
	return nil
}
