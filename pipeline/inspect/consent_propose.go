package inspect

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/malgrupp/malgrupp/pipeline/export"
	"github.com/malgrupp/malgrupp/pipeline/project"
	"github.com/malgrupp/malgrupp/pipeline/shown"
	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/value"
)

// Names that columns of consent exports have, the surest first, in small letters with _ between words.
var (
	subjectNames = []struct{ name, kind string }{
		{"device_id", "device"},
		{"visitor_id", "device"},
		{"client_id", "device"},
		{"cookie_id", "device"},
		{"domain_userid", "device"},
		{"user_identifier", "device"},
		{"consent_id", "device"},
		{"controller_id", "device"},
		{"browser_id", "device"},
		{"anonymous_id", "device"},
		{"user_pseudo_id", "device"},
		{"stamp", "device"},
		{"customer_id", "customer"},
		{"customer_number", "customer"},
		{"organization_user_id", "customer"},
		{"user_id", "customer"},
		{"member_id", "customer"},
		{"crm_id", "customer"},
		{"subject_id", "device"},
		{"data_subject_id", "device"},
		{"identifier", "device"},
		{"uid", "device"},
	}
	atNames = []string{
		"at", "answered_at", "consent_date", "consented_at", "consent_time", "interaction_date", "given_at", "event_time",
		"derived_tstamp", "timestamp", "ts", "consent_timestamp", "created_at", "updated_at", "last_updated", "utc", "date",
		"datetime", "time", "date_time",
	}
	recordedNames = []string{
		"recorded_at", "load_tstamp", "collector_tstamp", "received_at", "ingested_at", "loaded_at", "inserted_at",
	}
	answerNames = []string{
		"answer", "status", "consent_status", "transaction_type", "decision", "consent_given", "choice", "action", "consent",
		"enabled", "granted", "value", "event_type", "state", "method",
	}
	purposeNames = []string{
		"purpose", "purpose_id", "purpose_guid", "purpose_name", "purposes_id", "category", "consent_type", "topic",
		"data_processing_service_id", "template_id", "service_id", "service", "consent_document_id", "scope",
	}
	listNames = []string{
		"consent_scopes", "granted_purposes", "accepted_purposes", "accepted", "scopes", "categories", "purposes",
	}
	idNames    = []string{"event_id", "transaction_guid", "transaction_id", "consent_event_id", "id", "uuid"}
	proofNames = []string{"evidence", "receipt_id", "proof_id", "proof"}
	tcNames    = []string{"tc_string", "tcstring", "consent_string", "tcf_string", "iab_string"}
)

// ready are the ready-made maps whose columns are all there.
func (l *look) ready() (names []string) {
	for _, name := range project.ReadyMaps() {
		m := readyMap(name)
		fits := true
		for _, path := range export.New(m).Named() {
			fits = fits && l.at[path] != nil
		}
		if fits {
			names = append(names, name)
		}
	}
	return names
}

// readyMap is a ready-made map as it is; that it lacks the purposes of a bank does not matter.
func readyMap(name string) *project.ConsentMap {
	m, _ := project.ReadMap(&source.Source{Text: "map: " + name}, project.Consent{TrustedSources: []string{"cmp"}})
	return m
}

func indented(text string) string {
	return "  " + strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n  ") + "\n"
}

// guess is a map as it is gathered.
type guess struct {
	look    *look
	taken   map[*seen]bool
	lines   []string // keys of the map
	remarks []string
	problem []string
	answers map[string]int64 // words that answer, with how many rows have them
}

// named finds the column with the surest of some names that passes.
func (g *guess) named(names []string, passes func(*seen) bool) *seen {
	var best *seen
	rank := 2 * len(names)
	for _, s := range g.look.columns {
		if at := nameRank(snake(s.path), names); at < rank && !g.taken[s] && passes(s) {
			best, rank = s, at
		}
	}
	return best
}

func (g *guess) say(format string, args ...any) {
	g.lines = append(g.lines, fmt.Sprintf(format, args...))
}

func (g *guess) remark(format string, args ...any) {
	g.remarks = append(g.remarks, fmt.Sprintf(format, args...))
}

// propose gathers a map of what was seen, with a ready-made one to begin with, if one fits.
func (l *look) proposeMap(ready []string, conf project.Consent) (ProposedMap, *project.ConsentMap) {
	g := &guess{look: l, taken: map[*seen]bool{}, answers: map[string]int64{}}
	if len(ready) > 0 {
		g.begin(ready[0])
	} else {
		g.subject()
		g.times()
		g.form()
		g.rest()
	}
	out := ProposedMap{Text: g.text(), Remarks: g.remarks, Problem: strings.Join(g.problem, "; ")}
	m, found := project.ReadMap(&source.Source{Name: "the proposed map", Text: out.Text}, conf)
	if found.Failed() && out.Problem == "" {
		out.Problem = found[0].Message
	}
	if found.Failed() {
		return out, nil
	}
	return out, m
}

// begin takes a ready-made map, with the words that only this export has.
func (g *guess) begin(name string) {
	text, _ := project.ReadyMap(name)
	m := readyMap(name)
	g.say("like: %s", name)
	for line := range strings.Lines(text) {
		if comment, is := strings.CutPrefix(line, "# "); is {
			g.remark("%s", strings.TrimSpace(comment))
		}
	}
	if g.look.delimiter != 0 && g.look.delimiter != m.Delimiter {
		g.delimiter()
	}
	switch {
	case m.Purpose != "":
		words, _ := g.look.at[m.Purpose].columnWords(mostPurposes)
		g.purposes(slices.Sorted(maps.Keys(words)), m.Purposes)
	case m.Granted != "":
		words, _ := g.look.at[m.Granted].listed()
		g.purposes(words, m.Purposes)
	default:
		g.purposes(nil, m.Purposes)
	}
	columns := []string{m.Answer}
	if m.Purpose == "" && m.Granted == "" {
		columns = append(columns, slices.Collect(maps.Keys(m.Purposes))...)
	}
	for _, c := range columns {
		if s := g.look.at[c]; s != nil {
			words, _ := s.columnWords(mostAnswers)
			for word, n := range words {
				if _, known := m.Answers[word]; !known {
					g.answers[word] += n
				}
			}
		}
	}
	g.sayAnswers()
	if s := g.look.at[m.At.Column]; s != nil {
		if t, _, _ := s.instants(); t.Zone != m.At.Zone && m.At.Zone == nil || t.Unit != m.At.Unit {
			g.say("at: %s", timeText(m.At.Column, t))
		}
	}
}

func (g *guess) delimiter() {
	switch d := g.look.delimiter; d {
	case 0, ',':
	case '\t':
		g.say("delimiter: tab")
	default:
		g.say("delimiter: %q", string(d))
	}
}

func (g *guess) subject() {
	g.delimiter()
	var names []string
	for _, n := range subjectNames {
		names = append(names, n.name)
	}
	s := g.named(names, func(s *seen) bool {
		return s.column.Type.Kind == value.Text || s.column.Type.Kind == value.Integer
	})
	if s == nil {
		g.problem = append(g.problem, "no column is named like the id of a device or a customer")
		return
	}
	g.taken[s] = true
	kind := subjectNames[nameRank(snake(s.path), names)/2].kind
	g.remark("subject: %s, by its name; different values: %s in %s rows, %s without. A %s is a guess", Printable(s.path),
		shown.Count(s.told-s.repeats), shown.Count(s.rows), shown.Count(s.nulls), kind)
	g.say("subject: {type: %s, id: %s}", kind, quoted(s.path))
}

// form finds out what a row is about, and what it says.
func (g *guess) form() {
	var cells []*seen
	for _, s := range g.look.columns {
		if words, ok := s.columnWords(mostAnswers); ok && !g.taken[s] && answers(words) {
			cells = append(cells, s)
		}
	}
	isAnswer := func(s *seen) bool { return slices.Contains(cells, s) }
	answer := g.named(answerNames, isAnswer)
	purpose := g.named(purposeNames, func(s *seen) bool {
		_, ok := s.columnWords(mostPurposes)
		return ok && !isAnswer(s)
	})
	list := g.named(listNames, func(s *seen) bool { _, ok := s.listed(); return ok })
	switch {
	case purpose != nil && answer == nil && len(cells) == 1:
		answer = cells[0]
		fallthrough
	case purpose != nil && answer != nil:
		g.long(purpose, answer)
	case list != nil:
		words, _ := list.listed()
		g.say("granted: %s", quoted(list.path))
		if answer != nil {
			g.answer(answer)
		}
		g.purposes(words, nil)
	case len(cells) > 0:
		g.wide(cells, answer)
	default:
		if tc := g.named(tcNames, func(s *seen) bool { return s.column.Type.Kind == value.Text }); tc != nil {
			g.taken[tc] = true
			g.say("tc_string: %s", quoted(tc.path))
			return
		}
		g.problem = append(g.problem, "no column holds words that say yes or no")
		return
	}
	g.sayAnswers()
}

func (g *guess) long(purpose, answer *seen) {
	g.taken[purpose] = true
	g.say("purpose: %s", quoted(purpose.path))
	g.answer(answer)
	words, _ := purpose.columnWords(mostPurposes)
	g.purposes(slices.Sorted(maps.Keys(words)), nil)
}

// answer takes a column of the row's answer.
func (g *guess) answer(s *seen) {
	g.taken[s] = true
	g.say("answer: %s", quoted(s.path))
	words, _ := s.columnWords(mostAnswers)
	for word, n := range words {
		g.answers[word] += n
	}
}

// wide takes a column for each purpose, and that of the row's answer if there are others.
func (g *guess) wide(cells []*seen, answer *seen) {
	var names []string
	for _, s := range cells {
		if s == answer && len(cells) > 1 {
			continue
		}
		g.taken[s] = true
		names = append(names, s.path)
		words, _ := s.columnWords(mostAnswers)
		for word, n := range words {
			g.answers[word] += n
		}
	}
	if answer != nil && len(cells) > 1 {
		g.answer(answer)
	}
	g.purposes(names, nil)
}

// purposes guesses what the platform's words are here: two of ours at most are recognised, each once, and nothing is
// handed to anybody on a guess.
func (g *guess) purposes(words []string, known map[string][]string) {
	said := map[string][]string{}
	guessed := map[string]bool{}
	for _, list := range known {
		for _, p := range list {
			guessed[p] = true
		}
	}
	for _, of := range []struct {
		purpose string
		parts   []string
	}{
		{"measure", []string{"analytic", "statist", "measure", "performance"}},
		{"profile", []string{"personali", "profil", "marketing", "advert", "targeting", "ads"}},
	} {
		for _, part := range of.parts {
			i := slices.IndexFunc(words, func(w string) bool { return said[w] == nil && strings.Contains(snake(w), part) })
			if _, is := known[at(words, i)]; i >= 0 && !is && !guessed[of.purpose] {
				said[words[i]], guessed[of.purpose] = []string{of.purpose}, true
			}
		}
	}
	var lines []string
	for _, w := range words {
		if _, is := known[w]; !is && w != "" {
			lines = append(lines, fmt.Sprintf("  %s: [%s]", quoted(w), strings.Join(said[w], ", ")))
		}
	}
	if len(lines) > 0 {
		g.say("purposes:\n%s", strings.Join(lines, "\n"))
	}
	g.remark("purposes: which of measure, profile, link, partner_data and activate:NAME each word covers says the text " +
		"of the banner")
	g.remark("purposes: [] is asked for nothing, and nothing is handed to a destination before activate: names it")
	if len(guessed) == 0 {
		g.problem = append(g.problem,
			"which of the purposes is measure, profile or link shows in no name: say it in purposes")
	}
}

// at is a word of a list, "" beside it.
func at(words []string, i int) string {
	if i < 0 {
		return ""
	}
	return words[i]
}

// sayAnswers says what the words mean; one that nobody knows is a denial until somebody says otherwise.
func (g *guess) sayAnswers() {
	if len(g.answers) == 0 {
		return
	}
	g.counterparts()
	var lines []string
	for _, word := range slices.Sorted(maps.Keys(g.answers)) {
		means, known := meaning(word)
		if means = cmp.Or(means, "deny"); !known {
			what := "nobody knows the word " + quoted(Printable(word))
			if word == "" {
				what = "an empty cell may be a denial"
			}
			g.remark("answers: %s (%s rows): deny is the safe reading", what, shown.Count(g.answers[word]))
		}
		lines = append(lines, fmt.Sprintf("  %s: %s", quoted(word), means))
	}
	g.say("answers:\n%s", strings.Join(lines, "\n"))
}

// rest finds what may be left out.
func (g *guess) rest() {
	g.say("source: cmp")
	g.remark("source: cmp is a guess; a word of trusted_sources, or {column: NAME}")
	text := func(s *seen) bool { return s.column.Type.Kind == value.Text }
	if s := g.named(idNames, func(s *seen) bool { return text(s) && s.unique() && s.nulls == 0 }); s != nil {
		g.taken[s] = true
		g.say("event_id: %s", quoted(s.path))
	}
	if s := g.named(proofNames, text); s != nil {
		g.taken[s] = true
		g.say("evidence: %s", quoted(s.path))
	}
	if s := g.named([]string{"notice_version", "policy_version"}, func(s *seen) bool {
		return s.column.Type.Kind == value.Integer
	}); s != nil {
		g.say("notice_version: {column: %s}", quoted(s.path))
	}
	if s := g.named(tcNames, text); s != nil {
		g.remark("%s may hold TC strings: tc_string: %s has them judged, too", Printable(s.path), quoted(s.path))
	}
}

// text writes the map as it stands below consent.
func (g *guess) text() string {
	var b strings.Builder
	b.WriteString("map:\n")
	for i, r := range g.remarks {
		if i == mostRemarks {
			break
		}
		b.WriteString("  # " + Printable(r) + "\n")
	}
	for _, line := range g.lines {
		b.WriteString(indented(line))
	}
	return b.String()
}

// quoted writes a text as YAML does where it has to. U+FFFD stands for bytes that are no text, so it is refused unless
// it is escaped.
func quoted(text string) string {
	if plainKey.MatchString(text) && !strings.Contains(text, ":") {
		switch strings.ToLower(text) {
		case "true", "false", "yes", "no", "on", "off", "null", "y", "n":
		default:
			return text
		}
	}
	return strings.ReplaceAll(strconv.Quote(text), "\ufffd", `\ufffd`)
}
