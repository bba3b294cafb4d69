package state

import (
	"bytes"
	"io"
	"iter"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/malgrupp/malgrupp/pipeline/keys"
	"github.com/malgrupp/malgrupp/pipeline/parquet"
	"github.com/malgrupp/malgrupp/rules"
)

func ring(t *testing.T) *keys.Ring {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "keys")
	if err := keys.Generate(dir); err != nil {
		t.Fatal(err)
	}
	r, err := keys.Open(keys.Source{Dir: dir, Env: func(string) (string, bool) { return "", false }}, keys.Config{
		Master: map[int]string{1: "file:" + keys.MasterFile}, State: "file:" + keys.StateFile,
		Recipients: "file:" + keys.RecipientsFile, Signing: "file:" + keys.SigningFile,
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// told is what the test believes lists hold: the entries and the run that added each.
type told map[List]map[string]string

var lists = []List{
	{"mail", "savers", "file_csv", ""},
	{"mail", "buyers", "file_csv", ""},
	{"post", "savers", "file_parquet", ""},
	{"mail", "savers", "file_parquet", ""},
	{"mail", "savers", "file_parquet", "ios"},
}

// pairs yields each entry with a subject that is not the entry.
func pairs(entries []string) iter.Seq2[string, string] {
	return func(yield func(entry, subject string) bool) {
		for _, e := range entries {
			if !yield(e, "s "+e) {
				return
			}
		}
	}
}

// tell draws one night: some lists get new members.
func tell(t *rapid.T, h *Holdings, believed told, run string, r *keys.Ring) *Holdings {
	next := h.Next(Told{RunID: run, Waits: func(string) bool { return false }})
	for range rapid.IntRange(0, 3).Draw(t, "lists") {
		l := rapid.SampledFrom(lists).Draw(t, "list")
		id := rapid.OneOf(rapid.SampledFrom([]string{"d1", "d2", "d3", "ä,\"b", " x "}), rapid.StringN(0, 10, 40))
		ids := rapid.SliceOfDistinct(id, rapid.ID[string]).Draw(t, "ids")
		slices.Sort(ids)
		if _, err := next.Set(l, "google.v1", pairs(ids), r); err != nil {
			t.Fatal(err)
		}
		members := map[string]string{}
		for _, id := range ids {
			members[id] = run
			if since, ok := believed[l][id]; ok {
				members[id] = since
			}
		}
		believed[l] = members
	}
	return next
}

// check compares holdings with what the test believes.
func check(t *rapid.T, h *Holdings, believed told, r *keys.Ring) {
	for l, members := range believed {
		if diff := cmp.Diff(slices.Sorted(maps.Keys(members)), h.Of(l), cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("%v:\n%s", l, diff)
		}
		keyer, err := r.Keyer(keys.Dest(l.Destination))
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range h.lists[l] {
			if p.runID != members[p.entry] || p.key != keyer.Key(keys.NewID("s "+p.entry)) || p.profile != "google.v1" {
				t.Fatalf("%v: %q is held since run %s, want %s, under the key %s and the profile %s", l, p.entry, p.runID,
					members[p.entry], p.key, p.profile)
			}
			got := h.Entries(l, p.key)
			if len(got) != 1 || got[0].RunID != members[p.entry] || got[0].Action != added || got[0].Heard != p.heard {
				t.Fatalf("%v: of %q is told %v", l, p.entry, got)
			}
		}
	}
	held := 0
	for _, l := range h.Lists() {
		held += len(h.Of(l))
	}
	want := 0
	for _, members := range believed {
		want += len(members)
	}
	if held != want {
		t.Fatalf("%d people are held, want %d", held, want)
	}
}

func plainBytes(t *rapid.T, sealed []byte, r *keys.Ring) []byte {
	plain, err := r.DecryptState(bytes.NewReader(sealed))
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(plain)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestHoldingsRememberFromRunToRun(t *testing.T) {
	r := ring(t)
	rapid.Check(t, func(t *rapid.T) {
		h, believed := Empty(), told{}
		for _, run := range []string{"r1", "r2", "r3"} {
			before := h.Lists()
			next := tell(t, h, believed, run, r)
			if diff := cmp.Diff(before, h.Lists()); diff != "" {
				t.Fatalf("the next run changed what the last one wrote:\n%s", diff)
			}
			sealed, err := next.Write(r)
			if err != nil {
				t.Fatal(err)
			}
			if h, err = Read(sealed, r); err != nil {
				t.Fatal(err)
			}
			check(t, next, believed, r)
			check(t, h, believed, r)
			again, err := h.Write(r)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(plainBytes(t, sealed, r), plainBytes(t, again, r)) {
				t.Fatal("equal holdings have unequal bytes")
			}
			if bytes.Equal(sealed, again) {
				t.Fatal("two ciphertexts are equal")
			}
		}
	})
}

func TestListsComeInAFixedOrder(t *testing.T) {
	r, h := ring(t), Empty()
	android := lists[4]
	android.Part = "android"
	for _, l := range []List{android, lists[4], lists[2], lists[0], lists[3], lists[1]} {
		if _, err := h.Set(l, "", pairs([]string{"d1"}), r); err != nil {
			t.Fatal(err)
		}
	}
	for range 20 { // a map has them in another order each time
		if diff := cmp.Diff([]List{lists[1], lists[0], lists[3], android, lists[4], lists[2]}, h.Lists()); diff != "" {
			t.Fatal(diff)
		}
	}
	if _, err := h.Set(lists[1], "", pairs(nil), r); err != nil || len(h.Lists()) != 5 {
		t.Errorf("an emptied list is still there: %v, error %v", h.Lists(), err)
	}
}

// sealedTable is a state object with one row of the given format.
func sealedTable(t *testing.T, r *keys.Ring, format int64, columns []rules.Column) []byte {
	t.Helper()
	var out bytes.Buffer
	sealed, err := r.EncryptState(&out)
	if err != nil {
		t.Fatal(err)
	}
	w, err := parquet.NewWriter(sealed, columns, parquet.WriterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	values := []parquet.Values{{Ints: []int64{format}}}
	for _, c := range columns[1:] {
		v := parquet.Values{Text: []string{c.Name}}
		switch {
		case c.Name == "action":
			v.Text = []string{added}
		case c.Type != text:
			v = parquet.Values{Ints: []int64{1}}
		}
		values = append(values, v)
	}
	for _, err := range []error{w.Write(1, values), w.Close(), sealed.Close()} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return out.Bytes()
}

func TestHoldingsOfANewerFormatAreRefused(t *testing.T) {
	r := ring(t)
	if _, err := Read(sealedTable(t, r, formatVersion, schema.Columns), r); err != nil {
		t.Errorf("this version's own format: %v", err)
	}
	_, err := Read(sealedTable(t, r, formatVersion+1, schema.Columns), r)
	if err == nil || !strings.Contains(err.Error(), "their format is 4, this version reads up to 3") {
		t.Errorf("error %v, want both formats named", err)
	}
}

func TestHoldingsOfTheFirstFormatAreRead(t *testing.T) {
	r := ring(t)
	first := slices.DeleteFunc(slices.Clone(schema.Columns), func(c rules.Column) bool {
		return c.Name == "kind" || c.Name == "part" || c.Type != text && c.Name != "format"
	})
	h, err := Read(sealedTable(t, r, 1, first), r)
	if err != nil {
		t.Fatal(err)
	}
	l := List{Destination: "destination", Segment: "segment", Kind: "profile"}
	if unheard := h.Unheard(l); len(unheard) > 0 {
		t.Errorf("who was told by an older version has not heard of %q", unheard)
	}
	if diff := cmp.Diff([]List{l}, h.Lists()); diff != "" || !slices.Equal(h.Of(l), []string{"identifier"}) {
		t.Error(diff, h.Of(l))
	}
}

// A destination that acknowledges is owed each removal, and told each addition, until it has; one that comes back in
// between is owed none. Whoever is forgotten is owed for 25 days. Against what the test believes, through the object.
func TestWhatWasToldIsOwedUntilItIsAcknowledged(t *testing.T) {
	r := ring(t)
	l := List{"mail", "savers", "file_csv", ""}
	ids := []string{"d1", "d2", "d3", "d4"}
	rapid.Check(t, func(t *rapid.T) {
		h := Empty()
		unheard, owed := map[string]int64{}, map[string]int64{} // entry -> marker that told it
		held, forgotten := map[string]bool{}, map[string]int64{}
		const day = 24 * 3600 * 1_000_000
		for marker := int64(1); marker <= 8; marker++ {
			now := marker * 10 * day
			if heard := rapid.Int64Range(0, marker-1).Draw(t, "acknowledged"); heard > 0 {
				h.Acknowledge("mail", heard)
				h.Acknowledge("post", marker) // somebody else
				for _, of := range []map[string]int64{unheard, owed} {
					maps.DeleteFunc(of, func(_ string, at int64) bool { return at <= heard })
				}
			}
			members := rapid.SliceOfDistinct(rapid.SampledFrom(ids), rapid.ID[string]).Draw(t, "members")
			slices.Sort(members)
			forget := rapid.SampledFrom(append([]string{""}, ids...)).Draw(t, "forget")
			members = slices.DeleteFunc(members, func(id string) bool { return id == forget })
			keyer, err := r.Keyer(keys.Dest("mail"))
			if err != nil {
				t.Fatal(err)
			}
			key := keyer.Key(keys.NewID("s " + forget))
			next := h.Next(Told{
				RunID: "r", Marker: marker, At: now, Waits: func(d string) bool { return d == "mail" },
				Erased: func(d, k string) bool { return d == "mail" && k == key },
			})
			if _, err := next.Set(l, "p", pairs(members), r); err != nil {
				t.Fatal(err)
			}
			for _, id := range ids {
				switch is := slices.Contains(members, id); {
				case is && !held[id]:
					held[id], unheard[id] = true, marker
					delete(owed, id)
				case !is && held[id]:
					delete(held, id)
					delete(unheard, id)
					delete(forgotten, id)
					owed[id] = marker
				}
				if id == forget && owed[id] > 0 && forgotten[id] == 0 {
					forgotten[id] = marker
				}
				if at := forgotten[id]; at > 0 && now-at*10*day > 25*day {
					delete(owed, id)
				}
				if owed[id] == 0 {
					delete(forgotten, id)
				}
			}
			sealed, err := next.Write(r)
			if err != nil {
				t.Fatal(err)
			}
			if h, err = Read(sealed, r); err != nil {
				t.Fatal(err)
			}
			sorted := func(of map[string]int64) []string { return slices.Sorted(maps.Keys(of)) }
			for _, c := range []struct{ want, got []string }{
				{sorted(owed), h.Owed(l)}, {sorted(unheard), h.Unheard(l)}, {slices.Sorted(maps.Keys(held)), h.Of(l)},
			} {
				if diff := cmp.Diff(c.want, c.got, cmpopts.EquateEmpty()); diff != "" {
					t.Fatalf("after marker %d: %s", marker, diff)
				}
			}
		}
	})
}

func TestDamagedHoldingsAreRefused(t *testing.T) {
	r, h := ring(t), Empty()
	ids := []string{"d1", "d2", "d3"}
	if _, err := h.Set(lists[0], "", pairs(ids), r); err != nil {
		t.Fatal(err)
	}
	sealed, err := h.Write(r)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(sealed, []byte("savers")) {
		t.Error("the holdings lie open")
	}
	damaged := map[string][]byte{
		"empty": nil, "cut": sealed[:len(sealed)-1], "longer": append(slices.Clone(sealed), 0),
		"not encrypted": []byte("PAR1PAR1"),
	}
	rapid.Check(t, func(rt *rapid.T) {
		one := slices.Clone(sealed)
		one[rapid.IntRange(0, len(one)-1).Draw(rt, "byte")] ^= 1 << rapid.IntRange(0, 7).Draw(rt, "bit")
		if _, err := Read(one, r); err == nil {
			rt.Fatal("a changed object is read")
		}
	})
	for what, object := range damaged {
		if _, err := Read(object, r); err == nil {
			t.Errorf("%s: read without an error", what)
		}
	}
	if _, err := Read(sealed, ring(t)); err == nil {
		t.Error("another project's key opens the holdings")
	}
}

func TestSomebodyIsFoundUnderEveryMasterKeyInAFixedOrder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	if err := keys.Generate(dir); err != nil {
		t.Fatal(err)
	}
	master := map[int]string{}
	for number := 1; number <= 5; number++ {
		master[number] = "env:M" + strconv.Itoa(number)
	}
	env := func(name string) (string, bool) { return strings.Repeat(name[1:], 64), true }
	r, err := keys.Open(keys.Source{Dir: dir, Env: env}, keys.Config{
		Master: master, State: "file:" + keys.StateFile, Recipients: "file:" + keys.RecipientsFile,
		Signing: "file:" + keys.SigningFile,
	})
	if err != nil {
		t.Fatal(err)
	}
	l := lists[0]
	h := &Holdings{lists: map[List][]holding{}, owed: map[List][]holding{}}
	var want []Known
	for number := 1; number <= 5; number++ {
		keyer, err := r.KeyerOf(number, keys.Dest(l.Destination))
		if err != nil {
			t.Fatal(err)
		}
		key := keyer.Key(keys.NewID("anna"))
		h.lists[l] = append(h.lists[l], holding{key: key, entry: strconv.Itoa(number)})
		want = append(want, Known{l, key})
	}
	find, err := h.Finder(r)
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		if diff := cmp.Diff(want, find("anna")); diff != "" {
			t.Fatal(diff)
		}
	}
}

func TestWhoLeavesADestinationThatForgetsByTimeIsOwedUntilThen(t *testing.T) {
	r := ring(t)
	l := List{"adform", "savers", "adform", "device"}
	const day = 24 * 3600 * 1_000_000
	h := Empty()
	for night, members := range [][]string{{"d1", "d2"}, {"d1"}, {"d1"}, {"d1", "d2"}, {}, {}} {
		h.Outlived("adform", (int64(night)-2)*day)
		h.Outlived("post", 9*day) // another
		next := h.Next(Told{
			RunID: "r", Marker: int64(night + 1), At: int64(night) * day, Lingers: func(d string) bool { return d == "adform" },
		})
		if _, err := next.Set(l, "p", pairs(members), r); err != nil {
			t.Fatal(err)
		}
		want := [][]string{nil, {"d2"}, {"d2"}, nil, {"d1", "d2"}, {"d1", "d2"}}[night]
		if diff := cmp.Diff(want, next.Owed(l)); diff != "" || len(next.Unheard(l)) > 0 {
			t.Errorf("night %d (-want +got), %d unheard:\n%s", night, len(next.Unheard(l)), diff)
		}
		h = next
	}
	h.Outlived("adform", 3*day)
	if len(h.Owed(l)) != 2 {
		t.Errorf("of the removals of day 4, %q are owed", h.Owed(l))
	}
	if h.Outlived("adform", 4*day); len(h.Owed(l)) != 0 || len(h.Lists()) != 0 {
		t.Errorf("somebody who is forgotten there is owed her removal: %q", h.Owed(l))
	}
}
