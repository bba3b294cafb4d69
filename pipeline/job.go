package pipeline

import (
	"context"
	"time"

	"github.com/malgrupp/malgrupp/pipeline/decide"
	"github.com/malgrupp/malgrupp/pipeline/fault"
	"github.com/malgrupp/malgrupp/pipeline/keys"
	"github.com/malgrupp/malgrupp/pipeline/load"
	"github.com/malgrupp/malgrupp/pipeline/record"
	"github.com/malgrupp/malgrupp/pipeline/store"
)

// Job is the order for one run: the inputs that it decides on, and what it is called. Everything that could differ
// between two runs of the same inputs is in it.
type Job struct {
	decide.Inputs
	Select   []string // names of segments to run; empty: all
	Override []record.Override
	RunID    string
	Labels   map[string]string
	Version  map[string]string // of the program and its toolchain, for the manifest
	Keys     *keys.Ring
	LockFor  time.Duration // how long to wait for the lock
	NoKept   bool          // every row is read, whatever evidence earlier runs kept, and none is kept
	planned  *PlanFile     // what it must come to; nil: whatever it comes to
	forget   []Subject     // who is forgotten
}

// Places opens the buckets that a run writes to.
func (j *Job) Places(ctx context.Context) (p record.Places, err error) {
	p.Whose = j.Project.Name
	for _, open := range []struct {
		bucket **store.Bucket
		url    string
	}{
		{&p.Output, j.Project.Output},
		{&p.State, j.Project.State},
		{&p.Audit, j.Project.Audit},
		{&p.Heads, j.Project.Head},
	} {
		if open.url == "" {
			continue
		}
		if *open.bucket, err = j.Bucket(ctx, open.url); err != nil {
			return p, err
		}
	}
	return p, nil
}

// OpenKeys reads the keys of a project.
func OpenKeys(l *load.Loaded, env func(string) (string, bool)) (*keys.Ring, error) {
	k := l.Project.Keys
	ring, err := keys.Open(keys.Source{Dir: l.Dir, Env: env, Mounted: k.Mounted},
		keys.Config{Master: k.Master, State: k.State, Recipients: k.Recipients, Signing: k.Signing})
	if err != nil {
		return nil, fault.New(fault.Invalid, "KEYS", err,
			"malgrupp secret keygen --dir keys makes a set; keys must be readable by their owner alone")
	}
	return ring, nil
}
