package pipeline

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"slices"

	"github.com/malgrupp/malgrupp/pipeline/decide"
	"github.com/malgrupp/malgrupp/pipeline/fault"
	"github.com/malgrupp/malgrupp/pipeline/record"
	"github.com/malgrupp/malgrupp/pipeline/state"
	"github.com/malgrupp/malgrupp/pipeline/store"
	"github.com/malgrupp/malgrupp/rules"
)

// Answered writes the line that says what was asked about a person.
func (l *Look) Answered(ctx context.Context, q record.Question) error { return l.run.answered(ctx, q) }

func (r *run) answered(ctx context.Context, q record.Question) error {
	m := r.blank(record.StatusAnswered)
	m.Question = &q
	return r.asked(ctx, m)
}

// Memory is what earlier runs left: the inputs know what they saw, and nothing is decided on top of it.
type Memory struct {
	decide.Inputs
	run *run
}

// Remember reads what earlier runs left and writes nothing.
func Remember(ctx context.Context, j *Job) (*Memory, error) {
	r, err := newRun(ctx, j)
	if err != nil {
		return nil, err
	}
	if err := r.remember(ctx, false); err != nil {
		return nil, err
	}
	return &Memory{r.Inputs, r}, nil
}

// Holdings are what destinations were last told.
func (m *Memory) Holdings() *state.Holdings { return m.run.holdings }

// Answered writes the line that says what was asked about a person.
func (m *Memory) Answered(ctx context.Context, q record.Question) error {
	return m.run.answered(ctx, q)
}

// Previewed writes the line that says that somebody was told what rules come to, before they are told: previews of many
// nearly equal rules are how a single person could be singled out (docs/consent.md, What is counted).
func Previewed(ctx context.Context, j *Job, of ...*rules.Segment) error {
	return PreviewedUnder(ctx, j, nil, of...)
}

// PreviewedUnder is Previewed of rules under other settings than the project's, "key: value" each.
func PreviewedUnder(ctx context.Context, j *Job, settings []string, of ...*rules.Segment) error {
	r, err := newRun(ctx, j)
	if err != nil {
		return err
	}
	if r.history, err = record.Read(ctx, r.Places, r.Keys, false); err != nil {
		return err
	}
	m := r.blank(record.StatusPreviewed)
	m.Rules = nil
	for _, s := range of {
		p := previewed(s)
		p.Settings = settings
		m.Previewed = append(m.Previewed, p)
	}
	return r.asked(ctx, m)
}

// PreviewedFirst is Previewed of those rules that no line names as they are now: whoever changes one and asks again
// leaves a line each time, and who asks the same every night does once.
func PreviewedFirst(ctx context.Context, j *Job, of ...*rules.Segment) error {
	r, err := newRun(ctx, j)
	if err != nil {
		return err
	}
	lines, err := record.Lines(ctx, r.Places.Audit, r.Keys)
	if err != nil {
		return err
	}
	told := map[string]bool{}
	for _, l := range lines {
		for _, p := range l.Manifest.Previewed {
			told[p.Definition] = told[p.Definition] || l.Valid && len(p.Settings) == 0
		}
	}
	fresh := slices.DeleteFunc(slices.Clone(of), func(s *rules.Segment) bool {
		return told[hex.EncodeToString(s.Hash[:])]
	})
	if len(fresh) == 0 {
		return nil
	}
	return Previewed(ctx, j, fresh...)
}

// previewed is a rule as a line names it.
func previewed(s *rules.Segment) record.Previewed {
	p := record.Previewed{Segment: s.Name, Definition: hex.EncodeToString(s.Hash[:])}
	digest := func(text string) string {
		sum := sha256.Sum256([]byte(text))
		return hex.EncodeToString(sum[:8])
	}
	for _, c := range s.Judged() {
		if len(c.Children) == 0 {
			p.Conditions, p.Shape = append(p.Conditions, digest(c.Normal())), digest(shapeOf(c.Normal()))
		}
	}
	if slices.Sort(p.Conditions); len(p.Conditions) != 1 {
		p.Shape = ""
	}
	return p
}

// Values in a condition's normal form, and lists of them.
var (
	someValue  = regexp.MustCompile(`'(?:[^']|\'\')*'|[0-9][0-9._]*`)
	someValues = regexp.MustCompile(`in \(\?(?:, \?)*\)`)
)

// shapeOf is a condition's normal form without values.
func shapeOf(normal string) string {
	return someValues.ReplaceAllString(someValue.ReplaceAllString(normal, "?"), "= ?")
}

// untold are the rules of a replay that no accepted run knows: of these it tells what a preview would.
func (r *run) untold() (out []record.Previewed) {
	for _, s := range r.decision.Decided() {
		last := r.history.Manifest
		if last == nil || last.Rules[s.Name] != hex.EncodeToString(s.Hash[:]) {
			out = append(out, previewed(s))
		}
	}
	return out
}

// asked writes a line about a question. It needs no lock: the next marker knows it, whichever that is.
func (r *run) asked(ctx context.Context, m *record.Manifest) error {
	err := r.writeLine(ctx, m)
	if errors.Is(err, store.ErrExists) {
		return fault.New(fault.Usage, "RUN_ID", fmt.Errorf("write the line of %s: there is one of that name", r.RunID),
			"give another --run-id, or none")
	}
	return err
}
