package lint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/source"
)

// Schemas looks for what no rule or statistic uses in schemas that the project wrote itself: a ready-made schema has
// columns for everybody, one of the project's own says what its rules may know.
func Schemas(s *rules.Scope, segs []*rules.Segment, own []*rules.Schema) source.Findings {
	var found source.Findings
	named := namedColumns(segs)
	for _, st := range s.Statistics {
		for _, column := range st.Reads() {
			named[column] = true
		}
	}
	for _, t := range s.Topics {
		for _, column := range rules.Columns(t.Where) {
			named[column] = true
		}
	}
	for _, schema := range own {
		r := &source.Report{Source: schema.Source}
		if schema != s.Profile && !slices.Contains(s.Schemas, schema) {
			r.Warn("W-UNUSED", keyAt(schema.Source, "metadata", "name"), "no source of the project has this schema",
				source.Expected("schema: "+schema.Name+" at a source, or no such file"))
		} else {
			lintColumns(r, schema, named)
		}
		found = append(found, r.Found...)
	}
	return found
}

// namedColumns are the columns that conditions test, add up or compare.
func namedColumns(segs []*rules.Segment) map[string]bool {
	named := map[string]bool{}
	for _, seg := range segs {
		for cond := range seg.Conditions() {
			if cond.Metric != nil {
				named[cond.Metric.Column] = true
			}
			for _, w := range demandsOf(cond) {
				for t := range rules.Tests(w.where) {
					named[t.Term.Column] = true
				}
			}
		}
	}
	return named
}

// namedAtMost is how many columns one message names.
const namedAtMost = 8

// lintColumns reports, once for a schema, its columns that no rule names and that nobody decided about: they have no
// role, no label and belong to no event. Where fewer are used than not, the schema still waits for its rules and is
// asked nothing.
func lintColumns(r *source.Report, schema *rules.Schema, named map[string]bool) {
	var unused []string
	at, used := source.Span{}, 0
	for i := range schema.Columns {
		c := &schema.Columns[i]
		switch {
		case named[c.Name]:
			used++
			continue
		case c.Role != rules.RoleNone || len(c.Labels) > 0 || carried(schema, c.Name):
			continue
		case unused == nil:
			at = c.Span
		}
		unused = append(unused, c.Name)
	}
	if len(unused) == 0 || len(unused) > used {
		return
	}
	names := strings.Join(unused[:min(len(unused), namedAtMost)], ", ")
	if more := len(unused) - namedAtMost; more > 0 {
		names += fmt.Sprintf(" and %d more", more)
	}
	r.Warn("W-UNUSED", at, "no rule or statistic uses "+names,
		source.Expected("columns that these need; what a schema does not name no rule can know"))
}

// carried reports whether the schema says of some event that it carries the column.
func carried(s *rules.Schema, column string) bool {
	for _, columns := range s.Events {
		if slices.Contains(columns, column) {
			return true
		}
	}
	return false
}
