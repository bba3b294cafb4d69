package inspect

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v15/arrow/array"

	"github.com/malgrupp/malgrupp/pipeline/decide"
	"github.com/malgrupp/malgrupp/pipeline/export"
	"github.com/malgrupp/malgrupp/pipeline/fault"
	"github.com/malgrupp/malgrupp/pipeline/folder"
	"github.com/malgrupp/malgrupp/pipeline/parquet"
	"github.com/malgrupp/malgrupp/pipeline/project"
	"github.com/malgrupp/malgrupp/pipeline/shown"
	"github.com/malgrupp/malgrupp/pipeline/store"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/segments/consent"
	"github.com/malgrupp/malgrupp/segments/identity"
	"github.com/malgrupp/malgrupp/segments/scan"
)

// ConsentOptions say how the export of a consent platform is looked at.
type ConsentOptions struct {
	InspectOptions
	Conf project.Consent // with the map to try; one without has a map proposed
	Now  int64           // microseconds UTC
}

// ConsentInspection is what was found in the export of a consent platform. Of people it holds counts alone.
type ConsentInspection struct {
	URL       string            `json:"url"`
	Listed    int               `json:"listed_objects"`
	Objects   []InspectedObject `json:"objects"` // that were opened, newest first
	Rows      int64             `json:"rows"`    // of these
	Columns   []InspectedColumn `json:"columns"`
	Own       bool              `json:"own,omitempty"`        // these are the columns of the consent log: it needs no map
	LooksLike []string          `json:"looks_like,omitempty"` // ready-made maps whose columns are all there
	Map       ProposedMap       `json:"map"`
	Words     []ConsentWord     `json:"words,omitempty"`
	Faults    []ConsentFault    `json:"faults,omitempty"`
	Events    shown.Count       `json:"events"`     // that the map makes of the rows
	Strings   shown.Count       `json:"tc_strings"` // among them; what they say is judged in a run
	Newest    string            `json:"newest_event,omitempty"`
	Written   string            `json:"newest_object"`
	Purposes  []ConsentPurpose  `json:"purposes,omitempty"`
}

// ProposedMap is a map guessed from names, types and words, or the one that was tried.
type ProposedMap struct {
	Text    string   `json:"text,omitempty"`    // what stands below consent in malgrupp.yaml; "" where one was tried
	Problem string   `json:"problem,omitempty"` // why nobody could run with it
	Remarks []string `json:"remarks,omitempty"` // what a person has to look at
}

// ConsentWord is a word of the platform and what the map makes of it.
type ConsentWord struct {
	Column string      `json:"column"`
	Word   string      `json:"word"`
	Rows   shown.Count `json:"rows"`
	Means  string      `json:"means"`
}

// ConsentFault is why rows do not fit the map, or what a log of them would lack.
type ConsentFault struct {
	Message string      `json:"message"`
	Hint    string      `json:"hint"`
	Rows    shown.Count `json:"rows"` // that have it; all, where no row could be read
}

// ConsentPurpose is what the export comes to for one purpose: how many people have it granted now, and denied.
type ConsentPurpose struct {
	Purpose   string       `json:"purpose"`
	Devices   ConsentStand `json:"devices"`
	Customers ConsentStand `json:"customers"`
}

// ConsentStand counts people by what holds for them now.
type ConsentStand struct {
	Granted shown.Count `json:"granted"`
	Denied  shown.Count `json:"denied"`
}

// Consent looks at the newest objects of a consent platform's export, CSV or Parquet: it proposes a map, or tries the
// one that is given, says everything that does not fit, and counts for how many people each purpose would be granted.
func Consent(ctx context.Context, stores *folder.Stores, place string, o ConsentOptions) (*ConsentInspection, error) {
	masked := !o.Values
	o.csv, o.Values = true, true
	s, err := newSurvey(ctx, stores, place, o.InspectOptions)
	if misfit, ok := errors.AsType[*export.Error](err); ok {
		return nil, fault.BadInput("DAMAGED", misfit.Reason, misfit.Hint)
	}
	if err != nil {
		return nil, err
	}
	in := &ConsentInspection{
		URL: s.URL, Listed: s.Listed, Objects: s.Objects, Rows: s.Rows, Columns: s.Columns,
		Written: secondText(newestOf(s.opens)),
	}
	if masked {
		for i := range in.Columns {
			in.Columns[i].mask()
		}
	}
	m := o.Conf.Map
	if in.Own = m == nil && s.look.own(); in.Own {
		return in, nil
	}
	if m == nil {
		in.LooksLike = s.look.ready()
		in.Map, m = s.look.proposeMap(in.LooksLike, o.Conf)
	}
	if m == nil {
		return in, nil
	}
	in.Words = s.look.words(m, masked)
	return in, in.try(ctx, s, m, o)
}

// own reports whether objects are Parquet with all columns of the consent log that are needed.
func (l *look) own() bool {
	return l.delimiter == 0 && !slices.ContainsFunc(decide.ConsentColumns(), func(c rules.Column) bool {
		return l.at[c.Name] == nil && c.Name != "tc_string" && c.Name != "evidence"
	})
}

// newestOf is when the newest of some objects was written.
func newestOf(objects []store.Object) (at int64) {
	for _, o := range objects {
		at = max(at, o.ModTime.UnixMicro())
	}
	return at
}

// mask shows the shapes of what was sampled.
func (c *InspectedColumn) mask() {
	for i, text := range c.Samples {
		c.Samples[i] = mask(text)
	}
	slices.Sort(c.Samples)
	c.Samples = slices.Compact(c.Samples)
}

// trial is a reading of an export with a map.
type trial struct {
	policy  *consent.Policy
	people  [2]map[string][]consent.Event // by kind and id
	faults  map[ConsentFault]int
	events  int
	strings int
	newest  int64
	conf    *project.Consent
}

// try reads all rows of the objects that were opened, as a run would.
func (in *ConsentInspection) try(ctx context.Context, s *survey, m *project.ConsentMap, o ConsentOptions) error {
	form := export.New(m)
	has := s.look.at
	for key, path := range form.Named() {
		if has[path] == nil {
			in.Faults = append(in.Faults, ConsentFault{
				Message: fmt.Sprintf("no object looked at has a column %q, which consent.map.%s names", Printable(path), key),
				Hint:    "name the column as the export does", Rows: shown.Count(s.Rows),
			})
		}
	}
	if len(in.Faults) > 0 {
		return nil
	}
	names, policy := destinationsOf(m), &consent.Policy{Now: o.Now, MaxConsentAge: project.Micros(o.Conf.MaxConsentAge)}
	var err error
	if policy.Purposes, err = consent.NewPurposes(names); err != nil {
		return err
	}
	t := &trial{
		policy: policy, people: [2]map[string][]consent.Event{{}, {}}, faults: map[ConsentFault]int{},
		newest: math.MinInt64, conf: &o.Conf,
	}
	r := &folder.Reading{Bucket: s.bucket, Objects: s.opens, Shape: form.Shape, Workers: 1}
	err = r.Each(ctx, func(_ int, u scan.Unit, g *parquet.RowGroup) error {
		group, err := form.Sift(g, s.opens[u.Object].ModTime.UnixMicro(), func(err error) error { return t.note(err) })
		if err != nil {
			return err
		}
		return t.take(group)
	})
	if err = t.note(err); err != nil {
		return err
	}
	in.tell(t, m, newestOf(s.opens))
	return nil
}

// destinationsOf are the destinations whose consent a map names.
func destinationsOf(m *project.ConsentMap) (out []string) {
	for _, purposes := range m.Purposes {
		for _, p := range purposes {
			if name, is := strings.CutPrefix(p, "activate:"); is {
				out = append(out, name)
			}
		}
	}
	slices.Sort(out)
	return out
}

// note counts what does not fit; any other error is returned.
func (t *trial) note(err error) error {
	if misfit, ok := errors.AsType[*export.Error](err); ok {
		t.faults[ConsentFault{Message: misfit.Reason, Hint: misfit.Hint}]++
		return nil
	}
	return err
}

// lacks counts an event without something that every event of the log needs.
func (t *trial) lacks(what, hint string) {
	t.faults[ConsentFault{Message: "an event has no " + what, Hint: hint}]++
}

// take files the events of a row group.
func (t *trial) take(g *export.Group) error {
	texts := map[string]parquet.Text{}
	for _, name := range []string{"subject_type", "subject_id", "action", "purpose", "source", "event_id"} {
		texts[name], _ = g.Text(name)
	}
	column, _ := g.Column("at")
	at := column.(*array.Timestamp)
	column, _ = g.Column("recorded_at")
	recorded := column.(*array.Timestamp)
	column, _ = g.Column("notice_version")
	notice := column.(*array.Int64)
	for i := range g.Rows() {
		t.events++
		word := texts["action"].At(i)
		if recorded.IsValid(i) {
			t.newest = max(t.newest, int64(recorded.Value(i)))
		}
		if word == "state" {
			t.strings++
			continue
		}
		action, err := consent.ParseAction(word)
		if err != nil {
			return err
		}
		if action == consent.Heartbeat {
			continue
		}
		whole := true
		for _, need := range []struct{ name, what, hint string }{
			{"subject_id", "subject", "export the rows of people who can be told; a run stops at one that is nobody's"},
			{"event_id", "event id", "leave event_id out: ids are then made of the rows"},
			{"source", "source", "say a word: source: cmp"},
		} {
			if texts[need.name].Null(i) {
				t.lacks(need.what, need.hint)
				whole = false
			}
		}
		if at.IsNull(i) || recorded.IsNull(i) {
			t.lacks("time", "name the column that is always filled")
			whole = false
		}
		if whole {
			t.file(texts, i, consent.Event{
				At: int64(at.Value(i)), Action: action, Notice: int32(min(notice.Value(i), math.MaxInt32)),
			})
		}
	}
	return nil
}

// file adds an event to what its subject said.
func (t *trial) file(texts map[string]parquet.Text, i int, e consent.Event) {
	kind := identity.Device
	if texts["subject_type"].At(i) == "customer" {
		kind = identity.Customer
	}
	e.Pattern, _ = t.policy.Purposes.Pattern(texts["purpose"].At(i)) // the map names no other
	e.Trusted = slices.Contains(t.conf.TrustedSources, texts["source"].At(i))
	if e.Action == consent.Grant && !e.Trusted {
		t.faults[ConsentFault{
			Message: "a grant is of a source that consent.trusted_sources does not name: it does not count",
			Hint:    "name the source in trusted_sources, or say source: cmp",
		}]++
	}
	id := identity.Normalise(texts["subject_id"].At(i))
	t.people[kind][id] = append(t.people[kind][id], e)
}

// tell says what a trial came to.
func (in *ConsentInspection) tell(t *trial, m *project.ConsentMap, written int64) {
	in.Events, in.Strings = shown.Count(t.events), shown.Count(t.strings)
	if t.newest != math.MinInt64 {
		in.Newest = secondText(t.newest)
	}
	for f, n := range t.faults {
		f.Rows = shown.Count(n)
		in.Faults = append(in.Faults, f)
	}
	if f := in.stale(t, m, written); f != nil {
		in.Faults = append(in.Faults, *f)
	}
	slices.SortFunc(in.Faults, func(a, b ConsentFault) int { return strings.Compare(a.Message, b.Message) })
	machine := consent.NewMachine(t.policy, consent.NewStrings(t.policy))
	asked := slices.Concat(slices.Collect(maps.Values(m.Purposes))...)
	slices.Sort(asked)
	for _, name := range slices.Compact(asked) {
		number, _ := t.policy.Purposes.Number(name)
		var counts [2][3]int
		for kind, people := range t.people {
			for _, events := range people {
				timeline := machine.Fold(events, number)
				state := timeline.At(t.policy.Now).State
				if timeline.Erased {
					state = consent.Denying
				}
				counts[kind][state]++
			}
		}
		stand := func(kind identity.Kind) ConsentStand {
			return ConsentStand{shown.Count(counts[kind][consent.Granting]), shown.Count(counts[kind][consent.Denying])}
		}
		in.Purposes = append(in.Purposes, ConsentPurpose{
			Purpose: name, Devices: stand(identity.Device), Customers: stand(identity.Customer),
		})
	}
}

// stale is what a run would say now of a log of these events, nil for nothing.
func (in *ConsentInspection) stale(t *trial, m *project.ConsentMap, written int64) *ConsentFault {
	feed := consent.Feed{
		Objects: len(in.Objects), Rows: int64(t.events), Clock: true,
		Watermark: export.Fresh(m, t.newest, slices.Values([]int64{written})),
	}
	err := feed.Check(consent.FeedLimits{
		Now: t.policy.Now, MaxAge: project.Micros(t.conf.MaxFeedAge), MaxConsentAge: t.policy.MaxConsentAge,
	})
	if f, ok := errors.AsType[*consent.FeedError](err); ok {
		return &ConsentFault{Message: "a run would stop now: " + f.Error(), Hint: f.Hint, Rows: shown.Count(t.events)}
	}
	return nil
}
