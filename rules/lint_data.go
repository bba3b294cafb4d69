package rules

import "fmt"

// LintData is Lint with what the logs say: which segments nobody or everybody is in, which are too small or share their
// people, what rules look for that is not there, and how far the logs reach. All findings beyond those of Lint are warnings.
func (s *Scope) LintData(segs []*Segment, facts *Facts) Errors {
	l := &linter{scope: s, words: s.vocabulary(), segs: segs, facts: facts}
	l.lint()
	for _, seg := range segs {
		r := &report{source: seg.Source}
		l.lintEmpty(r, seg)
		l.lintEverybody(r, seg)
		l.lintSmall(r, seg)
		l.lintHidden(r, seg)
		l.lintReach(r, seg)
		l.lintCost(r, seg)
		l.lintUnseen(r, seg)
		l.found = append(l.found, r.found...)
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

// day is the local day of an instant.
func (s *Segment) day(us int64) CivilDate {
	local := s.Zone.Local(us)
	day := local / microsPerDay
	if local%microsPerDay < 0 {
		day--
	}
	return DateOfDays(day)
}
