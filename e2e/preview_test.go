package e2e_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/malgrupp/malgrupp/pipeline/preview"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/segments"
)

// A sampled preview leaves rows and consents of others out early. On the real log it counts, of every segment, exactly
// those of all members who are drawn; and its intervals hold the true sizes about as often as they promise.
func TestASampledPreviewCountsWhoeverIsDrawn(t *testing.T) {
	t.Parallel()
	x := shop().open(t, false)
	asOf, knownBy := instant(t, "2008-07-31T22:00:00Z"), instant(t, "2008-08-03T10:30:00Z")
	sample := &segments.Sample{Parts: 3000}
	for _, c := range []setting{{answers, "linked", false}, {granting, "", false}} {
		t.Run(c.String(), func(t *testing.T) {
			l := x.load(t, c)
			e := evaluate(t, l, asOf, knownBy)
			drawn := map[string]int{}
			for i := range e.Audiences {
				a := &e.Audiences[i]
				n := 0
				for id := range a.Members() {
					if sample.Draws(id) {
						n++
					}
				}
				drawn[a.Segment().Name+" "+e.Uses[a.Use()].Name] = n
			}
			levels, some := map[rules.Level]bool{}, 0
			for _, s := range l.Segments {
				if s.Top != nil || s.Cap != nil || levels[s.Level] && some > 500 {
					continue // who is in depends on others, or enough was looked at
				}
				levels[s.Level] = true
				j := job(t, l)
				j.AsOf, j.KnownBy = asOf, knownBy
				p := must(preview.Of(context.Background(), j, s.Name, preview.Options{Sample: sample}))(t)
				for _, u := range p.Uses {
					if want := drawn[s.Name+" "+u.Use]; u.Members.N != want {
						t.Errorf("%s, %s: %d members in the sample, %d of all members are drawn", s.Name, u.Use, u.Members.N, want)
					}
					some += u.Members.N
				}
				if p.Sample == nil || p.Sample.Percent != "30" || p.Sample.Of != fmt.Sprint(s.Level, "s") {
					t.Errorf("%s: the preview does not say of what it is a sample: %+v", s.Name, p.Sample)
				}
			}
			if len(levels) < 2 || some == 0 {
				t.Errorf("%d members of %d levels: that tries nothing", some, len(levels))
			}
		})
	}
}
