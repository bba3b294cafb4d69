package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/malgrupp/malgrupp/pipeline/suite"
)

// write prints cases, then segments, then the sum.
func (t *tested) write(w io.Writer) {
	for _, f := range t.Files {
		for _, r := range f.Results {
			writeCase(w, r)
		}
	}
	for _, s := range t.Segments {
		s.write(w)
	}
	fmt.Fprintf(w, "%d passed, %d failed, %d with verbs that are not built\n", t.Passed, t.Failed, t.Missed)
}

func writeCase(w io.Writer, r suite.Result) {
	switch r.Status {
	case suite.Passed:
		fmt.Fprintf(w, "%s    %s  %s\n", painted(w, green, "ok"), r.ID, r.Title)
	case suite.Missing:
		fmt.Fprintf(w, "%s  %s  %s   missing verb: %s\n", painted(w, yellow, "miss"), r.ID, r.Title,
			strings.Join(r.Missing, ", "))
	case suite.Failed:
		fmt.Fprintf(w, "%s  %s  %s   %s\n", painted(w, red, "FAIL"), r.ID, r.Title, r.Place)
		for _, fault := range r.Faults {
			fmt.Fprintf(w, "      %s\n", fault)
		}
	}
}

// write prints how well the tests know a segment.
func (r *testedRules) write(w io.Writer) {
	gaps := make([]string, len(r.Missing))
	for i, g := range r.Missing {
		gaps[i] = g.Path + " never " + g.Never
	}
	note := ""
	switch {
	case r.Cases == 0:
		note = ": there is no test"
	case len(gaps) > 0:
		note = ": " + strings.Join(gaps, ", ")
	}
	fmt.Fprintf(w, "%s  coverage %d/%d%s\n", r.Segment, r.Seen, r.Of, note)
	if r.Mutation == nil {
		return
	}
	fmt.Fprintf(w, "%s  %s, %d unnoticed\n", r.Segment, plural(r.Mutation.Changes, "change"), len(r.Mutation.Survivors))
	for _, m := range r.Mutation.Survivors {
		fmt.Fprintf(w, "      %s %s\n", m.Path, m.Change)
	}
}
