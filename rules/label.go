package rules

import (
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/rules/where"
)

// Label marks sensitive content of a column: a value, a prefix, or (without either) the whole column.
type Label struct {
	Value, Prefix string
	Is, Policy    string // policy: drop or no_ads
}

// The policies of labels: rows that show the content are never used, or a rule about it stays away from ad platforms.
const (
	policyDrop  = "drop"
	policyNoAds = "no_ads"
)

// whole reports whether every value of the column is labelled.
func (l Label) whole() bool { return l.Value == "" && l.Prefix == "" }

// shows is true for a row that shows the labelled content in the column. A row without a value shows nothing.
func (l Label) shows(column string, of value.Type) *Test {
	t := &Test{Term: Term{Column: column, Type: of, Of: of}}
	switch {
	case l.whole():
		t.Op, t.Not = where.OpIsNull, true
	case l.Value != "":
		t.Op, t.Args = where.OpEqual, []value.Value{{Kind: value.Text, Text: l.Value}}
	default:
		t.Op, t.Args = where.OpStartsWith, []value.Value{{Kind: value.Text, Text: l.Prefix}}
	}
	return t
}

// Dropped is true for the rows of a table that nobody may use: those that show content labelled with policy: drop. It is nil
// where there are none. all are the schemas of the project: what one of them labels is labelled in every table of its kind,
// for one name means one thing in all of them; the name of the event goes by its role, whatever a log calls it. A column
// that the table lacks shows nothing.
func Dropped(all []*Schema, table *Schema) Expr {
	var terms Or
	for _, s := range all {
		if s.Customers != table.Customers {
			continue
		}
		for i := range s.Columns {
			c, there := table.Column(s.Columns[i].Name)
			if s.Columns[i].Role == RoleEventName {
				c, there = table.WithRole(RoleEventName)
			}
			for _, l := range s.Columns[i].Labels {
				if there && l.Policy == policyDrop {
					terms = append(terms, l.shows(c.Name, c.Type))
				}
			}
		}
	}
	if terms == nil {
		return nil
	}
	return normal(terms)
}
