package decide

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/apache/arrow/go/v15/arrow/array"

	"github.com/malgrupp/malgrupp/pipeline/fault"
	"github.com/malgrupp/malgrupp/pipeline/folder"
	"github.com/malgrupp/malgrupp/pipeline/parquet"
	"github.com/malgrupp/malgrupp/pipeline/project"
	"github.com/malgrupp/malgrupp/pipeline/state"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/segments/consent"
	"github.com/malgrupp/malgrupp/segments/identity"
)

// consentSchema is the consent log (docs/how-to/consent-log.md).
var consentSchema = &rules.Schema{Name: "consent-log", Columns: ConsentColumns()}

// ConsentColumns are the columns of a consent log; heartbeats have no subject and need no time of their own. The roles
// say which columns hold ids.
func ConsentColumns() []rules.Column {
	text, at := value.Type{Kind: value.Text}, value.Type{Kind: value.Timestamp}
	return []rules.Column{
		{Name: "event_id", Type: text, Role: rules.RoleEventID},
		{Name: "subject_type", Type: text, Optional: true},
		{Name: "subject_id", Type: text, Role: rules.RoleCustomer, Optional: true},
		{Name: "action", Type: text},
		{Name: "purpose", Type: text, Optional: true},
		{Name: "at", Type: at, Optional: true},
		{Name: "recorded_at", Type: at},
		{Name: "source", Type: text, Optional: true},
		{Name: "notice_version", Type: value.Type{Kind: value.Integer}, Optional: true},
		{Name: "tc_string", Type: text, Optional: true},
		{Name: "evidence", Type: text, Optional: true},
	}
}

// consentLog is a consent log that is being read into a ledger.
type consentLog struct {
	listedLog
	in      *Decision
	policy  *consent.Policy
	hideAt  int64 // rows recorded at or after it are hidden: known_by where it was given
	trusted []string
	feed    consent.Feed
	skewed  int64
	heard   heard
	owed    owed // of an export of states
	going   *goingOn
	mu      sync.Mutex
}

// list lists the log and its days, unless that was done: what a run decides on is what its key is of.
func (l *consentLog) list(ctx context.Context, done *listedLog) (err error) {
	if done == nil {
		done, err = l.in.listLog(ctx)
		if err != nil {
			return err
		}
	}
	l.listedLog = *done
	l.feed = consent.Feed{Objects: len(l.objects), Watermark: math.MinInt64, Days: l.days}
	return nil
}

// read fills a ledger from the log.
func (l *consentLog) read(ctx context.Context, filling *consent.Filling) error {
	loaders := make([]*consent.Loader, max(1, l.in.Workers))
	for i := range loaders {
		loaders[i] = filling.Loader()
	}
	fresh, places := l.going.fresh(l)
	r := l.in.Reading("consent", l.bucket, fresh, consentSchema)
	return l.each(ctx, r, func(worker int) *consent.Strings { return loaders[worker].Strings },
		func(worker int, c *consentRows) error {
			c.object = places[c.object]
			return c.load(loaders[worker])
		})
}

func consentFailure(e error) error {
	if f, ok := errors.AsType[*consent.FeedError](e); ok {
		return fault.New(fault.Consent, f.Code, e, f.Hint)
	}
	return e
}

// consentRows is one row group of the log, with its words read once per dictionary entry.
type consentRows struct {
	log                                        *consentLog
	object                                     int // its number
	n                                          int
	id, kind, subject, action, purpose, source parquet.Text
	tc, evidence                               parquet.Text
	at, recorded                               *array.Timestamp
	notice                                     *array.Int64
	kinds                                      []identity.Kind
	actions                                    []consent.Action
	patterns                                   []consent.Pattern
	trusted                                    []bool
	strings                                    *consent.Strings
	numbers                                    []uint32 // by TC string: its number and one, 0 where nobody asked yet
	buried                                     [2][]grave
}

func (l *consentLog) columns(g logTable, strings *consent.Strings) (*consentRows, error) {
	c := &consentRows{log: l, n: g.Rows(), strings: strings}
	var err error
	for _, col := range []struct {
		name string
		into *parquet.Text
	}{
		{"event_id", &c.id},
		{"subject_type", &c.kind},
		{"subject_id", &c.subject},
		{"action", &c.action},
		{"purpose", &c.purpose},
		{"source", &c.source},
		{"tc_string", &c.tc},
		{"evidence", &c.evidence},
	} {
		if *col.into, err = g.Text(col.name); err != nil {
			return nil, err
		}
	}
	for _, col := range []struct {
		name string
		into **array.Timestamp
	}{{"at", &c.at}, {"recorded_at", &c.recorded}} {
		a, err := g.Column(col.name)
		if err != nil {
			return nil, err
		}
		*col.into = a.(*array.Timestamp)
	}
	a, err := g.Column("notice_version")
	if err != nil {
		return nil, err
	}
	c.notice = a.(*array.Int64)
	return c, c.words()
}

// words reads the dictionaries; an unknown word stops the run, for it may be a denial.
func (c *consentRows) words() error {
	c.kinds = make([]identity.Kind, c.kind.Dict.Len())
	for i := range c.kinds {
		switch {
		case c.kind.Dict.IsNull(i):
		case c.kind.Dict.Value(i) == "customer":
			c.kinds[i] = identity.Customer
		case c.kind.Dict.Value(i) != "device":
			return consentFailure(consent.Unreadable("the consent log has a subject_type that is neither device nor customer"))
		}
	}
	c.actions = make([]consent.Action, c.action.Dict.Len())
	for i := range c.actions {
		if c.action.Dict.IsNull(i) {
			continue
		}
		a, err := consent.ParseAction(c.action.Dict.Value(i))
		if err != nil {
			return consentFailure(consent.Unreadable(fmt.Sprintf("the consent log: %v", err)))
		}
		c.actions[i] = a
	}
	c.patterns = make([]consent.Pattern, c.purpose.Dict.Len())
	for i := range c.patterns {
		if c.purpose.Dict.IsNull(i) {
			continue
		}
		p, err := c.log.policy.Purposes.Pattern(c.purpose.Dict.Value(i))
		if err != nil {
			return consentFailure(consent.Unreadable("the consent log has a purpose that is none of measure, profile, link, " +
				"partner_data, activate:<name>, * and activate:*"))
		}
		c.patterns[i] = p
	}
	c.trusted = make([]bool, c.source.Dict.Len())
	for i := range c.trusted {
		c.trusted[i] = !c.source.Dict.IsNull(i) && slices.Contains(c.log.trusted, c.source.Dict.Value(i))
	}
	return nil
}

// standing is what is known of a dictionary entry of subject_id.
type standing uint8

const (
	unmet standing = iota
	blocked
	filed
)

// whole says when a row was recorded; one that lacks what a denial would have stops the run.
func (c *consentRows) whole(i int) (recorded int64, err error) {
	heartbeat := c.actions[c.action.Codes[i]] == consent.Heartbeat
	switch {
	case c.recorded.IsNull(i) || c.at.IsNull(i) && !heartbeat || c.action.Null(i) || c.id.Null(i):
		err = consentFailure(consent.Unreadable("the consent log has a row without event_id, action, at or recorded_at"))
	case !heartbeat && (c.kind.Null(i) || c.subject.Null(i) || c.purpose.Null(i) || c.source.Null(i)):
		err = consentFailure(consent.Unreadable("the consent log has an event without subject, purpose or source"))
	case c.actions[c.action.Codes[i]] == consent.TCString && c.tc.Null(i):
		err = consentFailure(consent.Unreadable("the consent log has an event of action state without a tc_string"))
	}
	return int64(c.recorded.Value(i)), err
}

// load hands the rows to a loader.
func (c *consentRows) load(l *consent.Loader) error {
	refs := [2][]consent.Ref{make([]consent.Ref, c.subject.Dict.Len()), make([]consent.Ref, c.subject.Dict.Len())}
	met := [2][]standing{make([]standing, c.subject.Dict.Len()), make([]standing, c.subject.Dict.Len())}
	content := c.contents()
	ids := c.id.Hash(c.log.in.subjects.Seed())
	l.Begin(uint32(c.object))
	var listen func(i int, e consent.Event)
	if hears := c.log.in.listen; hears != nil {
		listen = hears(c)
	}
	saw := objectSeen{watermark: math.MinInt64}
	var seen heard
	for i := range c.n {
		recorded, err := c.whole(i)
		if err != nil {
			return err
		}
		seen.row(c, i, recorded)
		seen.event(c, i)
		saw.unfit = saw.unfit || recorded >= c.log.in.KnownBy || c.grave(i).there
		if recorded >= c.log.hideAt {
			saw.hides = true
			continue
		}
		saw.rows++
		saw.watermark = max(saw.watermark, recorded)
		l.Seen(ids[c.id.Codes[i]], content(i))
		action := c.actions[c.action.Codes[i]]
		if action == consent.Heartbeat {
			continue
		}
		e := c.event(i)
		if recorded < e.At-3600e6 {
			saw.skewed++
		}
		saw.unfit = saw.unfit || e.Action == consent.TCString
		if listen != nil {
			listen(i, e)
		}
		if e.Pattern == consent.OtherPurpose && action != consent.Erase {
			continue
		}
		kind, code := c.kinds[c.kind.Codes[i]], c.subject.Codes[i]
		if met[kind][code] == unmet {
			id := identity.Normalise(c.subject.Dict.Value(int(code)))
			met[kind][code] = blocked
			if !identity.Blocked(id, c.log.in.Project.Identity.Blocked...) && !c.log.in.leftOut(kind, id) {
				refs[kind][code], met[kind][code] = l.Subject(kind, []byte(id)), filed
				c.log.in.bury(l, refs[kind][code], kind, id)
			}
		}
		if met[kind][code] == filed {
			l.Add(refs[kind][code], e)
		}
	}
	c.log.note(c.object, &saw, &seen)
	return nil
}

// number returns the number of a TC string.
func (c *consentRows) number(code int32) uint32 {
	if c.numbers == nil {
		c.numbers = make([]uint32, c.tc.Dict.Len())
	}
	if c.numbers[code] == 0 {
		c.numbers[code] = c.strings.Number(c.tc.Dict.Value(int(code))) + 1
	}
	return c.numbers[code] - 1
}

// event is what a row says, unless it is a heartbeat.
func (c *consentRows) event(i int) consent.Event {
	e := consent.Event{
		At: int64(c.at.Value(i)), Action: c.actions[c.action.Codes[i]], Pattern: c.patterns[c.purpose.Codes[i]],
		Trusted: c.trusted[c.source.Codes[i]],
	}
	if e.Action == consent.TCString {
		e.Pattern, e.String = consent.EveryPurpose, c.number(c.tc.Codes[i])
	}
	if c.notice.IsValid(i) {
		e.Notice = int32(max(math.MinInt32, min(c.notice.Value(i), math.MaxInt32)))
	}
	return e
}

// contents returns a hash of everything an event says beside its id, to tell a repetition from a contradiction.
func (c *consentRows) contents() func(i int) uint64 {
	seed := c.log.in.subjects.Seed()
	columns := []parquet.Text{c.kind, c.subject, c.action, c.purpose, c.source, c.tc, c.evidence}
	hashes := make([][]uint64, len(columns))
	for k, col := range columns {
		hashes[k] = col.Hash(seed)
	}
	return func(i int) uint64 {
		h := uint64(14695981039346656037)
		mix := func(v uint64) { h = (h ^ v) * 0x9e3779b97f4a7c15; h ^= h >> 29 }
		for k, col := range columns {
			mix(hashes[k][col.Codes[i]])
		}
		mix(uint64(c.at.Value(i)))
		mix(uint64(c.recorded.Value(i)))
		if c.notice.IsValid(i) {
			mix(uint64(c.notice.Value(i)) + 1)
		}
		return h
	}
}

// objectSeen counts what was seen in an object of the log, or in a part of one.
type objectSeen struct {
	rows, watermark, skewed int64
	unfit                   bool // no later run may go on from it
	hides                   bool // known_by hides some of its rows
}

func (l *consentLog) note(object int, saw *objectSeen, seen *heard) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.feed.Rows += saw.rows
	l.feed.Watermark = max(l.feed.Watermark, saw.watermark)
	l.skewed += saw.skewed
	l.heard.add(seen)
	l.going.note(object, saw, seen)
	if saw.hides {
		l.in.hidden[l.objects[object].Key] = true
	}
}

// newLog is the consent log of the inputs, with rows recorded from an instant on hidden.
func (d *Decision) newLog(hideAt int64) *consentLog {
	return &consentLog{
		in: d, policy: d.policy, hideAt: hideAt, trusted: d.Project.Consent.TrustedSources,
	}
}

// ledger reads the consent log and the lists; the feed is judged before any row is.
func (d *Decision) ledger(ctx context.Context) (*consent.Ledger, error) {
	hideAt := int64(math.MaxInt64)
	if d.given {
		hideAt = d.KnownBy
	}
	log := d.newLog(hideAt)
	d.hidden = map[string]bool{}
	if err := log.list(ctx, d.Listing.log); err != nil {
		return nil, err
	}
	log.owed = d.owed()
	var err error
	if log.going, err = d.goOn(ctx, log); err != nil {
		return nil, err
	}
	filling := consent.Fill(d.policy, d.subjects)
	log.going.begin(ctx, filling)
	if d.only != nil {
		d.machine = filling.Machine(len(d.Sources) > 0)
	}
	if err := log.read(ctx, filling); err != nil {
		return nil, err
	}
	d.newest = log.feed.Watermark
	log.feed.Clock, log.feed.Watermark = !d.given, log.fresh(d.newest)
	d.Feed, d.Skewed, d.FirstDay = log.feed, log.skewed, log.first
	d.Consent = folder.Pin("consent", log.objects, nil)
	if err := consentFailure(log.feed.Check(d.feedLimits())); err != nil {
		return nil, err
	}
	seen := log.heard.seen(d.firstHeard())
	if err := d.grown(seen); err != nil {
		return nil, err
	}
	d.Heard, d.Acts = log.heard.without(seen), state.NewActs(d.Seen.Acts, log.heard.acts)
	if err := d.recall(filling.Loader()); err != nil {
		return nil, err
	}
	if err := d.suppress(ctx, filling.Loader(), log.owed); err != nil {
		return nil, err
	}
	if err := log.owed.answered(log.heard.answered); err != nil {
		return nil, err
	}
	if err := d.hearRows(ctx, filling); err != nil {
		return nil, err
	}
	log.going.keep(ctx, filling)
	ledger, err := filling.Seal(d.Workers)
	log.going.end(ctx, err)
	if errors.Is(err, consent.ErrConflict) {
		err = consent.Unreadable(err.Error())
	}
	return ledger, consentFailure(err)
}

// feedLimits are the limits of the consent log.
func (in *Inputs) feedLimits() consent.FeedLimits {
	return consent.FeedLimits{
		Now: in.KnownBy, MaxAge: project.Micros(in.Project.Consent.MaxFeedAge),
		MaxConsentAge: project.Micros(in.Project.Consent.MaxConsentAge),
		PreviousRows:  in.Seen.Rows, PreviousFirst: in.Seen.FirstDay,
	}
}

// leftOut reports whether a subject's consent need not be known, because she is not drawn, or not the one who is asked
// about. It is a matter of speed: who counts is decided when verdicts are settled.
func (d *Decision) leftOut(kind identity.Kind, id string) bool {
	return d.Sample != nil && kind == d.Sample.Kind && !d.Sample.Draws(id) || d.only != nil && !d.only(kind, id)
}
