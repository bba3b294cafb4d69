package consent

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/malgrupp/malgrupp/segments/identity"
)

// The purposes that every project has, in the order of their numbers; activate:<dest> follow (docs/consent.md,
// Purposes).
const (
	Measure = iota
	Profile
	Link
	PartnerData
	fixed
)

var fixedNames = [fixed]string{"measure", "profile", "link", "partner_data"}

var destination = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,31}$`)

// Purposes numbers the purposes of a project.
type Purposes struct{ names []string }

// NewPurposes returns the fixed purposes and activate:<dest> for each destination. A name outside the pattern is
// BAD_PURPOSE.
func NewPurposes(destinations []string) (*Purposes, error) {
	p := &Purposes{names: slices.Clone(fixedNames[:])}
	for _, d := range destinations {
		if !destination.MatchString(d) {
			return nil, fmt.Errorf("BAD_PURPOSE: %q cannot be a destination: up to 32 small letters, digits, - and _, a "+
				"letter first", d)
		}
		if _, ok := p.Number("activate:" + d); !ok {
			p.names = append(p.names, "activate:"+d)
		}
	}
	return p, nil
}

// Len is the number of purposes.
func (p *Purposes) Len() int { return len(p.names) }

// Name returns the purpose's name.
func (p *Purposes) Name(i int) string { return p.names[i] }

// Number returns the purpose of that name.
func (p *Purposes) Number(name string) (int, bool) {
	i := slices.Index(p.names, name)
	return i, i >= 0
}

// Pattern is what an event or list entry speaks about: a purpose's number or one of the constants below.
type Pattern int32

// Patterns that are not one purpose.
const (
	EveryPurpose    Pattern = -1 // *
	EveryActivation Pattern = -2 // activate:*
	OtherPurpose    Pattern = -3 // a purpose this project does not ask
)

// Pattern reads the purpose of an event. A purpose that cannot be one is an error: it may be a denial we cannot read.
func (p *Purposes) Pattern(text string) (Pattern, error) {
	switch text {
	case "*":
		return EveryPurpose, nil
	case "activate:*":
		return EveryActivation, nil
	}
	if i, ok := p.Number(text); ok {
		return Pattern(i), nil
	}
	if d, ok := strings.CutPrefix(text, "activate:"); ok && destination.MatchString(d) {
		return OtherPurpose, nil
	}
	return OtherPurpose, fmt.Errorf("BAD_PURPOSE: unknown purpose")
}

// Denied are the purposes, by number, that some names cover: of purposes, * or activate:*.
func (p *Purposes) Denied(names []string) ([]bool, error) {
	out := make([]bool, p.Len())
	for _, name := range names {
		pattern, err := p.Pattern(name)
		if err != nil {
			return nil, err
		}
		for i := range out {
			out[i] = out[i] || pattern.covers(i)
		}
	}
	return out, nil
}

// covers reports whether a pattern speaks about a purpose.
func (p Pattern) covers(purpose int) bool {
	return p == Pattern(purpose) || p == EveryPurpose || p == EveryActivation && purpose >= fixed
}

// Use is what a row is asked for: all of its purposes must say yes (docs/consent.md, Uses).
type Use struct {
	Name     string
	Customer bool // the unit is the customer, else the device
	Person   bool // a device's rows say whose they are: the customer where one is known (Batch.Owner)
	Purposes []int
	List     bool // hands identifiers to a destination, whose activations are among the purposes
	OwnGrant bool // each activation needs a grant of the customer himself as well, whatever his devices grant
}

// SegmentUse is the use of evaluating rules without handing anybody over.
func (p *Purposes) SegmentUse(customer bool) Use {
	if customer {
		return Use{Name: "segment:customer", Customer: true, Purposes: []int{Profile, Link}}
	}
	return Use{Name: "segment:device", Purposes: []int{Profile}}
}

// ReportUse is the use of counting people, who are told in crowds only.
func (p *Purposes) ReportUse() Use {
	return Use{Name: "report", Person: true, Purposes: []int{Measure}}
}

// ListUse is the use of handing a list to a destination, named by the consents it asks.
func (p *Purposes) ListUse(customer bool, activations ...string) (Use, error) {
	u := p.SegmentUse(customer)
	for _, name := range activations {
		activate, ok := p.Number("activate:" + name)
		if !ok {
			return Use{}, fmt.Errorf("BAD_PURPOSE: no destination of this project asks activate:%s", name)
		}
		u.Purposes = append(u.Purposes, activate)
	}
	u.Name = "list:" + strings.Join(activations, "+") + ":" + strings.TrimPrefix(u.Name, "segment:")
	u.List = true
	return u, nil
}

// Owned is the use where each activation needs the customer's own grant.
func (u Use) Owned() Use {
	u.Name, u.OwnGrant = u.Name+":own", true
	return u
}

// activations calls yield for each purpose that hands somebody over.
func (u *Use) activations(yield func(purpose int) bool) {
	for _, purpose := range u.Purposes {
		if purpose >= fixed && !yield(purpose) {
			return
		}
	}
}

// kind is that of the use's unit.
func (u *Use) kind() identity.Kind {
	if u.Customer {
		return identity.Customer
	}
	return identity.Device
}

// asked returns the purposes a row must pass; rows from partners' sites ask partner_data after the first.
func (u *Use) asked(partner bool) []int {
	if !partner {
		return u.Purposes
	}
	return slices.Insert(slices.Clone(u.Purposes), 1, PartnerData)
}
