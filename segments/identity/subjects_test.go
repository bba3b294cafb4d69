package identity

import (
	"fmt"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

// file numbers ids as a ledger does: shard by shard.
func file(s *Subjects, kind Kind, ids []string) {
	for _, id := range ids {
		hash := s.Hash(kind, []byte(id))
		s.Shard(ShardOf(hash)).File(hash, []byte(id))
	}
}

func TestANumberNamesItsOwnIDAndNobodyElse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ids := rapid.SliceOfDistinct(rapid.StringN(0, 5, 20), rapid.ID)
		devices, customers, late := ids.Draw(t, "devices"), ids.Draw(t, "customers"), ids.Draw(t, "late")
		s := NewSubjects()
		file(s, Device, devices)
		file(s, Customer, customers)
		file(s, Device, devices) // again: nothing new
		for _, id := range late {
			s.Late(s.Hash(Device, []byte(id)), []byte(id))
		}
		owner := map[Number]string{}
		take := func(n Number, kind, id string) {
			if int(n) >= s.Bound() || s.Name(n) != id {
				t.Fatalf("%s %q has number %d of %d, which names %q", kind, id, n, s.Bound(), s.Name(n))
			}
			if other, taken := owner[n]; taken && other != kind+id {
				t.Fatalf("number %d stands for %q and for %q", n, other, kind+id)
			}
			owner[n] = kind + id
		}
		for _, id := range devices {
			n, ok := s.Lookup(s.Hash(Device, []byte(id)), []byte(id))
			if !ok {
				t.Fatalf("device %q is not found", id)
			}
			take(n, "device", id)
		}
		for _, id := range customers {
			n, ok := s.Lookup(s.Hash(Customer, []byte(id)), []byte(id))
			if !ok {
				t.Fatalf("customer %q is not found", id)
			}
			take(n, "customer", id)
		}
		for _, id := range late {
			take(s.Late(s.Hash(Device, []byte(id)), []byte(id)), "device", id)
		}
	})
}

func TestManyGoroutinesAgreeOnLateNumbers(t *testing.T) {
	const people, workers = 2000, 4
	s := NewSubjects()
	numbers := make([][people]Number, workers)
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := range people {
				d := (i + w*people/workers) % people // each begins elsewhere
				id := fmt.Appendf(nil, "d%d", d)
				numbers[w][d] = s.Late(s.Hash(Device, id), id)
			}
		})
	}
	wg.Wait()
	for w := range workers {
		if numbers[w] != numbers[0] {
			t.Fatalf("workers 0 and %d number the devices differently", w)
		}
	}
	for i, n := range numbers[0] {
		if want := fmt.Sprintf("d%d", i); s.Name(n) != want {
			t.Fatalf("number %d names %q, want %q", n, s.Name(n), want)
		}
	}
}
