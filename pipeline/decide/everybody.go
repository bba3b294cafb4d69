package decide

import (
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/value"
)

// Everybody is a segment of everybody who did anything at all, seen as s sees people. The engine meets only people of
// whom some rule wants a row; beside this one a person is judged even if no condition looks at what she did.
func Everybody(s *rules.Segment) *rules.Segment {
	return &rules.Segment{
		Name: "everybody beside " + s.Name, Purpose: s.Purpose, Level: s.Level, Zone: s.Zone,
		Match: &rules.Condition{
			Verb: "did", Path: "match", AnyEvent: true, Window: &rules.Window{All: true}, Compare: &rules.Compare{
				Op: rules.AtLeast, Bound: value.Number{Int: 1},
			},
		},
	}
}
