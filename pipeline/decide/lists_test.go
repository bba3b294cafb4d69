package decide

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/malgrupp/malgrupp/pipeline/fault"
	"github.com/malgrupp/malgrupp/pipeline/parquet"
	"github.com/malgrupp/malgrupp/pipeline/project"
)

func TestAListIsReadWhateverEndsItsLines(t *testing.T) {
	want := []listRow{{"device", "d1", ""}, {"customer", "k", "*"}}
	for _, end := range []string{"\n", "\r\n", "\r", "\r\r\n", "\n\r"} {
		text := strings.ReplaceAll("subject_type,subject_id,purpose\ndevice,d1,\ncustomer,k,*\n", "\n", end)
		got, err := listRows("list.csv", []byte(text), parquet.Limits{})
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: %q %v", end, got, err)
		}
	}
	for _, end := range []string{"\u0085", "\x85", "\u2028", "\u2029", "\v", "\f", "\x1e", "\x00", "\x15"} {
		for _, more := range []string{"", ",purpose", `,"since`} {
			text := strings.ReplaceAll("subject_type,subject_id"+more+"\ndevice,d1,\ncustomer,k,*\n", "\n", end)
			if got, err := listRows("list.csv", []byte(text), parquet.Limits{}); err == nil {
				t.Errorf("%q: %q", text, got)
			}
		}
	}
	for _, end := range []string{"", "\r", "\n\n"} {
		text := "\nsubject_type,subject_id" + end
		if got, err := listRows("list.csv", []byte(text), parquet.Limits{}); err != nil || len(got) > 0 {
			t.Errorf("%q: %q %v", text, got, err)
		}
	}
}

func TestAListMayBeginWithAByteOrderMark(t *testing.T) {
	want := []listRow{{"device", "d1", "activate:files"}, {"customer", "\ufeffk", ""}}
	for name, text := range map[string]string{
		"plain":  "\ufeffsubject_type,subject_id,purpose\ndevice,d1,activate:files\ncustomer,\ufeffk,\n",
		"quoted": "\ufeff\"subject_type\",subject_id,purpose\r\n\"device\",d1,activate:files\r\ncustomer,\ufeffk,\"\"\r\n",
		"none":   "subject_type,subject_id,purpose\ndevice,d1,activate:files\ncustomer,\ufeffk,\n",
		"moved":  "\ufeffpurpose,subject_id,subject_type\nactivate:files,d1,device\n,\ufeffk,customer\n",
	} {
		got, err := listRows("list.csv", []byte(text), parquet.Limits{})
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %q %v", name, got, err)
		}
	}
	for _, text := range []string{"\ufeff", "\ufeff\ufeffsubject_type,subject_id\n", "\xff\xfes\x00"} {
		if got, err := listRows("list.csv", []byte(text), parquet.Limits{}); err == nil {
			t.Errorf("%q: %q", text, got)
		}
	}
}

// A list may be Parquet as well; one that is damaged, or lacks a column, is refused and not empty.
func TestAListOfParquetSaysWhatOneOfCSVDoes(t *testing.T) {
	var out bytes.Buffer
	w, err := parquet.NewWriter(&out, listSchema.Columns, parquet.WriterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	column := func(cells ...string) parquet.Values {
		return parquet.Values{Text: cells, Null: []bool{false, cells[1] == ""}}
	}
	err = w.Write(2, []parquet.Values{column("device", "customer"), column("d1", "k"), column("*", "")})
	if err != nil || w.Close() != nil {
		t.Fatal(err)
	}
	csv := []byte("subject_type,subject_id,purpose\ndevice,d1,*\ncustomer,k,\n")
	want, err := listRows("list.csv", csv, parquet.Limits{})
	got, found := listRows("list.parquet", out.Bytes(), parquet.Limits{})
	if err != nil || found != nil || len(want) != 2 || !slices.Equal(got, want) {
		t.Errorf("%q: %v; as CSV %q: %v", got, found, want, err)
	}
	if got, err := listRows("list.parquet", out.Bytes(), parquet.Limits{ChunkBytes: 1}); err == nil {
		t.Errorf("beyond the limits of the project: %q", got)
	}
	if got, err := listRows("list.parquet", out.Bytes()[:out.Len()-1], parquet.Limits{}); err == nil {
		t.Errorf("cut: %q", got)
	}
	for _, header := range []string{"subject_type", "subject_id", "type,id", "subject_id,purpose"} {
		if got, err := listRows("list.csv", []byte(header+"\ndevice,d1\n"), parquet.Limits{}); err == nil {
			t.Errorf("%s: %q", header, got)
		}
	}
}

// A list may shrink by may_shrink percent and no more, unless somebody said so.
func TestAListShrinksNoMoreThanItMay(t *testing.T) {
	for _, c := range []struct {
		was, is, may int64
		accepted     bool
		ok           bool
	}{
		{100, 100, 0, false, true},
		{100, 99, 0, false, false},
		{100, 90, 10, false, true},
		{100, 89, 10, false, false},
		{100, 0, 0, true, true},
		{0, 0, 0, false, true},
		{1000, 991, 1, false, true},
		{1000, 989, 1, false, false},
	} {
		var in Inputs
		in.Seen.Heard.Lists = map[string]int64{"suppression": c.was}
		if c.accepted {
			in.Seen.Shrunk = []string{"suppression"}
		}
		err := in.kept("suppression", c.is, &project.List{MayShrink: int(c.may)})
		if f, bad := fault.Classify(err); (err == nil) != c.ok || bad && f.Reason != "SUPPRESSION_SHRUNK" {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

// Of ascending numbers, each of which is there once, all must be there.
func TestHoldsAsksForEveryNumber(t *testing.T) {
	all := []int64{-5, 1, 2, 9}
	for of, want := range map[[2]int64]bool{{-5, 9}: true, {1, 2}: true, {2, 3}: false, {-6, 1}: false, {9, 10}: false} {
		if got := holds(all, of[:]); got != want {
			t.Errorf("%v holds %v: %t", all, of, got)
		}
	}
	if !holds(nil, nil) || holds(nil, []int64{1}) || !holds(all, all) {
		t.Error("nothing holds nothing, and all holds all")
	}
}
