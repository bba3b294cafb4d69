package export

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/malgrupp/malgrupp/pipeline/parquet"
)

// Group is a row group of an export as the consent log has it: a row for each event, and the columns of the log.
type Group struct {
	rows  int
	texts map[string]parquet.Text
	words map[string]arrow.Array
}

// Rows is the number of events.
func (g *Group) Rows() int { return g.rows }

// Text returns a text column of the consent log.
func (g *Group) Text(name string) (parquet.Text, error) { return g.texts[name], nil }

// Column returns a column of the consent log that holds times or numbers.
func (g *Group) Column(name string) (arrow.Array, error) { return g.words[name], nil }

// events are those that a row group comes to, each with the row it is of.
type events struct {
	row     []int32
	purpose []int32 // of Form.asked; -1: none
	action  []int32 // of actions
}

func (e *events) add(row int, purpose, action int32) {
	e.row, e.purpose, e.action = append(e.row, int32(row)), append(e.purpose, purpose), append(e.action, action)
}

// actions are those of the consent log that an export can hold.
var actions = []string{
	"grant", "deny", "withdraw", "object", "lift", "erase", "gpc", "browser", "heartbeat", "state",
}

// What an answer can be beside an action.
const (
	unknown int32 = -1
	nothing int32 = -2
)

// denies reports whether an answer is one of those that say no.
func denies(answer int32) bool { return answer != grant && actions[answer] != "lift" }

var (
	grant, deny = int32(slices.Index(actions, "grant")), int32(slices.Index(actions, "deny"))
	heartbeat   = int32(slices.Index(actions, "heartbeat"))
	state       = int32(slices.Index(actions, "state"))
)

// Rows reads a row group of an object that Shape opened and that was written at an instant. The error is an *Error, a
// *parquet.DamagedError, or the storage's own.
func (f *Form) Rows(g *parquet.RowGroup, written int64) (*Group, error) {
	return f.Sift(g, written, func(err error) error { return err })
}

// Sift is Rows for who wants to hear of every row that does not fit: told says of an *Error whether to stop with it, or
// to leave the row out.
func (f *Form) Sift(g *parquet.RowGroup, written int64, told func(error) error) (*Group, error) {
	in, err := f.columns(g)
	if err != nil {
		return nil, err
	}
	e := &events{}
	for i := range g.Rows() {
		before := len(e.row)
		err := in.row(e, i)
		if err == nil && len(e.row) > before {
			err = in.readable(i, e.action[before] == heartbeat)
		}
		if err != nil {
			if err = told(err); err != nil {
				return nil, err
			}
			e.row, e.purpose, e.action = e.row[:before], e.purpose[:before], e.action[:before]
		}
	}
	return in.group(e, written), nil
}

// columns are those of a row group, with their words read once per dictionary entry.
type columns struct {
	form                                    *Form
	texts                                   map[string]parquet.Text
	at, recorded                            func(i int) (us int64, null bool, err error)
	notice                                  func(i int) (n int64, null bool, err error)
	subject, kind, source, id, evidence, tc parquet.Text
	kinds                                   []string // by entry of kind
	answers                                 []int32  // by entry of the answer
	purpose, answer, granted                parquet.Text
	purposes                                [][]int32 // by entry of purpose; nil: unknown
	lists                                   []listed  // by entry of granted
	cells                                   []cells
}

// cells are the column of one of the platform's purposes.
type cells struct {
	word    string
	text    parquet.Text
	answers []int32
}

// listed are the purposes of a list, by number of the platform's words; ok is false for a list with an unknown one.
type listed struct {
	has []bool
	ok  bool
}

func (f *Form) columns(g *parquet.RowGroup) (*columns, error) {
	c := &columns{form: f, texts: map[string]parquet.Text{}}
	for _, p := range f.parts() {
		a, err := g.Column(p.name)
		if err != nil {
			return nil, err
		}
		switch p.as {
		case asTime:
			read := times(p, a)
			if p.name == "at" {
				c.at = read
			} else {
				c.recorded = read
			}
		case asNumber:
			c.notice = numbers(p, a)
		default:
			c.texts[p.name] = wordsOf(a)
		}
	}
	if len(g.Oversized()) > 0 {
		return nil, misfit(hintObject, "read the export: a text of more than 64 KiB in a column that consent.map names")
	}
	c.subject, c.kind, c.source, c.id = c.texts["subject"], c.texts["kind"], c.texts["source"], c.texts["event_id"]
	c.evidence, c.tc, c.granted = c.texts["evidence"], c.texts["tc_string"], c.texts["granted"]
	c.purpose, c.answer = c.texts["purpose"], c.texts["answer"]
	c.kinds = each(c.kind, func(word string) string { return f.conf.Kinds[word] })
	c.answers = each(c.answer, f.answer)
	c.purposes = each(c.purpose, func(word string) []int32 {
		if _, known := f.conf.Purposes[word]; !known {
			return nil
		}
		return append([]int32{}, f.of[word]...)
	})
	c.lists = each(c.granted, f.list)
	if f.conf.Purpose == "" && f.conf.Granted == "" {
		for _, word := range f.words {
			t := c.texts[cell(word)]
			c.cells = append(c.cells, cells{word, t, each(t, f.answer)})
		}
	}
	return c, nil
}

// each reads every entry of a dictionary once; a null is the empty word.
func each[T any](t parquet.Text, read func(word string) T) []T {
	if t.Dict == nil {
		return nil
	}
	out := make([]T, t.Dict.Len())
	for i := range out {
		word := ""
		if !t.Dict.IsNull(i) {
			word = t.Dict.Value(i)
		}
		out[i] = read(word)
	}
	return out
}

func (f *Form) answer(word string) int32 {
	switch means, known := f.conf.Answers[word]; {
	case !known:
		return unknown
	case means == "none":
		return nothing
	default:
		return int32(slices.Index(actions, means))
	}
}

// list reads a list of the platform's purposes: JSON, or words between commas.
func (f *Form) list(text string) listed {
	out := listed{has: make([]bool, len(f.words)), ok: true}
	var words []string
	if text = strings.TrimSpace(text); strings.HasPrefix(text, "[") {
		if json.Unmarshal([]byte(text), &words) != nil {
			return listed{}
		}
	} else if text != "" {
		words = strings.Split(text, ",")
	}
	for _, w := range words {
		i, known := slices.BinarySearch(f.words, strings.TrimSpace(w))
		if !known {
			return listed{}
		}
		out.has[i] = true
	}
	return out
}

// wordsOf reads a column of words, whatever type they have in the file.
func wordsOf(a arrow.Array) parquet.Text {
	flags, ok := a.(*array.Boolean)
	if !ok {
		d := a.(*array.Dictionary)
		return parquet.Text{Codes: d.Indices().(*array.Int32).Int32Values(), Dict: d.Dictionary().(*array.String)}
	}
	t := parquet.Text{Codes: make([]int32, flags.Len()), Dict: dictionary([]string{"false", "true"})}
	for i := range t.Codes {
		switch {
		case flags.IsNull(i):
			t.Codes[i] = 2
		case flags.Value(i):
			t.Codes[i] = 1
		}
	}
	return t
}

// dictionary has the texts, and a null behind them.
func dictionary(texts []string) *array.String {
	b := array.NewStringBuilder(memory.DefaultAllocator)
	b.AppendValues(texts, nil)
	b.AppendNull()
	return b.NewStringArray()
}

// times reads a column of times; text is read once per dictionary entry.
func times(p part, a arrow.Array) func(i int) (int64, bool, error) {
	if stamps, ok := a.(*array.Timestamp); ok {
		return func(i int) (int64, bool, error) { return int64(stamps.Value(i)), stamps.IsNull(i), nil }
	}
	t := wordsOf(a)
	type instant struct {
		us int64
		ok bool
	}
	all := each(t, func(text string) instant {
		us, ok := Instant(text, p.time)
		return instant{us, ok}
	})
	return func(i int) (int64, bool, error) {
		if t.Null(i) {
			return 0, true, nil
		}
		if at := all[t.Codes[i]]; at.ok {
			return at.us, false, nil
		}
		return 0, false, misfit(hintTime, "read the export: column %q, which consent.map.%s names, has a value that is no "+
			"time with its zone", p.path, p.key)
	}
}

// numbers reads a column of whole numbers.
func numbers(p part, a arrow.Array) func(i int) (int64, bool, error) {
	switch a := a.(type) {
	case *array.Int64:
		return func(i int) (int64, bool, error) { return a.Value(i), a.IsNull(i), nil }
	case *array.Dictionary:
		t := wordsOf(a)
		return func(i int) (int64, bool, error) {
			if t.Null(i) {
				return 0, true, nil
			}
			n, err := strconv.ParseInt(t.Dict.Value(int(t.Codes[i])), 10, 32)
			if err != nil {
				return 0, false, misfit("leave notice_version out, or have numbers exported",
					"read the export: column %q, which consent.map.%s names, has a value that is no whole number", p.path, p.key)
			}
			return n, false, nil
		}
	}
	panic("a column of numbers is integers or text")
}

// readable says what of a row with events cannot be read.
func (c *columns) readable(i int, heartbeat bool) error {
	for _, read := range []func(int) (int64, bool, error){c.at, c.recorded, c.notice} {
		if read != nil {
			if _, _, err := read(i); err != nil {
				return err
			}
		}
	}
	if m := c.form.conf; m.KindColumn != "" && !heartbeat && c.kinds[c.kind.Codes[i]] == "" {
		return misfit(hintWord, "read the export: column %q, which consent.map.subject.type names, has a word that its "+
			"words do not", m.KindColumn)
	}
	return nil
}

// row adds the events of a row.
func (c *columns) row(e *events, i int) error {
	m := c.form.conf
	if m.TCString != "" && !c.tc.Null(i) {
		e.add(i, -1, state)
	} else if m.OnlyStrings() {
		return misfit(hintObject, "read the export: column %q, which consent.map.tc_string names, is empty, and nothing "+
			"else says what was answered", m.TCString)
	}
	answer := grant // of a row that has none of its own, the cells or the list say
	if m.Answer != "" {
		answer = c.answers[c.answer.Codes[i]]
	}
	switch answer {
	case unknown:
		return misfit(hintWord, "read the export: column %q, which consent.map.answer names, has a word that "+
			"consent.map.answers does not; it may be a denial", m.Answer)
	case nothing:
		return nil
	case heartbeat:
		e.add(i, -1, heartbeat)
		return nil
	}
	switch {
	case m.Purpose != "":
		purposes := c.purposes[c.purpose.Codes[i]]
		if purposes == nil && c.purpose.Null(i) && denies(answer) {
			purposes = c.form.all // who says no and not to what says no to all
		}
		if purposes == nil {
			return misfit(hintWord, "read the export: column %q, which consent.map.purpose names, has a word that "+
				"consent.map.purposes does not; say [] for what is not asked", m.Purpose)
		}
		for _, p := range purposes {
			e.add(i, p, answer)
		}
	case answer != grant:
		for _, p := range c.form.all {
			e.add(i, p, answer)
		}
	case m.Granted != "":
		list := c.lists[c.granted.Codes[i]]
		if !list.ok {
			return misfit(hintWord, "read the export: column %q, which consent.map.granted names, has a word that "+
				"consent.map.purposes does not, or is neither a JSON list nor words between commas", m.Granted)
		}
		for k, has := range list.has {
			answer := deny
			if has {
				answer = grant
			}
			for _, p := range c.form.of[c.form.words[k]] {
				e.add(i, p, answer)
			}
		}
	default:
		return c.wide(e, i)
	}
	return nil
}

// wide adds the events of a row with a column for each purpose.
func (c *columns) wide(e *events, i int) error {
	for k := range c.cells {
		cell := &c.cells[k]
		answer := cell.answers[cell.text.Codes[i]]
		switch answer {
		case nothing:
			continue
		case unknown, heartbeat:
			return misfit(hintWord, "read the export: column %q, which consent.map.purposes names, has a word that "+
				"consent.map.answers does not; it may be a denial", cell.word)
		}
		for _, p := range c.form.of[cell.word] {
			e.add(i, p, answer)
		}
	}
	return nil
}
