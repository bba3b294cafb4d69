// Package export reads what a consent platform exports, CSV or Parquet with columns of its own, as the consent log that
// a map of the project makes of it.
//
// In come objects and a project.ConsentMap; out come row groups with the columns of the consent log. It knows no
// storage, and whether a log may be trusted it does not judge; but a word that the map does not name is an error, for
// it may be a denial.
package export

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"

	"github.com/malgrupp/malgrupp/pipeline/parquet"
	"github.com/malgrupp/malgrupp/pipeline/project"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/value"
)

// Error is an export that its map does not fit. It holds no value of the export.
type Error struct{ Reason, Hint string }

func (e *Error) Error() string { return e.Reason }

func misfit(hint, format string, args ...any) error {
	return &Error{Reason: fmt.Sprintf(format, args...), Hint: hint}
}

// Hints of what a map does not fit.
const (
	hintColumn = "name the column as the export does: malgrupp consent inspect URL shows them all"
	hintWord   = "say in consent.map what it means; malgrupp consent inspect URL shows the words"
	hintTime   = "say unit for numbers, and zone for times that name none; or have them exported with their offset"
	hintObject = "have the object exported again"
)

// Form reads the objects of one export. It may be used by many goroutines.
type Form struct {
	conf  *project.ConsentMap
	words []string // the platform's purposes, in order
	asked []string // ours, each once, in order
	all   []int32  // the numbers of all of ours
	of    map[string][]int32
}

// New returns the form of a map.
func New(m *project.ConsentMap) *Form {
	f := &Form{conf: m, words: slices.Sorted(maps.Keys(m.Purposes)), of: map[string][]int32{}}
	for _, word := range f.words {
		for _, p := range m.Purposes[word] {
			f.of[word] = append(f.of[word], int32(len(f.asked)))
			f.all = append(f.all, int32(len(f.asked)))
			f.asked = append(f.asked, p)
		}
	}
	return f
}

// part is a column of the export that the map names, and what it is read for.
type part struct {
	name string // in the schema that the object is read with
	path string
	key  string // of the map
	as   reading
	time project.MappedTime
}

// reading is how a column is read.
type reading uint8

const (
	asWord reading = iota // text, or what else can be a word
	asID
	asTime
	asNumber
)

// parts are all columns that the map names.
func (f *Form) parts() (out []part) {
	m := f.conf
	add := func(name, path, key string, as reading) {
		if path != "" {
			out = append(out, part{name: name, path: path, key: key, as: as})
		}
	}
	add("subject", m.Subject, "subject.id", asID)
	add("kind", m.KindColumn, "subject.type.column", asWord)
	add("purpose", m.Purpose, "purpose", asWord)
	add("granted", m.Granted, "granted", asWord)
	add("answer", m.Answer, "answer", asWord)
	if m.Purpose == "" && m.Granted == "" {
		for _, word := range f.words {
			add(cell(word), word, "purposes", asWord)
		}
	}
	for _, t := range []struct {
		name, key string
		time      project.MappedTime
	}{{"at", "at", m.At}, {"recorded_at", "recorded_at", m.Recorded}} {
		if t.time.Column != "" {
			out = append(out, part{name: t.name, path: t.time.Column, key: t.key, as: asTime, time: t.time})
		}
	}
	add("source", m.SourceColumn, "source.column", asWord)
	add("notice_version", m.NoticeColumn, "notice_version.column", asNumber)
	add("event_id", m.EventID, "event_id", asID)
	add("evidence", m.Evidence, "evidence", asID)
	add("tc_string", m.TCString, "tc_string", asWord)
	return out
}

// cell is the name under which the column of a purpose is read.
func cell(word string) string { return "purpose " + word }

// Named are the columns of the export that the map names, behind the key that names each.
func (f *Form) Named() iter.Seq2[string, string] {
	return func(yield func(key, path string) bool) {
		for _, p := range f.parts() {
			if !yield(p.key, p.path) {
				return
			}
		}
	}
}

// Shape opens an object: what it is read from, which for CSV is a table made of it, and the schema of the columns that
// the map names, each with a type that the object's own can be read as. The error is an *Error, a
// *parquet.DamagedError, or the storage's own.
func (f *Form) Shape(r io.ReaderAt, size int64, name string) (io.ReaderAt, int64, *rules.Schema, error) {
	r, size, err := Tabled(r, size, name, f.conf.Delimiter)
	if err != nil {
		return nil, 0, nil, err
	}
	has, err := columnsOf(r, size, name)
	if err != nil {
		return nil, 0, nil, err
	}
	schema := &rules.Schema{Name: "consent-export", EmptyIsNull: true}
	for _, p := range f.parts() {
		found, ok := has[p.path]
		if !ok {
			return nil, 0, nil, misfit(hintColumn, "read %q: it has no column %q, which consent.map.%s names", name, p.path,
				p.key)
		}
		column, why := p.column(found)
		if why != "" {
			return nil, 0, nil, misfit(hintTime, "read %q: column %q, which consent.map.%s names, %s", name, p.path, p.key, why)
		}
		schema.Columns = append(schema.Columns, column)
	}
	return r, size, schema, nil
}

// Tabled returns an object as Parquet, whether it is that or CSV. The error is an *Error or the storage's own.
func Tabled(r io.ReaderAt, size int64, name string, delimiter rune) (io.ReaderAt, int64, error) {
	table, n, err := tabled(r, size, delimiter)
	if fault, ok := errors.AsType[storageFault](err); ok {
		return nil, 0, fault.error
	}
	if err != nil {
		return nil, 0, misfit(hintObject, "read %q: %v", name, err)
	}
	return table, n, nil
}

// columnsOf are the columns of a table by path, with how they could be read; one of a type that rules do not have has
// none.
func columnsOf(r io.ReaderAt, size int64, name string) (map[string]rules.Column, error) {
	d, err := parquet.Describe(r, size, name)
	if err != nil {
		return nil, err
	}
	out := map[string]rules.Column{}
	for i := range d.Columns {
		out[d.Columns[i].Path] = rules.Column{From: d.Columns[i].Path}
	}
	schema, _, err := parquet.Infer(r, size, name)
	if err != nil {
		return nil, err
	}
	for _, c := range schema.Columns {
		out[c.Name] = c
	}
	return out, nil
}

// column is how the part is read from a column of the file; why says why it cannot be. All are optional, so that one
// with nothing but nulls is read: whether they may be null is judged where they are used.
func (p *part) column(found rules.Column) (c rules.Column, why string) {
	c = rules.Column{Name: p.name, From: found.From, Type: value.Type{Kind: value.Text}, Optional: true}
	switch kind := found.Type.Kind; p.as {
	case asTime:
		return p.timed(c, found)
	case asNumber:
		if kind == value.Integer {
			c.Type = found.Type
		}
	case asWord:
		if kind == value.Boolean {
			c.Type = found.Type
			break
		}
		c.Role = rules.RoleCustomer // so that whole numbers are read as their digits
	case asID:
		c.Role = rules.RoleCustomer
	}
	return c, ""
}

func (p *part) timed(c, found rules.Column) (rules.Column, string) {
	switch found.Type.Kind {
	case value.Timestamp:
		c.Type = found.Type
		switch {
		case found.INT96 != "":
			if p.time.Zone == nil || p.time.Zone.Name() != "UTC" {
				return c, "has INT96 times, which name no zone: only zone: UTC can be said of them"
			}
			c.INT96 = found.INT96
		case found.Zone != "":
			if p.time.Zone == nil {
				return c, "has times that name no zone"
			}
			c.Zone = p.time.Zone.Name()
		}
	case value.Integer:
		if p.time.Unit == "" {
			return c, "has numbers, and nobody says what they count"
		}
		c.Type.Kind, c.Unit = value.Timestamp, p.time.Unit
	case value.Text, 0: // 0: of a type that rules do not have, which is read if all is null
	default:
		return c, "has no times"
	}
	return c, ""
}
