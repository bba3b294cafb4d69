package decide

import (
	"sync/atomic"

	"github.com/malgrupp/malgrupp/pipeline/folder"
	"github.com/malgrupp/malgrupp/pipeline/store"
	"github.com/malgrupp/malgrupp/rules"
)

// Unit is what a phase counts.
type Unit string

// What phases count.
const (
	Bytes   Unit = "bytes"
	Objects Unit = "objects"
	Lists   Unit = "lists"
	Markers Unit = "markers"
)

// Progress is how far a long phase has come. A phase begins, also anew, with nothing done.
type Progress struct {
	Phase       string // consent, arrivals, copies, logins, read, attributes, identifiers, write and others
	Unit        Unit
	Done, Total int64
	Rows        int64 // rows read so far
}

// Tell hands a progress to whoever watches.
func (in *Inputs) Tell(p Progress) {
	if in.Watch != nil && p.Total > 0 {
		in.Watch(p)
	}
}

// Task is one phase that reads objects: how many of their bytes are done.
type Task struct {
	in         *Inputs
	phase      string
	total      int64
	done, rows atomic.Int64
}

// Begin begins a phase that will read so many bytes.
func (in *Inputs) Begin(phase string, total int64) *Task {
	t := &Task{in: in, phase: phase, total: total}
	t.add(0, 0)
	return t
}

func (t *Task) add(bytes, rows int64) {
	t.in.Tell(Progress{t.phase, Bytes, t.done.Add(bytes), t.total, t.rows.Add(rows)})
}

// Reading reads row groups of a schema under the project's limits, as a part of the phase.
func (t *Task) Reading(b *store.Bucket, objects []store.Object, schema *rules.Schema) *folder.Reading {
	return &folder.Reading{
		Bucket: b, Objects: objects, Schema: schema, Limits: t.in.Limits(), Workers: t.in.Workers, Done: t.add,
	}
}

// Reading is the reading of a phase that reads these objects once.
func (in *Inputs) Reading(phase string, b *store.Bucket, objects []store.Object, schema *rules.Schema) *folder.Reading {
	return in.Begin(phase, folder.Size(objects)).Reading(b, objects, schema)
}

// sizeOf is how many bytes objects of several sources have together.
func sizeOf(sources []Source, objects func(s *Source) []store.Object) (total int64) {
	for i := range sources {
		total += folder.Size(objects(&sources[i]))
	}
	return total
}
