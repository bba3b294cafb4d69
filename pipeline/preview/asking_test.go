package preview

import (
	"slices"
	"testing"

	"github.com/malgrupp/malgrupp/pipeline/decide"
	"github.com/malgrupp/malgrupp/pipeline/load"
	"github.com/malgrupp/malgrupp/rules"
)

// bank has a segment that refers to another one, one of the same group as a third, and others beside them.
func bank() []*rules.Segment {
	did := &rules.Condition{Verb: "did"}
	group := &rules.Exclusive{Group: "loans"}
	return []*rules.Segment{
		{Name: "base", Level: rules.DeviceLevel, Match: did},
		{Name: "other", Level: rules.DeviceLevel, Match: did, Deliver: []string{"files"}},
		{Name: "told", Level: rules.DeviceLevel, Match: did, Deliver: []string{"files"}, Exclusive: group},
		{
			Name: "asked", Level: rules.DeviceLevel, Match: &rules.Condition{Verb: "in_segment", Segment: "base"},
			Deliver: []string{"files"}, Exclusive: group,
		},
		{Name: "alone", Level: rules.DeviceLevel, Match: did},
		{Name: "customers", Level: rules.CustomerLevel, Match: did, Deliver: []string{"files"}},
	}
}

func named(requests []decide.Request) (out []string) {
	for _, q := range requests {
		out = append(out, q.Segment.Name)
	}
	return out
}

// However many segments a project has, one question is about one of them and those it cannot be decided without.
func TestAPreviewAsksForOneSegmentAndWhatItNeeds(t *testing.T) {
	all := bank()
	for name, want := range map[string][]string{
		"asked": {"base", "told", "asked"}, "other": {"other"}, "base": {"base"}, "customers": {"customers"},
	} {
		s := all[slices.IndexFunc(all, func(s *rules.Segment) bool { return s.Name == name })]
		requests := asking(all, s, Options{SinceLastRun: true})
		if got := named(requests); !slices.Equal(got, want) {
			t.Errorf("a preview of %s decides %v, want %v", name, got, want)
		}
		for _, q := range requests {
			if asked := q.Segment == s; q.Hidden != asked || q.Absent != asked {
				t.Errorf("a preview of %s looks at %s as closely as hidden %v, absent %v", name, q.Segment.Name, q.Hidden, q.Absent)
			}
		}
	}
}

func TestAnOverlapIsAskedOfDeliveredSegmentsOfTheSamePeople(t *testing.T) {
	all := bank()
	got := named(decide.Ask(decide.Closure(all, rivals(all, all[4]))))
	if want := []string{"base", "other", "told", "asked", "alone"}; !slices.Equal(got, want) {
		t.Errorf("beside one of devices that is delivered nowhere, %v are decided, want %v", got, want)
	}
	got = named(decide.Ask(decide.Closure(all, rivals(all, all[5]))))
	if want := []string{"customers"}; !slices.Equal(got, want) {
		t.Errorf("beside one of customers, %v are decided, want %v", got, want)
	}
}

func TestAComparisonAsksForTwoRulesAndWhatTheyNeed(t *testing.T) {
	all := bank()
	was, is := all[1], *all[1]
	is.Match = &rules.Condition{Verb: "in_segment", Segment: "base"}
	c := comparing{in: &decide.Inputs{Loaded: &load.Loaded{Segments: all}}}
	for _, s := range []*rules.Segment{was, &is} {
		if _, err := c.beside(s, was); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := named(c.requests), []string{"other", "base", "other"}; !slices.Equal(got, want) {
		t.Errorf("a comparison decides %v, want %v", got, want)
	}
}
