package decide

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/malgrupp/malgrupp/pipeline/parquet"
	"github.com/malgrupp/malgrupp/pipeline/project"
	"github.com/malgrupp/malgrupp/pipeline/state"
	"github.com/malgrupp/malgrupp/segments/consent"
	"github.com/malgrupp/malgrupp/segments/identity"
	"github.com/malgrupp/malgrupp/segments/scan"
)

// Said is one event of the consent log about a subject, with everything that the log says of it but its TC string.
// Times are microseconds UTC.
type Said struct {
	ID       string // "" of an act that only the state has
	Action   string
	Purpose  string
	Source   string
	Evidence string // id of the stored proof; "" where the log has none
	At       int64
	Recorded int64 // 0: only the state has it
	Notice   int64 // 0: none
	TCString bool  // it carries one
	Trusted  bool  // its source may grant and lift
	Kept     bool  // the state has it, too: it counts though the log may lose it
	Row      bool  // a row said it, not the log
	event    consent.Event
}

// Consent is all that one subject said, and what it comes to. Of what rows say again and again it has what did
// something.
type Consent struct {
	Kind     identity.Kind
	ID       string // raw; "" where a keyed id is nobody's
	Said     []Said // oldest first
	Purposes []Told // every purpose that the project asks, in the order of their numbers
}

// Told is one purpose, event by event. Step.Event is a place in Said.
type Told struct {
	Purpose string
	consent.History
	Now    consent.Now
	Listed bool // she stands on a list of people for it
}

// RowsSpeak reports whether rows of some source may say something of consent themselves.
func (in *Inputs) RowsSpeak() bool {
	return slices.ContainsFunc(in.Project.Sources, func(s project.Source) bool {
		return scan.NewSignals(in.Schemas[s.Schema], in.KnownBy).Speak()
	})
}

// Consents reads the consent log, the lists of people and what the state keeps for some subjects. The log is checked as
// in a run. Of what rows say, what the state keeps is heard.
func Consents(ctx context.Context, in Inputs, who ...*Person) ([]Consent, error) {
	in, err := in.Resolve()
	if err != nil {
		return nil, err
	}
	d := &Decision{Inputs: in}
	if d.policy, err = in.policy(); err != nil {
		return nil, err
	}
	return d.Consents(ctx, who...)
}

// Consents is what subjects said, read from the log and the sources that the decision read.
func (d *Decision) Consents(ctx context.Context, who ...*Person) ([]Consent, error) {
	one := d.reading()
	e := &ears{
		in: &one.Inputs, purposes: d.policy.Purposes, who: who, ids: make([]string, len(who)), said: make([][]Said, len(who)),
	}
	for i, p := range who {
		e.ids[i] = p.Raw
	}
	one.only = func(kind identity.Kind, id string) bool { return e.whose(kind, id) >= 0 }
	one.listen, one.overhear = e.listen, e.overhear
	ledger, err := one.ledger(ctx)
	if err != nil {
		return nil, err
	}
	for _, a := range one.Seen.Acts {
		if err := e.keep(a, one.policy); err != nil {
			return nil, err
		}
	}
	out := make([]Consent, len(who))
	for i, p := range who {
		e.buried(i)
		out[i] = one.consent(p.Kind, e.ids[i], e.said[i], ledger)
	}
	return out, nil
}

// reading is a decision that reads what was said about consent alone.
func (d *Decision) reading() *Decision {
	one := &Decision{Inputs: d.Inputs, Sources: d.Sources, policy: d.policy, subjects: identity.NewSubjects()}
	if one.Listing == nil {
		one.Listing = &Listing{}
	}
	return one
}

// consent folds what a subject said.
func (d *Decision) consent(kind identity.Kind, id string, said []Said, ledger *consent.Ledger) Consent {
	slices.SortFunc(said, func(a, b Said) int {
		return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.Recorded, b.Recorded), strings.Compare(a.ID, b.ID),
			strings.Compare(a.Action, b.Action), strings.Compare(a.Purpose, b.Purpose))
	})
	// A repetition is one event; one id with two contents has stopped the reading.
	said = slices.CompactFunc(said, func(a, b Said) bool { return a.ID == b.ID && a.ID != "" })
	events := make([]consent.Event, len(said))
	for i := range said {
		events[i] = said[i].event
	}
	c := Consent{Kind: kind, ID: id}
	number, known := d.subjects.Find(kind, id)
	for purpose := range d.policy.Purposes.Len() {
		t := Told{Purpose: d.policy.Purposes.Name(purpose), History: d.machine.Explain(events, purpose)}
		t.Listed = known && ledger.Suppressed(number, purpose)
		t.Now = d.policy.Stands(&t.History, purpose, t.Listed)
		c.Purposes = append(c.Purposes, t)
	}
	c.keep(said)
	return c
}

// keep keeps what was said, but for what rows said that did nothing: browsers repeat it on every page.
func (c *Consent) keep(said []Said) {
	did := make([]bool, len(said))
	for i := range said {
		did[i] = !said[i].Row
	}
	for i := range c.Purposes {
		for _, s := range c.Purposes[i].Steps {
			if s.Event >= 0 && s.Effect != consent.Idle {
				did[s.Event] = true
			}
		}
	}
	place := make([]int, len(said))
	for i := range said {
		if place[i] = -1; did[i] {
			place[i] = len(c.Said)
			c.Said = append(c.Said, said[i])
		}
	}
	for i := range c.Purposes {
		steps := &c.Purposes[i].Steps
		*steps = slices.DeleteFunc(*steps, func(s consent.Step) bool { return s.Event >= 0 && place[s.Event] < 0 })
		for k := range *steps {
			if s := &(*steps)[k]; s.Event >= 0 {
				s.Event = place[s.Event]
			}
		}
	}
}

// ears hear what some subjects say in the consent log.
type ears struct {
	purposes *consent.Purposes
	in       *Inputs
	who      []*Person
	mu       sync.Mutex
	ids      []string // of each, once it is known
	said     [][]Said
}

// whose is the place of the person who has an id, -1 if nobody has.
func (e *ears) whose(kind identity.Kind, id string) int {
	if identity.Blocked(id, e.in.Project.Identity.Blocked...) {
		return -1
	}
	return slices.IndexFunc(e.who, func(p *Person) bool { return p.Kind == kind && p.named(id) })
}

// listen hears one row group; ids are looked at once per dictionary entry.
func (e *ears) listen(c *consentRows) func(i int, event consent.Event) {
	const unheard = -2
	var met [2][]int
	for kind := range met {
		met[kind] = slices.Repeat([]int{unheard}, c.subject.Dict.Len())
	}
	return func(i int, event consent.Event) {
		kind, code := c.kinds[c.kind.Codes[i]], c.subject.Codes[i]
		if met[kind][code] == unheard {
			met[kind][code] = e.whose(kind, identity.Normalise(c.subject.Dict.Value(int(code))))
		}
		if whose := met[kind][code]; whose >= 0 {
			e.hear(whose, c, i, event)
		}
	}
}

func (e *ears) hear(whose int, c *consentRows, i int, event consent.Event) {
	text := func(t parquet.Text) string { return strings.Clone(t.At(i)) }
	s := Said{
		ID: text(c.id), Action: text(c.action), Purpose: text(c.purpose), Source: text(c.source),
		Evidence: text(c.evidence), At: int64(c.at.Value(i)), Recorded: int64(c.recorded.Value(i)),
		TCString: !c.tc.Null(i), Trusted: event.Trusted, event: event,
	}
	if c.notice.IsValid(i) {
		s.Notice = c.notice.Value(i)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.ids[whose] = identity.Normalise(text(c.subject))
	e.said[whose] = append(e.said[whose], s)
}

// overhear takes what a row of a device says.
func (e *ears) overhear(device string, event consent.Event) {
	whose := e.whose(identity.Device, device)
	if whose < 0 {
		return
	}
	purpose := "*"
	if event.Pattern >= 0 {
		purpose = e.purposes.Name(int(event.Pattern))
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.ids[whose] = device
	e.said[whose] = append(e.said[whose], Said{
		Action: rowWords[event.Action], Purpose: purpose, Source: rowSource, At: event.At, Trusted: event.Trusted, Row: true,
		TCString: rowWords[event.Action] == state.ActString, event: event,
	})
}

// buried adds that somebody was erased or forgotten, which the state keeps for good, unless the log says so.
func (e *ears) buried(whose int) {
	if e.in.Buried == nil {
		return
	}
	t, yes := e.in.Buried(KindName(e.who[whose].Kind), e.ids[whose])
	if !yes {
		return
	}
	s := Said{Action: "forget", Purpose: "*", At: t.At, Kept: true}
	s.event = consent.Event{At: t.At, Action: consent.Forget, Pattern: consent.EveryPurpose}
	if t.Forever {
		s.Action, s.event.Action = "erase", consent.Erase
		for i := range e.said[whose] {
			if of := &e.said[whose][i]; of.Action == s.Action {
				of.Kept = true
				return
			}
		}
	}
	e.said[whose] = append(e.said[whose], s)
}

// keep adds an act that the state has, unless the log has it, too. What rows said was heard with them.
func (e *ears) keep(a state.Act, p *consent.Policy) error {
	whose := slices.IndexFunc(e.who, func(p *Person) bool { return KindName(p.Kind) == a.Kind && p.named(a.ID) })
	if whose < 0 {
		return nil
	}
	e.ids[whose] = a.ID
	if a.OnRow() {
		for i := range e.said[whose] {
			if s := &e.said[whose][i]; s.Row && s.Action == a.Action && s.At == a.At {
				s.Kept = true
			}
		}
		return nil
	}
	for i := range e.said[whose] {
		s := &e.said[whose][i]
		if s.Action == a.Action && s.Purpose == a.Purpose && s.Source == a.Source && s.At == a.At {
			s.Kept = true
			return nil
		}
	}
	action, err := consent.ParseAction(a.Action)
	if err != nil {
		return err
	}
	pattern, err := p.Purposes.Pattern(a.Purpose)
	if err != nil {
		return err
	}
	trusted := slices.Contains(e.in.Project.Consent.TrustedSources, a.Source)
	e.said[whose] = append(e.said[whose], Said{
		Action: a.Action, Purpose: a.Purpose, Source: a.Source, At: a.At, Trusted: trusted, Kept: true,
		event: consent.Event{At: a.At, Action: action, Pattern: pattern, Trusted: trusted},
	})
	return nil
}

// LogCensus is what lies in the consent log, and where all whom it names stand. It counts exactly; who shows it rounds.
type LogCensus struct {
	Feed     consent.Feed
	Purposes *consent.Purposes
	People   []consent.Census
	Events   int64 // without heartbeats
	Skewed   int64 // recorded long before they happened
	TC       int64 // with a TC string
	Sources  map[string]int64
	Notices  map[int64]int64 // of grants; 0: none
	Months   map[Month]int64 // acts
}

// Month is the year and month (UTC) of an act, and what it was.
type Month struct {
	Year, Month int
	Action      string
}

// Count reads the consent log and the lists of people, checked as in a run, and counts.
func Count(ctx context.Context, in Inputs) (*LogCensus, error) {
	in, err := in.Resolve()
	if err != nil {
		return nil, err
	}
	d := &Decision{Inputs: in}
	if d.policy, err = in.policy(); err != nil {
		return nil, err
	}
	one := d.reading()
	var mu sync.Mutex
	var parts []*logPart
	one.listen = func(c *consentRows) func(i int, e consent.Event) {
		p := newLogPart(c)
		mu.Lock()
		defer mu.Unlock()
		parts = append(parts, p)
		return func(i int, e consent.Event) { p.count(c, i, e) }
	}
	ledger, err := one.ledger(ctx)
	if err != nil {
		return nil, err
	}
	all := &LogCensus{
		Feed: one.Feed, Purposes: d.policy.Purposes, People: ledger.Census(), Skewed: one.Skewed,
		Sources: map[string]int64{}, Notices: map[int64]int64{}, Months: map[Month]int64{},
	}
	for _, p := range parts {
		p.addTo(all)
	}
	return all, nil
}

// logPart counts one row group by dictionary entry; its words outlive the group.
type logPart struct {
	words   [2][]string // sources, actions
	sources []int64
	notices map[int64]int64
	months  map[[3]int]int64 // year, month, entry of the action
	tc      int64
}

func newLogPart(c *consentRows) *logPart {
	p := &logPart{sources: make([]int64, c.source.Dict.Len()), notices: map[int64]int64{}, months: map[[3]int]int64{}}
	for k, text := range []parquet.Text{c.source, c.action} {
		for i := range text.Dict.Len() {
			p.words[k] = append(p.words[k], strings.Clone(text.Dict.Value(i)))
		}
	}
	return p
}

func (p *logPart) count(c *consentRows, i int, e consent.Event) {
	p.sources[c.source.Codes[i]]++
	at := time.UnixMicro(e.At).UTC()
	p.months[[3]int{at.Year(), int(at.Month()), int(c.action.Codes[i])}]++
	if e.Action == consent.Grant {
		p.notices[int64(e.Notice)]++
	}
	if !c.tc.Null(i) {
		p.tc++
	}
}

func (p *logPart) addTo(all *LogCensus) {
	for code, n := range p.sources {
		if n > 0 {
			all.Sources[p.words[0][code]] += n
		}
		all.Events += n
	}
	for version, n := range p.notices {
		all.Notices[version] += n
	}
	for m, n := range p.months {
		all.Months[Month{m[0], m[1], p.words[1][m[2]]}] += n
	}
	all.TC += p.tc
}
