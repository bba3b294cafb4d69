package platform

import (
	"bufio"
	"cmp"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/malgrupp/malgrupp/pipeline/identifier"
	"github.com/malgrupp/malgrupp/pipeline/project"
)

// A receiver that the project describes (docs/how-to/generic-file.md): CSV, or JSON with a row or a request a line. It
// is bound to the same rules as any other: identifiers are what a profile makes of them and nothing else, an unknown
// value has a place, and no cell is a formula.
var _ = define(Platform{
	Type: "generic_file", Ext: "csv|jsonl", Ads: true, Described: true, Account: func(string) string { return "" },
	Doc: "A receiver whose lists the project describes in form: the columns of CSV, or JSON rows and requests; " +
		"identifiers by any profile there is.",
	Send: slices.Concat([]Column{Email, Phone}, metaAddress, []Column{MAID}),
})

// form is how the lists of a described receiver are written.
type form struct {
	*project.Form
	table      table
	head, tail string // of a request, round its rows
}

// described makes the platform of a form, or says why it cannot be.
func described(f *project.Form) (*Platform, string) {
	if f == nil {
		return nil, "it is not described any more"
	}
	g := &form{Form: f, table: table{address: metaAddress}}
	kind, _ := Of("generic_file")
	p := *kind
	p.Ads, p.RefusesNames, p.ByHand = !f.Own, f.Refuses, f.File == "csv"
	p.Ext, p.Profile, p.Minimum, p.NameLength, p.Send = f.File, f.Profile, f.Minimum, f.Names, nil
	part := Part{Address: metaAddress, Write: g.writeCSV}
	if f.Replaces {
		p.Lasting = "replace the list by the snapshot, which has everybody who stays"
	}
	if why := g.columns(&p, &part); why != "" {
		return nil, why
	}
	if f.File == "jsonl" {
		part.Write = g.writeJSON
		if why := g.request(); why != "" {
			return nil, why
		}
		if f.Body != "" {
			p.Batch.Rows = 1_000
		}
	} else if f.Body != "" {
		return nil, "a CSV has no body"
	}
	p.Usual, p.Parts = p.Send, []Part{part}
	p.guard()
	return &p, ""
}

// columns lays the described columns out, and behind them those that earlier lists may have had: people are removed by
// what they were told by.
func (g *form) columns(p *Platform, part *Part) string {
	profile, known := identifier.ProfileOf(g.Profile)
	var names []string
	ids := 0
	for _, c := range g.Columns {
		column, identifies := ColumnOf(c.Of)
		switch {
		case c.Name == "":
			return "a column has no name"
		case unwritten(c.Name) || unwritten(c.Text):
			return fmt.Sprintf("column %q has a control character", c.Name)
		case slices.Contains(names, c.Name):
			return "two columns are called " + c.Name
		case g.File == "csv" && (formula(c.Name) != "" || formula(c.Text) != ""):
			return "a spreadsheet would read " + cmp.Or(c.Text, c.Name) + " as a formula"
		case c.Of == "id":
			ids++
		case !identifies:
			column = columns
		case !known:
			return "identifiers need a profile that says how they are normalised"
		case column == MAID && profile.Takes(identifier.AAID):
			part.Takes = append(part.Takes, identifier.AAID)
			if profile.Takes(identifier.IDFA) {
				part.Takes = append(part.Takes, identifier.IDFA)
			}
		case column == MAID || column == MAIDOS || !profile.Takes(fields[column]):
			return g.Profile + " does not take " + c.Of
		case slices.Contains([]Column{Email, Phone}, column):
			part.Takes = append(part.Takes, fields[column])
		}
		if identifies {
			p.Send = append(p.Send, column)
		}
		names = append(names, c.Name)
		g.table.cells = append(g.table.cells, cell{header: c.Name, column: column, always: true})
	}
	if why := g.words(); why != "" {
		return why
	}
	if ids > 0 {
		p.Devices = p.Ads
		part.Unsafe = map[string]func(string) string{"csv": formula}[g.File]
	}
	switch {
	case (ids > 0) == (len(p.Send) > 0) || ids > 1:
		return "a row needs identifiers, or the subject's own id once, and not both"
	case (ids > 0) == (g.Profile != ""):
		return "profile: is of identifiers, and of nothing else"
	case len(part.Takes) == 0 && ids == 0:
		return "names and addresses alone are nobody: add email, phone or maid"
	}
	if ids == 0 {
		g.earlier(p.Send, names)
	}
	return ""
}

// words says what is wrong with the words for actions; "" if nothing is.
func (g *form) words() string {
	for _, action := range slices.Sorted(maps.Keys(g.Actions)) {
		if word := g.Actions[action]; unwritten(word) || g.File == "csv" && formula(word) != "" {
			return "a spreadsheet would read the word for " + action + " as a formula, or it has a control character"
		}
	}
	if removes := g.word(List{Action: Removes}); !g.Replaces &&
		(removes == g.word(List{Action: Adds}) || removes == g.word(List{Action: Snapshot})) {
		return "actions: removes has the word of an addition; a receiver that cannot remove has removals: snapshot"
	}
	return ""
}

// earlier lays out the columns that are sent no more, by which somebody may have been told, under names that are free.
func (g *form) earlier(sent []Column, names []string) {
	for _, c := range slices.Concat([]Column{Email, Phone}, metaAddress, []Column{MAID}) {
		if slices.Contains(sent, c) {
			continue
		}
		header := c.String()
		for slices.Contains(names, header) {
			header += "_"
		}
		g.table.cells = append(g.table.cells, cell{header: header, column: c})
	}
}

// rows yields the rows of a list, cut down to the used cells. A row is valid until the next.
func (g *form) rows(l List, used []int) iter.Seq[[]string] {
	fixed := make([]string, len(used))
	own := -1
	for slot, i := range used {
		if i >= len(g.Columns) {
			break
		}
		switch c := g.Columns[i]; c.Of {
		case "id":
			own = slot
		case "segment":
			fixed[slot] = l.Segment
		case "action":
			fixed[slot] = g.word(l)
		case "as_of":
			fixed[slot] = instant(l)
		default:
			fixed[slot] = c.Text
		}
	}
	return func(yield func(row []string) bool) {
		if own >= 0 {
			for _, id := range l.Entries {
				if fixed[own] = id; !yield(fixed) {
					return
				}
			}
			return
		}
		for row := range g.table.people(l, used) {
			for slot, text := range fixed {
				if text != "" {
					row[slot] = text
				}
			}
			if !yield(row) {
				return
			}
		}
	}
}

// word is what the receiver calls the action of a list.
func (g *form) word(l List) string { return cmp.Or(g.Actions[string(l.Action)], string(l.Action)) }

func instant(l List) string { return time.UnixMicro(l.AsOf).UTC().Format(time.RFC3339) }

// hashed is an entry of one identifier, which no subject's own id is.
var hashed = regexp.MustCompile(`^(email|phone)=[0-9a-f]{64}$`)

// FormError is a list of people who were told in an earlier form of their destination.
type FormError struct{}

func (e *FormError) Error() string {
	return "people who must leave were told in an earlier form, and this one has no place for what they were told by"
}

// Fault says what kind of failure it is.
func (e *FormError) Fault() (kind, reason, hint string) {
	return "invalid", "FORM_CHANGED", "put the earlier form back, with enabled: false, and describe another destination " +
		"for the new one"
}

// unsaid refuses to write a list of people who were told in a form that this one has no place for: they would seem
// removed, and nobody would ever remove them.
func (g *form) unsaid(l List, used []int) error {
	own := g.Profile == ""
	lost, people := !own && g.Rows == "values" && len(used) > 1, g.table.reader()
	for _, entry := range l.Entries {
		said := own && !strings.Contains(entry, "\t") && !hashed.MatchString(entry)
		if !own {
			for range people.rows(entry) {
				said = true
			}
		}
		lost = lost || !said
	}
	if lost {
		return &FormError{}
	}
	return nil
}

func (g *form) writeCSV(w io.Writer, l List) error {
	used := g.table.used(l)
	if err := g.unsaid(l, used); err != nil {
		return err
	}
	out := csv.NewWriter(w)
	out.Comma = g.Separator
	header := g.table.headers(used)
	if g.Headless {
		header = nil
	}
	return writeTo(out, header, g.rows(l, used))
}

// tokens are what a body can name.
var tokens = regexp.MustCompile(`\$[a-z_]*`)

// request takes the body of a request apart, or says what is wrong with it.
func (g *form) request() string {
	if g.Rows == "values" && len(g.Columns) != 1 {
		return "rows: values is of one column"
	}
	if g.Body == "" {
		if g.Rows == "values" {
			return "rows: values needs a body"
		}
		return ""
	}
	sample := g.filled(strings.ReplaceAll(g.Body, "$rows", `[""]`), List{}, nil)
	if tokens.FindString(sample) != "" || strings.Count(g.Body, "$rows") != 1 {
		return "body: has $rows once, and beside it $action, $columns, $segment, $name, $number or $as_of"
	}
	if !json.Valid([]byte(sample)) {
		return "body: is no JSON once its words are replaced; they stand without quotation marks"
	}
	g.head, g.tail, _ = strings.Cut(strings.ReplaceAll(strings.TrimSpace(g.Body), "\n", " "), "$rows")
	return ""
}

// filled replaces the words of a piece of a body.
func (g *form) filled(text string, l List, headers []string) string {
	return tokens.ReplaceAllStringFunc(text, func(token string) string {
		switch token {
		case "$action":
			return jsonText(g.word(l))
		case "$columns":
			var out []string
			for _, h := range headers {
				out = append(out, jsonText(h))
			}
			return "[" + strings.Join(out, ",") + "]"
		case "$segment":
			return jsonText(l.Segment)
		case "$name":
			return jsonText(cmp.Or(l.Name, l.Segment))
		case "$number":
			return jsonText(l.Number)
		case "$as_of":
			return jsonText(instant(l))
		}
		return token
	})
}

// jsonText is a text as JSON. It is UTF-8, so it always can be.
func jsonText(text string) string {
	out, _ := json.Marshal(text)
	return string(out)
}

func (g *form) writeJSON(w io.Writer, l List) error {
	used := g.table.used(l)
	if err := g.unsaid(l, used); err != nil {
		return err
	}
	headers := g.table.headers(used)
	items := g.items(l, used, headers)
	if g.Body == "" {
		out := bufio.NewWriter(w)
		for item := range items {
			out.Write(append(item, '\n'))
		}
		return out.Flush()
	}
	head, tail := g.filled(g.head, l, headers), g.filled(g.tail, l, headers)
	return writeBodies(w, l.Batch, items, func(int, bool) (string, string) { return head + "[", "]" + tail })
}

// items yields the rows of a list as JSON: objects without what is unknown, lists with an empty text in its place, or
// the values of one column. An item is valid until the next.
func (g *form) items(l List, used []int, headers []string) iter.Seq[[]byte] {
	open, end := "{", "}"
	switch g.Rows {
	case "lists":
		open, end = "[", "]"
	case "values":
		open, end = "", ""
	}
	return func(yield func(item []byte) bool) {
		var item []byte
		for row := range g.rows(l, used) {
			item = append(item[:0], open...)
			for i, value := range row {
				if value == "" && g.Rows != "lists" {
					continue
				}
				if len(item) > len(open) {
					item = append(item, ',')
				}
				if g.Rows == "objects" {
					item = append(append(item, jsonText(headers[i])...), ':')
				}
				item = append(item, jsonText(value)...)
			}
			if len(item) > len(open) && !yield(append(item, end...)) {
				return
			}
		}
	}
}
