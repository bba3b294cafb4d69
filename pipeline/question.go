package pipeline

import (
	"context"
	"errors"
	"fmt"

	"github.com/malgrupp/malgrupp/pipeline/fault"
	"github.com/malgrupp/malgrupp/pipeline/store"
)

// Question asks what a segment decides about one person, and for what reason somebody wants to know.
type Question struct {
	Segment string `json:"segment"`
	Subject string `json:"subject"` // keyed id
	Reason  string `json:"reason"`
}

// StatusAnswered is the status of a line that says that somebody was asked about.
const StatusAnswered Status = "answered"

// Answered writes the line that says what was asked. The lock keeps it from splitting the chain.
func (l *Look) Answered(ctx context.Context, q Question) error {
	r := l.run
	lease, err := r.lock(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = lease.Release(context.WithoutCancel(ctx)) }()
	if r.history, err = readHistory(ctx, r.output, r.audit, r.Keys.Verify, true); err != nil {
		return err
	}
	m := r.blank(StatusAnswered)
	m.Question = &q
	line, err := m.line(r.Keys.Sign)
	if err != nil {
		return err
	}
	if err := r.audit.CreateOnce(ctx, r.RunID+".json", line); err != nil {
		if errors.Is(err, store.ErrExists) {
			return fault.New(fault.Usage, "RUN_ID", fmt.Errorf("write the line of %s: there is one of that name", r.RunID),
				"give another --run-id, or none")
		}
		return err
	}
	return nil
}
