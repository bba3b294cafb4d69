package project

import (
	"embed"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/rules/yaml"
)

// ConsentMap says how the export of a consent platform is read as a consent log (docs/how-to/consent-log.md). Columns
// are named by their paths in the file; "" is none.
type ConsentMap struct {
	Like      string // the ready-made map that it began with
	State     bool   // each answer replaces the last one, so that rows change; else rows are only added
	Delimiter rune   // of CSV

	Kind       string // device or customer, for all rows; "": KindColumn says it in the words of Kinds
	KindColumn string
	Kinds      map[string]string
	Subject    string

	// What a row is about: one purpose, named in Purpose; those that the list in Granted has, and else a denial; or, where
	// neither is set, every purpose that has a column of its own.
	Purpose, Granted string
	Answer           string
	Purposes         map[string][]string // what each of the platform's purposes is here; none: it is not asked
	Answers          map[string]string   // one of rules.ConsentAnswers by the platform's word; "" is an empty cell

	At       MappedTime
	Recorded MappedTime // no column: the same as At, or where ByObject is set the time of the object
	ByObject bool

	Source, SourceColumn string // one of them is set
	Notice               int    // of all rows, where NoticeColumn is none
	NoticeColumn         string
	EventID              string // "": ids are made of the rows
	Evidence, TCString   string
	Quiet                value.Duration
}

// OnlyStrings reports a map of TC strings and nothing beside them.
func (m *ConsentMap) OnlyStrings() bool {
	return m.TCString != "" && m.Purpose == "" && m.Granted == "" && m.Answer == "" && len(m.Purposes) == 0
}

// MappedTime is a column with times. Text has an offset or is of the zone; numbers have a unit.
type MappedTime struct {
	Column string
	Zone   *value.Zone // nil: the file must say it
	Unit   string      // of numbers: s, ms, us or ns
}

//go:embed maps
var readyMaps embed.FS

// ReadyMaps are the names of the maps that come with the program, in order.
func ReadyMaps() []string {
	entries, err := readyMaps.ReadDir("maps")
	if err != nil {
		panic(err) // the folder is part of the program
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = strings.TrimSuffix(e.Name(), ".yaml")
	}
	return names
}

// ReadyMap is the text of a map that comes with the program.
func ReadyMap(name string) (string, bool) {
	text, err := readyMaps.ReadFile("maps/" + name + ".yaml")
	return string(text), err == nil
}

// mostQuiet is how long a platform may have nothing to say: who hears nobody for longer has lost his exporter.
var mostQuiet = days(7)

// consentMap reads consent.map; nil where it is not written.
func consentMap(s section, c *Consent) *ConsentMap {
	n, profile, ok := s.find("map")
	if !ok {
		return nil
	}
	m := &mapReader{
		section: section{path: s.path + "map.", file: s.file, keys: s.keys.Behind("map")}, written: n, out: &ConsentMap{},
	}
	if n.IsText() {
		m.out.Like, _ = n.Text()
		s.note("map", m.out.Like, n, profile)
	} else if o, isObject := n.Object("consent.map"); isObject {
		m.layers = []layer{{object: o, origin: profile}}
		m.only()
		m.out.Like = m.text("like", "")
	} else {
		return nil
	}
	if m.out.Like != "" && !m.add(m.out.Like) {
		return nil
	}
	m.read()
	m.check(c)
	return m.out
}

// ReadMap reads a text that begins with map:, as it would stand below consent, whose other settings are given.
func ReadMap(src *source.Source, c Consent) (*ConsentMap, source.Findings) {
	f := &file{doc: yaml.Read(src)}
	if f.doc.Errors().Failed() {
		return nil, f.doc.Errors()
	}
	o, _ := f.doc.Root().Object("consent")
	keys := rules.SettingKeys(yaml.Keys(), yaml.Keys()).Behind("consent")
	m := consentMap(section{path: "consent.", layers: []layer{{object: o}}, file: f, keys: keys}, &c)
	return m, f.doc.Errors()
}

// mapReader reads a map; the project's own object lies over the ready-made one.
type mapReader struct {
	section
	written yaml.Node
	out     *ConsentMap
}

// add lays the ready-made map of a name under what is written.
func (m *mapReader) add(name string) bool {
	text, ok := ReadyMap(name)
	if !ok {
		m.fault("E-UNKNOWN-MAP", fmt.Sprintf("there is no ready-made map %q", name),
			append(source.DidYouMean(name, ReadyMaps()), expected("one of "+strings.Join(ReadyMaps(), ", ")))...)
		return false
	}
	o, _ := yaml.Read(&source.Source{Name: "map " + name, Text: text}).Root().Object("map " + name)
	m.layers = append(m.layers, layer{object: o})
	return true
}

// fault is about the map as a whole: keys of a ready-made map stand in no file of the project.
func (m *mapReader) fault(code, message string, hints ...source.Hint) {
	m.file.doc.Fail(code, m.written.Span(), message, hints...)
}

func (m *mapReader) lacks(key, example string) {
	m.fault("E-MISSING-KEY", fmt.Sprintf("the project needs the key %q", m.path+key), expected(key+": "+example))
}

func (m *mapReader) read() {
	out := m.out
	out.State = m.word("export", "log") == "state"
	delimiter := m.word("delimiter", ",")
	out.Delimiter = map[string]rune{",": ',', ";": ';', "|": '|', "tab": '\t'}[delimiter]
	m.subject()
	out.Purpose, out.Granted, out.Answer = m.text("purpose", ""), m.text("granted", ""), m.text("answer", "")
	out.Purposes, out.Answers = map[string][]string{}, map[string]string{}
	m.entries("purposes", func(word string, n yaml.Node) string {
		out.Purposes[word] = m.purposes(word, n)
		return strings.Join(out.Purposes[word], ", ")
	})
	m.entries("answers", func(word string, n yaml.Node) string {
		out.Answers[word], _ = n.Word(rules.ConsentAnswers...)
		return out.Answers[word]
	})
	if _, _, ok := m.find("at"); ok {
		out.At = m.time("at")
	} else {
		m.lacks("at", "timestamp")
	}
	if n, _, ok := m.find("recorded_at"); ok && n.IsObject() {
		out.Recorded = m.time("recorded_at")
	} else {
		out.ByObject = m.oneOf("recorded_at", "same", "object") == "object"
	}
	if n, _, ok := m.find("source"); !ok {
		m.lacks("source", "cmp")
	} else if out.SourceColumn = m.column("source", n); out.SourceColumn == "" {
		out.Source = m.text("source", "")
	}
	if n, _, ok := m.find("notice_version"); ok {
		if out.NoticeColumn = m.column("notice_version", n); out.NoticeColumn == "" {
			out.Notice = setting(m.section, "notice_version", 0, func(n yaml.Node) (int, bool) { return n.Int(0, 1<<30) })
		}
	}
	out.EventID, out.Evidence, out.TCString = m.text("event_id", ""), m.text("evidence", ""), m.text("tc_string", "")
	out.Quiet = m.duration("quiet", value.Duration{})
}

// oneOf is a word where an object could stand, too; the first one is the default.
func (s section) oneOf(key string, words ...string) string {
	return setting(s, key, words[0], func(n yaml.Node) (string, bool) { return n.Word(words...) })
}

// column is the column of {column: NAME}, "" for a value that is no object.
func (m *mapReader) column(key string, n yaml.Node) string {
	if !n.IsObject() {
		return ""
	}
	return m.inside(key, n).required("column", "name")
}

// inside is the section of the object that won for a key: half of one and half of another would be neither.
func (m *mapReader) inside(key string, n yaml.Node) section {
	o, _ := n.Object(m.path + key)
	s := section{path: m.path + key + ".", file: m.file, layers: []layer{{object: o}}, keys: m.keys.Behind(key)}
	s.only()
	return s
}

func (m *mapReader) subject() {
	n, _, ok := m.find("subject")
	if !ok {
		m.lacks("subject", "{type: device, id: visitor_id}")
		return
	}
	if !n.IsObject() {
		n.Wrong("an object such as {type: device, id: visitor_id}")
		return
	}
	s := m.inside("subject", n)
	m.out.Subject = s.required("id", "visitor_id")
	of, _, ok := s.find("type")
	switch {
	case !ok:
		s.need("type", "device")
	case of.IsObject():
		words := s.sub("type")
		words.only()
		m.out.KindColumn, m.out.Kinds = words.required("column", "id_type"), map[string]string{}
		if list, _, ok := words.find("words"); ok {
			if o, ok := list.Object(words.path + "words"); ok {
				for k, v := range o.Fields() {
					m.out.Kinds[k.Name()], _ = v.Word("device", "customer")
				}
			}
		}
		if len(m.out.Kinds) == 0 {
			words.need("words", "{cookie: device, member: customer}")
		}
	default:
		m.out.Kind = s.oneOf("type", "device", "customer")
	}
}

// entries are those of a table in all layers; the project's own win. What is said of one is noted.
func (m *mapReader) entries(key string, take func(word string, n yaml.Node) (said string)) {
	for _, l := range slices.Backward(m.layers) {
		n, ok := l.object.Find(key)
		if !ok {
			continue
		}
		if o, ok := n.Object(m.path + key); ok {
			for k, v := range o.Fields() {
				m.note(key+"."+k.Name(), take(k.Name(), v), v, l.origin)
			}
		}
	}
}

// purposes are what a platform's purpose is here.
func (m *mapReader) purposes(word string, n yaml.Node) []string {
	list, _ := n.Texts()
	for _, p := range list {
		if activation, is := strings.CutPrefix(p, "activate:"); !slices.Contains(
			[]string{"measure", "profile", "link", "partner_data"}, p) && !(is && destinationForm.MatchString(activation)) {
			m.file.doc.Fail("E-TYPE", n.Span(), fmt.Sprintf("%spurposes.%s names %q", m.path, word, p),
				expected("measure, profile, link, partner_data or activate: and a destination; a wildcard never grants"))
		}
	}
	return list
}

// time reads a column's name, or {column, zone, unit}.
func (m *mapReader) time(key string) (t MappedTime) {
	n, _, _ := m.find(key)
	if !n.IsObject() {
		t.Column = m.text(key, "")
		return t
	}
	s := m.inside(key, n)
	t.Column, t.Unit = s.required("column", "timestamp"), ""
	if _, _, ok := s.find("unit"); ok {
		t.Unit = s.word("unit", "")
	}
	if _, _, ok := s.find("zone"); ok {
		t.Zone = s.zone("zone", &value.Zone{})
	}
	return t
}

// check says what does not go together.
func (m *mapReader) check(c *Consent) {
	out := m.out
	words := slices.Sorted(maps.Values(out.Answers))
	says := func(any ...string) bool {
		return slices.ContainsFunc(any, func(w string) bool { return slices.Contains(words, w) })
	}
	switch {
	case out.Purpose != "" && out.Granted != "":
		m.fault("E-TYPE", "consent.map names a column of one purpose (purpose) and one of a list (granted)",
			expected("one of them: a row is about one purpose, or lists what was granted"))
	case out.Purpose != "" && out.Answer == "":
		m.lacks("answer", "status")
	}
	if asked := slices.Concat(slices.Collect(maps.Values(out.Purposes))...); out.OnlyStrings() {
		// the strings say it all
	} else if len(asked) == 0 {
		m.lacks("purposes", "{analytics: [measure], marketing: [profile, link]}")
	} else {
		m.once(asked)
	}
	if !out.OnlyStrings() && (out.Granted == "" || out.Answer != "") {
		if !says("grant") || !says("deny", "withdraw", "object", "erase") {
			m.fault("E-MISSING-KEY", "consent.map.answers has no word that grants, or none that denies",
				expected("answers: {granted: grant, denied: deny}, with every word that the platform writes"))
		}
	}
	if out.State && says("object", "lift", "erase", "heartbeat") {
		m.fault("E-TYPE", "consent.map.answers has object, lift, erase or heartbeat in an export of states: where each "+
			"answer replaces the last one, an objection is forgotten with the next grant",
			expected("export the log of answers, or say deny or withdraw, which a later grant ends"))
	}
	if out.State && (out.ByObject || out.Recorded.Column != "") {
		m.fault("E-TYPE", "consent.map.recorded_at is not same in an export of states: who answered later than before is "+
			"told by the time of the answer", expected("recorded_at: same, with at the time when the state last changed"))
	}
	if out.State && c.Partition.Key != "" {
		m.fault("E-TYPE", "consent.map says export: state of an export in folders of days: exports that are all kept are "+
			"a log", expected("export: log, or partition: none"))
	}
	if Micros(out.Quiet) > Micros(mostQuiet) {
		m.fault("E-RANGE", "consent.map.quiet is longer than a platform of a bank can be without an answer",
			expected("at most "+mostQuiet.String()))
	}
	if out.Source != "" && !slices.Contains(c.TrustedSources, out.Source) {
		m.fault("E-TYPE", fmt.Sprintf("consent.map.source is %q, which consent.trusted_sources does not name: no grant "+
			"would count", out.Source), expected("one of "+strings.Join(c.TrustedSources, ", ")))
	}
}

// once refuses a purpose under two words: a denial of one would be forgotten when the other is granted.
func (m *mapReader) once(asked []string) {
	slices.Sort(asked)
	for i, p := range asked {
		if i > 0 && asked[i-1] == p && (i < 2 || asked[i-2] != p) {
			m.fault("E-DUPLICATE-NAME", fmt.Sprintf("consent.map.purposes has %s under two words: a denial of one would be "+
				"forgotten when the other is granted", p), expected(p+" under the word whose text covers it"))
		}
	}
}
