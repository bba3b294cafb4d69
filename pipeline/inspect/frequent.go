package inspect

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/apache/arrow/go/v15/arrow/array"

	"github.com/malgrupp/malgrupp/pipeline/decide"
	"github.com/malgrupp/malgrupp/pipeline/folder"
	"github.com/malgrupp/malgrupp/pipeline/parquet"
	"github.com/malgrupp/malgrupp/pipeline/store"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/value"
)

// Held is an event, a column of it or a value there, that rows of a source hold often. Nobody knows yet how many people
// that is: it must be asked about before it is told to anybody (preview.Catalog).
type Held struct {
	Source, Event string
	Column        *rules.Column // nil: the event itself
	Value         string        // "": any; of an event there is none
	Rows          int64         // that hold it, of those looked at
}

// How much of a source is looked at, and kept of it.
const (
	frequentObjects = 3
	frequentEvents  = 40
	frequentColumns = 30
	frequentValues  = 12  // of a column
	frequentBytes   = 120 // longer texts are no words of a rule
)

// Frequent finds what the newest rows of every source hold most often, of columns that are no ids and say no signal,
// labelled content apart; the most frequent come first.
func Frequent(ctx context.Context, in decide.Inputs) (out []Held, err error) {
	var labels []rules.Label // of events: they hold in every schema
	for _, s := range in.InUse() {
		if c, ok := s.WithRole(rules.RoleEventName); ok {
			labels = append(labels, c.Labels...)
		}
	}
	for _, conf := range in.Project.Sources {
		bucket, listing, err := in.List(ctx, conf.URL)
		if err != nil {
			return nil, err
		}
		listing = slices.DeleteFunc(listing, func(o store.Object) bool { return folder.Hidden(o) })
		if len(listing) == 0 {
			continue
		}
		newestFirst(listing, conf.Partition)
		f := frequency{source: conf.Name, schema: in.Schemas[conf.Schema], labels: labels, rows: map[Held]int64{}}
		for _, o := range listing[:min(len(listing), frequentObjects)] {
			if err := f.object(ctx, &in, bucket, o); err != nil {
				return nil, err
			}
		}
		out = append(out, f.most()...)
	}
	return out, nil
}

// frequency counts what the rows of a source hold.
type frequency struct {
	source string
	schema *rules.Schema
	labels []rules.Label // of events
	rows   map[Held]int64
}

func (f *frequency) object(ctx context.Context, in *decide.Inputs, bucket *store.Bucket, o store.Object) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	r, err := bucket.Open(ctx, o)
	if err != nil {
		return err
	}
	defer r.Close()
	file, err := parquet.Open(r, o.Size, o.Key, f.schema, in.Limits())
	if err != nil {
		return err
	}
	named, ok := f.schema.WithRole(rules.RoleEventName)
	if !ok || file.RowGroups() == 0 {
		return nil
	}
	var cursor parquet.Cursor
	g := cursor.Move(file, 0) // the first of a writer's row groups are as good as the others
	events, err := text(g, named)
	if err != nil || events == nil {
		return err
	}
	for code, n := range new(profiler).counted(events) {
		if event, ok := word(f.labels, events, code); ok && n > 0 {
			f.rows[Held{Source: f.source, Event: event}] += n
		}
	}
	for i := range f.schema.Columns {
		if c := &f.schema.Columns[i]; c.Role == rules.RoleNone && !c.IsID() {
			if err := f.column(g, c, events); err != nil {
				return err
			}
		}
	}
	return nil
}

// text is a column of words; nil where it is none.
func text(g *parquet.RowGroup, c *rules.Column) (*array.Dictionary, error) {
	if c.Type.Kind != value.Text {
		return nil, nil
	}
	a, err := g.Column(c.Name)
	if err != nil {
		return nil, err
	}
	return a.(*array.Dictionary), nil
}

// column counts the values of a column by event.
func (f *frequency) column(g *parquet.RowGroup, c *rules.Column, events *array.Dictionary) error {
	a, err := g.Column(c.Name)
	if err != nil {
		return err
	}
	words, _ := a.(*array.Dictionary)
	type two struct{ event, word int }
	counts := map[two]int64{}
	for i := range a.Len() {
		at := two{events.GetValueIndex(i), -1}
		if words != nil {
			if at.word = words.GetValueIndex(i); words.Dictionary().IsNull(at.word) {
				continue
			}
		} else if a.IsNull(i) {
			continue
		}
		counts[at]++
	}
	for at, n := range counts {
		event, ok := word(f.labels, events, at.event)
		if !ok {
			continue
		}
		f.rows[Held{Source: f.source, Event: event, Column: c}] += n
		if words != nil {
			if v, ok := word(c.Labels, words, at.word); ok {
				f.rows[Held{Source: f.source, Event: event, Column: c, Value: v}] += n
			}
		}
	}
	return nil
}

// word is a value that a rule can name: short, printable, and no content that a label keeps from rules.
func word(labels []rules.Label, a *array.Dictionary, code int) (string, bool) {
	dict := a.Dictionary().(*array.String)
	if dict.IsNull(code) {
		return "", false
	}
	v := dict.Value(code)
	if v == "" || len(v) > frequentBytes || !utf8.ValidString(v) ||
		strings.ContainsFunc(v, func(r rune) bool { return !unicode.IsPrint(r) }) ||
		slices.ContainsFunc(labels, func(l rules.Label) bool { return l.Marks(v) }) {
		return "", false
	}
	return strings.Clone(v), true
}

// most are what rows hold most often: events, of each column the event that has it most, of its values the first few.
func (f *frequency) most() (out []Held) {
	all := slices.Collect(maps.Keys(f.rows))
	for i := range all {
		all[i].Rows = f.rows[all[i]]
	}
	column := func(h *Held) string {
		if h.Column == nil {
			return ""
		}
		return h.Column.Name
	}
	slices.SortFunc(all, func(a, b Held) int {
		return cmp.Or(cmp.Compare(b.Rows, a.Rows), strings.Compare(a.Event, b.Event), strings.Compare(column(&a), column(&b)),
			strings.Compare(a.Value, b.Value))
	})
	kept := map[string]int{}
	for i := range all {
		h := &all[i]
		kind, most := "value "+column(h), frequentValues
		switch {
		case h.Column == nil:
			kind, most = "event", frequentEvents
		case h.Value == "":
			if kind, most = "column "+column(h), 1; kept[kind] == 0 {
				kept["column"]++
			}
		}
		if kept[kind]++; kept[kind] <= most && kept["column"] <= frequentColumns {
			out = append(out, *h)
		}
	}
	return out
}
