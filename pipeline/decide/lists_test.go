package decide

import (
	"slices"
	"testing"

	"github.com/malgrupp/malgrupp/pipeline/parquet"
)

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
