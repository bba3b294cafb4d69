package lint

import (
	"fmt"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/source"
)

// Data is Rules with what the logs say: which segments hardly anybody or everybody is in, which are too small or share
// their people, what rules look for that hardly anybody has, and how far the logs reach. All findings beyond those of
// Rules are warnings.
func Data(s *rules.Scope, segs []*rules.Segment, facts *Facts) source.Findings {
	l := &linter{scope: s, words: s.Vocabulary(), segs: segs, facts: facts}
	l.lint()
	for _, seg := range segs {
		r := &source.Report{Source: seg.Source}
		if !l.lintEmpty(r, seg) {
			l.lintSmall(r, seg)
		}
		l.lintEverybody(r, seg)
		l.lintHidden(r, seg)
		l.lintReach(r, seg)
		l.lintCost(r, seg)
		l.lintUnseen(r, seg)
		l.lintCarried(r, seg)
		l.found = append(l.found, r.Found...)
	}
	l.lintShared()
	return l.found.Sorted()
}

// recently is the time that facts about rows and people are of.
func (l *linter) recently() string {
	if l.facts.Days == 1 {
		return "the last day"
	}
	return fmt.Sprintf("the last %d days", l.facts.Days)
}
