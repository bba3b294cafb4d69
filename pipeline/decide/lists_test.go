package decide

import (
	"slices"
	"strings"
	"testing"

	"github.com/malgrupp/malgrupp/pipeline/parquet"
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
