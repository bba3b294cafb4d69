package report

import (
	"cmp"

	"github.com/malgrupp/malgrupp/pipeline/page"
	"github.com/malgrupp/malgrupp/pipeline/preview"
)

// Catalogue is what the logs hold that rules can ask for.
type Catalogue struct{ *preview.Catalogue }

func catalogueOf(in *Input) Part {
	if in.Catalogue == nil {
		return nil
	}
	return Catalogue{in.Catalogue}
}

func (c Catalogue) tell(w *words) []page.Block {
	t := &page.Table{
		Caption: w.say("What rows of %s before %s hold, for 50 people or more whom consent lets a segment see",
			w.count(c.Days, "one day", "%s days"), w.day(c.AsOf)),
		Head: []string{
			w.say("Event"), w.say("Column"), w.say("Value"), w.say("People"), w.say("Type"), w.say("Source"),
			w.say("Condition to copy, below match"),
		},
		Find: w.say("Find events, columns and values"), None: w.say("Nothing here is called so."),
	}
	for _, e := range c.Entries {
		t.Rows = append(t.Rows, []page.Cell{
			page.C(e.Event), page.C(e.Column), page.C(cmp.Or(e.Value, w.any(e.Column))),
			page.N(w.say("%s or more", w.people(e.People))), page.C(e.Type), page.C(e.Source),
			{Text: e.Condition, Code: true},
		})
	}
	if len(t.Rows) == 0 {
		return []page.Block{page.Text{Words: w.say("No event was seen of 50 people whom consent lets a segment see.")}}
	}
	return []page.Block{
		page.Text{Words: w.say("Ids, signals and content that the schemas label are left out, and what rules may not " +
			"ask for.")}, t,
	}
}

// any says that a column has some value.
func (w *words) any(column string) string {
	if column == "" {
		return ""
	}
	return w.say("(any)")
}
