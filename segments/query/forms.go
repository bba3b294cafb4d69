package query

import (
	"fmt"
	"slices"
	"strings"

	"github.com/malgrupp/malgrupp/rules/sql"
)

// features brings every condition of everybody into one row, and then its verdict.
func (w *writer) features() {
	everybody := selection{columns: []string{"DISTINCT subject"}, from: sql.Admitted}.String()
	for _, more := range w.records() {
		everybody += "\n  UNION\n" + selection{columns: []string{"subject"}, from: more}.String()
	}
	w.with("everybody of whom something is admitted", "everybody", everybody)
	forms := make([]sql.Form, len(w.leaves))
	for i, l := range w.leaves {
		forms[i] = l.Form
	}
	merged, joins, columns := w.gather(sql.Admitted, "counted", sql.Stage{By: []string{"subject"}, Of: forms})
	list := append([]string{"e.subject"}, columns...)
	from := "everybody e"
	if merged {
		joins = append([]string{"LEFT JOIN counted ON counted.subject = e.subject"}, joins...)
	}
	for i := range joins {
		joins[i] = strings.ReplaceAll(joins[i], "base.", "e.")
	}
	w.with("", "features", selection{columns: list, from: from, joins: joins}.String())
	list = []string{"subject"}
	for i, l := range w.leaves {
		list = append(list, fmt.Sprintf("%s AS v%d", l.Verdict, i+1))
	}
	w.with(fmt.Sprintf("verdicts: %d false, %d unknown, %d wait, %d no value, %d true; of metrics that rank, the value",
		sql.False, sql.Unknown, sql.Wait, sql.NoValue, sql.True),
		"verdicts", selection{columns: list, from: "features"}.String())
}

// gather evaluates conditions on rows that become one: those that need no more than that go into one table, each other
// one has tables of its own. It returns whether there is the one, and how the others are joined to what is called base.
func (w *writer) gather(from, name string, stage sql.Stage) (merged bool, joins, columns []string) {
	one := selection{columns: slices.Clone(stage.By), from: from, group: stage.By, where: []string{whether(stage.Where)}}
	one.columns = append(one.columns, named(stage.Columns)...)
	for _, c := range stage.Columns {
		columns = append(columns, c.Name)
	}
	for i, f := range stage.Of {
		last := f.Stages[len(f.Stages)-1]
		for _, c := range last.Columns {
			columns = append(columns, c.Name)
		}
		if simple(f, stage.By) {
			one.columns = append(one.columns, named(last.Columns)...)
			continue
		}
		own := w.chain(from, fmt.Sprintf("%s_%d", name, i+1), f)
		on := make([]string, len(stage.By))
		for k, key := range stage.By {
			equal := "="
			if key == sql.Session { // which may be missing
				equal = "IS NOT DISTINCT FROM"
			}
			on[k] = fmt.Sprintf("%s.%s %s base.%s", own, key, equal, key)
		}
		joins = append(joins, "LEFT JOIN "+own+" ON "+strings.Join(on, " AND "))
	}
	if len(one.columns) > len(stage.By) {
		w.with("", name, one.String())
		merged = true
	}
	return merged, joins, columns
}

// simple reports whether a form is one stage over the rows as they are.
func simple(f sql.Form, by []string) bool {
	s := f.Stages[0]
	return len(f.Stages) == 1 && s.From == "" && s.Where == "" && len(s.Of) == 0 && slices.Equal(s.By, by)
}

// chain writes the stages of a form one after another and returns the name of the last table.
func (w *writer) chain(from, name string, f sql.Form) string {
	for i, stage := range f.Stages {
		own := fmt.Sprintf("%s_%s", name, string(rune('a'+i%26)))
		if i >= 26 {
			own += fmt.Sprint(i / 26)
		}
		if stage.From != "" {
			from = stage.From
		}
		switch {
		case stage.By == nil:
			w.with("", own, selection{
				columns: append([]string{"*"}, named(stage.Columns)...), from: from, where: []string{whether(stage.Where)},
			}.String())
		case len(stage.Of) == 0:
			columns := append(slices.Clone(stage.By), named(stage.Columns)...)
			w.with("", own, selection{
				columns: columns, from: from, where: []string{whether(stage.Where)}, group: stage.By,
			}.String())
		default:
			_, joins, columns := w.gather(from, own+"_each", stage)
			list := make([]string, len(stage.By))
			for k, key := range stage.By {
				list[k] = "base." + key
			}
			w.with("", own, selection{columns: append(list, columns...), from: own + "_each AS base", joins: joins}.String())
		}
		from = own
	}
	return from
}
