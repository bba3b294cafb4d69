package pipeline_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/malgrupp/malgrupp/pipeline/parquet"
	"github.com/malgrupp/malgrupp/pipeline/project"
	"github.com/malgrupp/malgrupp/pipeline/record"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/value"
)

// A destination whose type is changed gets its list anew, and the list of the old type empties: the two are different
// files, also where both are CSV.
func TestADestinationOfAnotherTypeIsToldAnew(t *testing.T) {
	b := newBank(t)
	_, err := b.night(runOne, nil, nil)
	check(t, err)
	var columns []rules.Column
	for _, name := range []string{"subject_type", "subject_id", "maid", "maid_os"} {
		columns = append(columns, rules.Column{Name: name, Type: value.Type{Kind: value.Text}})
	}
	v := make([]parquet.Values, len(columns))
	for i := range 60 {
		maid := fmt.Sprintf("38400000-8cf0-11bd-b23e-%012d", 1+i)
		for c, cell := range []string{"device", fmt.Sprintf("d%d", i), maid, "android"} {
			v[c].Text = append(v[c].Text, cell)
		}
	}
	b.put("identifiers/part.parquet", table(t, columns, 60, v))
	p := b.loaded.Project
	p.Identifiers = &project.Identifiers{URL: "mem://identifiers/", Country: "FI"}
	p.Destinations[0].Type, p.Destinations[0].Send = "meta_csv", []string{"maid"}
	p.Text = &source.Source{Name: "malgrupp.yaml", Text: "another type"}
	_, err = b.night(runTwo, nil, nil)
	check(t, err)
	var names []string
	for _, o := range b.last().Objects {
		if o.Root == record.RootOutput {
			names = append(names, strings.TrimPrefix(o.Name, "lists/"+runTwo+"/files/loan-visitors."))
		}
	}
	if want := []string{
		"adds.csv.age", "removes.csv.age", "snapshot.csv.age",
		"file_csv.adds.csv.age", "file_csv.removes.csv.age", "file_csv.snapshot.csv.age",
	}; !slices.Equal(names, want) {
		t.Errorf("the marker names %q", names)
	}
	for action, want := range map[string]int{
		"adds": 60, "removes": 0, "snapshot": 60, "file_csv.adds": 0, "file_csv.removes": 60, "file_csv.snapshot": 0,
	} {
		if got := b.list(runTwo, action); len(got) != want {
			t.Errorf("%s has %d, want %d", action, len(got), want)
		}
	}
	if v := b.verify(record.Check{Opens: b.opens}); len(v.Findings) > 0 {
		t.Errorf("found %+v", v.Findings)
	}
}
