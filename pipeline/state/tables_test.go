package state

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/malgrupp/malgrupp/pipeline/keys"
	"github.com/malgrupp/malgrupp/pipeline/parquet"
	"github.com/malgrupp/malgrupp/rules"
)

// Acts of several sources are one list, each act once and in one order, whichever source has it.
func TestActsAreOneListWhateverTheirOrder(t *testing.T) {
	one := rapid.Custom(func(t *rapid.T) Act {
		word := func(name string) string { return rapid.SampledFrom([]string{"a", "b"}).Draw(t, name) }
		at := rapid.Int64Range(1, 2).Draw(t, "at")
		return Act{word("kind"), word("id"), word("action"), word("purpose"), word("source"), word("reason"), at}
	})
	r := ring(t)
	rapid.Check(t, func(t *rapid.T) {
		all := rapid.SliceOfN(one, 0, 12).Draw(t, "acts")
		cut := rapid.IntRange(0, len(all)).Draw(t, "cut")
		want := NewActs(all)
		first, second := rapid.Permutation(all[:cut]).Draw(t, "first"), rapid.Permutation(all[cut:]).Draw(t, "second")
		if got := NewActs(second, all, first); !slices.Equal(got, want) {
			t.Fatalf("%v and %v", want, got)
		}
		distinct := map[Act]bool{}
		for _, a := range all {
			distinct[a] = true
		}
		if len(want) != len(distinct) {
			t.Fatalf("%d acts of %d", len(want), len(distinct))
		}
		sealed, err := want.Write(r)
		if err != nil {
			t.Fatal(err)
		}
		if read, err := ReadActs(sealed, r); err != nil || !slices.Equal(read, want) {
			t.Fatalf("%v is read as %v: %v", want, read, err)
		}
	})
}

// What was seen of the log is read as it was written, and what the last look saw is added to its days, each denial
// once.
func TestWhatWasHeardIsReadAsItWasWritten(t *testing.T) {
	r := ring(t)
	heard := Heard{map[int64]Day{5: {3, []int64{-7, 2}}, 6: {1, nil}}, map[string]int64{"protected": 0, "suppression": 9}}
	more := Heard{map[int64]Day{5: {8, []int64{-9, 2, 4}}, 7: {2, []int64{1}}}, map[string]int64{"protected": 4}}
	both := Heard{map[int64]Day{5: {3, []int64{-9, -7, 2, 4}}, 6: {1, nil}, 7: {0, []int64{1}}}, heard.Lists}
	for _, c := range []struct{ what, want Heard }{
		{heard, heard}, {heard.With(more), both}, {heard.With(Heard{}), heard},
	} {
		sealed, err := c.what.Write(r)
		if err != nil {
			t.Fatal(err)
		}
		read, err := ReadHeard(sealed, r)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, read, cmpopts.EquateEmpty()); diff != "" {
			t.Error(diff)
		}
	}
	if len(heard.Days[5].Denials) != 2 || len(heard.Days) != 2 {
		t.Errorf("what was seen has changed: %v", heard)
	}
}

// Holdings lie in byte order, whatever the order in the object.
func TestHoldingsAreSortedWhenTheyAreRead(t *testing.T) {
	r := ring(t)
	columns := make([]parquet.Values, len(schema.Columns)-1)
	for _, entry := range []string{"c", "a", "b"} {
		for i, cell := range []string{"mail", "savers", "file_csv", "", "p", "k" + entry, entry, "add", "r1"} {
			columns[i].Text = append(columns[i].Text, cell)
		}
		for i := len(columns) - 3; i < len(columns); i++ {
			columns[i].Ints = append(columns[i].Ints, 1)
		}
	}
	sealed, err := holdingsTable.seal(r, 3, columns...)
	if err != nil {
		t.Fatal(err)
	}
	h, err := Read(sealed, r)
	if err != nil {
		t.Fatal(err)
	}
	l := lists[0]
	if got := h.Of(l); !slices.Equal(got, []string{"a", "b", "c"}) {
		t.Errorf("read are %q", got)
	}
	if got := h.Whose(l, func(key string) bool { return key != "kb" }); !slices.Equal(got, []string{"a", "c"}) {
		t.Errorf("whose keys are ka and kc: %q", got)
	}
	if h.Keep(l, []string{"b"}); !slices.Equal(h.Of(l), []string{"b"}) || len(h.Lists()) != 1 {
		t.Errorf("kept are %q", h.Of(l))
	}
	if h.Keep(l, nil); len(h.Lists()) != 0 {
		t.Errorf("an emptied list is still there: %v", h.Lists())
	}
}

// Every kind of state is refused if it is damaged, another's, newer than the program, or lacks a column.
func TestStateThatCannotBeReadIsRefused(t *testing.T) {
	r := ring(t)
	for _, c := range []struct {
		table table
		read  func(sealed []byte, ring *keys.Ring) error
	}{
		{holdingsTable, func(b []byte, r *keys.Ring) error { _, err := Read(b, r); return err }},
		{heardTable, func(b []byte, r *keys.Ring) error { _, err := ReadHeard(b, r); return err }},
		{actsTable, func(b []byte, r *keys.Ring) error { _, err := ReadActs(b, r); return err }},
		{tombstonesTable, func(b []byte, r *keys.Ring) error { _, err := ReadTombstones(b, r); return err }},
		{stayTable, func(b []byte, r *keys.Ring) error { _, err := ReadStay(b, r); return err }},
	} {
		values := func(format int64) (out []parquet.Values) {
			for i, column := range c.table.schema.Columns {
				v := parquet.Values{Text: []string{""}, Ints: []int64{1}}
				if column.Name == "action" {
					v.Text[0] = "add"
				}
				if i == 0 {
					v.Ints[0] = format
				}
				if column.Type == text {
					v.Ints = nil
				} else {
					v.Text = nil
				}
				out = append(out, v)
			}
			return out
		}
		object := func(columns []rules.Column, v []parquet.Values) []byte {
			var out bytes.Buffer
			sealed, err := r.EncryptState(&out)
			if err != nil {
				t.Fatal(err)
			}
			w, err := parquet.NewWriter(sealed, columns, parquet.WriterOptions{})
			if err != nil {
				t.Fatal(err)
			}
			for _, err := range []error{w.Write(1, v), w.Close(), sealed.Close()} {
				if err != nil {
					t.Fatal(err)
				}
			}
			return out.Bytes()
		}
		name, all := c.table.schema.Name, c.table.schema.Columns
		good := object(all, values(c.table.format))
		if err := c.read(good, r); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		err := c.read(object(all, values(c.table.format+1)), r)
		if err == nil || !strings.Contains(err.Error(), "this version") {
			t.Errorf("%s of a newer format: %v", name, err)
		}
		for i, column := range all {
			less := slices.Delete(slices.Clone(all), i, i+1)
			v := slices.Delete(values(c.table.format), i, i+1)
			if err := c.read(object(less, v), r); (err == nil) != column.Optional {
				t.Errorf("%s without %s: %v", name, column.Name, err)
			}
		}
		for what, bad := range map[string][]byte{"empty": nil, "cut": good[:len(good)-1], "open": []byte("PAR1PAR1")} {
			if err := c.read(bad, r); err == nil {
				t.Errorf("%s, %s: read without an error", name, what)
			}
		}
		if err := c.read(good, ring(t)); err == nil {
			t.Errorf("%s: read with another project's key", name)
		}
	}
}

// The stay record is in one order, whatever the order in the object.
func TestTheStayRecordIsSortedWhenItIsRead(t *testing.T) {
	r := ring(t)
	want := StayRecord{
		{"a", "list:x", "d2", 5, 6, "h"},
		{"a", "list:x", "d3", 4, 6, "h"},
		{"a", "list:y", "d1", 1, 2, "h"},
		{"b", "list:x", "d1", 1, 3, "i"},
	}
	for _, order := range [][]int{{0, 1, 2, 3}, {3, 2, 1, 0}, {2, 0, 3, 1}} {
		var shuffled StayRecord
		for _, i := range order {
			shuffled = append(shuffled, want[i])
		}
		sealed, err := shuffled.Write(r)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := ReadStay(sealed, r); err != nil || !slices.Equal(got, want) {
			t.Errorf("read is %v: %v", got, err)
		}
	}
}
