//go:build unix

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"
)

// usage is what a whole process took.
type usage struct {
	Wall, CPU time.Duration
	Peak      int64 // bytes
}

// contender is a process that is timed, after something that is not.
type contender struct {
	prepare func() error
	args    []string
}

// measureWord makes this program start the command after it and print what that took. A process inherits the peak
// memory of the one that starts it, so the one that compares millions of ids may not be that.
const measureWord = "measure"

// measure runs a command and prints its usage, for timed.
func measure(args []string) error {
	var said bytes.Buffer
	command := exec.Command(args[0], args[1:]...)
	command.Stderr = &said
	start := time.Now()
	err := command.Run()
	wall := time.Since(start)
	if err != nil {
		return fmt.Errorf("%s: %w: %s", strings.Join(args, " "), err, tail(said.Bytes()))
	}
	used, ok := command.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		return errors.New("this system does not say what a process took: measure on Linux")
	}
	return json.NewEncoder(os.Stdout).Encode(usage{
		Wall: wall, CPU: time.Duration(used.Utime.Nano() + used.Stime.Nano()), Peak: used.Maxrss << 10,
	})
}

// timed runs a contender once.
func timed(ctx context.Context, c contender) (u usage, err error) {
	if c.prepare != nil {
		if err := c.prepare(); err != nil {
			return u, err
		}
	}
	syscall.Sync() // what others wrote is not written while this one is timed
	self, err := os.Executable()
	if err != nil {
		return u, err
	}
	var said bytes.Buffer
	command := exec.CommandContext(ctx, self, append([]string{measureWord}, c.args...)...)
	command.Stderr = &said
	out, err := command.Output()
	if err != nil {
		return u, fmt.Errorf("%w: %s", err, tail(said.Bytes()))
	}
	return u, json.Unmarshal(out, &u)
}

// alternate runs contenders in turn, after a number of rounds to warm up, and returns what each took each time.
func alternate(ctx context.Context, warm, count int, contenders ...contender) ([][]usage, error) {
	out := make([][]usage, len(contenders))
	for round := range warm + count {
		for i, c := range contenders {
			u, err := timed(ctx, c)
			if err != nil {
				return nil, err
			}
			if round >= warm {
				out[i] = append(out[i], u)
			}
		}
	}
	return out, nil
}

// compared is what came of rounds of ours and a peer: medians.
type compared struct {
	Wall, CPU            float64 // ours / peer's
	Peak, PeerPeak       int64
	OurWall, PeerWall    time.Duration
	OurCPU, PeerCPU      time.Duration
	LeastWall, LargeWall float64 // of the ratios of single pairs
}

func compare(ours, peer []usage) compared {
	var wall, cpu []float64
	for i := range ours {
		wall = append(wall, float64(ours[i].Wall)/float64(peer[i].Wall))
		cpu = append(cpu, float64(ours[i].CPU)/float64(peer[i].CPU))
	}
	peak := func(u usage) int64 { return u.Peak }
	walls := func(u usage) time.Duration { return u.Wall }
	cpus := func(u usage) time.Duration { return u.CPU }
	return compared{
		Wall: median(wall), CPU: median(cpu), Peak: medianOf(ours, peak), PeerPeak: medianOf(peer, peak),
		OurWall: medianOf(ours, walls), PeerWall: medianOf(peer, walls),
		OurCPU: medianOf(ours, cpus), PeerCPU: medianOf(peer, cpus),
		LeastWall: slices.Min(wall), LargeWall: slices.Max(wall),
	}
}

func medianOf[T int64 | time.Duration](all []usage, of func(usage) T) T {
	var values []T
	for _, u := range all {
		values = append(values, of(u))
	}
	return median(values)
}

func median[T int64 | time.Duration | float64](values []T) T {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}
