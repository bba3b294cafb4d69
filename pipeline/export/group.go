package export

import (
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strconv"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/malgrupp/malgrupp/pipeline/parquet"
)

// group makes the columns of the consent log from the events.
func (c *columns) group(e *events, written int64) *Group {
	g := &Group{rows: len(e.row), texts: map[string]parquet.Text{}, words: map[string]arrow.Array{}}
	at := c.instants(e, c.at)
	recorded := at
	switch {
	case c.form.conf.ByObject:
		recorded = c.instants(e, func(int) (int64, bool, error) { return written, false, nil })
	case c.recorded != nil:
		recorded = c.instants(e, c.recorded)
	}
	g.words["at"], g.words["recorded_at"], g.words["notice_version"] = at, recorded, c.notices(e)
	g.texts["subject_type"] = c.kindsOf(e)
	g.texts["subject_id"] = of(c.subject, e.row, func(k int) bool { return e.action[k] != heartbeat })
	g.texts["action"] = actionsOf(e)
	g.texts["purpose"] = c.purposesOf(e)
	g.texts["source"] = c.always(c.source, c.form.conf.Source, e)
	g.texts["evidence"] = c.always(c.evidence, "", e)
	g.texts["tc_string"] = c.always(c.tc, "", e)
	if c.tc.Dict != nil {
		g.texts["tc_string"] = of(c.tc, e.row, func(k int) bool { return e.action[k] == state })
	}
	g.texts["event_id"] = c.ids(e, g, at, recorded)
	return g
}

// actionsOf are the actions, with none in the dictionary that no event has: a reader judges it as a whole.
func actionsOf(e *events) parquet.Text {
	out := parquet.Text{Codes: make([]int32, len(e.action))}
	var texts []string
	for k, a := range e.action {
		at := slices.Index(texts, actions[a])
		if at < 0 {
			at, texts = len(texts), append(texts, actions[a])
		}
		out.Codes[k] = int32(at)
	}
	out.Dict = dictionary(texts)
	return out
}

// of is a column of the export for the events; where it does not belong to an event it is null.
func of(t parquet.Text, rows []int32, belongs func(k int) bool) parquet.Text {
	out := parquet.Text{Codes: make([]int32, len(rows)), Dict: t.Dict}
	null := int32(-1)
	for k, row := range rows {
		if belongs(k) {
			out.Codes[k] = t.Codes[row]
			continue
		}
		if null < 0 {
			out.Dict, null = withNull(t.Dict)
		}
		out.Codes[k] = null
	}
	return out
}

// withNull is a dictionary with a null at its end, and its number.
func withNull(d *array.String) (*array.String, int32) {
	if n := d.Len(); n > 0 && d.IsNull(n-1) {
		return d, int32(n - 1)
	}
	texts := make([]string, d.Len())
	for i := range texts {
		texts[i] = d.Value(i)
	}
	return dictionary(texts), int32(len(texts))
}

// always is a column of the export, or the same text for all events; "" is none.
func (c *columns) always(t parquet.Text, text string, e *events) parquet.Text {
	if t.Dict != nil {
		return of(t, e.row, func(int) bool { return true })
	}
	out := parquet.Text{Codes: make([]int32, len(e.row)), Dict: dictionary([]string{text})}
	if text == "" {
		for k := range out.Codes {
			out.Codes[k] = 1
		}
	}
	return out
}

func (c *columns) kindsOf(e *events) parquet.Text {
	m := c.form.conf
	out := parquet.Text{Codes: make([]int32, len(e.row)), Dict: dictionary([]string{"device", "customer"})}
	for k, row := range e.row {
		kind := m.Kind
		if m.KindColumn != "" {
			kind = c.kinds[c.kind.Codes[row]]
		}
		switch {
		case e.action[k] == heartbeat:
			out.Codes[k] = 2
		case kind == "customer":
			out.Codes[k] = 1
		}
	}
	return out
}

// purposesOf are the purposes; what a TC string says is about all.
func (c *columns) purposesOf(e *events) parquet.Text {
	asked := c.form.asked
	out := parquet.Text{Codes: make([]int32, len(e.row)), Dict: dictionary(append(asked[:len(asked):len(asked)], "*"))}
	for k, p := range e.purpose {
		switch {
		case p >= 0:
			out.Codes[k] = p
		case e.action[k] == state:
			out.Codes[k] = int32(len(asked))
		default:
			out.Codes[k] = int32(len(asked)) + 1
		}
	}
	return out
}

// instants and notices are of rows that were found to be readable.
func (c *columns) instants(e *events, read func(i int) (int64, bool, error)) *array.Timestamp {
	b := array.NewTimestampBuilder(memory.DefaultAllocator, &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"})
	for _, row := range e.row {
		if us, null, _ := read(int(row)); null {
			b.AppendNull()
		} else {
			b.Append(arrow.Timestamp(us))
		}
	}
	return b.NewTimestampArray()
}

func (c *columns) notices(e *events) *array.Int64 {
	b := array.NewInt64Builder(memory.DefaultAllocator)
	for _, row := range e.row {
		n, null := int64(c.form.conf.Notice), c.form.conf.Notice == 0
		if c.notice != nil {
			n, null, _ = c.notice(int(row))
		}
		if null {
			b.AppendNull()
		} else {
			b.Append(n)
		}
	}
	return b.NewInt64Array()
}

// ids are the export's own with the purpose, for a row may be about several; or a digest of all that an event says, so
// that a row that is exported twice is one event.
func (c *columns) ids(e *events, g *Group, at, recorded *array.Timestamp) parquet.Text {
	out := parquet.Text{Codes: make([]int32, len(e.row))}
	texts := make([]string, len(e.row))
	notice := g.words["notice_version"].(*array.Int64)
	var b strings.Builder
	put := func(text string) {
		b.WriteString(strconv.Itoa(len(text)))
		b.WriteByte(' ')
		b.WriteString(text)
	}
	for k, row := range e.row {
		b.Reset()
		out.Codes[k] = int32(k)
		if c.id.Dict != nil {
			if c.id.Null(int(row)) {
				out.Codes[k] = int32(len(texts))
				continue
			}
			texts[k] = c.id.At(int(row)) + "/" + g.texts["purpose"].At(k)
			continue
		}
		for _, name := range []string{"subject_type", "subject_id", "action", "purpose", "source", "evidence", "tc_string"} {
			put(g.texts[name].At(k))
		}
		for _, n := range []int64{int64(at.Value(k)), int64(recorded.Value(k)), notice.Value(k)} {
			put(strconv.FormatInt(n, 10))
		}
		sum := sha256.Sum256([]byte(b.String())) // it is told to people, and the event names its person
		texts[k] = base64.RawURLEncoding.EncodeToString(sum[:16])
	}
	out.Dict = dictionary(texts)
	return out
}
