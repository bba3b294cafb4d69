package pipeline

import (
	"slices"

	"github.com/malgrupp/malgrupp/rules"
)

const dayMicros = int64(24 * 3600 * 1e6)

// span is a half-open stretch of time in microseconds.
type span struct{ from, before int64 }

// coverage is what the sources of a run cover (design.md 9): from a first instant on, without the days that are missing.
type coverage struct{ sources []sourceCoverage }

type sourceCoverage struct {
	schema  *rules.Schema
	from    int64
	missing []span
}

// declares reports whether rows of the condition could come from the source; a schema without `events` may carry any.
func (s *sourceCoverage) declares(c *rules.Condition) bool {
	if s.schema.Events == nil || c.AnyEvent {
		return true
	}
	return slices.ContainsFunc(c.Events, func(e string) bool { _, ok := s.schema.Events[e]; return ok })
}

// From is the first instant from which every source of the condition is complete.
func (c *coverage) From(cond *rules.Condition) int64 {
	from, first := int64(0), true
	for i := range c.sources {
		if s := &c.sources[i]; s.declares(cond) && (first || s.from > from) {
			from, first = s.from, false
		}
	}
	return from
}

// Covers reports whether every source of the condition covers all of [from, before).
func (c *coverage) Covers(cond *rules.Condition, from, before int64) bool {
	for i := range c.sources {
		s := &c.sources[i]
		if !s.declares(cond) {
			continue
		}
		if s.from > from {
			return false
		}
		for _, m := range s.missing {
			if m.from < before && from < m.before {
				return false
			}
		}
	}
	return true
}
