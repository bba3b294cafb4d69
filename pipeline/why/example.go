package why

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/malgrupp/malgrupp/pipeline/decide"
	"github.com/malgrupp/malgrupp/pipeline/fault"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/segments"
	"github.com/malgrupp/malgrupp/segments/identity"
)

// Example is a decision as a case of a test: the events that conditions wanted, without the person. Texts are
// pseudonyms, numbers and times are as they were.
type Example struct {
	Segment string
	Use     string
	AsOf    string // RFC 3339
	Events  []ExampleEvent
	Profile []ExampleValue // what was known of the customer beside events
	Expect  segments.Outcome
	Because string // the condition that decided alone, "" where several did
}

// ExampleEvent is an event: the time as tests write it, and the columns that the rule reads.
type ExampleEvent struct {
	At, Name, Device, Session string
	Values                    []ExampleValue
}

// ExampleValue is one column of an event; it is text unless it is a number or a truth.
type ExampleValue struct {
	Column, Value string
	Text          bool
}

// Example turns the answer for one use into a case; "" is the first use for which the person was seen. It fails where a
// test cannot say what decided.
func (a *Answer) Example(use string) (*Example, error) {
	i := slices.IndexFunc(a.Uses, func(u AnswerUse) bool { return u.Seen && (use == "" || u.Use == use) })
	if i < 0 {
		return nil, fault.New(fault.Usage, "NO_EXAMPLE",
			errors.New("no row of the person may be used, so there is nothing that a test could show"), "")
	}
	u := &a.Uses[i]
	switch {
	case u.Stays != 0:
		return nil, fault.New(fault.Usage, "NO_EXAMPLE",
			errors.New("the person stays for an earlier day's match, and a test is about one day"),
			"ask --as-of a day on which the match itself was true")
	case u.Alone == segments.Undecided:
		return nil, fault.New(fault.Usage, "NO_EXAMPLE",
			errors.New("data were missing, so the decision is unknown; a test has all data there could be"), "")
	}
	return a.inquiry.example(a, u)
}

func (q *inquiry) example(a *Answer, u *AnswerUse) (*Example, error) {
	plan, err := q.Plan()
	if err != nil {
		return nil, err
	}
	p, err := newPseudonyms(plan)
	if err != nil {
		return nil, err
	}
	e := &Example{Segment: a.Segment, Use: u.Use, AsOf: q.local(q.AsOf).Format(time.RFC3339Nano), Expect: u.Alone}
	if decides := slices.DeleteFunc(slices.Clone(u.Conditions), func(n AnswerNode) bool {
		return !n.Decides
	}); len(decides) == 1 && u.Alone != segments.In {
		e.Because = decides[0].Path
	}
	reads := q.reads(plan)
	devices, sessions := numbered{"d", map[string]string{}}, numbered{"s", map[string]string{}}
	for _, s := range a.wanted {
		if _, admitted := s.Wanted[u.number]; !admitted {
			continue
		}
		event, err := q.exampleEvent(s, reads, p)
		if err != nil {
			return nil, err
		}
		h, source := q.At(s.Place)
		if c, ok := source.Schema.WithRole(rules.RoleDevice); ok && q.Person.Kind == identity.Customer {
			event.Device = devices.of(h.Text(c.Name, s.Row))
		}
		if c, ok := source.Schema.WithRole(rules.RoleSession); ok && h.Has(c.Name) {
			if id := h.Text(c.Name, s.Row); id != "" {
				event.Session = sessions.of(id)
			}
		}
		e.Events = append(e.Events, event)
	}
	if len(e.Events) == 0 {
		return nil, fault.New(fault.Usage, "NO_EXAMPLE",
			errors.New("no event of the person lies in what the rule looks at, so there is nothing that a test could show"), "")
	}
	for _, h := range q.Records {
		if e.Profile, err = values(h, q.Attributes(), 0, reads, p); err != nil {
			return nil, err
		}
	}
	return e, nil
}

// numbered gives ids short names in the order in which they are met.
type numbered struct {
	prefix string
	given  map[string]string
}

func (n *numbered) of(id string) string {
	if _, ok := n.given[id]; !ok {
		n.given[id] = n.prefix + strconv.Itoa(len(n.given)+1)
	}
	return n.given[id]
}

// reads are the columns that the plan's conditions look at.
func (q *inquiry) reads(p *segments.Plan) map[string]bool {
	out := map[string]bool{}
	for _, pick := range p.Picks {
		for _, name := range rules.Columns(pick.Where) {
			out[name] = true
		}
	}
	for _, v := range p.Values {
		if v.Column != "" {
			out[v.Column] = true
		}
	}
	return out
}

func (q *inquiry) exampleEvent(s decide.Sight, reads map[string]bool, p *pseudonyms) (ExampleEvent, error) {
	h, source := q.At(s.Place)
	e := ExampleEvent{At: q.relative(s.Time)}
	if c, ok := source.Schema.WithRole(rules.RoleEventName); ok {
		e.Name = h.Text(c.Name, s.Row)
	}
	var err error
	e.Values, err = values(h, source.Schema, s.Row, reads, p)
	return e, err
}

// values are the columns of a row that the rule reads and that play no role.
func values(h *decide.Copied, schema *rules.Schema, row int, reads map[string]bool,
	p *pseudonyms,
) ([]ExampleValue, error) {
	var out []ExampleValue
	for i := range schema.Columns {
		c := &schema.Columns[i]
		if c.Role != rules.RoleNone || !reads[c.Name] || !h.Has(c.Name) {
			continue
		}
		if c.Type.Kind == value.Text {
			text := h.Text(c.Name, row)
			if text == "" && h.Missing(c.Name, row) {
				continue
			}
			pseudonym, ok := p.of(c, text)
			if !ok {
				return nil, fault.New(fault.Usage, "NO_EXAMPLE",
					fmt.Errorf("the rule tells a text of column %s from all others that could stand for it", c.Name),
					"write the test by hand; malgrupp explain says what the rule looks for")
			}
			out = append(out, ExampleValue{c.Name, pseudonym, true})
			continue
		}
		if v, ok := h.Cell(c.Name, row, c.Type); ok {
			out = append(out, ExampleValue{c.Name, v, c.Type.Kind == value.Date || c.Type.Kind == value.Timestamp})
		}
	}
	return out, nil
}

// relative writes an instant as tests do: -5d 10:00 is ten o'clock five local days before as_of; where that is less
// than a day, or would be another instant in the hour that a clock change repeats, in full.
func (q *inquiry) relative(at int64) string {
	zone := q.segment.Zone
	wall, today := q.local(at), q.local(q.AsOf)
	days := int(midnight(today).Sub(midnight(wall)) / (24 * time.Hour))
	clock := wall.Format("15:04:05.999999")
	if wall.Second() == 0 && wall.Nanosecond() == 0 {
		clock = wall.Format("15:04")
	}
	if days < 1 || zone.Earliest(wallMicros(wall)) != at {
		return wall.Format(time.RFC3339Nano)
	}
	return fmt.Sprintf("-%dd %s", days, clock)
}

// local is the wall clock of an instant in the segment's zone; its offset is right, its zone has no name.
func (q *inquiry) local(at int64) time.Time {
	offset := q.segment.Zone.Offset(at)
	return time.UnixMicro(at).In(time.FixedZone("", int(offset/1e6)))
}

// wallMicros is the reading of a wall clock, as microseconds of a day that has no offset.
func wallMicros(t time.Time) int64 {
	_, offset := t.Zone()
	return t.UnixMicro() + int64(offset)*1e6
}

// midnight is the beginning of a wall clock's day, without an offset so that days can be counted.
func midnight(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
}
