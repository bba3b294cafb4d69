package yaml

import (
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/malgrupp/malgrupp/rules/source"
)

// Secrets do not belong into files that are reviewed and copied. Where one stands all the same, it is reported and
// hidden before the file is read, so that no excerpt, message, setting or rewritten file can show it.

// projectKind is how a project file is known before it is read.
var projectKind = regexp.MustCompile(`(?:^|[\s{,])["']?kind["']? *: *["']?` + KindProject + `\b`)

// privateKey is a key as text, in any file: an age identity, or PEM.
var privateKey = regexp.MustCompile(`(?i)AGE-(?:SECRET-KEY|PLUGIN)-[0-9A-Z-]+|` +
	`-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----(?s:.*?)(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|\z)`)

var (
	longHex    = regexp.MustCompile(`\b[0-9a-fA-F]{64,}\b`)
	userInURL  = regexp.MustCompile(`[A-Za-z][A-Za-z0-9+.-]*://([^\s/?#"',}\]]+)@`)
	queryOfURL = regexp.MustCompile(`[A-Za-z][A-Za-z0-9+.-]*://[^\s?#"']*\?([^\s#"']+)`)
	parameter  = regexp.MustCompile(`([^&;=]+)=([^&;]*)`)
	// openParameters are those of storage URLs that say where something is (docs/how-to/storage.md).
	openParameters = []string{"prefix", "region", "storage_account"}
	// secretName is the name of a key whose value nobody but the job may know.
	secretName = `[A-Za-z_-]*(?i:secret|passw|token|credential|private_?key|access_?key|api_?key|account_?key)[A-Za-z_-]*`
	secretKey  = regexp.MustCompile(`^` + secretName + `$`)
	// secretLine is such a key, or one of the project's own, with its value, in a file that YAML cannot read.
	secretLine = regexp.MustCompile(`(?m)^[^#\n]*?\b(?:master|state|signing|recipients|[0-9]+|` + secretName +
		`)["']?: +(\S.*)$`)
	reference = regexp.MustCompile(`^["']?(?:env|file|age):`)
)

// hideSecrets reports keys as text, and passwords in URLs.
func (d *Document) hideSecrets() {
	text := d.Source.Text
	found := privateKey.FindAllStringIndex(text, -1)
	if projectKind.MatchString(text) {
		found = append(found, inProject(text)...)
	}
	slices.SortFunc(found, func(a, b []int) int { return a[0] - b[0] })
	end := 0
	for _, at := range found {
		if at[0] >= end {
			d.hide(source.Span{Start: at[0], End: at[1]})
			end = at[1]
		}
	}
}

// hide reports a secret and writes letters in its place, as many: all places stay what they are.
func (d *Document) hide(at source.Span) {
	if !d.hides {
		shown := *d.Source // of its own: the file is not ours to change
		d.hides, d.Source = true, &shown
		for _, e := range d.Found {
			e.Source = d.Source
		}
	}
	d.Fail("E-SECRET", at, "a secret stands in the file",
		source.Expected("a reference: env:NAME, file:PATH or age:PATH; access to storage comes from the environment"),
		source.Fix("make a new one, for this one has been seen, and keep it outside the project's files"))
	d.cover(at)
}

// cover writes letters in the place of a text.
func (d *Document) cover(at source.Span) {
	hidden := []byte(d.Source.Text)
	for i := at.Start; i < at.End; i++ {
		if !strings.ContainsRune("\r\n \"'|>", rune(hidden[i])) {
			hidden[i] = 'x'
		}
	}
	d.Source.Text = string(hidden)
}

// hideValues reports what stands in a project file where only a reference may, or behind a key called like a secret.
func (d *Document) hideValues() {
	var secret []source.Span
	switch {
	case !projectKind.MatchString(d.Source.Text):
	case d.root == nil:
		for _, m := range secretLine.FindAllStringSubmatchIndex(d.Source.Text, -1) {
			if at := (source.Span{Start: m[2], End: m[3]}); !reference.MatchString(d.Source.Text[at.Start:at.End]) {
				secret = append(secret, at)
			}
		}
		if len(secret) == 0 {
			return
		}
		d.Found = slices.DeleteFunc(d.Found, func(e *source.Finding) bool { return e.Code != "E-SECRET" })
		for _, at := range secret {
			d.hide(at)
		}
		if d.checkText() { // what is wrong with the file is said again, of what may be shown
			d.root = d.parse()
		}
	default:
		d.hideBelow(d.root, len(d.Source.Text), false)
	}
}

// hideBelow walks a part of a project file that ends before a place; keys says that it is the part about keys.
func (d *Document) hideBelow(n *yaml.Node, end int, keys bool) {
	value := Node{doc: d, raw: n}
	switch {
	case n.Kind == yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			next, name := end, n.Content[i].Value
			if i+2 < len(n.Content) {
				next = d.offset(n.Content[i+2].Line, n.Content[i+2].Column)
			}
			d.hideBelow(n.Content[i+1], next, keys || name == "keys" || secretKey.MatchString(name))
		}
	case n.Kind == yaml.SequenceNode:
		for i, member := range n.Content {
			next := end
			if i+1 < len(n.Content) {
				next = d.offset(n.Content[i+1].Line, n.Content[i+1].Column)
			}
			d.hideBelow(member, next, keys)
		}
	case keys && n.Kind == yaml.ScalarNode && value.Form() != formNull && value.Form() != formBool &&
		!reference.MatchString(n.Value):
		at := value.Span()
		if !strings.Contains(d.Source.Text[at.Start:end], "xxxxxxxx") {
			d.hide(at)
			d.cover(source.Span{Start: at.Start + len(d.restOfLine(at.Start)), End: end}) // of a text of several lines
		}
		n.Value = strings.Repeat("x", 8)
	}
}

// inProject finds what is a secret in a project file alone: elsewhere it may be a value that rows have.
func inProject(text string) (found [][]int) {
	found = longHex.FindAllStringIndex(text, -1)
	for _, m := range userInURL.FindAllStringSubmatchIndex(text, -1) {
		found = append(found, m[2:4])
	}
	for _, m := range queryOfURL.FindAllStringSubmatchIndex(text, -1) {
		if before := text[strings.LastIndexByte(text[:m[0]], '\n')+1 : m[0]]; strings.Contains(before, "#") {
			continue // in a comment stands what somebody may look up
		}
		for _, p := range parameter.FindAllStringSubmatchIndex(text[m[2]:m[3]], -1) {
			name := text[m[2]+p[2] : m[2]+p[3]]
			if p[4] < p[5] && !slices.Contains(openParameters, strings.ToLower(name)) {
				found = append(found, []int{m[2] + p[4], m[2] + p[5]})
			}
		}
	}
	return found
}
