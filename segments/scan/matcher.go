package scan

import (
	"slices"
	"strings"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/kernel"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/rules/where"
	"github.com/malgrupp/malgrupp/segments/evidence"
)

// A pick is a conjunction of factors. A factor that reads one column can be decided by that column alone: the column's
// value then simply keeps or drops the pick. A factor that reads several columns (an `or` across them) waits for the
// last of them; until then the truths of its tests travel with the row's state. So every value of a column falls into a
// class (picks it keeps, truths it adds), every row into a state (picks alive, truths so far), and a row costs one
// table lookup per column however many picks there are.

// test is one distinct bound test.
type test struct {
	bound  *rules.Test
	kernel kernel.Test
	shared int // index among the tests of several-column factors, -1 if none uses it
}

// factor is one conjunct of a pick.
type factor struct {
	pick int
	zone string // of local.* tests: the same test in another zone is another test
	expr rules.Expr
	at   map[*rules.Test]int // into program.tests
}

// key names a test of a factor.
func (f *factor) key(t *rules.Test) string { return f.zone + " " + rules.Key(t) }

// column is what the matcher asks of one column.
type column struct {
	name    string
	text    bool
	tests   []int    // into program.tests
	single  []factor // decided by this column
	closing []factor // read several columns, of which this is the last
	open    []int    // shared truths that still matter after this column
}

// program is the compiled form of all picks, read-only and shared by the workers. Behind those of the plan there is one
// more pick for each mark that rows may carry. Nobody wants these, so they keep no row alive.
type program struct {
	picks, words int
	marks        []mark
	tests        []test
	byKey        map[string]int
	shared       int
	columns      []column
}

// Compiler gives the plain meaning of a bound test; the zone is that of the pick, nil where it reads no local time.
type Compiler func(*rules.Test, *value.Zone) (kernel.Row, error)

// mark is a pick whose rows carry something that the gate must know of.
type mark struct {
	pick int
	is   evidence.Mark
}

// marksOf are what rows of a table may carry, and how to see it.
func marksOf(schema *rules.Schema, labels []*rules.Schema) map[evidence.Mark]rules.Expr {
	return map[evidence.Mark]rules.Expr{
		evidence.Dropped: rules.Dropped(labels, schema), evidence.GPC: schema.Denying(rules.RoleGPC),
		evidence.BrowserDeny: schema.Denying(rules.RoleBrowserDeny),
	}
}

// newProgram compiles the picks and the marks of rows, nil for one that none can carry. eventName is the column that
// carries the event's name.
func newProgram(picks []rules.Pick, marks map[evidence.Mark]rules.Expr, eventName string, compile Compiler) (*program,
	error,
) {
	p := &program{byKey: map[string]int{}}
	picks = slices.Clone(picks)
	for _, is := range evidence.Marks {
		if e := marks[is]; e != nil {
			p.marks = append(p.marks, mark{len(picks), is})
			picks = append(picks, rules.Pick{Any: true, Where: e})
		}
	}
	p.picks, p.words = len(picks), (len(picks)+63)/64
	byColumn := map[string]*column{}
	var several []factor
	for i, pick := range picks {
		for _, e := range factors(pick, eventName) {
			f := factor{pick: i, expr: e, at: map[*rules.Test]int{}}
			if pick.Zone != nil {
				f.zone = pick.Zone.Name()
			}
			names, err := p.addTests(&f, pick.Zone, compile, byColumn)
			if err != nil {
				return nil, err
			}
			if len(names) == 1 {
				c := byColumn[names[0]]
				c.single = append(c.single, f)
			} else {
				several = append(several, f)
			}
		}
	}
	p.order(byColumn)
	p.close(several)
	return p, nil
}

// factors splits a pick into conjuncts: its events and the terms of its `where`.
func factors(p rules.Pick, eventName string) []rules.Expr {
	var out []rules.Expr
	if !p.Any {
		args := make([]value.Value, len(p.Events))
		for i, e := range p.Events {
			args[i] = value.Value{Kind: value.Text, Text: e}
		}
		text := value.Type{Kind: value.Text}
		out = append(out, &rules.Test{Term: rules.Term{Column: eventName, Type: text, Of: text}, Op: where.OpIn, Args: args})
	}
	switch w := p.Where.(type) {
	case nil:
	case rules.And:
		out = append(out, w...)
	default:
		out = append(out, w)
	}
	return out
}

// addTests files the tests of a factor and returns the names of the columns it reads.
func (p *program) addTests(f *factor, zone *value.Zone, compile Compiler,
	byColumn map[string]*column,
) ([]string, error) {
	var names []string
	for t := range rules.Tests(f.expr) {
		if !slices.Contains(names, t.Term.Column) {
			names = append(names, t.Term.Column)
		}
		key := f.key(t)
		if i, ok := p.byKey[key]; ok {
			f.at[t] = i
			continue
		}
		row, err := compile(t, zone)
		if err != nil {
			return nil, err
		}
		c := byColumn[t.Term.Column]
		if c == nil {
			c = &column{name: t.Term.Column, text: t.Term.Of.Kind == value.Text}
			byColumn[c.name] = c
		}
		c.tests = append(c.tests, len(p.tests))
		f.at[t] = len(p.tests)
		p.byKey[key] = len(p.tests)
		p.tests = append(p.tests, test{bound: t, kernel: kernel.New(t.Term.Of.Kind, row), shared: -1})
	}
	return names, nil
}

// order puts the columns that decide most picks first, text before the rest; ties by name.
func (p *program) order(byColumn map[string]*column) {
	for _, c := range byColumn {
		p.columns = append(p.columns, *c)
	}
	slices.SortFunc(p.columns, func(a, b column) int {
		switch {
		case a.text != b.text:
			if a.text {
				return -1
			}
			return 1
		case len(a.single) != len(b.single):
			return len(b.single) - len(a.single)
		}
		return strings.Compare(a.name, b.name)
	})
}

// close hands every several-column factor to the last of its columns and notes which truths travel until then.
func (p *program) close(several []factor) {
	place := map[string]int{}
	for i := range p.columns {
		place[p.columns[i].name] = i
	}
	for i := range several {
		f := &several[i]
		last := 0
		for t := range rules.Tests(f.expr) {
			last = max(last, place[t.Term.Column])
		}
		p.columns[last].closing = append(p.columns[last].closing, *f)
		for t := range rules.Tests(f.expr) {
			at := f.at[t]
			if p.tests[at].shared < 0 {
				p.tests[at].shared = p.shared
				p.shared++
			}
			for c := place[t.Term.Column]; c < last; c++ {
				if s := p.tests[at].shared; !slices.Contains(p.columns[c].open, s) {
					p.columns[c].open = append(p.columns[c].open, s)
				}
			}
		}
	}
}

// eval is the truth of a factor whose tests' truths are known.
func (f *factor) eval(truth func(test int) value.Truth) value.Truth {
	return rules.Truth(f.expr, func(t *rules.Test) value.Truth { return truth(f.at[t]) })
}
