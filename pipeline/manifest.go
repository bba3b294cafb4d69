package pipeline

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/malgrupp/malgrupp/pipeline/decide"
	"github.com/malgrupp/malgrupp/pipeline/folder"
	"github.com/malgrupp/malgrupp/pipeline/record"
	"github.com/malgrupp/malgrupp/pipeline/shown"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/segments/consent"
	"github.com/malgrupp/malgrupp/segments/identity"
)

// blank is a manifest with what is known before anything is decided.
func (r *run) blank(status record.Status) *record.Manifest {
	m := &record.Manifest{
		Schema: record.ManifestSchema, RunID: r.RunID, Project: r.Project.Name, Profile: r.Project.Profile, Status: status,
		GeneratedAt: r.Clock().UTC().Format(time.RFC3339), AsOf: value.FormatTimestamp(r.AsOf),
		KnownBy: value.FormatTimestamp(r.KnownBy), After: r.history.N(), Previous: r.history.LineDigest(),
		Keys: r.prints, Versions: r.Version,
		Config: record.Digest([]byte(r.Project.Text.Text)), Rules: map[string]string{}, Labels: r.Labels,
		Overrides: r.Override,
	}
	for _, d := range r.Project.Destinations {
		if d.Vendor.Interests {
			if m.Interests == nil {
				m.Interests = map[string]string{}
			}
			m.Interests[d.Name] = d.Vendor.Acknowledged
		}
	}
	for _, s := range r.Segments {
		m.Rules[s.Name] = hex.EncodeToString(s.Hash[:])
	}
	return m
}

// record is the manifest of what was decided; the lists add themselves.
func (r *run) record() *record.Manifest {
	status := record.StatusDone
	if r.Replay() {
		status = record.StatusReplay
	}
	m, d := r.blank(status), r.decision
	if r.Replay() {
		m.Previewed = r.untold()
	}
	m.Texts = map[string]string{}
	for _, s := range r.Segments {
		if s.Source != nil {
			m.Texts[s.Name] = s.Source.Text
		}
	}
	m.Key = r.key(d.Decided())
	m.Inputs = slices.Concat(d.Consent, folder.Pin("identifiers", r.table.Objects, nil), d.AttributeInputs())
	for i := range d.Sources {
		s := &d.Sources[i]
		m.Inputs = append(m.Inputs, s.Inputs...)
		dedupe := "none"
		if s.Deduped() {
			dedupe = "within " + s.Dedupe.String()
		}
		m.Sources = append(m.Sources, record.SourceCount{
			Name: s.Name, Dedupe: dedupe, Rows: shown.Count(s.Counts.Rows), Conflicts: shown.Count(s.Conflicts),
			Invalid:   shown.Count(s.Counts.Invalid),
			Oversized: shown.Count(s.Counts.Oversized), Unwritable: unwritable(s), Skipped: s.Skipped, Incomplete: s.Incomplete,
		})
	}
	m.Consent = record.ConsentSeen{
		Rows: d.Feed.Rows, Watermark: value.FormatTimestamp(d.Feed.Watermark), Skewed: shown.Count(d.Skewed),
	}
	if d.FirstDay != 0 {
		m.Consent.FirstPartition = d.FirstDay.String()
	}
	for u := range d.Uses {
		count := record.UseCount{
			Use: d.Uses[u].Name, People: shown.Count(d.Roll.People(u)), Refused: map[string]shown.Count{},
		}
		for reason := range d.Roll.Tallies.Refused[u] {
			r := consent.Reason(reason)
			// That there is such a reason would say that somebody has it.
			if c := shown.Crowd(d.Roll.Refused(u, r).Drawn()); !c.Few() {
				count.Refused[r.String()] = c
			}
		}
		m.Uses = append(m.Uses, count)
	}
	return m
}

// unwritable counts the ids of a source that no list can hold, by column.
func unwritable(s *decide.Source) map[string]shown.Count {
	var out map[string]shown.Count
	for role, crowd := range map[rules.Role]*identity.Crowd{
		rules.RoleDevice: &s.Counts.UnwritableDevice, rules.RoleCustomer: &s.Counts.UnwritableCustomer,
	} {
		n := shown.Crowd(crowd.Drawn())
		if c, ok := s.Schema.WithRole(role); ok && !n.Few() {
			if out == nil {
				out = map[string]shown.Count{}
			}
			out[c.Name] = n
		}
	}
	return out
}

// key is the idempotence key: rules, settings, schemas, what lies in the places that are read, as_of, a known_by that
// was given, for it hides what has arrived since, and the day, by which dates are judged. A run with the key of the
// last accepted one would write the same lists again.
func (r *run) key(segs []*rules.Segment) string {
	h := sha256.New()
	add := func(parts ...any) { fmt.Fprintf(h, "%q\n", fmt.Sprint(parts...)) }
	add("config", r.Project.Text.Text, r.Project.Profile)
	add("as of", r.AsOf, r.Project.Zone.Day(r.Clock().UnixMicro()))
	if r.Given() {
		add("known by", r.KnownBy)
	}
	for _, s := range segs {
		add("segment", s.Name, s.Hash, s.Deliver, s.Purpose, s.Level, s.Expires)
	}
	for _, name := range slices.Sorted(maps.Keys(r.Schemas)) {
		add("schema", name, r.Schemas[name].Hash)
	}
	for _, o := range r.lying() {
		add("input", o.Source, o.Key, o.Size, o.ETag)
	}
	for _, o := range r.Override {
		add("override", o.Guard)
	}
	add("keys", r.prints)
	return hex.EncodeToString(h.Sum(nil))
}

// lying is everything that lies in the places that the job reads.
func (r *run) lying() []folder.Input {
	return append(folder.Pin("identifiers", r.table.Objects, nil), r.Listing.Objects...)
}
