package pipeline

import (
	"context"
	"errors"
	"fmt"

	"github.com/malgrupp/malgrupp/pipeline/fault"
	"github.com/malgrupp/malgrupp/pipeline/record"
	"github.com/malgrupp/malgrupp/pipeline/store"
)

// Answered writes the line that says what was asked. The lock keeps it from splitting the chain.
func (l *Look) Answered(ctx context.Context, q record.Question) error {
	r := l.run
	lease, err := r.lock(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = lease.Release(context.WithoutCancel(ctx)) }()
	if r.history, err = record.Read(ctx, r.Places, r.Keys, true); err != nil {
		return err
	}
	m := r.blank(record.StatusAnswered)
	m.Question = &q
	if err := r.writeLine(ctx, m); err != nil {
		if errors.Is(err, store.ErrExists) {
			return fault.New(fault.Usage, "RUN_ID", fmt.Errorf("write the line of %s: there is one of that name", r.RunID),
				"give another --run-id, or none")
		}
		return err
	}
	return nil
}
