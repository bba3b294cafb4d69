package e2e_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/malgrupp/malgrupp/pipeline/load"
	"github.com/malgrupp/malgrupp/pipeline/record"
	"github.com/malgrupp/malgrupp/pipeline/why"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/segments"
)

// Of people of every outcome in every segment of the real log, why says what the run says, and the decision about the
// person alone is the same wherever nobody else has a say.
func TestWhySaysOfRealPeopleWhatTheRunDecides(t *testing.T) {
	t.Parallel()
	x := shop().open(t, false)
	asOf, knownBy := instant(t, "2008-07-31T22:00:00Z"), instant(t, "2008-08-03T10:30:00Z")
	l := x.load(t, setting{answers, "linked", false})
	l.Project.Security.AllowExplain = true
	e := evaluate(t, l, asOf, knownBy)
	all := map[string][]string{} // by level: somebody of every kind
	for i := range e.Audiences {
		a := &e.Audiences[i]
		all[string(a.Segment().Level)] = append(all[string(a.Segment().Level)], slices.Collect(a.Members())...)
	}
	asked, seen := 0, map[segments.Outcome]int{}
	told := map[string]bool{}
	for i := range e.Audiences {
		a := &e.Audiences[i]
		s := a.Segment()
		if told[s.Name] {
			continue
		}
		told[s.Name] = true
		outcomes := a.Outcomes(0)
		people := map[segments.Outcome]string{}
		for _, id := range slices.Sorted(maps.Keys(outcomes)) {
			people[outcomes[id]] = id
		}
		for _, id := range all[string(s.Level)] {
			if _, other := outcomes[id]; !other {
				people[segments.Out] = id
			}
		}
		for outcome, id := range people {
			asked++
			answer := answerOn(t, l, s, id, asOf, knownBy, asked)
			u := answer.Uses[slices.IndexFunc(answer.Uses, func(u why.AnswerUse) bool { return u.Use == e.Uses[a.Use()].Name })]
			if u.Outcome != outcome {
				t.Errorf("%s of somebody who is %s: why says %s", s.Name, outcome, u.Outcome)
			}
			if outcome != segments.Withheld && !crowded(l, s) && u.Alone != outcome {
				t.Errorf("%s of somebody who is %s: her own events alone make it %s", s.Name, outcome, u.Alone)
			}
			if u.Seen && len(u.Conditions) == 0 {
				t.Errorf("%s of somebody who is %s: no condition was told", s.Name, outcome)
			}
			seen[outcome]++
		}
	}
	t.Logf("asked about %d people: %v", asked, seen)
	if seen[segments.In] < 15 || seen[segments.Out] < 10 || seen[segments.Capped] == 0 || seen[segments.Control] == 0 {
		t.Errorf("%v: that tries too little", seen)
	}
}

// crowded reports whether others decide as well who is in a segment.
func crowded(l *load.Loaded, s *rules.Segment) bool {
	refers := slices.ContainsFunc(segments.References(s), func(name string) bool {
		i := slices.IndexFunc(l.Segments, func(o *rules.Segment) bool { return o.Name == name })
		return i < 0 || crowded(l, l.Segments[i])
	})
	return s.Top != nil || s.Cap != nil || s.Exclusive != nil || refers
}

func answerOn(t *testing.T, l *load.Loaded, s *rules.Segment, id string, asOf, knownBy int64, n int) *why.Answer {
	t.Helper()
	j := job(t, l)
	j.AsOf, j.KnownBy, j.RunID = asOf, knownBy, fmt.Sprintf("20080803T103000Z-%06x", n)
	return must(why.Ask(context.Background(), j, record.Question{Segment: s.Name, Subject: id, Reason: "test"}, true))(t)
}
