package decide

import (
	"fmt"

	"github.com/malgrupp/malgrupp/pipeline/fault"
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
