package rules

import (
	"fmt"
	"slices"

	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/where"
)

// idRoles are the roles of columns whose values stand for one person, one visit or one row. Whoever may compare with
// them can ask what one known person did, and every count of the answer would be of her; only `why` may be asked that,
// and it writes down who asked.
var idRoles = []Role{RoleDevice, RoleCustomer, RoleEventID, RoleSession}

// IsID reports whether a column's values stand for one person, one visit or one row.
func (c *Column) IsID() bool { return slices.Contains(idRoles, c.Role) }

// idRole is the role that makes a column of the schema an id: its own, or that of a column which reads the same place
// in the file under another name. The columns of a suite of cases are in no file.
func (s *Schema) idRole(c *Column) (Role, bool) {
	for i := range s.Columns {
		o := &s.Columns[i]
		if o.IsID() && (o.Name == c.Name || o.samePlace(c)) {
			return o.Role, true
		}
	}
	return RoleNone, false
}

// idRole is the role that makes a name of the vocabulary an id in one of the schemas that have it.
func (w *Word) idRole() (Role, *Schema, bool) {
	for _, s := range w.Schemas {
		c, _ := s.Column(w.column.Name)
		if role, ok := s.idRole(c); ok {
			return role, s, true
		}
	}
	return RoleNone, nil, false
}

// impersonal reports whether a comparison leaves people's ids alone. Whether a row has one may be asked.
func (b *binder) impersonal(c *where.Comparison, w *Word) bool {
	if w == nil || c.Op == where.OpIsNull {
		return true
	}
	role, schema, ok := w.idRole()
	if !ok {
		return true
	}
	b.fault("E-PERSON", c.Term.Span, fmt.Sprintf("%s holds ids, and a rule may not ask for single ones", c.Term.Column),
		source.Expected(c.Term.Column+" is null, "+c.Term.Column+" is not null, or a metric such as "+
			"distinct("+c.Term.Column+")")).Note = roleNote(role, schema)
	return false
}

// impersonalMetric reports whether a metric leaves people's ids alone: how many different ones there are may be asked,
// the smallest one not.
func (c *checker) impersonalMetric(m *Metric, a *Aggregate, w *Word, at source.Span) bool {
	if a.Counts {
		return true
	}
	role, schema, ok := w.idRole()
	if ok {
		c.doc.Fail("E-PERSON", at, fmt.Sprintf("%s holds ids, and %s would give single ones away", m.Column, a.Name),
			source.Expected("distinct("+m.Column+")")).Note = roleNote(role, schema)
	}
	return !ok
}

func roleNote(role Role, schema *Schema) string {
	return fmt.Sprintf("role %s in schema %s", role, schema.title())
}
