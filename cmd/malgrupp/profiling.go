package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/pprof"
	"runtime/trace"

	"github.com/spf13/pflag"
)

// profiling are the files that a developer asks for with hidden flags: they hold stacks and sizes, and no values of
// anybody (docs/scale.md).
type profiling struct{ cpu, memory, trace string }

func (p *profiling) flags(f *pflag.FlagSet) {
	for _, x := range []struct {
		into       *string
		name, says string
	}{
		{&p.cpu, "cpuprofile", "write a processor profile to this file"},
		{&p.memory, "memprofile", "write what was allocated to this file"},
		{&p.trace, "trace", "write an execution trace to this file"},
	} {
		f.StringVar(x.into, x.name, "", x.says)
		_ = f.MarkHidden(x.name) // it exists: the line above
	}
}

// begin starts what was asked for; closing what it returns writes it.
func (p *profiling) begin() (closers []io.Closer, err error) {
	for _, x := range []struct {
		name  string
		start func(w io.Writer) error
		stop  func(w io.Writer) error
	}{
		{p.cpu, pprof.StartCPUProfile, func(io.Writer) error { pprof.StopCPUProfile(); return nil }},
		{p.trace, trace.Start, func(io.Writer) error { trace.Stop(); return nil }},
		{p.memory, func(io.Writer) error { return nil }, allocated},
	} {
		if x.name == "" {
			continue
		}
		f, err := os.Create(x.name)
		if err != nil {
			return closers, fmt.Errorf("write a profile: %w", err)
		}
		closers = append(closers, closing(func() error { return errors.Join(x.stop(f), f.Close()) }))
		if err := x.start(f); err != nil {
			return closers, fmt.Errorf("write the profile %s: %w", x.name, err)
		}
	}
	return closers, nil
}

// allocated writes all that was allocated since the start.
func allocated(w io.Writer) error {
	runtime.GC()
	return pprof.Lookup("allocs").WriteTo(w, 0)
}

type closing func() error

func (c closing) Close() error { return c() }
