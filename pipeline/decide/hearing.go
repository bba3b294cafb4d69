package decide

import (
	"context"

	"github.com/malgrupp/malgrupp/pipeline/fault"
	"github.com/malgrupp/malgrupp/pipeline/store"
	"github.com/malgrupp/malgrupp/rules/builtin"
	"github.com/malgrupp/malgrupp/segments"
	"github.com/malgrupp/malgrupp/segments/consent"
	"github.com/malgrupp/malgrupp/segments/identity"
	"github.com/malgrupp/malgrupp/segments/scan"
)

// hearing is one way of rows through the gate to verdicts: over all that the sources hold, or once more over some rows.
type hearing struct {
	*Decision
	plan  *segments.Plan
	scan  *scan.Plan
	gate  *consent.Gate
	tally *segments.Tally
	doors []*consent.Door
}

// begin opens the hearing before a gate.
func (h *hearing) begin(gate *consent.Gate, o Options) {
	h.gate, h.tally = gate, segments.NewTally(h.plan)
	h.tally.Names(segments.Names{Text: h.names.Text, Owner: func(customer uint32) uint64 {
		return identity.Spread([]byte(h.subjects.Name(customer)))
	}})
	if o.Sample != nil {
		h.tally.Sample(&o.Sample.Sample)
	}
	if o.Breakdown {
		h.tally.Breakdown()
	}
}

// open makes a door with the lane behind it.
func (h *hearing) open() (*consent.Door, *segments.Lane) { return h.opened(h.gate.Open()) }

func (h *hearing) opened(door *consent.Door) (*consent.Door, *segments.Lane) {
	h.doors = append(h.doors, door)
	return door, h.tally.Lane()
}

// scanner makes the scanner of a source.
func (h *hearing) scanner(s *Source, names *scan.Names) (*scan.Scanner, error) {
	scanner, err := scan.New(h.scan, s.Schema, s.Partner != "", h.subjects, names)
	if err != nil {
		return nil, fault.New(fault.Invalid, "SCHEMA", err, "see docs/how-to/schemas.md")
	}
	return scanner, nil
}

// records makes the reader of customers' attributes.
func (h *hearing) records() (*scan.Attributes, error) {
	reader, err := scan.NewAttributes(h.scan, builtin.ProfileRecord, h.Attributes(), h.KnownBy, h.subjects)
	if err != nil {
		return nil, fault.New(fault.Invalid, "SCHEMA", err, "see docs/how-to/schemas.md")
	}
	return reader, nil
}

// readAll hears every source, the customers' attributes and who stays.
func (h *hearing) readAll(ctx context.Context) error {
	task := h.Begin("read", sizeOf(h.Sources, func(s *Source) []store.Object {
		return s.Objects(s.reach(h.Decision, h.plan))
	}))
	for i := range h.Sources {
		if err := h.read(ctx, task, &h.Sources[i]); err != nil {
			return err
		}
	}
	if err := h.readAttributes(ctx); err != nil {
		return err
	}
	// Who might stay is asked in everybody's company, which costs a look at all logins where there is no star.
	if len(h.Stay) > 0 || h.Person != nil && len(h.plan.Stays()) > 0 {
		if _, err := h.company(ctx); err != nil {
			return err
		}
	}
	h.remain(stayRecords(h.Decision, h.plan, h.Stay, h.AsOf))
	h.tally.Since(func(use int) func(uint32) int64 { return h.gate.Since(use, h.doors...) })
	return nil
}

// remain brings former qualifiers before the gate, as records of the time at which they qualified last, in the company
// that was found out before.
func (h *hearing) remain(records []scan.Record) {
	if len(records) > 0 {
		door, lane := h.opened(h.gate.Recall(h.met))
		lane.Add(door.Admit(scan.Records(h.scan, h.subjects, records)))
	}
}

// settle closes the gate and decides.
func (h *hearing) settle(workers int) ([]segments.Audience, consent.Roll) {
	roll := h.gate.Close(h.doors...)
	if h.Person != nil && h.Person.Known {
		h.tally.Trace(h.Person.number)
	}
	return h.tally.Settle(workers, roll), roll
}
