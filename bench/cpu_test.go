//go:build unix

package bench

import (
	"syscall"
	"testing"
	"time"

	"github.com/malgrupp/malgrupp/pipeline/decide"
)

// cpuTime is the processor time that this process has taken on all cores. On a machine that others use too, its ratios
// hold where those of wall time do not.
func cpuTime() time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		panic(err) // of the process itself it cannot fail
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// spent is wall and processor time.
type spent struct{ wall, cpu time.Duration }

func (s spent) plus(o spent) spent { return spent{s.wall + o.wall, s.cpu + o.cpu} }

// stopwatch measures what do takes.
func stopwatch(do func()) spent {
	cpu, wall := cpuTime(), time.Now()
	do()
	return spent{time.Since(wall), cpuTime() - cpu}
}

// phaseClock is a job's clock that reads the processor time as well. Once its phases have begun, a decision asks for
// the time at the beginning and the end of each and never else, so that the last readings come in pairs.
type phaseClock struct{ readings []time.Duration }

func (c *phaseClock) now() time.Time {
	c.readings = append(c.readings, cpuTime())
	return time.Now()
}

// phases returns what each phase took, by name.
func (c *phaseClock) phases(tb testing.TB, e *decide.Decision) map[string]spent {
	tb.Helper()
	before := len(c.readings) - 2*len(e.Phases)
	if before < 0 {
		tb.Fatalf("the clock was read %d times for %d phases, want twice each", len(c.readings), len(e.Phases))
	}
	readings := c.readings[before:]
	out := map[string]spent{}
	for i, p := range e.Phases {
		out[p.Name] = out[p.Name].plus(spent{p.Took, readings[2*i+1] - readings[2*i]})
	}
	return out
}
