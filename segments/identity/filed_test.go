package identity

import (
	"fmt"
	"slices"
	"testing"
)

// Twenty thousand ids grow every shard several times: each is found again by its number, one by one and all together,
// as are those that only rows name, and nobody else is.
func TestManyIDsAreFoundAgain(t *testing.T) {
	const people, late = 20_000, 500
	s, ids := NewSubjects(), make([]string, people)
	for i := range ids {
		ids[i] = fmt.Sprintf("d%d", i)
	}
	file(s, Device, ids)
	file(s, Customer, []string{"c1"})
	for i := range late {
		id := fmt.Appendf(nil, "late%d", i)
		s.Late(s.Hash(Device, id), id)
	}
	asked := append(slices.Clone(ids), "nobody", "c1", "late0") // a customer's id is no device's
	hashes, numbers := make([]uint64, len(asked)), make([]Number, len(asked))
	for i, id := range asked {
		hashes[i] = s.Hash(Device, []byte(id))
	}
	s.LookupAll(hashes, func(i int) []byte { return []byte(asked[i]) }, numbers)
	for i, id := range ids {
		one, ok := s.Lookup(hashes[i], []byte(id))
		if found, known := s.Find(Device, id); !ok || !known || found != one || one != numbers[i] || s.Name(one) != id {
			t.Fatalf("%s: number %d, together %d, of which the name is %s", id, one, numbers[i], s.Name(one))
		}
	}
	if got := numbers[people:]; !slices.Equal(got, []Number{Missing, Missing, Missing}) {
		t.Errorf("nobody, a customer and one whom only rows name were filed: %d", got)
	}
	if n, known := s.Find(Device, "late7"); !known || s.Name(n) != "late7" {
		t.Error("one whom only rows name is not found")
	}
	if _, known := s.Find(Customer, "late7"); known {
		t.Error("a device was found as a customer")
	}
	if n := len(slices.Collect(s.Names)); n != people+1+late {
		t.Errorf("%d names of %d", n, people+1+late)
	}
	filed := map[string]bool{}
	for n, id := range s.Filed(Device) {
		if filed[id] = true; s.Name(n) != id {
			t.Fatalf("%d is %s, and is said to be %s", n, s.Name(n), id)
		}
	}
	if len(filed) != people || filed["c1"] {
		t.Errorf("%d devices are filed, of %d", len(filed), people)
	}
	for stop := range people + 1 + late {
		if stop%997 == 0 || stop > people { // whoever has heard enough may stop
			n := 0
			for range s.Names {
				if n++; n > stop {
					break
				}
			}
		}
	}
	for range s.Filed(Device) {
		break
	}
}

// Of the logins of a day the first and the last are kept, in whatever order they come.
func TestTheFirstAndLastLoginOfADayAreKept(t *testing.T) {
	at := func(hours ...int64) (out []Login) {
		for _, h := range hours {
			out = append(out, Login{0, 1, 20_000*day + h*day/24})
		}
		return out
	}
	for _, c := range []struct{ all, kept []Login }{
		{at(5), at(5)},
		{at(5, 5), at(5)},
		{at(9, 5), at(5, 9)},
		{at(9, 5, 7), at(5, 9)},
		{at(7, 9, 5, 7), at(5, 9)},
		{at(9, 5, 23, 24, 25, 30), at(5, 23, 24, 30)},
		{at(-1, 0, 1), at(-1, 0, 1)},
	} {
		if got := Compact(slices.Clone(c.all)); !slices.Equal(got, c.kept) {
			t.Errorf("of %v are kept %v, want %v", c.all, got, c.kept)
		}
		out, first := byDevice(slices.Clone(c.all), 2)
		if !slices.Equal(out, c.kept) || !slices.Equal(first, []uint32{0, uint32(len(c.kept)), uint32(len(c.kept))}) {
			t.Errorf("of %v are filed %v at %v, want %v", c.all, out, first, c.kept)
		}
	}
	mixed := []Login{{1, 2, 7}, {0, 2, 5}, {1, 2, 9}, {0, 2, 0}, {0, 2, -day}, {1, 3, 0}}
	if got := Compact(mixed); !slices.Equal(got, []Login{
		{0, 2, -day}, {0, 2, 0}, {0, 2, 5}, {1, 2, 7}, {1, 2, 9}, {1, 3, 0},
	}) {
		t.Errorf("sorted they are %v", got)
	}
}
