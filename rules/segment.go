package rules

import (
	"iter"
	"maps"
	"slices"

	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/value"
)

// Purpose is why a segment exists; it decides where it may go and which consent is asked (docs/consent.md, Uses).
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
	ReviewBy, Expires                                     value.CivilDate // zero: not set
	Purpose                                               Purpose
	Level                                                 Level
	Zone                                                  *value.Zone
	Match                                                 *Condition
	Exclude                                               *Condition // nil: none
	Top                                                   *Top
	Stay                                                  value.Duration // zero: none
	Holdout                                               *Holdout
	Cap                                                   *Cap
	MinSize                                               int // zero: none of its own
	Exclusive                                             *Exclusive
	Deliver                                               []string
	// definition hash: normal form of spec without title, owner, dates
	Hash     [32]byte
	Source   *source.Source
	NameSpan source.Span

	ads       []string // the ad platforms among Deliver
	sensitive string   // content labelled no_ads that the rule selects by, itself or through others; "": none
}

// Top keeps the best of those who match: Count of them, or Percent (rounded up).
type Top struct {
	Count   int
	Percent value.Number // zero Int: Count speaks
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
	Span     source.Span
}

// Holdout keeps Percent of the qualified out, drawn by salt and id.
type Holdout struct {
	Percent value.Number
	Salt    string
}

// Condition is one node of a rule's tree. Which fields speak depends on the verb.
type Condition struct {
	Verb     string
	Kind     *Verb                  // its declaration
	Path     string                 // "match.all[0]"
	Children []*Condition           // all, any, at_least_of; the one child of not and session
	Count    int                    // at_least_of
	Events   []string               // did, did_not, metric's `of`; sorted, distinct
	EventAt  map[string]source.Span // where each of them stands
	AnyEvent bool                   // `any`
	Where    Expr                   // nil: every row
	Window   *Window                // nil for logical verbs, in_segment, and inside a session
	Metric   *Metric
	Compare  *Compare // did (default at_least 1), session and metric; nil for a ranking metric
	Segment  string   // in_segment
	Has      Expr     // first and last: what the picked event is tested for
	Sequence *Sequence
	Lasting  value.Duration // session: its least length; zero: any
	Own      map[string]any // what stands behind keys that only this verb has
	Span     source.Span    // of the verb
	NameSpan source.Span    // of Segment
}

// Is returns the declaration of the condition's verb; nothing is true of one without.
func (c *Condition) Is() *Verb {
	if c.Kind == nil {
		return &Verb{}
	}
	return c.Kind
}

// InSessions reports whether the condition looks at whole sessions: at all events, also at some before its window.
func (c *Condition) InSessions() bool { return c.Is().Sessions || c.Metric != nil && c.Metric.Sessions }

// Keep keeps what stands behind a key that only this verb has; other conditions may share the map that was.
func (c *Condition) Keep(key string, v any) {
	c.Own = maps.Clone(c.Own)
	if c.Own == nil {
		c.Own = map[string]any{}
	}
	c.Own[key] = v
}

// Sequence is an ordered chain of events (docs/language.md, Sequences).
type Sequence struct {
	Steps       []Step         // at most ten, in order
	Then        *Step          // then_not: nothing of this for Limit after the last step; nil: no such demand
	MaxSpan     value.Duration // from the first step to the last at most; zero: any
	SameSession bool
	Strict      bool // equal times are not in order
}

// Step is one link of a sequence.
type Step struct {
	Events   []string               // sorted, distinct
	EventAt  map[string]source.Span // where each of them stands
	AnyEvent bool
	Where    Expr           // nil: every row
	Limit    value.Duration // within_previous, or `for` of a then_not; zero: any
	Without  *Step          // none of these between the step before and this one; nil: anything may be
	Path     string
	Span     source.Span
}

// Metric is an aggregate over the matching rows: count, sum, avg, min, max, distinct, days, sessions.
type Metric struct {
	Function string
	Column   string     // "" for count and days
	Type     value.Type // of the column
	Quantise *value.Number
	Sessions bool // it counts sessions, which are made of all events
	Span     source.Span
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
	Bound value.Number
	Span  source.Span
}

// ValueSet is a named list of literals.
type ValueSet struct {
	Name, Owner string
	ReviewBy    value.CivilDate
	Type        value.Type
	Values      []value.Value // sorted, distinct
	Source      *source.Source
}

// Conditions walks all conditions of the segment: match, exclude and what ranks.
func (s *Segment) Conditions() iter.Seq[*Condition] {
	return func(yield func(*Condition) bool) {
		for _, root := range s.Roots() {
			if !root.Walk(yield) {
				return
			}
		}
	}
}

// Judged are the conditions of match and exclude, from the outside in.
func (s *Segment) Judged() (out []*Condition) {
	for _, root := range []*Condition{s.Match, s.Exclude} {
		root.Walk(func(c *Condition) bool { out = append(out, c); return true })
	}
	return out
}

// Roots are the conditions that stand in no other; nil where the segment has none.
func (s *Segment) Roots() []*Condition {
	roots := []*Condition{s.Match, s.Exclude}
	if s.Top != nil {
		roots = append(roots, s.Top.By)
	}
	if s.Cap != nil {
		roots = append(roots, s.Cap.By)
	}
	return roots
}

func (c *Condition) Walk(yield func(*Condition) bool) bool {
	if c == nil {
		return true
	}
	if !yield(c) {
		return false
	}
	for _, child := range c.Children {
		if !child.Walk(yield) {
			return false
		}
	}
	return true
}

// All walks everything a sequence looks for: its steps, what must not lie between two, and what must not follow.
func (s *Sequence) All() iter.Seq[*Step] {
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

// LooksAt returns the events, sorted and distinct, that a condition and all below it are about; every says that it
// looks at all events, as sessions do.
func (c *Condition) LooksAt() (events []string, every bool) {
	c.Walk(func(c *Condition) bool {
		events = append(events, c.Events...)
		every = every || c.AnyEvent || c.InSessions()
		for step := range c.Sequence.All() {
			events = append(events, step.Events...)
			every = every || step.AnyEvent
		}
		return true
	})
	slices.Sort(events)
	return slices.Compact(events), every
}

// Reads returns the columns that the rule's conditions name, and the events they look at (nil with anyEvent: all),
// sorted. The columns that the program itself needs, such as the time of an event, are not among them.
func (s *Segment) Reads() (columns, events []string, anyEvent bool) {
	for c := range s.Conditions() {
		columns = append(append(columns, Columns(c.Where)...), Columns(c.Has)...)
		if c.Metric != nil && c.Metric.Column != "" {
			columns = append(columns, c.Metric.Column)
		}
		for step := range c.Sequence.All() {
			columns = append(columns, Columns(step.Where)...)
		}
	}
	for _, root := range s.Roots() {
		names, every := root.LooksAt()
		events, anyEvent = append(events, names...), anyEvent || every
	}
	slices.Sort(columns)
	slices.Sort(events)
	if anyEvent {
		events = nil
	}
	return slices.Compact(columns), slices.Compact(events), anyEvent
}
