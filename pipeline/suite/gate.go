package suite

import (
	"github.com/malgrupp/malgrupp/pipeline/load"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/yaml"
)

// Parse checks a file of tests, of either kind, against a project; a ConformanceSuite needs none.
func Parse(src *source.Source, l *load.Loaded) (*Suite, source.Findings) {
	if yaml.Read(src).KindOf() == yaml.KindConformanceSuite {
		return ParseSuite(src)
	}
	return ParseTest(src, l)
}

// Check reads the tests of a project whose rules are in order: what is wrong with their files, and which delivered
// segments they leave out. Nothing is run.
func Check(l *load.Loaded) source.Findings {
	var suites []*Suite
	var found source.Findings
	for _, src := range l.Tests {
		s, errs := Parse(src, l)
		found = append(found, errs...)
		if s != nil {
			suites = append(suites, s)
		}
	}
	return append(found, Untested(l.Segments, suites)...)
}

// Untested are the warnings about delivered segments of which no test says that somebody is in, or that somebody is
// out.
func Untested(segs []*rules.Segment, suites []*Suite) (found source.Findings) {
	type asked struct{ segment, expect string }
	seen := map[asked]bool{}
	for _, s := range suites {
		for i := range s.Cases {
			if c := &s.Cases[i]; c.segment != nil {
				for _, u := range c.Users {
					seen[asked{c.segment.Name, u.Expect}] = true
				}
			}
		}
	}
	for _, s := range segs {
		in, out := seen[asked{s.Name, "in"}], seen[asked{s.Name, "out"}]
		if len(s.Deliver) == 0 || in && out {
			continue
		}
		message := "no test says that anybody is in this segment, or that anybody is out"
		switch {
		case in:
			message = "no test says that anybody is out of this segment"
		case out:
			message = "no test says that anybody is in this segment"
		}
		found = append(found, &source.Finding{
			Code: "W-UNTESTED", Severity: source.SeverityWarning, Source: s.Source, Span: s.NameSpan, Message: message,
			Hints: []source.Hint{
				{
					Label: source.LabelExpected,
					Text:  "a file of kind SegmentTest in tests/ with a case that expects in and one that expects out",
				},
			},
		})
	}
	return found
}

// Tests reports whether some case asks about the segment.
func (s *Suite) Tests(segment string) bool {
	for i := range s.Cases {
		if c := &s.Cases[i]; c.segment != nil && c.segment.Name == segment {
			return true
		}
	}
	return false
}
