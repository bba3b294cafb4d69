// Package pipeline is one run from start to end: list, decide, take the difference, write, publish.
//
// In comes a Job; out come lists, state and one line that says what happened. The package conducts: what a column is,
// what a platform accepts and who may be seen is decided in its rooms below.
package pipeline

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"
	"time"

	"github.com/malgrupp/malgrupp/pipeline/decide"
	"github.com/malgrupp/malgrupp/pipeline/fault"
	"github.com/malgrupp/malgrupp/pipeline/folder"
	"github.com/malgrupp/malgrupp/pipeline/kept"
	"github.com/malgrupp/malgrupp/pipeline/keys"
	"github.com/malgrupp/malgrupp/pipeline/platform"
	"github.com/malgrupp/malgrupp/pipeline/record"
	"github.com/malgrupp/malgrupp/pipeline/state"
	"github.com/malgrupp/malgrupp/pipeline/store"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/segments/consent"
)

// Report is what a run came to, or would come to. Manifest is nil where there was nothing to do.
type Report struct {
	RunID       string
	NothingToDo bool
	Previous    *record.Manifest // the accepted run before, nil if there was none
	Manifest    *record.Manifest
	Decision    *decide.Decision
	StopAll     bool          // a guard that holds one list holds all
	Moved       *record.Moved // of a plan: what is no longer as the last run had it
	Plan        *PlanFile     // of a plan
	Receipts    []Receipt     // of whom the run forgot
}

// Run does a job under the project's lock. What it returns with an error was refused: nothing was published, and a
// manifest line says so wherever the audit folder could be reached.
func Run(ctx context.Context, j *Job) (*Report, error) {
	r, err := newRun(ctx, j)
	if err != nil {
		return nil, err
	}
	if r.lease, err = r.lock(ctx); err != nil {
		return nil, err
	}
	defer func() { _ = r.lease.Release(context.WithoutCancel(ctx)) }()
	ctx, stop := r.lease.Keep(ctx)
	defer stop()
	report, err := r.do(ctx)
	if err != nil {
		err = lostLock(ctx, err)
	}
	if err != nil && !errors.Is(err, context.Canceled) {
		r.refuse(context.WithoutCancel(ctx), err)
	}
	return report, err
}

// newRun settles the instants of a job and opens the places that it writes to.
func newRun(ctx context.Context, j *Job) (*run, error) {
	r := &run{Job: *j}
	var err error
	if r.Inputs, err = j.Resolve(); err != nil {
		return nil, err
	}
	if err = r.overrides(); err != nil {
		return nil, err
	}
	if _, err = r.Inputs.Select(r.Job.Select); err != nil {
		return nil, err
	}
	if r.prints, err = r.Keys.Fingerprints(); err != nil {
		return nil, err
	}
	r.Places, err = r.Job.Places(ctx)
	return r, err
}

// lock takes the project's lock and waits for it as long as the job says.
func (r *run) lock(ctx context.Context) (*store.Lease, error) { return r.claim(ctx, leaseFor) }

// Unlock frees the project's lock, if nobody works under it; with force also if somebody does, who then publishes
// nothing. In a folder the lock ends with its process alone.
func Unlock(ctx context.Context, j *Job, force bool) error {
	r, err := newRun(ctx, j)
	if err != nil {
		return err
	}
	idle := leaseFor
	if force {
		idle = 0
	}
	lease, err := r.claim(ctx, idle)
	if err != nil {
		return err
	}
	return lease.Release(ctx)
}

// claim takes the lock from whoever has not renewed it for so long.
func (r *run) claim(ctx context.Context, idle time.Duration) (*store.Lease, error) {
	claim := store.Claim{Holder: r.RunID, Now: r.Clock, Idle: idle, Wait: r.LockFor}
	lease, err := store.Acquire(ctx, r.State, r.Project.Name, claim)
	if locked, ok := errors.AsType[*store.ErrLocked](err); ok {
		return nil, fault.New(fault.Locked, "LOCKED", locked, "wait for the other run, or give --lock-timeout")
	}
	return lease, err
}

// lostLock is the loss of the lock where that is behind an error of a run, else the error.
func lostLock(ctx context.Context, err error) error {
	lost, ok := errors.AsType[*store.ErrLocked](context.Cause(ctx))
	if !ok {
		lost, ok = errors.AsType[*store.ErrLocked](err)
	}
	if !ok {
		return err
	}
	return fmt.Errorf("the lock was lost while the run worked: %w", lost)
}

// leaseFor is how long a lease on a cloud holds without being renewed.
const leaseFor = 10 * time.Minute

// run is one job while it is being done.
type run struct {
	Job
	record.Places
	lease    *store.Lease // nil where nothing is written
	history  *record.History
	left     []leftover
	holdings *state.Holdings

	tombstones state.Tombstones
	forgotten  map[forgottenKey]bool // whom this run forgets, as destinations know them
	receipts   []Receipt             // of those people
	old        []leftover            // of runs whose lists and state are kept no longer
	table      folder.Table          // of identifiers
	contacts   *platform.Contacts
	decision   *decide.Decision
	manifest   *record.Manifest
	prints     keys.Fingerprints
	// recheckedAt is the watermark of the last look at the consent log before publication.
	recheckedAt int64
	late        []consent.Denial // denials that came in since the decision
	heard       state.Heard      // what was seen of the consent log since the decision
	acts        state.Acts       // the same
	lost        [][]string       // by use, in byte order: who is out because of them; nil: nobody
	company     *consent.Roll    // of the decision, with everybody's company; nil: nobody asked yet
	marked      bool             // the marker may exist
}

// do is the order of things.
func (r *run) do(ctx context.Context) (*Report, error) {
	if err := r.remember(ctx, true); err != nil {
		return nil, err
	}
	if err := r.unused(); err != nil {
		return nil, err
	}
	if err := r.forward(); err != nil {
		return nil, err
	}
	if err := r.sameKeys(); err != nil {
		return nil, err
	}
	if err := r.hear(ctx); err != nil {
		return nil, err
	}
	if err := r.leftovers(ctx); err != nil {
		return nil, err
	}
	report, err := r.decide(ctx)
	if err != nil || report.NothingToDo {
		return report, err
	}
	if err := r.identify(ctx); err != nil {
		return nil, err
	}
	return report, r.publish(ctx)
}

// remember reads what earlier runs left: their history, what destinations were told, who qualified, and what was seen
// of the consent log. With repair, what a kill kept from being written is written now.
func (r *run) remember(ctx context.Context, repair bool) (err error) {
	if r.history, err = record.Read(ctx, r.Places, r.Keys, repair); err != nil {
		return err
	}
	r.seen()
	if m := r.history.Manifest; m != nil && m.Keys.State != r.prints.State {
		return fault.New(fault.Audit, "KEYS_REPLACED",
			fmt.Errorf("begin run %s: the state key: not as in the last accepted run %s", r.RunID, m.RunID),
			"put the old state key back: it alone opens the state")
	}
	if err := r.readState(ctx); err != nil {
		return err
	}
	return r.bury()
}

// unused refuses a run id that stands in a record already: what it names would be overwritten.
func (r *run) unused() error {
	if _, used := r.history.Lines[r.RunID]; !used {
		return nil
	}
	return fault.New(fault.Usage, "RUN_ID", fmt.Errorf("begin run %s: there was a run of that id", r.RunID),
		"give another --run-id, or none")
}

// forward refuses to publish as of a time before that of the last accepted run: whoever withdrew since would come back.
func (r *run) forward() error {
	m := r.history.Manifest
	if m == nil || r.Replay() {
		return nil
	}
	for _, t := range []struct {
		what string
		now  int64
		last string
	}{{"as_of", r.AsOf, m.AsOf}, {"known_by", r.KnownBy, m.KnownBy}} {
		if last, ok := value.ParseTimestamp(t.last); !ok || t.now < last {
			return fault.New(fault.Usage, "TIME_BACK",
				fmt.Errorf("publish as of an earlier time: %s is %s, that of the last accepted run %s is %s", t.what,
					value.FormatTimestamp(t.now), m.RunID, t.last),
				r.onward(m))
		}
	}
	return nil
}

// onward says which run can follow one that knew more than now: its clock was ahead, or it was given later times.
func (r *run) onward(last *record.Manifest) string {
	known, _ := value.ParseTimestamp(last.KnownBy)
	asOf, _ := value.ParseTimestamp(last.AsOf)
	now := r.Clock().UnixMicro()
	how, wait := "malgrupp run", ""
	if known > now {
		how += " --known-by " + last.KnownBy
		wait = ", or wait until then: the clock of that run was ahead, or it was given a time to come"
	}
	if asOf > r.Project.Zone.StartOfDay(max(known, now)) {
		how += " --as-of " + last.AsOf
	}
	return "to publish, " + how + wait + "; malgrupp run --replay computes an old day again and publishes nothing"
}

// sameKeys refuses to go on with others than the keys of the last accepted run: whoever can put a file in the place of
// another would read the lists, or make the people of all lists unknown.
func (r *run) sameKeys() error {
	m := r.history.Manifest
	if m == nil || r.overridden(GuardKeys) {
		return nil
	}
	replaced := m.Keys.Replaced(r.prints)
	if len(replaced) == 0 {
		return nil
	}
	return fault.New(fault.Audit, "KEYS_REPLACED",
		fmt.Errorf("begin run %s: %s: not as in the last accepted run %s", r.RunID, strings.Join(replaced, ", "), m.RunID),
		"put the old keys back; if you replaced them yourself, malgrupp run --override-guard keys --reason TEXT")
}

// decide decides the job's segments, unless nothing has changed since the last accepted run.
func (r *run) decide(ctx context.Context) (*Report, error) {
	segs, err := r.Inputs.Select(r.Job.Select)
	if err != nil {
		return nil, err
	}
	if err := r.list(ctx); err != nil {
		return nil, err
	}
	if err := r.asPlanned(nil); err != nil {
		return nil, err
	}
	report := &Report{RunID: r.RunID, Previous: r.history.Manifest, StopAll: r.Project.Guards.StopAll}
	if done, err := r.done(segs); err != nil || done {
		report.NothingToDo = done
		return report, err
	}
	err = r.decideOn(ctx, decide.Ask(segs), decide.Options{})
	report.Decision, report.Manifest, report.Receipts = r.decision, r.manifest, r.receipts
	return report, err
}

// asPlanned refuses a job that is not as its plan says: before it is decided, and once it is known what lists become.
func (r *run) asPlanned(changes []change) error {
	if r.planned == nil {
		return nil
	}
	now, err := r.plan(changes)
	if err != nil {
		return err
	}
	if changes == nil {
		now.Lists = nil
	}
	return r.planned.keeps(now)
}

// done reports whether the last accepted run has done the job already: its key is the same, and the consent log, though
// no longer than then, is still young enough.
func (r *run) done(segs []*rules.Segment) (bool, error) {
	m := r.history.Manifest
	if m == nil || r.Replay() || len(r.forget) > 0 || m.Key != r.key(segs) {
		return false, nil
	}
	watermark, ok := value.ParseTimestamp(m.Consent.Watermark)
	if !ok {
		return false, nil
	}
	return true, r.Listing.Check(r.Inputs, m.Consent.Rows, watermark)
}

// list lists everything that the job reads, so that the key of the run is that of what it decides on.
func (r *run) list(ctx context.Context) (err error) {
	if r.table, err = r.listContacts(ctx); err != nil {
		return err
	}
	r.Listing, err = decide.NewListing(ctx, r.Inputs)
	return err
}

// decideOn answers requests and begins the record of the run.
func (r *run) decideOn(ctx context.Context, requests []decide.Request, o decide.Options) (err error) {
	if !r.NoKept {
		// Only a run of the whole project keeps evidence: another one would let go of what it does not ask about.
		writes := r.lease != nil && len(r.Select) == 0 && !r.Replay()
		r.Evidence = kept.Open(ctx, r.State, r.Keys, fmt.Sprint(r.Version, r.tombstones), writes, r.Log)
	}
	r.decision, err = decide.Decide(ctx, r.Inputs, requests, o)
	if r.Evidence != nil {
		r.Evidence.End(ctx, err == nil)
	}
	if err != nil {
		return err
	}
	r.manifest = r.record()
	return nil
}

// seen hands the consent checks what the last accepted run saw of the log.
func (r *run) seen() {
	m := r.history.Manifest
	if m == nil {
		return
	}
	if known, err := time.Parse(time.RFC3339Nano, m.KnownBy); err == nil && known.UnixMicro() <= r.KnownBy {
		r.Seen.Rows = m.Consent.Rows
		if day, err := time.Parse(time.DateOnly, m.Consent.FirstPartition); err == nil {
			r.Seen.FirstDay = day.Unix() / 86400
		}
	}
}

// refuse writes the line of a run that wrote nothing else. What stands in the way of writing it is only logged: the
// refusal itself is what the caller must hear.
func (r *run) refuse(ctx context.Context, cause error) {
	f, ok := fault.Classify(cause)
	if !ok || f.Kind == fault.Locked || f.Kind == fault.Audit || f.Kind == fault.Usage || r.history == nil || r.marked {
		return
	}
	if _, lost := errors.AsType[*store.ErrLocked](r.lease.Renew(ctx, 0)); lost {
		return // the next line is somebody else's
	}
	m := r.blank(record.StatusRefused)
	m.Refusal = &record.Refusal{Reason: f.Reason, Kind: f.Kind, Message: cause.Error()}
	if err := r.writeLine(ctx, m); err != nil {
		r.Log.Warn("the manifest line of the refused run could not be written", "error", err)
	}
}

// readState reads what the last run left: what destinations were told, and who qualified. A replay begins without
// either.
func (r *run) readState(ctx context.Context) (err error) {
	r.holdings = state.Empty()
	if r.history.Marker == nil || r.Replay() {
		return nil
	}
	found := false
	for _, o := range r.history.Marker.Objects {
		if o.Root != record.RootState {
			continue
		}
		data, err := r.State.ReadAll(ctx, o.Name, maxState)
		if store.CodeOf(err) == store.NotFound {
			return fault.New(fault.Audit, "STATE_MISSING", fmt.Errorf("read what the marker names: %w", err),
				"restore the object from the bucket's versions")
		}
		if err != nil {
			return err
		}
		if record.Digest(data) != o.SHA256 {
			return fault.New(fault.Audit, "STATE_DAMAGED",
				fmt.Errorf("read %q in %s: its digest is not the one in the marker", o.Name, r.State.URL()),
				"restore the object from the bucket's versions")
		}
		switch path.Base(o.Name) {
		case holdingsName:
			found = true
			r.holdings, err = state.Read(data, r.Keys)
		case stayName:
			r.Stay, err = state.ReadStay(data, r.Keys)
		case heardName:
			r.Seen.Heard, err = state.ReadHeard(data, r.Keys)
		case actsName:
			r.Seen.Acts, err = state.ReadActs(data, r.Keys)
		case tombstonesName:
			r.tombstones, err = state.ReadTombstones(data, r.Keys)
		}
		if err != nil {
			return err
		}
	}
	if !found {
		return fault.New(fault.Audit, "STATE_MISSING", errors.New("the last marker names no holdings"),
			"restore the output folder")
	}
	return nil
}

// The objects of a run's state.
const (
	holdingsName = "holdings.parquet.age"
	stayName     = "stay.parquet.age"
	heardName    = "heard.parquet.age"
	actsName     = "acts.parquet.age"

	tombstonesName = "tombstones.parquet.age"
)

// maxState bounds the size of the holdings.
const maxState = 8 << 30
