package query

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/sql"
	"github.com/malgrupp/malgrupp/rules/value"
)

// events writes the logs down to the rows that some condition wants: visible, no copy, with an owner to ask.
func (w *writer) events() error {
	var all []string
	for i := range w.q.Sources {
		text, err := w.source(i)
		if err != nil {
			return err
		}
		all = append(all, text)
	}
	w.with("rows with an owner, of the time that conditions look at", "events", strings.Join(all, "\n  UNION ALL\n"))
	if w.profiled() {
		if err := w.profile(); err != nil {
			return err
		}
	}
	marks := []string{"*"}
	for i, condition := range w.pickOrder {
		marks = append(marks, fmt.Sprintf("coalesce(%s, FALSE) AS p%d", condition, i+1))
	}
	w.with("which conditions on one row hold", "marked", selection{columns: marks, from: "events"}.String())
	w.with("rows that some condition of the segment wants", "wanted", selection{
		columns: []string{"*"}, from: "marked", where: []string{w.wants()},
	}.String())
	return nil
}

func (w *writer) wants() string {
	if len(w.wanted) == 0 {
		return "FALSE"
	}
	return whether(strings.Join(w.wanted, "\n      OR "))
}

// source writes one log and returns the SELECT of its rows.
func (w *writer) source(i int) (string, error) {
	s := &w.q.Sources[i]
	dedupe := s.Dedupe > 0
	if _, ok := s.Schema.WithRole(rules.RoleEventID); !ok {
		dedupe = false
	}
	columns, err := w.sourceColumns(s, dedupe)
	if err != nil {
		return "", err
	}
	shows, err := w.dropped(s.Schema)
	if err != nil {
		return "", err
	}
	if shows != "" {
		columns = append(columns, as(shows, "dropped"))
	}
	name := fmt.Sprint("log", i+1)
	visible := []string{fmt.Sprintf("happened < %d", w.q.Times.AsOf)}
	if _, ok := s.Schema.WithRole(rules.RoleReceivedAt); ok {
		visible = append(visible, fmt.Sprintf("arrived < %d", w.q.Policy.Now),
			fmt.Sprintf("happened - arrived <= %d", w.q.MaxSkew),
			fmt.Sprintf("arrived >= %d", w.lo-w.q.MaxSkew-s.Dedupe))
	}
	inner := "(\n" + indented(selection{columns: columns, from: s.Expr}.String()) + "\n  ) AS l"
	last := w.with(fmt.Sprintf("source %s: what had arrived by known_by, was over by as_of, and has a clock that can "+
		"be right", s.Name), name,
		selection{columns: []string{"*"}, from: inner, where: visible}.String())
	owner := "(customer IS NULL OR customer <> '')" // a login without a name is nobody's
	if w.q.Use.Customer {
		owner = "customer <> ''"
	}
	where := []string{fmt.Sprintf("happened >= %d", max(earliest, w.lo)), "device <> ''", owner}
	if shows != "" { // a copy of such a row is a copy all the same
		where = append(where, "NOT dropped")
	}
	if dedupe {
		last = w.copies(i, s, last)
		where = append(where,
			fmt.Sprintf("(event_id IS NULL OR earlier IS NULL OR coalesce(arrived, 0) - earlier > %d)", s.Dedupe))
	}
	out := []string{
		sql.At, sql.Received, "event_id", "event", "device", "coalesce(customer, '') AS customer", "session", "seq",
		"partner",
	}
	for _, c := range slices.Sorted(maps.Keys(w.columns)) {
		out = append(out, w.column(c))
	}
	return selection{columns: out, from: last, where: where}.String(), nil
}

func indented(text string) string { return "  " + strings.ReplaceAll(text, "\n", "\n  ") }

// sourceColumns are the columns of a log: those with a role, those that conditions read, and where copies are told
// apart all.
func (w *writer) sourceColumns(s *EventTable, dedupe bool) (out []string, err error) {
	role := func(r rules.Role, name string, form func(string) string) {
		c, ok := s.Schema.WithRole(r)
		if !ok {
			kind := w.d.Text
			if r == rules.RoleReceivedAt || r == rules.RoleSeq {
				kind = "BIGINT"
			}
			out = append(out, "CAST(NULL AS "+kind+") AS "+name)
			return
		}
		x, e := w.read(c, s.Schema)
		if e != nil {
			err = e
		}
		out = append(out, as(form(x), name))
	}
	text := func(x string) string { return "CAST(" + x + " AS " + w.d.Text + ")" }
	same := func(x string) string { return x }
	id := func(x string) string { return w.d.Trim(text(x)) }
	role(rules.RoleEventTime, sql.At, same)
	role(rules.RoleReceivedAt, sql.Received, same)
	role(rules.RoleEventID, "event_id", same)
	role(rules.RoleEventName, "event", same)
	role(rules.RoleDevice, "device", id)
	role(rules.RoleCustomer, "customer", id)
	role(rules.RoleSession, "session", text)
	role(rules.RoleSeq, "seq", same)
	out = append(out, strings.ToUpper(fmt.Sprint(s.Partner))+" AS partner")
	for _, name := range slices.Sorted(maps.Keys(w.columns)) {
		c, ok := s.Schema.Column(name)
		if !ok {
			out = append(out, as("NULL", w.column(name)))
			continue
		}
		x, e := w.read(c, s.Schema)
		if e != nil {
			err = e
		}
		out = append(out, as(x, w.column(name)))
	}
	for i := range s.Schema.Columns {
		if c := &s.Schema.Columns[i]; dedupe {
			x, e := w.read(c, s.Schema)
			if e != nil {
				err = e
			}
			if c.Type.Kind == value.Float { // as it is, and not a number is a value too
				x = "CAST(" + w.d.Path(c.Path()) + " AS DOUBLE)"
			}
			out = append(out, as(x, w.raw(c)))
		}
	}
	return out, err
}

// dropped is true for a row of a table that shows content which nobody may use, and false or true for every row; ""
// where the schemas label none with policy: drop.
func (w *writer) dropped(table *rules.Schema) (string, error) {
	e := rules.Dropped(w.labelling(), table)
	if e == nil {
		return "", nil
	}
	shows, err := sql.Where(e, func(t *rules.Test) (string, error) {
		c, _ := table.Column(t.Term.Column) // Dropped names no other columns
		x, err := w.read(c, table)
		if err != nil {
			return "", err
		}
		return w.q.Test(t, w.d, x, sql.Clock{})
	})
	return "coalesce(" + shows + ", FALSE)", err
}

// labelling are the schemas of all tables.
func (w *writer) labelling() (out []*rules.Schema) {
	for i := range w.q.Sources {
		out = append(out, w.q.Sources[i].Schema)
	}
	if w.q.Attributes != nil {
		out = append(out, w.q.Attributes)
	}
	return out
}

// raw is what a column is called where the whole of a row matters.
func (w *writer) raw(c *rules.Column) string { return w.d.Ident("raw_" + c.Name) }

// copies tells the versions of one event apart: the first received counts, of those received at one instant the one
// with the smallest hash of its contents (docs/language.md, Copies and late rows).
func (w *writer) copies(i int, s *EventTable, from string) string {
	twins := w.with("versions of one event that arrived at one instant are ordered by what they hold",
		fmt.Sprint("twins", i+1), selection{
			columns: []string{
				"*", "event_id IS NOT NULL AND count(*) OVER (PARTITION BY event_id, arrived) > 1 AS twin",
			}, from: from,
		}.String())
	hashed := w.with("", fmt.Sprint("hashed", i+1), selection{
		columns: []string{"*", "CASE WHEN twin THEN " + w.d.HashHex(w.content(s.Schema)) + " END AS contents"}, from: twins,
	}.String())
	return w.with("when the version before arrived", fmt.Sprint("versions", i+1), selection{
		columns: []string{
			"*", "lag(coalesce(arrived, 0)) OVER (PARTITION BY event_id ORDER BY arrived, contents) AS earlier",
		}, from: hashed,
	}.String())
}

// content is the bytes of a row as hex digits: its columns in the order of their names, each as a tag, a length and
// bytes.
func (w *writer) content(s *rules.Schema) string {
	names := make([]string, len(s.Columns))
	for i := range s.Columns {
		names[i] = s.Columns[i].Name
	}
	slices.Sort(names)
	parts := make([]string, len(names))
	for i, name := range names {
		c, _ := s.Column(name)
		x := w.raw(c)
		number := x
		if c.Type.Kind == value.Float {
			number, _ = w.d.FloatBits(x) // check refused dialects without
		}
		bytes := "'010800000000000000' || " + w.d.HexWord(number)
		switch c.Type.Kind {
		case value.Text:
			bytes = w.d.HexText(x)
		case value.Boolean:
			bytes = "CASE WHEN " + x + " THEN '01010000000000000001' ELSE '01010000000000000000' END"
		}
		parts[i] = fmt.Sprintf("CASE WHEN %s IS NULL THEN '00' ELSE %s END", x, bytes)
	}
	return "\n      " + strings.Join(parts, "\n      || ")
}

// profile finds the columns of the table of customers that are read.
func (w *writer) profile() error {
	c, ok := w.q.Attributes.WithRole(rules.RoleCustomer)
	if !ok {
		return fmt.Errorf("read the table of attributes: no column of schema %s has the role customer", w.q.Attributes.Name)
	}
	id, err := w.read(c, w.q.Attributes)
	w.profileColumns = []string{as(w.d.Trim("CAST("+id+" AS "+w.d.Text+")"), "id")}
	for _, name := range slices.Sorted(maps.Keys(w.attributes)) {
		column, _ := w.q.Attributes.Column(name) // the checker knows every column
		x, e := w.read(column, w.q.Attributes)
		if e != nil {
			err = e
		}
		w.profileColumns = append(w.profileColumns, as(x, w.column(name)))
	}
	shows, e := w.dropped(w.q.Attributes)
	if shows != "" {
		w.profileWhere = "NOT " + shows
	}
	if e != nil {
		err = e
	}
	return err
}
