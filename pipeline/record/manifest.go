package record

import (
	"slices"

	"github.com/malgrupp/malgrupp/pipeline/decide"
	"github.com/malgrupp/malgrupp/pipeline/fault"
	"github.com/malgrupp/malgrupp/pipeline/folder"
	"github.com/malgrupp/malgrupp/pipeline/keys"
	"github.com/malgrupp/malgrupp/pipeline/shown"
)

// Status is how a run ended.
type Status string

// The statuses of a manifest line.
const (
	StatusDone    Status = "done"
	StatusPartial Status = "partial" // something was held back; the rest was delivered
	StatusRefused Status = "refused"
	StatusReplay  Status = "replay" // an old day computed again: snapshots only, no state

	StatusAnswered Status = "answered" // somebody was asked about
	StatusPruned   Status = "pruned"   // lists and state of old runs were deleted

	StatusPreviewed Status = "previewed" // somebody was told what rules come to
)

// Published reports whether a run of that status has a marker.
func (s Status) Published() bool { return s == StatusDone || s == StatusPartial }

// Manifest is the record of one run: what went in, what was decided, what came out. It names no person; counts of
// people and rows are Shown.
type Manifest struct {
	Schema      string            `json:"schema"`
	RunID       string            `json:"run_id"`
	Project     string            `json:"project"`
	Profile     string            `json:"profile,omitempty"`
	Status      Status            `json:"status"`
	GeneratedAt string            `json:"generated_at"`
	AsOf        string            `json:"as_of"`
	KnownBy     string            `json:"known_by"`
	After       int64             `json:"after"`    // number of the marker that held before
	Previous    string            `json:"previous"` // SHA-256 of that marker's line; empty for the first
	Keys        keys.Fingerprints `json:"keys"`
	Key         string            `json:"idempotence_key,omitempty"`
	Refusal     *Refusal          `json:"refusal,omitempty"`
	Versions    map[string]string `json:"versions"`
	Config      string            `json:"config_sha256"`
	Rules       map[string]string `json:"rules"`                // segment -> definition hash
	Texts       map[string]string `json:"rule_texts,omitempty"` // of a run that decided: segment -> its file
	Inputs      []folder.Input    `json:"inputs"`
	Sources     []SourceCount     `json:"sources"`
	Consent     ConsentSeen       `json:"consent"`
	Uses        []UseCount        `json:"uses"`
	Segments    []SegmentCount    `json:"segments"`
	Overlaps    []Overlap         `json:"overlaps,omitempty"`
	Outputs     []Output          `json:"outputs"`
	Labels      map[string]string `json:"labels,omitempty"`
	Overrides   []Override        `json:"overrides,omitempty"` // guards that this run was let pass
	// Interests are destinations for which legitimate interest is accepted, and who answers for that.
	Interests map[string]string `json:"legitimate_interest,omitempty"`
	// ToldLacking are, by destination/segment/type, the days that a list lacked when it was last told (guard.go).
	ToldLacking map[string][]decide.Lack `json:"told_lacking,omitempty"`

	Question *Question `json:"question,omitempty"` // of a line that says that somebody was asked about
	Pruned   []string  `json:"pruned,omitempty"`   // of a line that says that runs were deleted: their ids

	Previewed []Previewed `json:"previewed,omitempty"` // rules of which no run told first what they come to
}

// Guarded reports whether a guard held a list.
func (m *Manifest) Guarded() bool {
	return slices.ContainsFunc(m.Segments, func(s SegmentCount) bool { return s.Guard != "" })
}

// Refusal says why a run wrote nothing.
type Refusal struct {
	Kind    fault.Kind `json:"kind"`
	Reason  string     `json:"reason"`
	Message string     `json:"message"`
}

// SourceCount is what happened to a source's rows before consent was asked: all that were read, whatever rules want.
// How many rows a rule wants would tell how busy one person is (docs/consent.md, What is counted).
type SourceCount struct {
	Name      string      `json:"name"`
	Dedupe    string      `json:"dedupe"`
	Rows      shown.Count `json:"rows"`
	Conflicts shown.Count `json:"conflicting_copies"`
	Invalid   shown.Count `json:"invalid_time"`
	Oversized shown.Count `json:"oversized_values"`
	// Unwritable counts, by column, the ids that no list can hold.
	Unwritable map[string]shown.Count `json:"unwritable_ids,omitempty"`
	Skipped    []string               `json:"skipped_objects,omitempty"`
	Incomplete []string               `json:"incomplete_partitions,omitempty"`
}

// ConsentSeen is the consent log as it was when the run decided, and at the re-check before publication.
type ConsentSeen struct {
	Rows             int64       `json:"rows"`
	Watermark        string      `json:"watermark"`
	FirstPartition   string      `json:"first_partition,omitempty"`
	RecheckWatermark string      `json:"recheck_watermark,omitempty"`
	Skewed           shown.Count `json:"recorded_before_act"`
}

// UseCount is how people fared at the gate for one use: of whom rows were admitted, and of how many devices some were
// refused, by reason.
type UseCount struct {
	Use     string                 `json:"use"`
	People  shown.Count            `json:"people"`
	Refused map[string]shown.Count `json:"refused_devices"`
}

// SegmentCount is what one segment came to at one destination.
type SegmentCount struct {
	Segment     string      `json:"segment"`
	Destination string      `json:"destination"`
	Part        string      `json:"part,omitempty"` // of several lists that a platform wants for one audience
	Use         string      `json:"use"`
	Members     shown.Count `json:"members"`
	Additions   shown.Count `json:"additions"`
	Removals    shown.Count `json:"removals"`
	Control     shown.Count `json:"control"`
	Unknown     shown.Count `json:"unknown"`
	Wait        shown.Count `json:"wait"`
	Dropped     shown.Count `json:"unwritable"` // members whom the list cannot name
	// Identifiers are those that were not sent: "email not_an_email" and the like, with their number.
	Identifiers map[string]shown.Count `json:"dropped_identifiers,omitempty"`
	Held        string                 `json:"held_back,omitempty"` // why nobody was added, see guard.go
	Guard       Guard                  `json:"guard,omitempty"`     // that holds the list as it was
	Lacks       []decide.Lack          `json:"lacks,omitempty"`     // days that its verdicts lean on
	// Owed are the removals that consent owes, where it was asked who may stay.
	Owed *shown.Count `json:"owed_removals,omitempty"`
	// Inherited are entries that stay though their person left: they are another member's contact as well.
	Inherited *shown.Count `json:"kept_for_another,omitempty"` // nil: none; what is read back is told as it was
	// Pending are removals that were told earlier and not acknowledged, told again now; overdue since PendingSince.
	Pending      *shown.Count `json:"pending_removals,omitempty"` // nil: none
	Overdue      bool         `json:"overdue,omitempty"`
	PendingSince string       `json:"pending_since,omitempty"`
}

// Guard is the name of what holds a list as it was, or stops a run.
type Guard string

// Override is a guard that one run was let pass.
type Override struct {
	Guard  Guard  `json:"guard"`
	Reason string `json:"reason"`
}

// Question asks what a segment decides about one person, or what is kept of her, and for what reason somebody wants to
// know.
type Question struct {
	Command string `json:"command,omitempty"` // which shows what is kept; "" where a segment is asked about
	Segment string `json:"segment"`           // "" for what is kept
	Subject string `json:"subject"`           // keyed id
	Reason  string `json:"reason"`
}
