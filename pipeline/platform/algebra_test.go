package platform

import (
	"cmp"
	"maps"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

// set draws ids as a set and in byte order.
func set(t *rapid.T, name string) (map[string]bool, []string) {
	out := map[string]bool{}
	for _, id := range rapid.SliceOf(rapid.SampledFrom([]string{"a", "aa", "ab", "b", "B", "ä", "", "c"})).Draw(t, name) {
		out[id] = true
	}
	return out, slices.Sorted(maps.Keys(out))
}

// where lists the ids that keep says yes to.
func where(of map[string]bool, keep func(id string) bool) (out []string) {
	for _, id := range slices.Sorted(maps.Keys(of)) {
		if keep(id) {
			out = append(out, id)
		}
	}
	return out
}

// people makes additions of a set: entries are the ids, or one entry for each pair of ids that share a first letter.
func people(ids []string, entry func(id string) string) Additions {
	var out []person
	for _, id := range ids {
		out = append(out, person{id, entry(id)})
	}
	slices.SortStableFunc(out, func(a, b person) int { return cmp.Compare(a.entry, b.entry) })
	return additions(out, "list:x:device")
}

func TestDifferencesAreThoseOfSets(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now, members := set(t, "members")
		before, told := set(t, "held")
		gone, lost := set(t, "lost")
		adds, held := people(members, func(id string) string { return id }), Removals{told}
		for _, c := range []struct {
			what      string
			got, want []string
		}{
			{"new", adds.New(held).Entries(), where(now, func(id string) bool { return !before[id] })},
			{"kept", adds.Kept(held).Entries(), where(now, func(id string) bool { return before[id] })},
			{"gone", held.Gone(adds).Entries(), where(before, func(id string) bool { return !now[id] })},
			{"without the lost", adds.Without(lost).Entries(), where(now, func(id string) bool { return !gone[id] })},
		} {
			if diff := gocmp.Diff(c.want, c.got, cmpopts.EquateEmpty()); diff != "" {
				t.Fatalf("%s:\n%s", c.what, diff)
			}
		}
		if adds.Len() != len(now) || held.Len() != len(before) || adds.New(held).Len()+adds.Kept(held).Len() != adds.Len() {
			t.Fatal("the sizes do not add up")
		}
	})
}

// TestTwoMembersWithOneEntryAreOneToThePlatform: as long as one of them stays, the entry stays.
func TestTwoMembersWithOneEntryAreOneToThePlatform(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now, members := set(t, "members")
		gone, lost := set(t, "lost")
		first := func(id string) string { return "email=" + id[:min(1, len(id))] }
		adds := people(members, first)
		want := map[string]bool{}
		for _, id := range where(now, func(id string) bool { return !gone[id] }) {
			want[first(id)] = true
		}
		left := adds.Without(lost)
		if diff := gocmp.Diff(slices.Sorted(maps.Keys(want)), left.Entries(), cmpopts.EquateEmpty()); diff != "" {
			t.Fatal(diff)
		}
		var entries []string
		for entry, subject := range left.Told() {
			entries = append(entries, entry)
			if first(subject) != entry || !now[subject] || gone[subject] {
				t.Fatalf("%q stands for %q", entry, subject)
			}
		}
		if diff := gocmp.Diff(left.Entries(), entries, cmpopts.EquateEmpty()); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestSharesOfMembersComeTogetherInOneOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ids := rapid.SliceOf(rapid.StringMatching(`[ab]{0,2}[0-9]{0,12}`)).Draw(t, "ids")
		entry := func(id string) string {
			return "email=" + id[:min(len(id), rapid.IntRange(0, 9).Draw(t, "same beginning"))]
		}
		entries := map[string]string{}
		for _, id := range ids {
			if _, ok := entries[id]; !ok {
				entries[id] = entry(id)
			}
		}
		share := func(ids []string) (out []person, d Dropped) {
			for _, id := range ids {
				if len(id) == 1 {
					d.People++
					d.count("email", "empty", 1)
					continue
				}
				out = append(out, person{id, entries[id]})
			}
			return out, d
		}
		want, dropped := share(ids)
		slices.SortFunc(want, byEntry)
		got, left := inShares(ids, rapid.IntRange(0, 5).Draw(t, "workers"), share)
		if diff := gocmp.Diff(want, got, gocmp.AllowUnexported(person{}), cmpopts.EquateEmpty()); diff != "" {
			t.Fatal(diff)
		}
		if diff := gocmp.Diff(dropped, left); diff != "" {
			t.Fatal(diff)
		}
	})
}
