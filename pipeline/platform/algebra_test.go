package platform

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
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

func TestDifferencesAreThoseOfSets(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now, members := set(t, "members")
		before, told := set(t, "held")
		gone, lost := set(t, "lost")
		adds, held := Additions{members}, Removals{told}
		for _, c := range []struct {
			what      string
			got, want []string
		}{
			{"new", adds.New(held).Subjects(), where(now, func(id string) bool { return !before[id] })},
			{"kept", adds.Kept(held).Subjects(), where(now, func(id string) bool { return before[id] })},
			{"gone", held.Gone(adds).Subjects(), where(before, func(id string) bool { return !now[id] })},
			{"without the lost", adds.Without(lost).Subjects(), where(now, func(id string) bool { return !gone[id] })},
		} {
			if diff := cmp.Diff(c.want, c.got, cmpopts.EquateEmpty()); diff != "" {
				t.Fatalf("%s:\n%s", c.what, diff)
			}
		}
		if adds.Len() != len(now) || held.Len() != len(before) || adds.New(held).Len()+adds.Kept(held).Len() != adds.Len() {
			t.Fatal("the sizes do not add up")
		}
	})
}
