package scan

import (
	"github.com/apache/arrow/go/v15/arrow"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/segments/identity"
)

// Person is somebody whose rows are looked for; ids are as identity.Normalise leaves them.
type Person struct {
	Customer string          // "" for a device
	Devices  map[string]bool // the device itself, or those that belong to the customer
}

// RowsOf returns the rows, ascending, that may be about a person: of a device all its rows; of a customer those in
// which she was logged in, and those of her devices in which nobody was. What they count for only the gate can say.
func (s *Scanner) RowsOf(g RowGroup, p Person) ([]uint32, error) {
	column, err := g.Column(s.roles[rules.RoleDevice])
	if err != nil {
		return nil, err
	}
	device := Named(column, func(id string) bool { return p.Devices[id] })
	mine, anybody := func(int) bool { return false }, func(int) bool { return false }
	if name := s.roles[rules.RoleCustomer]; name != "" && p.Customer != "" {
		if column, err = g.Column(name); err != nil {
			return nil, err
		}
		mine, anybody = Named(column, func(id string) bool { return id == p.Customer }),
			Named(column, func(string) bool { return true })
	}
	var out []uint32
	for row := range g.Rows() {
		if mine(row) || device(row) && !anybody(row) {
			out = append(out, uint32(row))
		}
	}
	return out, nil
}

// RowsOfCustomer returns the rows, ascending, of a table of customers that are about one of them.
func (a *Attributes) RowsOfCustomer(g RowGroup, customer string) ([]uint32, error) {
	column, err := g.Column(a.customer)
	if err != nil {
		return nil, err
	}
	is := Named(column, func(id string) bool { return id == customer })
	var out []uint32
	for row := range g.Rows() {
		if is(row) {
			out = append(out, uint32(row))
		}
	}
	return out, nil
}

// Named reports of a row whether the id in a column is wanted; a missing id is not.
func Named(column arrow.Array, want func(id string) bool) func(row int) bool {
	codes, dict := asText(column)
	wanted := make([]bool, dict.Len())
	for i := range wanted {
		wanted[i] = !dict.IsNull(i) && want(identity.Normalise(dict.Value(i)))
	}
	return func(row int) bool { return wanted[codes[row]] }
}
