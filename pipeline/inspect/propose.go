package inspect

import (
	"fmt"
	"slices"
	"strings"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/value"
)

// Proposal is a schema guessed from names, types and values, or why there can be none.
type Proposal struct {
	Name    string   `json:"name,omitempty"`
	Text    string   `json:"text,omitempty"`    // a file of kind EventSchema that validate accepts
	Problem string   `json:"problem,omitempty"` // set where Text is not
	Remarks []string `json:"remarks,omitempty"` // what a person has to look at
}

// proposed is a column of a proposal.
type proposed struct {
	seen   *seen
	column rules.Column // From and Param as a schema writes them; Name is the one that rules use
	remark string
}

// What keeps a proposal within the size that a file may have.
const (
	mostColumns = 400
	mostRemarks = 50
	longestPath = 200
)

// propose guesses a schema from everything seen.
func (l *look) propose(name string, in *Inspection) Proposal {
	p := Proposal{Name: name}
	var columns []*proposed
	out := l.remarks
	for _, s := range l.columns {
		switch c, why := l.candidate(s); {
		case why != "":
			out = append(out, fmt.Sprintf("left out: %s: %s", Printable(s.path), why))
		case c != nil:
			columns = append(columns, c)
		}
	}
	for _, list := range in.Crowded {
		out = append(out,
			fmt.Sprintf("left out: %s: it has too many different keys for names; say param(...) for those that rules need",
				Printable(list)))
	}
	out = append(assignRoles(columns), out...)
	if p.Problem = lacking(columns); p.Problem != "" {
		p.Remarks = out
		return p
	}
	p.Remarks = append(remarksOn(columns), out...)
	slices.SortStableFunc(columns, func(a, b *proposed) int { return roleOrder(a.column.Role) - roleOrder(b.column.Role) })
	if extra := len(columns) - mostColumns; extra > 0 {
		columns = columns[:mostColumns]
		p.Remarks = append(p.Remarks,
			fmt.Sprintf("left out: the last %d columns: a schema of so many is better written by hand", extra))
	}
	nameColumns(columns)
	p.Text = proposalText(p, columns, in)
	return p
}

// candidate makes a column of a schema from what was seen, or says why there can be none.
func (l *look) candidate(s *seen) (*proposed, string) {
	c := &proposed{seen: s, column: s.column}
	t := &c.column.Type
	switch {
	case s.list && l.readsList(s.path):
		return nil, "" // its keys are columns
	case s.fault != "":
		return nil, s.fault
	case s.list:
		return nil, "a list, of which rules can name only keys and values"
	case s.column.Name == "":
		return nil, "a type that rules do not have (" + s.typ + ")"
	case t.Kind == value.Decimal && (t.Scale < 0 || t.Scale > t.Precision):
		return nil, "a decimal of more places than rules have"
	case len(s.path) > longestPath || Printable(s.path) != s.path:
		return nil, "a name that a schema cannot write: rename it in the export"
	}
	if unit := s.unit(); unit != "" {
		t.Kind, c.column.Unit = value.Timestamp, unit
		c.remark = "whole numbers that look like " + unit + " since 1970"
	}
	if c.column.INT96 != "" {
		c.remark = "INT96 names no zone; UTC is a guess"
	}
	if c.column.Zone != "" {
		c.remark = "the file names no zone; UTC is a guess"
	}
	c.column.Optional = s.nulls > 0 || s.rows == 0 || s.objects < l.objects || c.column.Param != ""
	return c, ""
}

// readsList reports whether a leaf belongs to a key-value list whose keys were found or are too many.
func (l *look) readsList(leaf string) bool {
	below := func(list string) bool { return strings.HasPrefix(leaf, list+".") }
	return slices.ContainsFunc(l.crowded, below) ||
		slices.ContainsFunc(l.columns, func(s *seen) bool { return s.column.Param != "" && below(s.column.From) })
}

// lacking says which of the roles that a schema needs nobody plays.
func lacking(columns []*proposed) string {
	var missing []string
	for _, need := range []struct {
		role rules.Role
		what string
	}{
		{
			rules.RoleEventTime,
			"when an event happened (a timestamp, or an integer named like one; times kept as text are not read)",
		},
		{
			rules.RoleEventName,
			"what happened (a text named event_name, event, event_type, action or the like; where all rows are one event, the " +
				"schema names it: event: {value: page_view})",
		},
		{
			rules.RoleDevice,
			"on which device (a text or number named device_id, client_id, cookie_id, visitor_id or the like)",
		},
	} {
		if !slices.ContainsFunc(columns, func(c *proposed) bool { return c.column.Role == need.role }) {
			missing = append(missing, need.what)
		}
	}
	if missing == nil {
		return ""
	}
	return "no column says " + strings.Join(missing, ", nor ")
}

// remarksOn are about columns as a whole.
func remarksOn(columns []*proposed) (out []string) {
	for _, c := range columns {
		if own := c.own(); slices.Contains(signals, strings.ReplaceAll(own, ".", "_")) ||
			slices.Contains(signals, own[strings.LastIndexByte(own, '.')+1:]) {
			out = append(out,
				fmt.Sprintf("%s may hold a refusal: rows are not asked for consent, so export it to the consent log",
					Printable(c.seen.path)))
		}
	}
	for _, role := range []struct {
		role rules.Role
		lack string
	}{
		{rules.RoleEventID, "no event id was recognised: copies of an event will count as several"},
		{rules.RoleReceivedAt, "no time of arrival was recognised: an old day cannot be computed again exactly"},
		{rules.RoleCustomer, "no customer was recognised: there can be no customer segments"},
	} {
		if !slices.ContainsFunc(columns, func(c *proposed) bool { return c.column.Role == role.role }) {
			out = append(out, role.lack)
		}
	}
	return out
}
