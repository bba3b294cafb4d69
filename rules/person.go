package rules

import (
	"fmt"
	"slices"
)

// idRoles are the roles of columns whose values stand for one person, one visit or one row. Whoever may compare with them can
// ask what one known person did, and every count of the answer would be of her; only `why` may be asked that, and it writes
// down who asked.
var idRoles = []Role{RoleDevice, RoleCustomer, RoleEventID, RoleSession}

// idRole is the role that makes a column of the schema an id: its own, or that of a column which reads the same place in the
// file under another name. The columns of a suite of cases are in no file.
func (s *Schema) idRole(c *Column) (Role, bool) {
	for i := range s.Columns {
		o := &s.Columns[i]
		if slices.Contains(idRoles, o.Role) && (o.Name == c.Name || c.From != "" && o.From == c.From && o.Param == c.Param) {
			return o.Role, true
		}
	}
	return RoleNone, false
}

// idRole is the role that makes a name of the vocabulary an id in one of the schemas that have it.
func (w *word) idRole() (Role, *Schema, bool) {
	for _, s := range w.schemas {
		c, _ := s.Column(w.column.Name)
		if role, ok := s.idRole(c); ok {
			return role, s, true
		}
	}
	return RoleNone, nil, false
}

// impersonal reports whether a comparison leaves people's ids alone. Whether a row has one may be asked.
func (b *binder) impersonal(c *comparison, w *word) bool {
	if w == nil || c.op == OpIsNull {
		return true
	}
	role, schema, ok := w.idRole()
	if !ok {
		return true
	}
	b.fault("E-PERSON", c.term.span, fmt.Sprintf("%s holds ids, and a rule may not ask for single ones", c.term.column),
		expected(c.term.column+" is null, "+c.term.column+" is not null, or a metric such as distinct("+c.term.column+")")).Note = roleNote(role, schema)
	return false
}

// impersonalMetric reports whether a metric leaves people's ids alone: how many different ones there are may be asked, the
// smallest one not.
func (c *checker) impersonalMetric(m *Metric, a *Aggregate, w *word, at Span) bool {
	if a.Counts {
		return true
	}
	role, schema, ok := w.idRole()
	if ok {
		c.doc.fail("E-PERSON", at, fmt.Sprintf("%s holds ids, and %s would give single ones away", m.Column, a.Name),
			expected("distinct("+m.Column+")")).Note = roleNote(role, schema)
	}
	return !ok
}

func roleNote(role Role, schema *Schema) string {
	return fmt.Sprintf("role %s in schema %s", role, schema.title())
}
