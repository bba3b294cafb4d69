package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// grace is how long a command that publishes nothing may take to notice that it was stopped.
const grace = 300 * time.Millisecond

// signals cancels the context at the first SIGINT, SIGQUIT (at which the runtime would print registers) or SIGTERM: the
// command stops taking work and nothing is published. One that does not notice is ended, but for those that may be in
// the middle of publishing; the second signal ends every one at once.
func (a *app) signals(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	caught := make(chan os.Signal, 2)
	signal.Notify(caught, os.Interrupt, syscall.SIGQUIT, syscall.SIGTERM)
	done := make(chan struct{})
	go func() {
		select {
		case s := <-caught:
			end := outcome{exitInterrupted, "stopped by a signal; nothing was published"}
			if s == syscall.SIGTERM {
				end.exitCode = exitTerminated
			}
			cancel(end)
			a.await(caught, done, end)
		case <-done:
		}
	}()
	return ctx, func() {
		signal.Stop(caught)
		close(done)
		cancel(nil)
	}
}

// await waits until a stopped command ends, and ends it where it need not be waited for.
func (a *app) await(caught <-chan os.Signal, done <-chan struct{}, end outcome) {
	var over <-chan time.Time
	if !a.publishes.Load() {
		over = time.After(grace)
	}
	select {
	case <-done:
	case <-caught:
		os.Exit(end.code)
	case <-over:
		os.Exit(finish(end, a.err, a.asJSON()))
	}
}

// patient is standard input of which no read outlives the command: whoever is asked may press Ctrl-C.
type patient struct {
	ctx context.Context
	io.Reader
}

func (p patient) Read(into []byte) (int, error) {
	type result struct {
		n   int
		err error
	}
	read := make([]byte, len(into)) // of its own: the read may end when nobody waits any more
	ended := make(chan result, 1)
	go func() {
		n, err := p.Reader.Read(read)
		ended <- result{n, err}
	}()
	select {
	case r := <-ended:
		return copy(into, read[:r.n]), r.err
	case <-p.ctx.Done():
		return 0, p.ctx.Err()
	}
}
