package decide

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/malgrupp/malgrupp/pipeline/fault"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/segments/identity"
)

// Person is the one person that a decision is asked about: by raw id, or by whatever tells her from all who were named.
type Person struct {
	Kind  identity.Kind
	Raw   string               // as identity.Normalise leaves it; "": Is knows her
	Is    func(id string) bool // whether a raw id is hers
	Keyed string               // what messages call her
	Known bool                 // a consent event, a login or a row named her; known once the decision is made

	number identity.Number
}

// named reports whether a raw id is the person's.
func (p *Person) named(id string) bool { return p.Raw == id || p.Raw == "" && p.Is(id) }

// Joined is somebody of the other kind who was logged in with the person: a device of a customer, or a customer on a
// device. Times are microseconds UTC.
type Joined struct {
	Kind        identity.Kind
	ID          string
	One         bool  // they count as one person as of now: nobody else uses the device, and the customer has not too many
	First, Last int64 // login
	Days        int   // UTC days with one
}

// Joined are those who were logged in with the person in any retained row, by id; none where identity is not linked.
func (d *Decision) Joined() (out []Joined) {
	p := d.Person
	if d.star == nil || !p.Known {
		return nil
	}
	at := map[identity.Number]int{}
	last := map[identity.Number]int64{} // day
	for _, l := range identity.Compact(slices.Clone(d.logins)) {
		own, other, kind := l.Customer, l.Device, identity.Device
		if p.Kind == identity.Device {
			own, other, kind = l.Device, l.Customer, identity.Customer
		}
		if own != p.number {
			continue
		}
		i, met := at[other]
		if !met {
			i = len(out)
			at[other], last[other] = i, math.MinInt64
			one := slices.Contains(d.star.Devices(l.Customer), l.Device)
			out = append(out, Joined{Kind: kind, ID: d.subjects.Name(other), One: one, First: l.At})
		}
		j := &out[i]
		j.First, j.Last = min(j.First, l.At), max(j.Last, l.At)
		if day := l.At / value.MicrosPerDay; day != last[other] {
			j.Days, last[other] = j.Days+1, day
		}
	}
	slices.SortFunc(out, func(a, b Joined) int { return strings.Compare(a.ID, b.ID) })
	return out
}

// find finds the person among all who were named.
func (d *Decision) find(asked *Person) error {
	if asked == nil {
		return nil
	}
	p := *asked
	if p.Raw == "" {
		for id := range d.subjects.Names {
			if p.Is(id) {
				p.Raw = id
				break
			}
		}
		if p.Raw == "" {
			return fault.New(fault.Usage, "SUBJECT",
				fmt.Errorf("nobody in the consent log and the rows has the keyed id %s", p.Keyed),
				"a segment of customers wants the keyed id of a customer, one of devices that of a device; with - the raw id is "+
					"read from standard input")
		}
	}
	p.number, p.Known = d.subjects.Find(p.Kind, p.Raw)
	d.Person = &p
	return nil
}
