package pipeline

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"github.com/malgrupp/malgrupp/pipeline/fault"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/segments"
)

// Example is a decision as a case of a test: the events that conditions wanted, without the person. Texts are pseudonyms,
// numbers and times are as they were.
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

// Example turns the answer for one use into a case; "" is the first use for which the person was seen. It fails where a test
// cannot say what decided.
func (a *Answer) Example(use string) (*Example, error) {
	i := slices.IndexFunc(a.Uses, func(u AnswerUse) bool { return u.Seen && (use == "" || u.Use == use) })
	if i < 0 {
		return nil, fault.New(fault.Usage, "NO_EXAMPLE", errors.New("no row of the person may be used, so there is nothing that a test could show"), "")
	}
	u := &a.Uses[i]
	switch {
	case u.Stays != 0:
		return nil, fault.New(fault.Usage, "NO_EXAMPLE", errors.New("the person stays for an earlier day's match, and a test is about one day"), "ask --as-of a day on which the match itself was true")
	case u.Alone == segments.Undecided:
		return nil, fault.New(fault.Usage, "NO_EXAMPLE", errors.New("data were missing, so the decision is unknown; a test has all data there could be"), "")
	}
	return a.dossier.example(a, u)
}

func (d *dossier) example(a *Answer, u *AnswerUse) (*Example, error) {
	plan, err := d.planAsOf(d.Job.AsOf, d.cover)
	if err != nil {
		return nil, err
	}
	p, err := newPseudonyms(plan)
	if err != nil {
		return nil, err
	}
	e := &Example{Segment: a.Segment, Use: u.Use, AsOf: d.local(d.Job.AsOf).Format(time.RFC3339Nano), Expect: u.Alone}
	if decides := slices.DeleteFunc(slices.Clone(u.Conditions), func(n AnswerNode) bool { return !n.Decides }); len(decides) == 1 && u.Alone != segments.In {
		e.Because = decides[0].Path
	}
	reads := d.reads(plan)
	devices, sessions := numbered{"d", map[string]string{}}, numbered{"s", map[string]string{}}
	for _, s := range a.wanted {
		if _, admitted := s.wanted[u.number]; !admitted {
			continue
		}
		event, err := d.exampleEvent(s, reads, p)
		if err != nil {
			return nil, err
		}
		source, h := &d.Sources[s.source], d.rows[s.source][s.group]
		if c, ok := source.Schema.WithRole(rules.RoleDevice); ok && d.customer() {
			event.Device = devices.of(h.text(c.Name, s.row))
		}
		if c, ok := source.Schema.WithRole(rules.RoleSession); ok && h.columns[c.Name] != nil {
			if id := h.text(c.Name, s.row); id != "" {
				event.Session = sessions.of(id)
			}
		}
		e.Events = append(e.Events, event)
	}
	if len(e.Events) == 0 {
		return nil, fault.New(fault.Usage, "NO_EXAMPLE", errors.New("no event of the person lies in what the rule looks at, so there is nothing that a test could show"), "")
	}
	for _, h := range d.records {
		if e.Profile, err = values(h, d.Job.Attributes(), 0, reads, p); err != nil {
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
func (d *dossier) reads(p *segments.Plan) map[string]bool {
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

func (d *dossier) exampleEvent(s sight, reads map[string]bool, p *pseudonyms) (ExampleEvent, error) {
	source, h := &d.Sources[s.source], d.rows[s.source][s.group]
	e := ExampleEvent{At: d.relative(s.at)}
	if c, ok := source.Schema.WithRole(rules.RoleEventName); ok {
		e.Name = h.text(c.Name, s.row)
	}
	var err error
	e.Values, err = values(h, source.Schema, s.row, reads, p)
	return e, err
}

// values are the columns of a row that the rule reads and that play no role.
func values(h *held, schema *rules.Schema, row int, reads map[string]bool, p *pseudonyms) ([]ExampleValue, error) {
	var out []ExampleValue
	for i := range schema.Columns {
		c := &schema.Columns[i]
		if c.Role != rules.RoleNone || !reads[c.Name] || h.columns[c.Name] == nil {
			continue
		}
		if c.Type.Kind == value.Text {
			text := h.text(c.Name, row)
			if text == "" && h.missing(c.Name, row) {
				continue
			}
			pseudonym, ok := p.of(c, text)
			if !ok {
				return nil, fault.New(fault.Usage, "NO_EXAMPLE", fmt.Errorf("the rule tells a text of column %s from all others that could stand for it", c.Name),
					"write the test by hand; malgrupp explain says what the rule looks for")
			}
			out = append(out, ExampleValue{c.Name, pseudonym, true})
			continue
		}
		if v, ok := cellText(h.columns[c.Name], row, c.Type); ok {
			out = append(out, ExampleValue{c.Name, v, c.Type.Kind == value.Date || c.Type.Kind == value.Timestamp})
		}
	}
	return out, nil
}

// missing reports whether a text is null, not empty.
func (h *held) missing(column string, row int) bool {
	a := h.columns[column].(*array.Dictionary)
	return a.IsNull(row) || a.Dictionary().IsNull(a.GetValueIndex(row))
}

// cellText writes a value as rules.ParseValue reads it.
func cellText(a arrow.Array, row int, t value.Type) (string, bool) {
	if a.IsNull(row) {
		return "", false
	}
	switch a := a.(type) {
	case *array.Int64:
		return value.Number{Int: a.Value(row), Scale: t.Scale}.String(), true
	case *array.Float64:
		return strconv.FormatFloat(a.Value(row), 'g', -1, 64), true
	case *array.Boolean:
		return strconv.FormatBool(a.Value(row)), true
	case *array.Date32:
		return value.DateOfDays(int64(a.Value(row))).String(), true
	case *array.Timestamp:
		return value.FormatTimestamp(int64(a.Value(row))), true
	}
	return "", false
}

// relative writes an instant as tests do: -5d 10:00 is ten o'clock five local days before as_of; where that is less than a
// day, or would be another instant in the hour that a clock change repeats, in full.
func (d *dossier) relative(at int64) string {
	zone := d.segment.Zone
	wall, today := d.local(at), d.local(d.Job.AsOf)
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
func (d *dossier) local(at int64) time.Time {
	offset := d.segment.Zone.Offset(at)
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
