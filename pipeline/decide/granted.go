package decide

import (
	"context"
	"slices"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/segments/consent"
	"github.com/malgrupp/malgrupp/segments/evidence"
	"github.com/malgrupp/malgrupp/segments/identity"
)

// Grant is what answered a purpose for a row: the latest affirmation that stood behind the grant when the row happened.
type Grant struct {
	Purpose string
	Level   consent.Level
	Own     bool // of a device; or of a customer who is the person, or counts as one with her
	Said
}

// Granted is why the gate let a row of the person through to a use.
type Granted struct {
	Grants []Grant
	Device string // raw id
	Login  int64  // the login by which a row without one is the customer's, microseconds UTC; 0: it needed none
}

// Granted finds, for rows that the gate admitted, which grants let them through. It reads the consent log once more for
// the devices and customers of these rows.
func (r *Rows) Granted(ctx context.Context, seen []Sight) (func(s Sight, use int) Granted, error) {
	var who []*Person
	at := map[identity.Number]int{}
	add := func(kind identity.Kind, n identity.Number) {
		if _, met := at[n]; !met && n < evidence.Unknown {
			at[n] = len(who)
			who = append(who, &Person{Kind: kind, Raw: r.subjects.Name(n)})
		}
	}
	for _, s := range seen {
		device, customer, partner := r.parties(s)
		_, owner, _ := r.gate.Admissions(0, device, customer, s.Time, partner)
		add(identity.Device, device)
		add(identity.Customer, owner)
	}
	said, err := r.Consents(ctx, who...)
	if err != nil {
		return nil, err
	}
	one := r.Joined()
	own := func(p *Person) bool {
		return p.Kind == identity.Device || r.Person.Kind == identity.Customer ||
			slices.ContainsFunc(one, func(j Joined) bool { return j.One && j.ID == p.Raw })
	}
	return func(s Sight, use int) Granted {
		device, customer, partner := r.parties(s)
		user, owner, by := r.gate.Admissions(use, device, customer, s.Time, partner)
		g := Granted{}
		if i, ok := at[device]; ok {
			g.Device = who[i].Raw
		}
		if user == consent.Attached {
			g.Login = r.loginAfter(device, owner, s.Time)
		}
		for _, a := range by {
			party := device
			if a.Level == consent.AtCustomer {
				party = owner
			}
			i, ok := at[party]
			if !ok {
				continue
			}
			t := &said[i].Purposes[a.Purpose]
			if step, ok := t.Grant(min(s.Time, r.policy.Now)); ok {
				g.Grants = append(g.Grants, Grant{t.Purpose, a.Level, own(who[i]), said[i].Said[step.Event]})
			}
		}
		return g
	}, nil
}

// parties are the numbers of the device and of the customer who was logged in, and whether the row is of a partner's
// site.
func (r *Rows) parties(s Sight) (device, customer identity.Number, partner bool) {
	c, source := r.At(s.Place)
	number := func(kind identity.Kind, role rules.Role, none identity.Number) identity.Number {
		column, ok := source.Schema.WithRole(role)
		if !ok {
			return none
		}
		id := identity.Normalise(c.Text(column.Name, s.Row))
		if n, known := r.subjects.Find(kind, id); known {
			return n
		}
		return none
	}
	return number(identity.Device, rules.RoleDevice, evidence.Unknown),
		number(identity.Customer, rules.RoleCustomer, evidence.None), source.Partner != ""
}

// loginAfter is the first login of a customer on a device that is not before an instant; 0 if there is none.
func (r *Rows) loginAfter(device, customer identity.Number, at int64) (first int64) {
	for _, l := range r.logins {
		if l.Device == device && l.Customer == customer && l.At >= at && (first == 0 || l.At < first) {
			first = l.At
		}
	}
	return first
}
