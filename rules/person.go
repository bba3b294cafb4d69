package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/rules/where"
)

// idRoles are the roles of columns whose values stand for one person, one visit or one row. Whoever may compare with
// them can ask what one known person did, and every count of the answer would be of her; only `why` may be asked that,
// and it writes down who asked.
var idRoles = []Role{RoleDevice, RoleCustomer, RoleEventID, RoleSession}

// adIDs are what logs call the ids under which devices, browsers and clicks are known to advertising: they stand for
// one person as much as the id that plays the role.
var adIDs = []string{
	"advertising_id", "adid", "gaid", "aaid", "maid", "idfa", "idfv", "rdid", "ifa", "openudid", "device.vendor_id",
	"android_idfa", "apple_idfa", "apple_idfv", "network_userid", "domain_userid", "user_fingerprint", "gclid", "dclid",
	"gbraid", "wbraid", "fbclid", "msclkid",
}

// IsID reports whether a column's values stand for one person, one visit or one row.
func (c *Column) IsID() bool {
	return slices.Contains(idRoles, c.Role) || isAdID(c.Name) || isAdID(c.Path()) || isAdID(c.Param)
}

func isAdID(path string) bool {
	path = strings.ToLower(path)
	return slices.ContainsFunc(adIDs, func(id string) bool {
		before, found := strings.CutSuffix(path, id)
		return found && (before == "" || strings.HasSuffix(before, "."))
	})
}

// signalRoles are columns that say what a visitor or his browser refused. No rule may ask for them: whoever refused
// would be selected by it.
var signalRoles = []Role{RoleGPC, RoleBrowserDeny, RoleTCString}

// Denying is true for rows of a table that carry a signal of the role, nil where no column plays it. A value that is
// not there denies nothing.
func (s *Schema) Denying(role Role) Expr {
	var terms Or
	for i := range s.Columns {
		c := &s.Columns[i]
		if c.Role != role {
			continue
		}
		t := &Test{Term: Term{Column: c.Name, Type: c.Type, Of: c.Type}, Op: where.OpIn}
		switch c.Type.Kind {
		case value.Boolean:
			t.Op, t.Args = where.OpEqual, []value.Value{value.BoolValue(true)}
		case value.Integer:
			t.Op, t.Not, t.Args = where.OpEqual, true, []value.Value{{Kind: value.Integer}}
		default:
			for _, word := range c.Denies {
				t.Args = append(t.Args, value.Value{Kind: value.Text, Text: word})
			}
		}
		terms = append(terms, t)
	}
	if terms == nil {
		return nil
	}
	return normal(terms)
}

// signal is the role of a column that says what somebody refused, or of one that reads the same place.
func (w *Word) signal() (Role, *Schema, bool) {
	for _, s := range w.Schemas {
		c, _ := s.Column(w.column.Name)
		for i := range s.Columns {
			if o := &s.Columns[i]; slices.Contains(signalRoles, o.Role) && (o.Name == c.Name || o.samePlace(c)) {
				return o.Role, s, true
			}
		}
	}
	return RoleNone, nil, false
}

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
	if w == nil {
		return true
	}
	if role, schema, ok := w.signal(); ok {
		b.fault("E-SIGNAL", c.Term.Span, c.Term.Column+" says what a visitor refused, and no rule may select by it",
			source.Expected("a rule without it: whoever refused is left out anyway")).Note = roleNote(role, schema)
		return false
	}
	if c.Op == where.OpIsNull {
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
	if role, schema, ok := w.signal(); ok {
		c.doc.Fail("E-SIGNAL", at, m.Column+" says what a visitor refused, and no rule may select by it",
			source.Expected("a metric of another column")).Note = roleNote(role, schema)
		return false
	}
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
	if role == RoleNone {
		return "an id of advertising in schema " + schema.title()
	}
	return fmt.Sprintf("role %s in schema %s", role, schema.title())
}

// Refuses reports whether a text in a column that is a signal says no.
func (c *Column) Refuses(text string) bool { return slices.Contains(c.Denies, text) }
