package main

import (
	"time"

	"github.com/malgrupp/malgrupp/bench/e20"
)

const (
	seed    = 1
	million = 1_000_000
)

// Logs by the names that results have. A log without devices has one for every 20 rows.
var logs = map[string]e20.Options{
	"E2":   {Rows: 2 * million},
	"E5":   {Rows: 5 * million},
	"E10":  {Rows: 10 * million},
	"E20":  {Rows: 20 * million},
	"E20i": {Rows: 20 * million, IDs: true},
	"E100": {Rows: 100 * million, Devices: 10 * million},
}

// night says what lies behind the timed command of a workload.
type night int

const (
	nothingBefore night = iota // the project has never run
	yesterday                  // a run of the day before, on the log without its last day
	tonight                    // the same command has run
	changedNumber              // the same command has run, then a number of its segment was changed
)

// workload is what is timed: our command, and other engines that find the same members.
type workload struct {
	name    string
	log     string        // one of logs
	rules   []e20.Segment // the segments of the project
	asked   string        // "": all segments, by a run; else the segment of a preview
	linked  bool          // attach: linked
	before  night
	flags   []string // of the command, beside those that every command has
	goal    string   // of ours / peer's wall and processor time; "" for none
	peers   []peer
	byFloor string // the workload of e20.FloorColumns whose decoding ours is set against, "" for none
}

// peer is what a workload is set against.
type peer struct {
	name   string
	form   string // of peer.py; "": ours without attach: linked
	memory string // most memory that the engine takes, "" for as much as it likes
	goal   string // of ours / peer's wall and processor time, where it is not that of the workload
	once   bool   // timed in one pair alone: a slow form, for the record
}

// The peers that several workloads have.
var (
	page    = peer{name: "DuckDB, page join", form: "page"}
	folder  = peer{name: "DuckDB, folder join", form: "folder"}
	plain   = peer{name: "DuckDB, a query per segment", form: "plain"}
	filters = peer{name: "DuckDB, FILTER", form: "filter", once: true}
	polars  = peer{name: "Polars, page join", form: "polars"}
)

// workloads is the one table of what `make bench-peers` measures, in the order in which it does.
var workloads = []workload{
	{name: "S1", log: "E20", rules: e20.Segments("S1"), goal: "1.0", peers: []peer{plain, page, polars}, byFloor: "S1"},
	{
		name: "S50", log: "E20", rules: e20.Segments("S50"), goal: "0.75", peers: []peer{page, folder, polars, filters},
		byFloor: "S50",
	},
	{
		name: "S200", log: "E20", rules: e20.Segments("S200"), goal: "0.75", peers: []peer{page, folder, polars},
		byFloor: "S200",
	},
	{
		name: "Q10", log: "E20", rules: e20.Segments("Q10"), goal: "0.50",
		peers: []peer{{name: "DuckDB, ASOF joins", form: "asof"}},
	},
	{
		name: "S50 ids", log: "E20i", rules: e20.Segments("S50"), goal: "0.80", peers: []peer{
			{name: "DuckDB, one row per id, then page join", form: "ids"},
			{name: "DuckDB, page join, then one row per id", form: "ids-late"},
		},
	},
	{
		name: "S50 linked", log: "E20", rules: e20.Segments("S50"), goal: "1.25", linked: true,
		peers: []peer{{name: "ours without attach: linked"}},
	},
	{
		name: "D1", log: "E20", rules: e20.Segments("S50"), goal: "0.30", before: yesterday, peers: []peer{
			page, {name: "DuckDB, hits kept by hand", form: "kept", goal: "0.50"},
		},
	},
	{name: "N0", log: "E20", rules: e20.Segments("S50"), before: tonight, peers: []peer{page}},
	{name: "P1", log: "E20", rules: e20.Segments("S200"), goal: "1.5", asked: "p002", peers: []peer{plain}},
	{
		name: "P1 again", log: "E20", rules: e20.Segments("S200"), goal: "1.5", asked: "p002", before: changedNumber,
		peers: []peer{plain},
	},
	{
		name: "E100", log: "E100", rules: e20.Segments("S50"), goal: "0.75",
		peers: []peer{{name: "DuckDB, page join, 2 GB", form: "page", memory: "2GB"}},
	},
	{
		name: "E100 640MiB", log: "E100", rules: e20.Segments("S50"), goal: "0.75", flags: []string{"--memory", "640MiB"},
		peers: []peer{{name: "DuckDB, page join, 2 GB", form: "page", memory: "2GB"}},
	},
	{name: "E2", log: "E2", rules: e20.Segments("S50"), peers: []peer{page}},
}

// growths are rows of workloads that are timed in turn and set against their first one.
var growths = []growth{
	{name: "rows", of: []workload{
		{name: "E5", log: "E5", rules: e20.Segments("S50")},
		{name: "E10", log: "E10", rules: e20.Segments("S50")},
		{name: "E20", log: "E20", rules: e20.Segments("S50")},
	}},
	{name: "segments", of: []workload{
		{name: "S1", log: "E20", rules: e20.Segments("S1")},
		{name: "S50", log: "E20", rules: e20.Segments("S50")},
		{name: "S200", log: "E20", rules: e20.Segments("S200")},
	}},
}

// growth is a row of workloads of which each asks for more than the one before.
type growth struct {
	name string
	of   []workload
}

// asOf and knownBy are the instants of a workload's last night, and of the one before.
func (w workload) asOf(before bool) time.Time    { return shifted(e20.AsOf, before) }
func (w workload) knownBy(before bool) time.Time { return shifted(e20.KnownBy, before) }

func shifted(at time.Time, before bool) time.Time {
	if before {
		return at.AddDate(0, 0, -1)
	}
	return at
}
