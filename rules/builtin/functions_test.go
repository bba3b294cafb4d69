package builtin_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/malgrupp/malgrupp/rules/builtin"
	"github.com/malgrupp/malgrupp/rules/value"
)

func row(name string) func(text, key string) (value.Value, bool) {
	for _, f := range builtin.Functions() {
		if f.Name == name {
			return func(text, key string) (value.Value, bool) {
				return f.Row(value.Value{Kind: value.Text, Text: text}, key, nil)
			}
		}
	}
	panic("there is no function " + name)
}

var urls = []string{
	"https://user:pw@Homes.Example:8443/a/b?x=1&y=2#z", "https://[::1]:80", "//host/path", "a:b://c", "://x", "http://",
	"", "?a=b", "#?a=b", "http://a?b=c&b", "http://a@b@c:d:e/", "/p://q", "https://ä.example/ö?å=1",
	"\xff://\xfe/?\xfd=\xfc", "http://[a:1",
}

// slowURL cuts a URL byte by byte, as the recipe says it.
type slowURL struct {
	authority    string
	hasAuthority bool
	rest         string
}

func cutSlowly(url string) slowURL {
	for i := 0; i+3 <= len(url); i++ {
		if strings.ContainsRune("/?#", rune(url[i])) {
			break
		}
		if url[i:i+3] != "://" {
			continue
		}
		end := i + 3
		for end < len(url) && url[end] != '/' && url[end] != '?' && url[end] != '#' {
			end++
		}
		return slowURL{url[i+3 : end], true, url[end:]}
	}
	return slowURL{rest: url}
}

func FuzzURLParts(f *testing.F) {
	for _, url := range urls {
		f.Add(url, "b")
	}
	host, path, param := row("host"), row("path"), row("query_param")
	f.Fuzz(func(t *testing.T, url, key string) {
		slow := cutSlowly(url)
		wantPath := slow.rest
		for i := range len(wantPath) {
			if wantPath[i] == '?' || wantPath[i] == '#' {
				wantPath = wantPath[:i]
				break
			}
		}
		if slow.hasAuthority && wantPath == "" {
			wantPath = "/"
		}
		if got, ok := path(url, ""); !ok || got.Text != wantPath {
			t.Errorf("path of %q is %q, want %q", url, got.Text, wantPath)
		}
		if got, ok := host(url, ""); ok &&
			(got.Text == "" || !slow.hasAuthority || strings.ContainsAny(got.Text, "@/?#ABCDEFGHIJKLMNOPQRSTUVWXYZ")) {
			t.Errorf("host of %q is %q", url, got.Text)
		}
		got, ok := param(url, key)
		want, found := slowParam(url, key)
		if ok != found || got.Text != want {
			t.Errorf("query_param of %q, %q is %q (%t), want %q (%t)", url, key, got.Text, ok, want, found)
		}
	})
}

func slowParam(url, key string) (string, bool) {
	url = strings.Split(url, "#")[0]
	mark := strings.IndexByte(url, '?')
	if mark < 0 {
		return "", false
	}
	for _, piece := range strings.Split(url[mark+1:], "&") {
		equals := strings.IndexByte(piece, '=')
		if equals < 0 && piece == key {
			return "", true
		}
		if equals >= 0 && piece[:equals] == key {
			return piece[equals+1:], true
		}
	}
	return "", false
}

func FuzzLowerAndLength(f *testing.F) {
	for _, text := range []string{"SPRING", "ÄÖÅ Ÿ İ", "ΑΣ", "\xff", "ǅ", "𐐀"} {
		f.Add(text)
	}
	lower, length := row("lower"), row("length")
	f.Fuzz(func(t *testing.T, text string) {
		small, ok := lower(text, "")
		if ok != utf8.ValidString(text) {
			t.Fatalf("lower of %q: not null is %t", text, ok)
		}
		n, counted := length(text, "")
		if counted != ok || ok && n.Int != int64(len([]rune(text))) {
			t.Fatalf("length of %q is %d (%t)", text, n.Int, counted)
		}
		if !ok {
			return
		}
		before, after := []rune(text), []rune(small.Text)
		if len(before) != len(after) {
			t.Fatalf("lower of %q has another length: %q", text, small.Text)
		}
		for i, r := range before {
			if r > 0x17f && after[i] != r {
				t.Fatalf("lower of %q changes %U", text, r)
			}
		}
		if again, _ := lower(small.Text, ""); again.Text != small.Text {
			t.Fatalf("lower of %q is not its own lower: %q", small.Text, again.Text)
		}
	})
}

func TestLowerIsOneToOneOverItsTable(t *testing.T) {
	lower := row("lower")
	changed := 0
	for r := rune(0); r < 0x200; r++ {
		got, ok := lower(string(r), "")
		if !ok || utf8.RuneCountInString(got.Text) != 1 {
			t.Errorf("lower of %U is %q", r, got.Text)
		}
		if got.Text != string(r) {
			changed++
			if r < 0x41 || r > 0x17f {
				t.Errorf("lower changes %U", r)
			}
		}
	}
	// 26 ASCII letters, 30 of Latin-1, 63 of Latin Extended-A with U+0130 and U+0178.
	if changed != 26+30+63 {
		t.Errorf("lower changes %d characters", changed)
	}
}

func TestLocalFunctionsNeedAZone(t *testing.T) {
	test := bind(t, value.Type{Kind: value.Text}, "local.hour > 3")
	if _, err := builtin.CompileTest(test, nil); err == nil {
		t.Error("local.hour compiles without a zone")
	}
}
