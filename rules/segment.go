package rules

import (
	"iter"
	"slices"
)

// Purpose is why a segment exists; it decides where it may go and which consent is asked (design.md 9).
type Purpose string

// The three purposes.
const (
	Advertising     Purpose = "advertising"
	Personalisation Purpose = "personalisation"
	Analysis        Purpose = "analysis"
)

// Level is whose timeline a segment is about.
type Level string

// The two identity levels.
const (
	DeviceLevel   Level = "device"
	CustomerLevel Level = "customer"
)

// Segment is one checked rule file of kind Segment.
type Segment struct {
	Name, Title, Owner, Reason, PlatformName, RenamedFrom string
	Tags                                                  []string
	ReviewBy, Expires                                     CivilDate // zero: not set
	Purpose                                               Purpose
	Level                                                 Level
	Zone                                                  *Zone
	Match                                                 *Condition
	Exclude                                               *Condition // nil: none
	Top                                                   *Top
	Stay                                                  Duration // zero: none
	Holdout                                               *Holdout
	Cap                                                   *Cap
	MinSize                                               int // zero: none of its own
	Exclusive                                             *Exclusive
	Deliver                                               []string
	Hash                                                  [32]byte // definition hash: normal form of spec without title, owner, dates
	Source                                                *Source
	NameSpan                                              Span
}

// Top keeps the best of those who match: Count of them, or Percent (rounded up).
type Top struct {
	Count   int
	Percent Number // zero Int: Count speaks
	By      *Condition
}

// Cap bounds the delivered size; By may be nil (then the tie-break order alone decides).
type Cap struct {
	Count int
	By    *Condition
}

// Exclusive gives whoever qualifies for several segments of a group to the one with the smallest priority.
type Exclusive struct {
	Group    string
	Priority int
	Span     Span
}

// Holdout keeps Percent of the qualified out, drawn by salt and id.
type Holdout struct {
	Percent Number
	Salt    string
}

// Condition is one node of a rule's tree. Which fields speak depends on the verb.
type Condition struct {
	Verb     string
	Path     string          // "match.all[0]"
	Children []*Condition    // all, any, at_least_of; the one child of not and session
	Count    int             // at_least_of
	Events   []string        // did, did_not, metric's `of`; sorted, distinct
	EventAt  map[string]Span // where each of them stands
	AnyEvent bool            // `any`
	Where    Expr            // nil: every row
	Window   *Window         // nil for logical verbs, in_segment, and inside a session
	Metric   *Metric
	Compare  *Compare // did (default at_least 1), session and metric; nil for a ranking metric
	Segment  string   // in_segment
	Has      Expr     // first and last: what the picked event is tested for
	Sequence *Sequence
	Lasting  Duration // session: its least length; zero: any
	Span     Span     // of the verb
	NameSpan Span     // of Segment
}

// Sequence is an ordered chain of events (rules/spec.md 4.5).
type Sequence struct {
	Steps       []Step   // at most ten, in order
	Then        *Step    // then_not: nothing of this for Limit after the last step; nil: no such demand
	MaxSpan     Duration // from the first step to the last at most; zero: any
	SameSession bool
	Strict      bool // equal times are not in order
}

// Step is one link of a sequence.
type Step struct {
	Events   []string        // sorted, distinct
	EventAt  map[string]Span // where each of them stands
	AnyEvent bool
	Where    Expr     // nil: every row
	Limit    Duration // within_previous, or `for` of a then_not; zero: any
	Without  *Step    // none of these between the step before and this one; nil: anything may be
	Path     string
	Span     Span
}

// Metric is an aggregate over the matching rows: count, sum, avg, min, max, distinct, days, sessions.
type Metric struct {
	Function string
	Column   string // "" for count and days
	Type     Type   // of the column
	Quantise *Number
	Sessions bool // it counts sessions, which are made of all events
	Span     Span
}

// Comparator is how a count or metric is compared with a bound.
type Comparator string

// The five comparators.
const (
	AtLeast  Comparator = "at_least"
	AtMost   Comparator = "at_most"
	Exactly  Comparator = "exactly"
	MoreThan Comparator = "more_than"
	LessThan Comparator = "less_than"
)

// Compare is a comparator with its bound. For date and timestamp metrics the bound is days or microseconds, scale 0.
type Compare struct {
	Op    Comparator
	Bound Number
	Span  Span
}

// Unit of a duration. Seconds, minutes and hours are elapsed time; days, weeks and months are calendar steps.
type Unit uint8

// The units as written: s min h d w mo.
const (
	Second Unit = iota + 1
	Minute
	Hour
	Day
	Week
	Month
)

// Duration is a number of units; the zero value is "none".
type Duration struct {
	N    int
	Unit Unit
}

// Window is how far back a condition looks; exactly one of the three forms is set, half open [start, end).
type Window struct {
	All          bool      // `all`: from where coverage begins
	From, To     Duration  // relative to as_of; To zero: up to as_of
	Since, Until CivilDate // fixed local days; Until not included
	Span         Span
}

// ValueSet is a named list of literals.
type ValueSet struct {
	Name, Owner string
	ReviewBy    CivilDate
	Type        Type
	Values      []Value // sorted, distinct
	Source      *Source
}

// Conditions walks all conditions of the segment: match, exclude and what ranks.
func (s *Segment) Conditions() iter.Seq[*Condition] {
	return func(yield func(*Condition) bool) {
		for _, root := range s.roots() {
			if !root.walk(yield) {
				return
			}
		}
	}
}

// roots are the conditions that stand in no other; nil where the segment has none.
func (s *Segment) roots() []*Condition {
	roots := []*Condition{s.Match, s.Exclude}
	if s.Top != nil {
		roots = append(roots, s.Top.By)
	}
	if s.Cap != nil {
		roots = append(roots, s.Cap.By)
	}
	return roots
}

func (c *Condition) walk(yield func(*Condition) bool) bool {
	if c == nil {
		return true
	}
	if !yield(c) {
		return false
	}
	for _, child := range c.Children {
		if !child.walk(yield) {
			return false
		}
	}
	return true
}

// steps walks everything a sequence looks for: its steps, what must not lie between two, and what must not follow.
func (s *Sequence) steps() iter.Seq[*Step] {
	return func(yield func(*Step) bool) {
		if s == nil {
			return
		}
		for i := range s.Steps {
			step := &s.Steps[i]
			if !yield(step) || step.Without != nil && !yield(step.Without) {
				return
			}
		}
		if s.Then != nil {
			yield(s.Then)
		}
	}
}

// LooksAt returns the events, sorted and distinct, that a condition and all below it are about; every says that it looks at
// all events, as sessions do.
func (c *Condition) LooksAt() (events []string, every bool) {
	c.walk(func(c *Condition) bool {
		events = append(events, c.Events...)
		every = every || c.AnyEvent || c.Verb == "session" || c.Metric != nil && c.Metric.Sessions
		for step := range c.Sequence.steps() {
			events = append(events, step.Events...)
			every = every || step.AnyEvent
		}
		return true
	})
	slices.Sort(events)
	return slices.Compact(events), every
}
