package pipeline

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/malgrupp/malgrupp/pipeline/fault"
	"github.com/malgrupp/malgrupp/pipeline/record"
	"github.com/malgrupp/malgrupp/pipeline/state"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/segments/consent"
	"github.com/malgrupp/malgrupp/segments/identity"
)

// Subject is somebody whom a job forgets: a device or a customer by her raw id.
type Subject struct{ Kind, ID string }

// Receipt says what forgetting somebody came to. It names nobody: Key is that of her tombstone.
type Receipt struct {
	Kind    string     `json:"subject_type"`
	Key     string     `json:"key"`
	At      string     `json:"at"`
	RunID   string     `json:"run_id"`
	Removed []Delivery `json:"removed_from"`
}

// Delivery is a list that held somebody, or owed her removal.
type Delivery struct {
	Destination string `json:"destination"`
	Segment     string `json:"segment"`
	// Waits says that the removal is written in every run until the destination acknowledges it, for 25 days at most.
	Waits bool `json:"until_acknowledged"`
	// Kept says that an entry of hers stays, because it is another member's contact as well.
	Kept bool `json:"kept_for_another"`

	known state.Known
}

// erasuresSchema is that of the file that tells the exporter of the consent log whom it shall erase as well.
const erasuresSchema = "malgrupp.erasures/v1"

// Forget is a run that forgets people as well: it is published like any other, so that every list loses them, and then
// lists and state of all runs before are deleted. A dry one says what it would come to and writes nothing.
func Forget(ctx context.Context, j *Job, people []Subject, dry bool) (*Report, error) {
	job := *j
	for _, s := range people {
		s.ID = identity.Normalise(s.ID)
		if identity.Blocked(s.ID, j.Project.Identity.Blocked...) {
			return nil, fault.New(fault.Usage, "SUBJECT", fmt.Errorf("forget people: one of them has an id that stands for "+
				"nobody"), "give device or customer, a comma and the id, one a line")
		}
		job.forget = append(job.forget, s)
	}
	if job.Again || len(job.Select) > 0 {
		return nil, fault.New(fault.Usage, "FORGET", errors.New("forget people: of old days, or of some segments alone"),
			"forget in a run of now, of all segments")
	}
	if dry {
		return Plan(ctx, &job)
	}
	return Run(ctx, &job)
}

// bury puts up the tombstones of whom the job forgets, beside those there are, and hands them to the decision.
func (r *run) bury() (err error) {
	if err := r.forgetThem(); err != nil {
		return err
	}
	if r.Inputs.Buried, err = r.tombstones.Matcher(r.Keys); err != nil {
		return lostMaster(err)
	}
	return nil
}

// forgetThem puts up their tombstones and finds out which lists know them.
func (r *run) forgetThem() error {
	if len(r.forget) == 0 {
		return nil
	}
	r.forgotten = map[forgottenKey]bool{}
	find, err := r.holdings.Finder(r.Keys)
	if err != nil {
		return lostMaster(err)
	}
	for _, s := range r.forget {
		t, err := state.Bury(r.Keys, s.Kind, s.ID, r.KnownBy, false)
		if err != nil {
			return err
		}
		r.tombstones = r.tombstones.With(t)
		receipt := Receipt{
			Kind: s.Kind, Key: t.Key, At: value.FormatTimestamp(r.KnownBy), RunID: r.RunID, Removed: []Delivery{},
		}
		for _, held := range find(s.ID) {
			r.forgotten[forgottenKey{held.List.Destination, held.Key}] = true
			d, _ := r.Project.Destination(held.List.Destination)
			receipt.Removed = append(receipt.Removed, Delivery{
				Destination: held.List.Destination, Segment: held.List.Segment, Waits: d.Waits, known: held,
			})
		}
		r.receipts = append(r.receipts, receipt)
	}
	return nil
}

// keptForOthers notes in the receipts which entries of the forgotten destinations still hold.
func (r *run) keptForOthers(next *state.Holdings) {
	for i := range r.receipts {
		for k := range r.receipts[i].Removed {
			d := &r.receipts[i].Removed[k]
			after := next.Of(d.known.List)
			for _, entry := range r.holdings.Whose(d.known.List, func(key string) bool { return key == d.known.Key }) {
				_, stays := slices.BinarySearch(after, entry)
				d.Kept = d.Kept || stays
			}
		}
	}
}

func lostMaster(err error) error {
	return fault.New(fault.Invalid, "KEYS", err, "put the old master key back under its number in keys.master, beside "+
		"the new one: people are known again under the key that named them")
}

// forgottenKey is a member key at a destination.
type forgottenKey struct{ destination, key string }

// nextActs are the objections and lifts that later runs must know, and the tombstones. Who was erased in the log is
// kept as a tombstone alone.
func (r *run) nextActs() (state.Acts, state.Tombstones, error) {
	acts, tombstones := state.NewActs(r.decision.Acts, r.acts), r.tombstones
	for _, a := range acts {
		if action, err := consent.ParseAction(a.Action); err == nil && action == consent.Erase {
			t, err := state.Bury(r.Keys, a.Kind, a.ID, a.At, true)
			if err != nil {
				return nil, nil, err
			}
			tombstones = append(tombstones[:len(tombstones):len(tombstones)], t)
		}
	}
	tombstones = tombstones.With()
	buried, err := tombstones.Matcher(r.Keys)
	return acts.Without(buried), tombstones, err
}

// writeErasures tells whoever may open lists, and so the exporter of the consent log, who is forgotten.
func (r *run) writeErasures(ctx context.Context) ([]record.Output, error) {
	if len(r.forget) == 0 {
		return nil, nil
	}
	var text bytes.Buffer
	for i, s := range r.forget {
		line, err := record.Encode(map[string]string{
			"schema": erasuresSchema, "subject_type": s.Kind, "subject_id": s.ID, "at": r.receipts[i].At,
			"key": r.receipts[i].Key,
		})
		if err != nil {
			return nil, err
		}
		text.Write(append(line, '\n'))
	}
	o, err := r.closed(ctx, record.Label{Name: r.listFolder() + "erasures.jsonl.age", Action: "erasures"},
		func(w io.Writer) error {
			_, err := text.WriteTo(w)
			return err
		})
	return []record.Output{o}, err
}
