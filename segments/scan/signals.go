package scan

import (
	"github.com/apache/arrow/go/v15/arrow/array"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/segments/evidence"
)

// Signals is the pass over rows that the consent log is sealed after: what they themselves say about consent. One
// goroutine uses it at a time. The zero Signals are of a table without such columns.
type Signals struct {
	schema  *rules.Schema
	knownBy int64
	gpc     []*rules.Column
	browser []*rules.Column
	tc      *rules.Column

	Found SignalRows
}

// SignalRows are the rows of a row group that say something, with codes of dictionaries; valid until the next Read.
type SignalRows struct {
	Device, String   []int32 // String -1: no TC string
	At               []int64 // microseconds UTC
	Marks            []evidence.Mark
	Devices, Strings *array.String
}

// NewSignals returns a reader of rows that had arrived by an instant.
func NewSignals(schema *rules.Schema, knownBy int64) *Signals {
	s := &Signals{schema: schema, knownBy: knownBy}
	for i := range schema.Columns {
		switch c := &schema.Columns[i]; c.Role {
		case rules.RoleGPC:
			s.gpc = append(s.gpc, c)
		case rules.RoleBrowserDeny:
			s.browser = append(s.browser, c)
		case rules.RoleTCString:
			s.tc = c
		}
	}
	return s
}

// Speak reports whether rows can say anything.
func (s *Signals) Speak() bool { return s.tc != nil || len(s.gpc)+len(s.browser) > 0 }

// Read finds the rows of a row group that say something. A row without a time or a device says it of nobody.
func (s *Signals) Read(g RowGroup) error {
	f := &s.Found
	*f = SignalRows{Device: f.Device[:0], String: f.String[:0], At: f.At[:0], Marks: f.Marks[:0]}
	marks := make([]evidence.Mark, g.Rows())
	for _, of := range []struct {
		columns []*rules.Column
		is      evidence.Mark
	}{{s.gpc, evidence.GPC}, {s.browser, evidence.BrowserDeny}} {
		for _, c := range of.columns {
			if err := denied(g, c, of.is, marks); err != nil {
				return err
			}
		}
	}
	strings, err := s.strings(g)
	if err != nil {
		return err
	}
	said := false
	for i, m := range marks {
		said = said || m != 0 || strings != nil && !f.Strings.IsNull(int(strings[i]))
	}
	if !said {
		return nil
	}
	return s.keep(g, marks, strings)
}

// strings are the codes of the rows' TC strings, nil where there is no such column.
func (s *Signals) strings(g RowGroup) ([]int32, error) {
	if s.tc == nil {
		return nil, nil
	}
	a, err := g.Column(s.tc.Name)
	if err != nil {
		return nil, err
	}
	var codes []int32
	codes, s.Found.Strings = asText(a)
	return codes, nil
}

// denied marks the rows whose value in a column refuses.
func denied(g RowGroup, c *rules.Column, is evidence.Mark, marks []evidence.Mark) error {
	a, err := g.Column(c.Name)
	if err != nil {
		return err
	}
	switch a := a.(type) {
	case *array.Boolean:
		for i := range marks {
			if a.IsValid(i) && a.Value(i) {
				marks[i] |= is
			}
		}
	case *array.Int64:
		for i := range marks {
			if a.IsValid(i) && a.Value(i) != 0 {
				marks[i] |= is
			}
		}
	default:
		codes, dict := asText(a)
		refuses := make([]bool, dict.Len())
		for i := range refuses {
			refuses[i] = !dict.IsNull(i) && c.Refuses(dict.Value(i))
		}
		for i := range marks {
			if refuses[codes[i]] {
				marks[i] |= is
			}
		}
	}
	return nil
}

// keep fills Found with the rows that had arrived and say something.
func (s *Signals) keep(g RowGroup, marks []evidence.Mark, strings []int32) error {
	time, _ := s.schema.WithRole(rules.RoleEventTime)
	a, err := g.Column(time.Name)
	if err != nil {
		return err
	}
	at := a.(*array.Timestamp)
	var received *array.Timestamp
	if c, ok := s.schema.WithRole(rules.RoleReceivedAt); ok {
		if a, err = g.Column(c.Name); err != nil {
			return err
		}
		received = a.(*array.Timestamp)
	}
	device, _ := s.schema.WithRole(rules.RoleDevice)
	if a, err = g.Column(device.Name); err != nil {
		return err
	}
	f := &s.Found
	codes, dict := asText(a)
	f.Devices = dict
	for i, m := range marks {
		code := int32(-1)
		if strings != nil && !f.Strings.IsNull(int(strings[i])) {
			code = strings[i]
		}
		hidden := received != nil && received.IsValid(i) && int64(received.Value(i)) >= s.knownBy
		if m == 0 && code < 0 || at.IsNull(i) || hidden || dict.IsNull(int(codes[i])) {
			continue
		}
		f.Device, f.String = append(f.Device, codes[i]), append(f.String, code)
		f.At, f.Marks = append(f.At, int64(at.Value(i))), append(f.Marks, m)
	}
	return nil
}
