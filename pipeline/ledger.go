package pipeline

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"math"
	"slices"
	"sync"

	"github.com/apache/arrow/go/v15/arrow/array"

	"github.com/malgrupp/malgrupp/pipeline/fault"
	"github.com/malgrupp/malgrupp/pipeline/folder"
	"github.com/malgrupp/malgrupp/pipeline/parquet"
	"github.com/malgrupp/malgrupp/pipeline/project"
	"github.com/malgrupp/malgrupp/pipeline/store"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/segments/consent"
	"github.com/malgrupp/malgrupp/segments/identity"
	"github.com/malgrupp/malgrupp/segments/scan"
)

// consentSchema is the consent log (docs/how-to/consent-log.md).
var consentSchema = &rules.Schema{Name: "consent-log", Columns: ConsentColumns()}

// ConsentColumns are the columns of a consent log; heartbeats have no subject.
func ConsentColumns() []rules.Column {
	text, at := value.Type{Kind: value.Text}, value.Type{Kind: value.Timestamp}
	return []rules.Column{
		{Name: "event_id", Type: text},
		{Name: "subject_type", Type: text, Optional: true},
		{Name: "subject_id", Type: text, Optional: true},
		{Name: "action", Type: text},
		{Name: "purpose", Type: text, Optional: true},
		{Name: "at", Type: at},
		{Name: "recorded_at", Type: at},
		{Name: "source", Type: text, Optional: true},
		{Name: "notice_version", Type: value.Type{Kind: value.Integer}, Optional: true},
		{Name: "tc_string", Type: text, Optional: true},
		{Name: "evidence", Type: text, Optional: true},
	}
}

// consentLog is a consent log that is being read into a ledger.
type consentLog struct {
	job     *Job
	policy  *consent.Policy
	hideAt  int64 // rows recorded at or after it are hidden: known_by where it was given
	trusted []string
	seed    maphash.Seed
	objects []store.Object
	days    map[int64]bool
	first   value.CivilDate
	feed    consent.Feed
	skewed  int64
	mu      sync.Mutex
}

// list lists the log and its days.
func (l *consentLog) list(ctx context.Context) (*store.Bucket, error) {
	conf := l.job.Project.Consent
	bucket, err := l.job.bucket(ctx, conf.URL)
	if err != nil {
		return nil, err
	}
	listing, err := bucket.List(ctx, "")
	if err != nil {
		if store.CodeOf(err) != store.NotFound {
			return nil, err
		}
		listing = nil // a feed that is not there is FEED_MISSING, not a storage that does not answer
	}
	parts, err := folder.Partitions(conf.URL, conf.Partition, listing)
	if err != nil {
		return nil, consentFailure(consent.Unreadable(err.Error()))
	}
	if conf.Partition.Key != "" {
		l.days = map[int64]bool{}
	}
	for _, p := range parts {
		if len(p.Objects) == 0 {
			continue
		}
		l.objects = append(l.objects, p.Objects...)
		if l.days != nil {
			l.days[p.Day.Days()] = true
			if l.first == 0 {
				l.first = p.Day
			}
		}
	}
	l.feed = consent.Feed{Objects: len(l.objects), Watermark: math.MinInt64, Days: l.days}
	return bucket, nil
}

// read fills a ledger from the log.
func (l *consentLog) read(ctx context.Context, bucket *store.Bucket, filling *consent.Filling) error {
	loaders := make([]*consent.Loader, max(1, l.job.Workers))
	for i := range loaders {
		loaders[i] = filling.Loader()
	}
	r := folder.Reading{Bucket: bucket, Objects: l.objects, Schema: consentSchema, Limits: l.job.limits(), Workers: l.job.Workers}
	err := r.Each(ctx, func(worker int, _ scan.Unit, g *parquet.RowGroup) error {
		c, err := l.columns(g)
		if err != nil {
			return err
		}
		return c.load(loaders[worker])
	})
	if bad, ok := errors.AsType[*folder.BadObject](err); ok {
		return consentFailure(consent.Unreadable(bad.Error()))
	}
	return err
}

// limits are the reader's limits of the project.
func (j *Job) limits() parquet.Limits {
	return parquet.Limits{PageBytes: j.Project.Limits.Page, ChunkBytes: j.Project.Limits.Chunk}
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
	n                                          int
	id, kind, subject, action, purpose, source text
	tc, evidence                               text
	at, recorded                               *array.Timestamp
	notice                                     *array.Int64
	kinds                                      []identity.Kind
	actions                                    []consent.Action
	patterns                                   []consent.Pattern
	trusted                                    []bool
}

// text is a dictionary column as codes and values.
type text struct {
	codes []int32
	dict  *array.String
}

func (t text) null(i int) bool { return t.dict.IsNull(int(t.codes[i])) }

func (t text) hash(seed maphash.Seed) []uint64 {
	out := make([]uint64, t.dict.Len())
	for i := range out {
		if !t.dict.IsNull(i) {
			out[i] = maphash.String(seed, t.dict.Value(i))
		}
	}
	return out
}

func textColumn(g *parquet.RowGroup, name string) (text, error) {
	a, err := g.Column(name)
	if err != nil {
		return text{}, err
	}
	d := a.(*array.Dictionary)
	return text{d.Indices().(*array.Int32).Int32Values(), d.Dictionary().(*array.String)}, nil
}

func (l *consentLog) columns(g *parquet.RowGroup) (*consentRows, error) {
	c := &consentRows{log: l, n: g.Rows()}
	var err error
	for _, col := range []struct {
		name string
		into *text
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
		if *col.into, err = textColumn(g, col.name); err != nil {
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
	c.kinds = make([]identity.Kind, c.kind.dict.Len())
	for i := range c.kinds {
		switch {
		case c.kind.dict.IsNull(i):
		case c.kind.dict.Value(i) == "customer":
			c.kinds[i] = identity.Customer
		case c.kind.dict.Value(i) != "device":
			return consentFailure(consent.Unreadable("the consent log has a subject_type that is neither device nor customer"))
		}
	}
	c.actions = make([]consent.Action, c.action.dict.Len())
	for i := range c.actions {
		if c.action.dict.IsNull(i) {
			continue
		}
		a, err := consent.ParseAction(c.action.dict.Value(i))
		if err != nil {
			return consentFailure(consent.Unreadable(fmt.Sprintf("the consent log: %v", err)))
		}
		c.actions[i] = a
	}
	c.patterns = make([]consent.Pattern, c.purpose.dict.Len())
	for i := range c.patterns {
		if c.purpose.dict.IsNull(i) {
			continue
		}
		p, err := c.log.policy.Purposes.Pattern(c.purpose.dict.Value(i))
		if err != nil {
			return consentFailure(consent.Unreadable("the consent log has a purpose that is none of measure, profile, link, partner_data, activate:<name>, * and activate:*"))
		}
		c.patterns[i] = p
	}
	c.trusted = make([]bool, c.source.dict.Len())
	for i := range c.trusted {
		c.trusted[i] = !c.source.dict.IsNull(i) && slices.Contains(c.log.trusted, c.source.dict.Value(i))
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

// load hands the rows to a loader.
func (c *consentRows) load(l *consent.Loader) error {
	refs := [2][]consent.Ref{make([]consent.Ref, c.subject.dict.Len()), make([]consent.Ref, c.subject.dict.Len())}
	met := [2][]standing{make([]standing, c.subject.dict.Len()), make([]standing, c.subject.dict.Len())}
	content := c.contents()
	ids := c.id.hash(c.log.seed)
	var rows, skewed int64
	watermark := int64(math.MinInt64)
	for i := range c.n {
		recorded := int64(c.recorded.Value(i))
		switch {
		case c.recorded.IsNull(i) || c.at.IsNull(i) && c.actions[c.action.codes[i]] != consent.Heartbeat || c.action.null(i) || c.id.null(i):
			return consentFailure(consent.Unreadable("the consent log has a row without event_id, action, at or recorded_at"))
		case recorded >= c.log.hideAt:
			continue
		}
		rows++
		watermark = max(watermark, recorded)
		l.Seen(ids[c.id.codes[i]], content(i))
		action := c.actions[c.action.codes[i]]
		if action == consent.Heartbeat {
			continue
		}
		if c.kind.null(i) || c.subject.null(i) || c.purpose.null(i) || c.source.null(i) {
			return consentFailure(consent.Unreadable("the consent log has an event without subject, purpose or source"))
		}
		at := int64(c.at.Value(i))
		if recorded < at-3600e6 {
			skewed++
		}
		e := consent.Event{At: at, Action: action, Pattern: c.patterns[c.purpose.codes[i]], Trusted: c.trusted[c.source.codes[i]]}
		if c.notice.IsValid(i) {
			e.Notice = int32(min(c.notice.Value(i), math.MaxInt32))
		}
		if e.Pattern == consent.OtherPurpose && action != consent.Erase {
			continue
		}
		kind, code := c.kinds[c.kind.codes[i]], c.subject.codes[i]
		if met[kind][code] == unmet {
			id := identity.Normalise(c.subject.dict.Value(int(code)))
			met[kind][code] = blocked
			if !identity.Blocked(id, c.log.job.Project.Identity.Blocked...) && !c.log.job.leftOut(kind, id) {
				refs[kind][code], met[kind][code] = l.Subject(kind, []byte(id)), filed
			}
		}
		if met[kind][code] == filed {
			l.Add(refs[kind][code], e)
		}
	}
	c.log.note(rows, watermark, skewed)
	return nil
}

// contents returns a hash of everything an event says beside its id, to tell a repetition from a contradiction.
func (c *consentRows) contents() func(i int) uint64 {
	seed := c.log.seed
	columns := []text{c.kind, c.subject, c.action, c.purpose, c.source, c.tc, c.evidence}
	hashes := make([][]uint64, len(columns))
	for k, col := range columns {
		hashes[k] = col.hash(seed)
	}
	return func(i int) uint64 {
		h := uint64(14695981039346656037)
		mix := func(v uint64) { h = (h ^ v) * 0x9e3779b97f4a7c15; h ^= h >> 29 }
		for k, col := range columns {
			mix(hashes[k][col.codes[i]])
		}
		mix(uint64(c.at.Value(i)))
		mix(uint64(c.recorded.Value(i)))
		if c.notice.IsValid(i) {
			mix(uint64(c.notice.Value(i)) + 1)
		}
		return h
	}
}

func (l *consentLog) note(rows, watermark, skewed int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.feed.Rows += rows
	l.feed.Watermark = max(l.feed.Watermark, watermark)
	l.skewed += skewed
}

// newPolicy is the project's consent settings as of known_by.
func (j *Job) newPolicy() (*consent.Policy, error) {
	var activations []string
	for _, d := range j.Project.Destinations {
		if !d.Own {
			activations = append(activations, d.Activate)
		}
	}
	purposes, err := consent.NewPurposes(activations)
	if err != nil {
		return nil, fault.New(fault.Invalid, "BAD_PURPOSE", err, "rename the destination")
	}
	conf := j.Project.Consent
	p := &consent.Policy{
		Now: j.KnownBy, Retention: project.Micros(j.Project.Retention), MaxConsentAge: project.Micros(conf.MaxConsentAge), Purposes: purposes,
	}
	for i := range purposes.Len() {
		name := purposes.Name(i)
		if _, fixed := conf.MinNotice[name]; !fixed {
			name = "activate"
		}
		p.MinNotice = append(p.MinNotice, int32(conf.MinNotice[name]))
	}
	return p, nil
}
