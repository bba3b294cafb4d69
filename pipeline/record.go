package pipeline

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/malgrupp/malgrupp/pipeline/shown"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/segments/consent"
)

// blank is a manifest with what is known before anything is decided.
func (r *run) blank(status Status) *Manifest {
	m := &Manifest{
		Schema: ManifestSchema, RunID: r.RunID, Project: r.Project.Name, Profile: r.Project.Profile, Status: status,
		GeneratedAt: r.Clock().UTC().Format(time.RFC3339), AsOf: value.FormatTimestamp(r.AsOf), KnownBy: value.FormatTimestamp(r.KnownBy),
		Previous: r.history.lineHash, Versions: r.Version, Config: digest([]byte(r.Project.Text.Text)), Rules: map[string]string{}, Labels: r.Labels,
	}
	for _, s := range r.Segments {
		m.Rules[s.Name] = hex.EncodeToString(s.Hash[:])
	}
	return m
}

// record is the manifest of what was decided; the lists add themselves.
func (r *run) record(key string) *Manifest {
	status := StatusDone
	if r.replay {
		status = StatusReplay
	}
	m, e := r.blank(status), r.eval
	m.Key = key
	m.Inputs = append(append(m.Inputs, e.Consent...), e.tables()...)
	for i := range e.Sources {
		s := &e.Sources[i]
		m.Inputs = append(m.Inputs, s.Inputs...)
		dedupe := "none"
		if s.copies != nil {
			dedupe = "within " + s.Dedupe.String()
		}
		m.Sources = append(m.Sources, SourceCount{
			Name: s.Name, Dedupe: dedupe, Rows: shown.Count(s.Counts.Rows), Wanted: shown.Count(s.Counts.Wanted), Hidden: shown.Count(s.Counts.Hidden),
			Skewed: shown.Count(s.Counts.Skewed), Copies: shown.Count(s.Counts.Copies), Conflicts: shown.Count(s.Conflicts), Invalid: shown.Count(s.Counts.Invalid), Oversized: shown.Count(s.Counts.Oversized),
			Skipped: s.Skipped, Incomplete: s.Incomplete,
		})
	}
	m.Consent = ConsentSeen{Rows: e.Feed.Rows, Watermark: value.FormatTimestamp(e.Feed.Watermark), Skewed: shown.Count(e.skewed)}
	if e.first != 0 {
		m.Consent.FirstPartition = e.first.String()
	}
	for u := range e.Uses {
		count := UseCount{Use: e.Uses[u].Name, People: shown.Count(e.Roll.People(u)), Admitted: shown.Count(e.Roll.Tallies.Admitted[u]), Refused: map[string]shown.Count{}}
		for reason, n := range e.Roll.Tallies.Refused[u] {
			if n > 0 {
				count.Refused[consent.Reason(reason).String()] = shown.Count(n)
			}
		}
		m.Uses = append(m.Uses, count)
	}
	return m
}

// key is the idempotence key: rules, settings, schemas, inputs, consent and as_of. A run with the key of the last accepted
// one would write the same lists again.
func (e *Evaluation) key() string {
	h := sha256.New()
	add := func(parts ...any) { fmt.Fprintf(h, "%q\n", fmt.Sprint(parts...)) }
	add("config", e.Job.Project.Text.Text, e.Job.Project.Profile)
	add("as of", e.Job.AsOf)
	for _, s := range e.Segments {
		add("segment", s.Name, s.Hash, s.Deliver, s.Purpose, s.Level, s.Expires)
	}
	if s := e.Job.Attributes(); s != nil {
		add("schema", s.Name, s.Hash)
	}
	for i := range e.Sources {
		s := &e.Sources[i]
		add("schema", s.Schema.Name, s.Schema.Hash)
		for _, o := range s.Inputs {
			add("input", o.Source, o.Key, o.Size, o.ETag)
		}
	}
	for _, o := range append(e.tables(), e.Consent...) {
		add("consent", o.Source, o.Key, o.Size, o.ETag)
	}
	return hex.EncodeToString(h.Sum(nil))
}
