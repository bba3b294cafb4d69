package store

import (
	"context"
	"io"
	"time"
)

// Clouds' own clients retry too; this only outlasts what they give up on.
const (
	attempts   = 4
	firstPause = 500 * time.Millisecond
)

// try repeats an operation while it fails for a reason that may pass.
func (b *Bucket) try(ctx context.Context, op func() error) error {
	pause := firstPause
	for left := attempts; ; left-- {
		err := op()
		if err == nil || err == io.EOF || left == 1 || b.sleep == nil || classify(err) != Unavailable {
			return err
		}
		if b.sleep(ctx, pause) != nil {
			return err
		}
		pause *= 2
	}
}
