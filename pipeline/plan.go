package pipeline

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"maps"
	"slices"
	"strings"

	"github.com/malgrupp/malgrupp/pipeline/decide"
	"github.com/malgrupp/malgrupp/pipeline/fault"
	"github.com/malgrupp/malgrupp/pipeline/keys"
	"github.com/malgrupp/malgrupp/pipeline/load"
	"github.com/malgrupp/malgrupp/pipeline/platform"
	"github.com/malgrupp/malgrupp/pipeline/record"
	"github.com/malgrupp/malgrupp/pipeline/state"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/segments"
)

// Plan decides what Run would publish and writes nothing, not even the lock.
func Plan(ctx context.Context, j *Job) (*Report, error) {
	r, err := newRun(ctx, j)
	if err != nil {
		return nil, err
	}
	if err := r.remember(ctx, false); err != nil {
		return nil, err
	}
	if err := r.forward(); err != nil {
		return nil, err
	}
	if err := r.sameKeys(); err != nil {
		return nil, err
	}
	if err := r.hear(ctx); err != nil {
		return nil, err
	}
	report, err := r.decide(ctx)
	if err != nil {
		return nil, err
	}
	if report.NothingToDo {
		report.Plan, err = r.plan(nil)
		return report, err
	}
	if err := r.identify(ctx); err != nil {
		return nil, err
	}
	changes, err := r.differences(ctx, nil)
	if err != nil {
		return nil, err
	}
	for i := range changes {
		if err := r.owed(&changes[i]); err != nil {
			return nil, err
		}
		r.manifest.Segments[i] = changes[i].count
	}
	report.Moved = record.Since(r.history.Manifest, r.manifest)
	report.Plan, err = r.plan(changes)
	return report, err
}

// PlanSchema is that of a plan's file.
const PlanSchema = "malgrupp.plan/v1"

// PlanFile says what a plan was made from and what it comes to, so that Apply can do exactly that. It names no member.
type PlanFile struct {
	Schema    string            `json:"schema"`
	ID        string            `json:"id"` // of the plan; digests of two plans tell nothing of each other
	Project   string            `json:"project"`
	AsOf      string            `json:"as_of"`
	Select    []string          `json:"select,omitempty"`
	Overrides []record.Override `json:"overrides,omitempty"`
	State     string            `json:"state"`         // SHA-256 of the marker that the plan builds on; "" for none
	Config    string            `json:"config_sha256"` // of the project's settings, profile included
	Rules     map[string]string `json:"rules"`         // segment -> definition hash
	Inputs    map[string]string `json:"inputs"`        // source -> SHA-256 of names, sizes and etags of its objects
	Lists     map[string]string `json:"lists"`         // destination/segment/type/part -> keyed digest of what it becomes
}

// plan is the file of a plan.
func (r *run) plan(changes []change) (*PlanFile, error) {
	p := &PlanFile{
		Schema: PlanSchema, ID: r.RunID, Project: r.Project.Name, AsOf: value.FormatTimestamp(r.AsOf), Select: r.Job.Select,
		Overrides: r.Override, State: r.history.Digest,
		Config: record.Digest([]byte(r.Project.Profile + "\n" + r.Project.Text.Text)),
		Rules:  map[string]string{}, Inputs: map[string]string{}, Lists: map[string]string{},
	}
	if r.planned != nil {
		p.ID = r.planned.ID
	}
	for _, s := range r.Segments {
		p.Rules[s.Name] = hex.EncodeToString(s.Hash[:])
	}
	for name, s := range r.Schemas {
		p.Rules["schema "+name] = hex.EncodeToString(s.Hash[:])
	}
	lying := map[string]hash.Hash{}
	for _, o := range r.lying() {
		if lying[o.Source] == nil {
			lying[o.Source] = sha256.New()
		}
		fmt.Fprintf(lying[o.Source], "%q %d %q\n", o.Key, o.Size, o.ETag)
	}
	for source, h := range lying {
		p.Inputs[source] = hex.EncodeToString(h.Sum(nil))
	}
	keyer, err := r.Keys.Keyer("plan")
	if err != nil {
		return nil, err
	}
	for i := range changes {
		c, h := &changes[i], sha256.New()
		fmt.Fprintf(h, "%q\n", p.ID)
		for _, entries := range [][]string{c.adds.Entries(), c.removes.Entries(), c.after(), c.control} {
			fmt.Fprintf(h, "%q\n", entries)
		}
		p.Lists[listName(c.list)] = keyer.Key(keys.NewID(hex.EncodeToString(h.Sum(nil))))
	}
	return p, nil
}

// Apply does what a plan says and nothing else: where rules, settings, inputs or state have moved since, or a list
// would become another one, nothing is published.
func Apply(ctx context.Context, j *Job, p *PlanFile) (*Report, error) {
	if p.Schema != PlanSchema || p.Project != j.Project.Name {
		return nil, fault.New(fault.Usage, "PLAN", fmt.Errorf("apply a plan of project %q and schema %q: want %q and %q",
			p.Project, p.Schema, j.Project.Name, PlanSchema), "malgrupp plan --out FILE makes one")
	}
	asOf, ok := value.ParseTimestamp(p.AsOf)
	if !ok {
		return nil, fault.New(fault.Usage, "PLAN", fmt.Errorf("apply a plan: its as_of is %q", p.AsOf), "make a new plan")
	}
	job := *j
	job.AsOf, job.Select, job.Override, job.planned = asOf, p.Select, p.Overrides, p
	return Run(ctx, &job)
}

// keeps refuses what is not as the plan says; lists are compared once they are known.
func (p *PlanFile) keeps(now *PlanFile) error {
	var moved []string
	if p.State != now.State {
		moved = append(moved, "the state: another run has published")
	}
	if p.Config != now.Config {
		moved = append(moved, "the settings in malgrupp.yaml")
	}
	for _, name := range Differing(p.Rules, now.Rules) {
		moved = append(moved, "rule "+name)
	}
	for _, name := range Differing(p.Inputs, now.Inputs) {
		moved = append(moved, "input "+name)
	}
	if len(moved) == 0 && now.Lists != nil {
		for _, name := range Differing(p.Lists, now.Lists) {
			moved = append(moved, "list "+name)
		}
	}
	if len(moved) == 0 {
		return nil
	}
	return fault.New(fault.Check, "PLAN_MOVED",
		fmt.Errorf("apply the plan: since it was made, this has moved: %s", strings.Join(moved, ", ")),
		"look at a new plan (malgrupp plan --out FILE), then apply that one")
}

// Differing names what differs between two tables, in byte order.
func Differing(a, b map[string]string) []string {
	all, out := maps.Clone(a), []string{}
	if all == nil {
		all = map[string]string{}
	}
	maps.Copy(all, b)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if a[name] != b[name] {
			out = append(out, name)
		}
	}
	return out
}

// Look is what Run would publish, looked at more closely: how audiences come to be, and what was told before.
type Look struct {
	*decide.Decision
	Manifest *record.Manifest
	run      *run
}

// LookAt decides requests on top of what earlier runs left, as closely as the options say, and writes nothing. What
// destinations would be told is in the manifest, but not of a sample: that is a matter of everybody. Lists of segments
// that are not asked for stay as they are.
func LookAt(ctx context.Context, j *Job, requests []decide.Request, o decide.Options) (*Look, error) {
	r, err := newRun(ctx, j)
	if err != nil {
		return nil, err
	}
	r.Job.Select = nil
	for _, q := range requests {
		r.Job.Select = append(r.Job.Select, q.Segment.Name)
	}
	if err := r.remember(ctx, false); err != nil {
		return nil, err
	}
	if err := r.list(ctx); err != nil {
		return nil, err
	}
	if err := r.decideOn(ctx, requests, o); err != nil {
		return nil, err
	}
	if o.Sample == nil && len(requests) > 0 {
		if err := r.identify(ctx); err != nil {
			return nil, err
		}
		if _, err := r.differences(ctx, nil); err != nil {
			return nil, err
		}
	}
	return &Look{r.decision, r.manifest, r}, nil
}

// LastRun is the id of the run that holds, "" if none was published yet.
func (l *Look) LastRun() string {
	if l.run.history.Marker == nil {
		return ""
	}
	return l.run.history.Marker.RunID
}

// Held are the keys of the members that a destination holds of a list, as the last run told them.
func (l *Look) Held(list state.List) map[string]bool { return l.run.holdings.Keys(list) }

// Told is a part of a list as it would be told, before anything is held back.
type Told struct {
	state.List
	Use      string
	Audience *segments.Audience
	Members  platform.Additions
}

// Told are the parts of a segment's lists.
func (l *Look) Told(segment string) (out []Told) {
	for _, to := range l.Lists {
		if to.Segment.Name != segment {
			continue
		}
		kind, _ := platform.For(to.Destination) // differences has met it
		for i := range kind.Parts {
			c, members := l.run.difference(to, kind, &kind.Parts[i], nil)
			out = append(out, Told{c.list, c.count.Use, l.Audience(to), members})
		}
	}
	return out
}

// Side is what a run would make of all lists under one version of the settings.
type Side struct {
	Manifest *record.Manifest
	Lists    []Becomes
}

// Becomes is a list as a run would leave it, or a segment that is delivered nowhere.
type Becomes struct {
	List  state.List // the segment alone where it is delivered nowhere
	Count record.SegmentCount
	Holds []string // the entries that it would hold, in byte order; the slice must not be changed
}

// Sides decides all segments with the settings as they are and as they would be, on the same objects and on top of
// what earlier runs left, and writes nothing. The second project must differ from the job's in settings of consent,
// identity, retention and destinations alone.
func Sides(ctx context.Context, j *Job, then *load.Loaded) (sides [2]Side, err error) {
	r, err := newRun(ctx, j)
	if err != nil {
		return sides, err
	}
	for _, ready := range []func() error{
		func() error { return r.remember(ctx, false) }, r.forward, r.sameKeys, func() error { return r.list(ctx) },
	} {
		if err := ready(); err != nil {
			return sides, err
		}
	}
	for i, project := range []*load.Loaded{r.Loaded, then} {
		of := *r
		of.Loaded = project
		if sides[i], err = of.side(ctx); err != nil {
			return sides, err
		}
	}
	return sides, nil
}

func (r *run) side(ctx context.Context) (s Side, err error) {
	if err := r.decideOn(ctx, decide.Ask(r.Segments), decide.Options{}); err != nil {
		return s, err
	}
	if err := r.identify(ctx); err != nil {
		return s, err
	}
	changes, err := r.differences(ctx, nil)
	if err != nil {
		return s, err
	}
	s.Manifest = r.manifest
	for i := range changes {
		s.Lists = append(s.Lists, Becomes{changes[i].list, changes[i].count, changes[i].after()})
	}
	for _, q := range r.decision.Requests {
		for i := range r.decision.Audiences {
			a := &r.decision.Audiences[i]
			if len(q.Segment.Deliver) > 0 || a.Segment() != q.Segment || !r.decision.Asks(q, a.Use()) {
				continue
			}
			s.Lists = append(s.Lists, Becomes{
				state.List{Segment: q.Segment.Name}, undeliveredCount(r.decision, a), slices.Sorted(a.Members()),
			})
		}
	}
	return s, nil
}
