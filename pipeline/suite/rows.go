package suite

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/malgrupp/malgrupp/pipeline/decide"
	"github.com/malgrupp/malgrupp/pipeline/parquet"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/rules/yaml"
)

// attributeTable is the table of the customers' attributes.
func (c *Case) attributeTable() ([]byte, error) {
	if c.attributes == nil {
		return newTable([]rules.Column{{Name: "none", Type: value.Type{Kind: value.Text}}}).bytes()
	}
	t := newTable(c.schemas(&rules.Schema{})[c.attributes.Name].Columns)
	for _, u := range c.Users {
		if u.attributes == nil {
			continue
		}
		var row []any
		for _, col := range t.columns {
			v, err := cell(col, u.attributes[col.Name])
			if err != nil {
				return nil, err
			}
			if col.Role == rules.RoleCustomer {
				v = u.ID
			}
			row = append(row, v)
		}
		t.add(row...)
	}
	return t.bytes()
}

// grants is a consent log in which everybody granted everything for the whole time.
func (c *Case) grants() ([]byte, error) {
	type subject struct{ kind, id string }
	seen := map[subject]bool{}
	var people []subject
	ask := func(s subject) {
		if s.id != "" && !seen[s] {
			seen[s] = true
			people = append(people, s)
		}
	}
	for _, u := range c.Users {
		ask(subject{string(c.Level), u.ID}) // also somebody of whom there are attributes alone
		for _, e := range u.Events {
			ask(subject{"device", e.Device})
			ask(subject{"customer", e.Customer})
		}
	}
	const step = 300 * 24 * 3600 * 1_000_000 // shorter than the age at which a grant expires
	now := c.KnownBy - 60_000_000
	t := newTable(decide.ConsentColumns())
	for at := now; at > now-4*step; at -= step {
		for _, s := range people {
			for _, purpose := range []string{"measure", "profile", "link", "partner_data"} {
				t.add(fmt.Sprintf("%s %s %s %d", s.kind, s.id, purpose, at), s.kind, s.id, "grant", purpose, at, at, "cmp", nil,
					nil, nil)
			}
		}
	}
	t.add("heartbeat", nil, nil, "heartbeat", nil, now, now, "exporter", nil, nil, nil)
	return t.bytes()
}

// eventTable is the Parquet table of the people's rows.
func eventTable(schema *rules.Schema, users []User) ([]byte, error) {
	t := newTable(schema.Columns)
	for _, u := range users {
		for _, e := range u.Events {
			// In the order of the roles in schema.
			row := []any{e.At, e.Received, e.ID, e.Name, e.Device, orNull(e.Customer), orNull(e.Session)}
			for _, col := range schema.Columns[len(row):] {
				v, err := cell(col, e.Values[col.Name])
				if err != nil {
					return nil, err
				}
				row = append(row, v)
			}
			t.add(row...)
		}
	}
	return t.bytes()
}

func orNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// cell turns a value of the file into one of the column's type; a value that was not written is null.
func cell(col rules.Column, n yaml.Node) (any, error) {
	if !n.Present() || n.IsNull() {
		return nil, nil
	}
	text := n.Value()
	v, ok := value.ParseValue(col.Type, text)
	if !ok {
		return nil, fmt.Errorf("column %s: %q is no value of its type", col.Name, text)
	}
	switch col.Type.Kind {
	case value.Text:
		return v.Text, nil
	case value.Float:
		return v.Float, nil
	}
	return v.Int, nil
}

// table gathers rows for a Parquet table.
type table struct {
	columns []rules.Column
	values  []parquet.Values
	rows    int
}

func newTable(columns []rules.Column) *table {
	t := &table{columns: slices.Clone(columns), values: make([]parquet.Values, len(columns))}
	for i := range t.columns {
		t.columns[i].Optional = true
	}
	return t
}

func (t *table) add(row ...any) {
	for i, v := range row {
		c := &t.values[i]
		c.Null = append(c.Null, v == nil)
		switch t.columns[i].Type.Kind {
		case value.Text:
			s, _ := v.(string)
			c.Text = append(c.Text, s)
		case value.Float:
			f, _ := v.(float64)
			c.Floats = append(c.Floats, f)
		default:
			n, _ := v.(int64)
			c.Ints = append(c.Ints, n)
		}
	}
	t.rows++
}

func (t *table) bytes() ([]byte, error) {
	var out bytes.Buffer
	w, err := parquet.NewWriter(&out, t.columns, parquet.WriterOptions{})
	if err != nil {
		return nil, err
	}
	if err := w.Write(t.rows, t.values); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
