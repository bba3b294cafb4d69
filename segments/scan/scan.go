// Package scan sieves row groups: every row that no condition can use is dropped after a look at dictionary codes, and
// what is left becomes evidence.Block, numbers instead of names.
//
// In come columns of a row group and the picks and windows of a plan; out go blocks, logins and copies. The package
// sees rows of people who said no, and therefore knows no consent, no verdicts and no lists: what it makes can only be
// read by consent.Door.Admit (docs/adr/0002-consent-is-a-type.md).
package scan

import (
	"fmt"
	"slices"

	"github.com/apache/arrow/go/v15/arrow"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/segments/identity"
)

// RowGroup is a row group whose columns are decoded when asked for. What it returns is valid until its cursor moves.
type RowGroup interface {
	Rows() int
	// Bounds returns the smallest and largest value of a number or time column from the statistics, when they are there.
	Bounds(column string) (lo, hi int64, ok bool)
	// Nulls returns how many rows have no value, when the statistics say so.
	Nulls(column string) (n int, ok bool)
	// Oversized are the rows, ascending, in which a column decoded so far held a value too large to be read. It reads as
	// null, so the row must not count. OversizedIn names these columns.
	Oversized() []int32
	OversizedIn() []string
	// Column returns the values in the type of the schema: text as Dictionary<int32, utf8> with null as the last
	// entry, numbers, dates and times as primitive arrays.
	Column(name string) (arrow.Array, error)
}

// Plan is what a run wants from its rows. All times are microseconds UTC. Edges are the ends of all windows, sorted and
// distinct, none later than as_of: window slot i holds the times from Edges[i-1] up to, not including, Edges[i], and
// nobody wants rows before the first or from the last on.
type Plan struct {
	Picks   []rules.Pick
	Wants   []rules.Want // from and until edges of the plan
	Values  []rules.Reading
	Edges   []int64
	KnownBy int64
	MaxSkew int64 // event times later than received_at by more than this are quarantined
	// Customers says that somebody asks for customers themselves. Otherwise one whom no consent event named needs no
	// number: that somebody was logged in is all that matters.
	Customers bool
	Blocked   []string        // ids that are blocked beside those of identity.Blocked, in lower case
	Labels    []*rules.Schema // of all tables of the project: what one of them labels is labelled in all (rules.Dropped)
	Compile   Compiler
}

// Counts says what happened to the rows that some condition wanted but that never became evidence. Invalid and
// Oversized are about all rows that had arrived, wanted or not, and no row is both; what a scan need not decode it does
// not judge.
type Counts struct {
	Rows      int64 // rows of the row groups that were opened
	Wanted    int64 // rows that became evidence
	Hidden    int64 // received at or after known_by
	Skewed    int64 // event time ahead of received_at by more than the tolerance
	Copies    int64
	Oversized int64 // a value of the row is too large to be read
	Invalid   int64 // no event time, or one before 1990 or after known_by + 5 minutes

	// Devices, and customers, of rows that some condition wanted whose id is no text that a list can hold.
	UnwritableDevice, UnwritableCustomer identity.Crowd
}

// Add adds o to c.
func (c *Counts) Add(o Counts) {
	c.Rows += o.Rows
	c.Wanted += o.Wanted
	c.Hidden += o.Hidden
	c.Skewed += o.Skewed
	c.Copies += o.Copies
	c.Invalid += o.Invalid
	c.Oversized += o.Oversized
	c.UnwritableDevice.Union(&o.UnwritableDevice)
	c.UnwritableCustomer.Union(&o.UnwritableCustomer)
}

// Scanner is the compiled plan for one source. It is read-only; each goroutine takes a Worker of its own.
type Scanner struct {
	plan     *Plan
	schema   *rules.Schema
	partner  bool
	program  *program
	wanted   [][]uint64 // by slot: picks that some condition wants there
	reads    [][]uint64 // by value: picks whose conditions read it
	subjects *identity.Subjects
	names    *Names
	roles    map[rules.Role]string
}

// New compiles a plan for a source with this schema. partner says that its rows come from a partner's site.
func New(plan *Plan, schema *rules.Schema, partner bool, subjects *identity.Subjects, names *Names) (*Scanner, error) {
	s := &Scanner{
		plan: plan, schema: schema, partner: partner, subjects: subjects, names: names, roles: map[rules.Role]string{},
	}
	for i := range schema.Columns {
		if r := schema.Columns[i].Role; r != rules.RoleNone {
			s.roles[r] = schema.Columns[i].Name
		}
	}
	for _, r := range []rules.Role{rules.RoleEventTime, rules.RoleEventName, rules.RoleDevice} {
		if s.roles[r] == "" {
			return nil, fmt.Errorf("scan with schema %s: no column has the role %s; name one in the schema", schema.Name, r)
		}
	}
	var err error
	if s.program, err = newProgram(ofEvents(plan.Picks), marksOf(schema, plan.Labels), s.roles[rules.RoleEventName],
		plan.Compile); err != nil {
		return nil, err
	}
	s.window()
	s.reads = make([][]uint64, len(plan.Values))
	for i := range s.reads {
		s.reads[i] = make([]uint64, s.program.words)
	}
	for _, w := range plan.Wants {
		if w.Value >= 0 {
			s.reads[w.Value][w.Pick/64] |= 1 << (w.Pick % 64)
		}
	}
	return s, nil
}

// ofEvents puts a pick that no row is of in the place of those of records.
func ofEvents(picks []rules.Pick) []rules.Pick {
	out := slices.Clone(picks)
	for i := range out {
		if out[i].Record != "" {
			out[i] = rules.Pick{}
		}
	}
	return out
}

// window notes for every slot which picks some condition wants there.
func (s *Scanner) window() {
	edges := s.plan.Edges
	s.wanted = make([][]uint64, len(edges)+1)
	for slot := range s.wanted {
		s.wanted[slot] = make([]uint64, s.program.words)
		if slot == 0 || slot == len(edges) {
			continue
		}
		for _, w := range s.plan.Wants {
			if edges[slot-1] >= w.From && edges[slot] <= w.Before {
				s.wanted[slot][w.Pick/64] |= 1 << (w.Pick % 64)
			}
		}
	}
}

// column is the name of a value's column in this source, "" if it has none.
func (s *Scanner) column(v rules.Reading) string {
	if v.Role != rules.RoleNone {
		return s.roles[v.Role]
	}
	return v.Column
}

// Columns are the names of the columns a full scan may read, sorted: what a plan shows and a benchmark's floor decodes.
func (s *Scanner) Columns() []string {
	names := []string{s.roles[rules.RoleEventTime], s.roles[rules.RoleDevice]}
	for _, r := range []rules.Role{rules.RoleCustomer, rules.RoleReceivedAt} {
		if s.roles[r] != "" {
			names = append(names, s.roles[r])
		}
	}
	for i := range s.program.columns {
		names = append(names, s.program.columns[i].name)
	}
	for _, v := range s.plan.Values {
		names = append(names, s.column(v))
	}
	names = slices.DeleteFunc(names, func(n string) bool { _, ok := s.schema.Column(n); return !ok })
	slices.Sort(names)
	return slices.Compact(names)
}
