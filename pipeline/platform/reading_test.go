package platform

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/malgrupp/malgrupp/pipeline/identifier"
	"github.com/malgrupp/malgrupp/pipeline/project"
	file "github.com/malgrupp/malgrupp/rules/source"
)

// The suite reads a list of which it knows nothing but that it is rows or JSON: what each place in it holds, it learns
// from lists of one person with one identifier. So a new type is judged without a word about it here.

// tested are all platforms there are: the types, and those that testdata describes. Their names are those of tests.
var tested = sync.OnceValue(func() map[string]*Platform {
	out := map[string]*Platform{}
	all := project.Platforms{
		Columns: []string{"email"}, Accepts: func(project.Destination, string, string) bool { return true }, Wrong: Wrong,
	}
	for _, profile := range identifier.Profiles() {
		all.Profiles = append(all.Profiles, profile.ID())
	}
	for _, p := range Types() {
		if !p.Described {
			out[p.Type] = p
			continue
		}
		kind := project.Kind{Type: p.Type, Described: true, Batched: true, Numbered: true, Account: p.Account}
		for _, c := range p.Send {
			kind.Send = append(kind.Send, c.String())
		}
		all.Kinds = append(all.Kinds, kind)
	}
	yaml, err := os.ReadFile(filepath.Join("testdata", "generic_file.yaml"))
	if err != nil {
		panic(err)
	}
	described, found := project.Read(&file.Source{Name: "generic_file.yaml", Text: string(yaml)}, "", all)
	if len(found) > 0 {
		panic(found.Text())
	}
	for _, d := range described.Destinations {
		p, ok := For(d)
		if !ok {
			panic(d.Name)
		}
		p.Batch.Rows = max(p.Batch.Rows, d.Batch.Rows)
		out[d.Type+"."+d.Name] = p
	}
	return out
})

// each runs a test for every part of every platform.
func each(t *testing.T, test func(t *testing.T, p *Platform, part *Part)) {
	for _, name := range slices.Sorted(maps.Keys(tested())) {
		p := tested()[name]
		for i := range p.Parts {
			part := &p.Parts[i]
			t.Run(name+"."+part.Name, func(t *testing.T) { test(t, p, part) })
		}
	}
}

// leaf is a text in a list and where it stands.
type leaf struct{ place, text string }

// leaves are the texts of a list in order, by line.
func leaves(t rapid.TB, p *Platform, list []byte) (lines [][]leaf) {
	t.Helper()
	switch p.Ext {
	case "jsonl":
		for line := range bytes.Lines(list) {
			d := json.NewDecoder(bytes.NewReader(line))
			d.UseNumber()
			var v any
			if err := d.Decode(&v); err != nil || d.More() {
				t.Fatalf("a line is no JSON: %v", err)
			}
			lines = append(lines, jsonLeaves(nil, "", v, headersIn(v)))
		}
		return lines
	case "csv", "txt":
		rows := separated(t, list)
		for r, row := range rows {
			var line []leaf
			for i, cell := range row {
				place := fmt.Sprint(i)
				if len(headerOf(p)) > 0 {
					place = rows[0][i]
				}
				if r > 0 || len(headerOf(p)) == 0 {
					line = append(line, leaf{place, cell})
				}
			}
			lines = append(lines, line)
		}
		return lines
	}
	t.Fatalf("nothing reads a file %s", p.Ext)
	return nil
}

// headerOf is what a list of nobody begins with.
func headerOf(p *Platform) string {
	if known, ok := headers.Load(p); ok {
		return known.(string)
	}
	var out bytes.Buffer
	if err := p.Parts[0].Write(&out, List{Segment: "savers", Send: p.Send}); err != nil {
		panic(err)
	}
	headers.Store(p, out.String())
	return out.String()
}

var headers sync.Map // of each platform

// separated reads rows that all have one width, by whichever character makes cells of them.
func separated(t rapid.TB, list []byte) (rows [][]string) {
	t.Helper()
	for _, comma := range "\t;|," {
		r := csv.NewReader(bytes.NewReader(list))
		r.Comma = comma
		if all, err := r.ReadAll(); err == nil && len(all) > 0 {
			if rows = all; len(all[0]) > 1 {
				return rows
			}
		}
	}
	if rows == nil && len(list) > 0 {
		t.Fatalf("rows have different widths:\n%s", list)
	}
	return rows
}

// headersIn are the names of slots that a request says itself: a list of names, by how many there are.
func headersIn(v any) map[int][]string {
	out := map[int][]string{}
	switch v := v.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			maps.Copy(out, headersIn(v[key]))
		}
	case []any:
		var names []string
		for _, e := range v {
			if name, ok := e.(string); ok && slotName.MatchString(name) {
				names = append(names, name)
				continue
			}
			maps.Copy(out, headersIn(e))
		}
		if len(names) > 0 && len(names) == len(v) {
			out[len(names)] = names
		}
	}
	return out
}

var (
	slotName = regexp.MustCompile(`^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$`)
	kindName = regexp.MustCompile(`^[A-Z0-9]+(_[A-Z0-9]+)+$`)
)

// jsonLeaves appends the texts in a JSON value. Places in lists do not count but in rows, where they are named if the
// request names them; an object that says of what kind it is has that in its place.
func jsonLeaves(out []leaf, at string, v any, headers map[int][]string) []leaf {
	switch v := v.(type) {
	case string:
		return append(out, leaf{at, v})
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			if kind, ok := v[key].(string); ok && kindName.MatchString(kind) {
				at += "<" + kind + ">"
			}
		}
		for _, key := range slices.Sorted(maps.Keys(v)) {
			out = jsonLeaves(out, at+"."+key, v[key], headers)
		}
	case []any:
		for i, e := range v {
			place := at + "[]"
			if strings.HasSuffix(at, "[]") {
				place = fmt.Sprintf("%s[%d of %d]", at, i, len(v))
				if names := headers[len(v)]; names != nil {
					place = at + "[" + names[i] + "]"
				}
			}
			out = jsonLeaves(out, place, e, headers)
		}
	}
	return out
}

// identifying is what only identifiers look like: hashes in hex and base64, and device ids.
var identifying = regexp.MustCompile(
	`^([0-9a-f]{64}|[A-Za-z0-9+/]{43}=|(?i:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}))$`)

// learnt are the places of each part, which are learnt once.
var learnt sync.Map

// places says what stands where in the lists of a part: the word of an identifier, by place.
func places(t testing.TB, p *Platform, part *Part) map[string]string {
	t.Helper()
	if known, ok := learnt.Load(part); ok {
		return known.(map[string]string)
	}
	out := map[string]string{}
	defer learnt.Store(part, out)
	learn := func(word string, row Contact, texts []string) {
		s := Source{Platform: p, Part: part, Send: p.Send, Consent: "list:ads:customer"}
		s.Contacts = plainTable(levelOf(p), "FI", someone{"c1", []Contact{row}})
		adds, _ := Members(audience(t, []string{"c1"}, levelOf(p)), s)
		list := written(t, part, List{
			Segment: "savers", Action: Adds, Consent: s.Consent, Send: s.Send, Entries: adds.Entries(),
		})
		for _, line := range leaves(t, p, list) {
			for _, l := range line {
				i := slices.Index(texts, l.text)
				if i < 0 {
					continue
				}
				if named := pieceName(word, i, len(texts)); out[l.place] != "" && out[l.place] != named {
					t.Fatalf("%s holds %s and %s", l.place, out[l.place], named)
				} else {
					out[l.place] = named
				}
			}
		}
	}
	if !p.Identifies() {
		learn("subject", Contact{}, []string{"c1"})
		return out
	}
	profile, _ := identifier.ProfileOf(p.Profile)
	for _, c := range p.Send {
		for os, f := range map[string]identifier.Field{"ios": identifier.IDFA, "android": identifier.AAID} {
			word := "maid"
			if c != MAID {
				f, word = fields[c], fields[c].String()
			}
			if !profile.Takes(f) || !slices.Contains(part.Takes, f) && !slices.Contains(part.Address, c) {
				continue
			}
			row := Contact{MAIDOS: os}
			if row[c] = goodRow(1)[c]; part.Whole && slices.Contains(part.Address, c) {
				row = goodRow(1) // an address of which nothing is missing
			} else if c == BirthDate {
				row[c] = "1984-03-07"
			}
			texts := []string{sentValue(profile, part, f, row[c])}
			if c == BirthDate && part.BirthParts {
				texts = strings.Split(texts[0], ":")
			}
			learn(word, row, texts)
		}
	}
	return out
}

// sentValue is what a part is told for a value of a field.
func sentValue(profile *identifier.Profile, part *Part, f identifier.Field, value string) string {
	if f != identifier.BirthDate || !part.BirthParts {
		sent, _ := profile.Append(nil, f, value, "FI")
		return string(sent)
	}
	day, _ := profile.Normal(f, value, "")
	if day == "" {
		return ""
	}
	return strings.Join([]string{sum(day[:4]), sum(day[4:6]), sum(day[6:])}, ":")
}

func pieceName(word string, i, of int) string {
	if of == 1 {
		return word
	}
	return fmt.Sprintf("%s/%d", word, i)
}

// readPlaces reads any list: a record for each identifier in it. What looks like an identifier and stands where none
// belongs is an error.
func readPlaces(t rapid.TB, p *Platform, known map[string]string, list []byte) (out []record) {
	t.Helper()
	for _, line := range leaves(t, p, list) {
		for _, l := range line {
			word := known[l.place]
			switch {
			case word != "" && l.text != "":
				out = append(out, record{word: {l.text}})
			case word == "" && p.Identifies() && identifying.MatchString(l.text):
				t.Fatalf("an identifier stands at %s, where none belongs: what is known is %v", l.place, known)
			}
		}
	}
	return out
}

// apart is a record as readPlaces reads it: values of an address by their own words, segments not at all.
func apart(part *Part, r record) record {
	out := record{}
	for word, values := range r {
		for _, value := range values {
			if word != addressWord {
				if word != "segment" {
					out[word] = append(out[word], value)
				}
				continue
			}
			for i, v := range strings.Split(value, ",") {
				for k, piece := range strings.Split(v, ":") {
					if name := pieceName(fields[part.Address[i]].String(), k, 1+strings.Count(v, ":")); piece != "" {
						out[name] = append(out[name], piece)
					}
				}
			}
		}
	}
	return union([]record{out})
}
