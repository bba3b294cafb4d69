package pipeline

import (
	"errors"
	"fmt"

	"github.com/malgrupp/malgrupp/pipeline/fault"
	"github.com/malgrupp/malgrupp/pipeline/keys"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/segments"
	"github.com/malgrupp/malgrupp/segments/identity"
)

// focus is the one person a job asks about, and the segment that is in question. It begins with a keyed or a raw id; trace finds the other.
type focus struct {
	segment *rules.Segment
	keyed   string
	raw     string // as identity.Normalise leaves it
	number  identity.Number
	known   bool // a consent event, a login or a row named the person
}

func (f *focus) customer() bool { return f.segment.Level == rules.CustomerLevel }

func (f *focus) kind() (identity.Kind, keys.Label) {
	if f.customer() {
		return identity.Customer, keys.CustomerID
	}
	return identity.Device, keys.DeviceID
}

// newFocus takes a keyed id, or a raw one if raw says so.
func newFocus(ring *keys.Ring, segment *rules.Segment, subject string, raw bool) (*focus, error) {
	f := &focus{segment: segment}
	if !raw {
		if _, ok := keys.NumberOf(subject); !ok {
			return nil, fault.New(fault.Usage, "SUBJECT", errors.New("the subject is no keyed id: one looks like k1.T9rSBS_C55xmPzfW2u-yvw"),
				"give - and write the raw id to standard input; what is printed then begins with its keyed id")
		}
		f.keyed = subject
		return f, nil
	}
	if f.raw = identity.Normalise(subject); f.raw == "" || identity.Blocked(f.raw) {
		return nil, fault.New(fault.Usage, "SUBJECT", errors.New("the id on standard input is empty, or stands for nobody in particular"), "write one id of a "+string(segment.Level)+" and nothing else")
	}
	_, label := f.kind()
	keyer, err := ring.Keyer(label)
	if err != nil {
		return nil, err
	}
	f.keyed = keyer.Key(keys.NewID(f.raw))
	return f, nil
}

// trace finds the person among all who were named, and has the tally keep what the conditions are for that person.
func (e *Evaluation) trace(f *focus, tally *segments.Tally) error {
	kind, label := f.kind()
	if f.raw == "" {
		number, _ := keys.NumberOf(f.keyed)
		keyer, err := e.Job.Keys.KeyerOf(number, label)
		if err != nil {
			return fault.New(fault.Usage, "SUBJECT", err, "give - and write the raw id to standard input")
		}
		for id := range e.subjects.Names {
			if keyer.Key(keys.NewID(id)) == f.keyed {
				f.raw = id
				break
			}
		}
		if f.raw == "" {
			return fault.New(fault.Usage, "SUBJECT", fmt.Errorf("nobody in the consent log and the rows has the keyed id %s", f.keyed),
				"a segment of customers wants the keyed id of a customer, one of devices that of a device; with - the raw id is read from standard input")
		}
	}
	if f.number, f.known = e.numberOf(kind, f.raw); f.known {
		tally.Trace(f.number)
	}
	return nil
}

// numberOf is the number of an id, whether a consent event named it or only a row.
func (e *Evaluation) numberOf(kind identity.Kind, raw string) (identity.Number, bool) {
	id := []byte(raw)
	hash := e.subjects.Hash(kind, id)
	if n, ok := e.subjects.Lookup(hash, id); ok {
		return n, true
	}
	return e.subjects.LookupLate(hash, id)
}
