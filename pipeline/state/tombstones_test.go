package state

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/malgrupp/malgrupp/pipeline/keys"
	"github.com/malgrupp/malgrupp/pipeline/parquet"
)

// masters are a project's keys after master keys were replaced: rings that have the first of them, and all.
func masters(t *testing.T, n int) (rings []*keys.Ring) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "keys")
	if err := keys.Generate(dir); err != nil {
		t.Fatal(err)
	}
	master := map[int]string{}
	for number := 1; number <= n; number++ {
		master[number] = "env:M" + string(rune('0'+number))
		r, err := keys.Open(keys.Source{
			Dir: dir, Env: func(name string) (string, bool) { return strings.Repeat(name[1:], 64), true },
		}, keys.Config{
			Master: master, State: "file:" + keys.StateFile, Recipients: "file:" + keys.RecipientsFile,
			Signing: "file:" + keys.SigningFile,
		})
		if err != nil {
			t.Fatal(err)
		}
		rings = append(rings, r)
	}
	return rings
}

func bury(t *testing.T, r *keys.Ring, kind, id string, at int64, forever bool) Tombstone {
	t.Helper()
	s, err := Bury(r, kind, id, at, forever)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Somebody who was forgotten under several master keys is known under all: the latest time counts, and for ever stays,
// whichever of them says so.
func TestTheForgottenAreKnownUnderEveryMasterKey(t *testing.T) {
	r := masters(t, 3)
	for _, c := range []struct {
		at      [3]int64
		forever [3]bool
		want    int64
	}{
		{[3]int64{1, 2, 3}, [3]bool{true, false, false}, 3},
		{[3]int64{1, 3, 2}, [3]bool{false, false, true}, 3},
		{[3]int64{3, 1, 2}, [3]bool{false, true, false}, 3},
		{[3]int64{3, 2, 1}, [3]bool{}, 3},
	} {
		all := Tombstones{}
		for i := range r {
			all = all.With(bury(t, r[i], "device", "anna", c.at[i], c.forever[i]))
		}
		for range 10 { // keys come in any order
			find, err := all.Matcher(r[2])
			if err != nil {
				t.Fatal(err)
			}
			got, ok := find("device", "anna")
			if !ok || got.At != c.want || got.Forever != (c.forever != [3]bool{}) {
				t.Fatalf("%+v: %t %+v", c, ok, got)
			}
			if _, ok := find("customer", "anna"); ok {
				t.Fatal("a customer has the tombstone of a device")
			}
		}
	}
}

// Of one person there is one tombstone, in the order of kind and key, and what is read is what was written.
func TestOfOnePersonThereIsOneTombstone(t *testing.T) {
	r := ring(t)
	a, late := Tombstone{"customer", "k1", 9, true}, Tombstone{"device", "k2", 6, true}
	b, again := Tombstone{"device", "k1", 5, false}, Tombstone{"device", "k1", 7, false}
	before := Tombstone{"device", "k1", 3, true}
	got := Tombstones{late, b}.With(again, a, before)
	want := Tombstones{a, {"device", "k1", 7, true}, late}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(want, want.With()); diff != "" {
		t.Error(diff)
	}
	var kind, key, at, forever parquet.Values // as no program writes it
	for _, s := range []Tombstone{late, b, again, a, before} {
		kind.Text, key.Text, at.Ints = append(kind.Text, s.Kind), append(key.Text, s.Key), append(at.Ints, s.At)
		forever.Ints = append(forever.Ints, asInt(s.Forever))
	}
	sealed, err := tombstonesTable.seal(r, 5, kind, key, at, forever)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		read, err := ReadTombstones(sealed, r)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, read); diff != "" {
			t.Error(diff)
		}
		if sealed, err = read.Write(r); err != nil {
			t.Fatal(err)
		}
	}
}

// What a run puts off is told by the next marker, but for what was heard already.
func TestWhatIsPutOffIsToldByTheNextMarker(t *testing.T) {
	l, other := lists[0], lists[1]
	h := &Holdings{
		Told: Told{Marker: 6},
		lists: map[List][]holding{
			l: {{entry: "a", marker: 3, heard: true}, {entry: "b", marker: 4}}, other: {{entry: "c", marker: 2}},
		},
		owed: map[List][]holding{l: {{entry: "d", marker: 5}, {entry: "e", marker: 1}}},
	}
	h.Unadded(l)
	h.Untold(lists[2])
	for _, c := range []struct {
		of   []holding
		want []int64
	}{{h.lists[l], []int64{3, 7}}, {h.lists[other], []int64{2}}, {h.owed[l], []int64{5, 1}}} {
		var got []int64
		for _, p := range c.of {
			got = append(got, p.marker)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Error(diff)
		}
	}
	if h.Untold(l); h.owed[l][0].marker != 7 || h.owed[l][1].marker != 7 {
		t.Errorf("owed are %+v", h.owed[l])
	}
	if _, there := h.lists[lists[2]]; there || len(h.lists) != 2 || len(h.owed) != 1 {
		t.Errorf("a list of nobody is kept: %v, %v", h.lists, h.owed)
	}
}

// An entry that stays in a list though it is told for somebody else now is counted as inherited, but not where the key
// alone is another one.
func TestEntriesThatStayForSomebodyElseAreCounted(t *testing.T) {
	r := masters(t, 2)
	l := lists[0]
	told := func(who ...string) func(yield func(entry, subject string) bool) {
		return func(yield func(entry, subject string) bool) {
			for i, subject := range who {
				if !yield(string(rune('a'+i)), subject) {
					return
				}
			}
		}
	}
	h := Empty()
	for i, c := range []struct {
		ring *keys.Ring
		who  []string
		want int
	}{
		{r[0], []string{"anna", "bo", "cai"}, 0},
		{r[0], []string{"anna", "eva", "dan"}, 2},
		{r[1], []string{"anna", "eva", "fia"}, 0},
		{r[1], []string{"anna", "eva", "gun", "hal"}, 1},
	} {
		got, err := h.Set(l, "p", told(c.who...), c.ring)
		if err != nil || got != c.want {
			t.Errorf("%d: %d entries are inherited, want %d: %v", i, got, c.want, err)
		}
	}
}
