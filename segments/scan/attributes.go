package scan

import (
	"fmt"
	"slices"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/segments/evidence"
	"github.com/malgrupp/malgrupp/segments/identity"
)

// Attributes reads a table of customers: each row is a record of one, of the picks whose conditions his attributes
// fulfil.
type Attributes struct {
	customer string // column
	at       int64
	subjects *identity.Subjects
	blocked  []string
	values   int // how many value columns the plan's rows have; records have none of them
	w        *Worker
	classOf  map[uint32]uint32 // by state
}

// NewAttributes compiles the picks of a record's name for a table with this schema. at is the time of the records,
// microseconds UTC. It is used by one goroutine.
func NewAttributes(plan *Plan, record string, schema *rules.Schema, at int64,
	subjects *identity.Subjects,
) (*Attributes, error) {
	customer, ok := schema.WithRole(rules.RoleCustomer)
	if !ok {
		return nil, fmt.Errorf("read attributes with schema %s: no column has the role customer", schema.Name)
	}
	picks := make([]rules.Pick, len(plan.Picks))
	for i, p := range plan.Picks {
		if p.Record == record {
			picks[i] = rules.Pick{Any: true, Where: p.Where}
		}
	}
	program, err := newProgram(picks, marksOf(schema, plan.Labels), customer.Name, plan.Compile)
	if err != nil {
		return nil, err
	}
	s := &Scanner{plan: &Plan{Picks: picks, Compile: plan.Compile}, schema: schema, program: program, subjects: subjects}
	return &Attributes{
		customer: customer.Name, at: at, subjects: subjects, blocked: plan.Blocked, values: len(plan.Values), w: s.Worker(),
		classOf: map[uint32]uint32{},
	}, nil
}

// Records are the records of a row group, of everybody whom a consent event names. The block is valid until the next
// call.
func (a *Attributes) Records(g RowGroup) (*evidence.Block, error) {
	b := &a.w.block
	b.Records, b.Class, b.Device, b.Customer, b.Time = true, b.Class[:0], b.Device[:0], b.Customer[:0], b.Time[:0]
	if err := a.w.match(g); err != nil {
		return nil, err
	}
	column, err := g.Column(a.customer)
	if err != nil {
		return nil, err
	}
	codes, dict := asText(column)
	numbers := make([]uint32, dict.Len())
	for i := range numbers {
		numbers[i] = evidence.None
		if dict.IsNull(i) {
			continue
		}
		id := identity.Normalise(dict.Value(i))
		if n, ok := a.subjects.Lookup(a.subjects.Hash(identity.Customer, []byte(id)), []byte(id)); ok &&
			!identity.Blocked(id, a.blocked...) {
			numbers[i] = n
		}
	}
	for i, r := range a.w.sel {
		if n := numbers[codes[r]]; n != evidence.None {
			b.Class, b.Device = append(b.Class, a.class(a.w.state[i])), append(b.Device, evidence.Unknown)
			b.Customer, b.Time = append(b.Customer, n), append(b.Time, a.at)
		}
	}
	b.Values = make([][]int64, a.values)
	for v := range b.Values {
		b.Values[v] = slices.Repeat([]int64{evidence.Null}, len(b.Class))
	}
	return b, nil
}

// class returns the evidence class of a state: the picks that are alive in it.
func (a *Attributes) class(state uint32) uint32 {
	class, ok := a.classOf[state]
	if !ok {
		c := &a.w.classes
		class = uint32(c.Len())
		a.classOf[state] = class
		c.Picks, c.Slot = append(c.Picks, a.w.st.live[state][:c.Words]...), append(c.Slot, 1)
		a.w.mark(state)
	}
	return class
}
