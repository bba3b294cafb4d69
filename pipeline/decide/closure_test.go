package decide

import (
	"testing"

	"github.com/malgrupp/malgrupp/pipeline/load"
	"github.com/malgrupp/malgrupp/rules"
)

func TestARivalBringsWhatItRefersTo(t *testing.T) {
	group := &rules.Exclusive{Group: "loans"}
	in := &Inputs{Loaded: &load.Loaded{Segments: []*rules.Segment{
		{Name: "base", Match: &rules.Condition{Verb: "did"}},
		{Name: "chosen", Match: &rules.Condition{Verb: "did"}, Exclusive: group},
		{Name: "rival", Match: &rules.Condition{Verb: "in_segment", Segment: "base"}, Exclusive: group},
		{Name: "other", Match: &rules.Condition{Verb: "did"}},
	}}}
	// The other order too: dependencies stand first, rivals anywhere.
	for range 2 {
		got, err := in.Select([]string{"chosen"})
		if err != nil {
			t.Fatal(err)
		}
		names := map[string]bool{}
		for _, s := range got {
			names[s.Name] = true
		}
		if len(got) != 3 || !names["base"] || !names["rival"] || !names["chosen"] {
			t.Errorf("chosen needs itself, its rival and the rival's base, got %v", names)
		}
		s := in.Segments
		s[0], s[1] = s[1], s[0]
	}
}
