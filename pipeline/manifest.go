package pipeline

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/malgrupp/malgrupp/pipeline/decide"
	"github.com/malgrupp/malgrupp/pipeline/fault"
	"github.com/malgrupp/malgrupp/pipeline/folder"
	"github.com/malgrupp/malgrupp/pipeline/shown"
)

// The schemas of the documents a run writes. Within a version fields are only added.
const (
	ManifestSchema = "malgrupp.manifest/v1"
	MarkerSchema   = "malgrupp.marker/v1"
)

// Status is how a run ended.
type Status string

// The statuses of a manifest line.
const (
	StatusDone    Status = "done"
	StatusPartial Status = "partial" // something was held back; the rest was delivered
	StatusRefused Status = "refused"
	StatusReplay  Status = "replay" // an old day computed again: snapshots only, no state
)

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
	Previous    string            `json:"previous"` // SHA-256 of the line before; empty for the first
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
	Outputs     []Output          `json:"outputs"`
	Labels      map[string]string `json:"labels,omitempty"`
	Overrides   []Override        `json:"overrides,omitempty"` // guards that this run was let pass
	// ToldLacking are, by destination/segment/type, the days that a list lacked when it was last told (guard.go).
	ToldLacking map[string][]decide.Lack `json:"told_lacking,omitempty"`

	Question *Question `json:"question,omitempty"` // of a line that says that somebody was asked about
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

// SourceCount is what happened to a source's rows before consent was asked. Hidden, skewed, copies and wanted count
// rows that some condition wanted; rows, invalid and oversized count all that were read.
type SourceCount struct {
	Name      string      `json:"name"`
	Dedupe    string      `json:"dedupe"`
	Rows      shown.Count `json:"rows"`
	Wanted    shown.Count `json:"wanted"`
	Hidden    shown.Count `json:"hidden"`
	Skewed    shown.Count `json:"skewed"`
	Copies    shown.Count `json:"copies"`
	Conflicts shown.Count `json:"conflicting_copies"`
	Invalid   shown.Count `json:"invalid_time"`
	Oversized shown.Count `json:"oversized_values"`
	// Unwritable counts, by column, the wanted rows with an id that no list can hold.
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

// UseCount is how rows fared at the gate for one use.
type UseCount struct {
	Use      string                 `json:"use"`
	People   shown.Count            `json:"people"`
	Admitted shown.Count            `json:"admitted_rows"`
	Refused  map[string]shown.Count `json:"refused_rows"` // by reason
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
	Owed shown.Count `json:"owed_removals,omitempty"`
}

// Output is one object a run wrote; the digest is of the bytes as stored (ciphertext where encrypted).
type Output struct {
	Root   string `json:"root"` // output or state
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// signedLine is a manifest as it is kept: the exact bytes that were signed, and the signature over them.
type signedLine struct {
	Body      json.RawMessage `json:"body"`
	Signature string          `json:"signature"`
}

// line encodes and signs a manifest.
func (m *Manifest) line(sign func([]byte) string) ([]byte, error) {
	body, err := encode(m)
	if err != nil {
		return nil, fmt.Errorf("encode the manifest line of run %s: %w", m.RunID, err)
	}
	return encode(signedLine{Body: body, Signature: sign(body)})
}

// encode writes JSON as it is: json.Marshal would write the "<" of "<50" as an escape.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// ReadLine decodes a manifest line without judging its signature.
func ReadLine(line []byte) (*Manifest, error) {
	var s signedLine
	if err := json.Unmarshal(line, &s); err != nil {
		return nil, fmt.Errorf("decode a manifest line: %w", err)
	}
	var m Manifest
	if err := json.Unmarshal(s.Body, &m); err != nil {
		return nil, fmt.Errorf("decode a manifest line: %w", err)
	}
	if m.Schema != ManifestSchema {
		return nil, fmt.Errorf("decode a manifest line: schema is %q, this version reads %s", m.Schema, ManifestSchema)
	}
	return &m, nil
}

// VerifyLine reports whether the line's signature fits its bytes.
func VerifyLine(line []byte, verify func(body []byte, signature string) bool) bool {
	var s signedLine
	return json.Unmarshal(line, &s) == nil && verify(s.Body, s.Signature)
}

// digest is the hex SHA-256 of b.
func digest(b []byte) string {
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}
