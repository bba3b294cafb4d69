package pipeline_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/malgrupp/malgrupp/pipeline"
	"github.com/malgrupp/malgrupp/pipeline/fault"
	"github.com/malgrupp/malgrupp/pipeline/record"
	"github.com/malgrupp/malgrupp/pipeline/store"
	"github.com/malgrupp/malgrupp/rules/value"
)

// The runs of tests about several of them, in the order in which they begin.
const (
	runOne   = "20260410T220000Z-000001"
	runTwo   = "20260410T220000Z-000002"
	runThree = "20260410T220000Z-000003"
)

type sleeper func(context.Context, time.Duration) error

// night runs the bank's night. The clock of the run says something else than that of the storage; ask is called
// before every write.
func (b *bank) night(id string, sleep sleeper, ask func(op, key string) error) (*pipeline.Report, error) {
	now := time.UnixMicro(instant(b.t, night))
	return b.perform(context.Background(), id, 0, func() time.Time { return now }, store.Options{
		Memory: b.memory, Sleep: sleep, Around: beforeWrites(ask),
	})
}

// beforeWrites asks before every write, and fails it with what it is told.
func beforeWrites(ask func(op, key string) error) func(*store.Call, func() error) error {
	return func(c *store.Call, do func() error) error {
		if ask != nil && slices.Contains([]string{"write", "create", "delete"}, c.Op) {
			if err := ask(c.Op, c.Key); err != nil {
				return err
			}
		}
		return do()
	}
}

func (b *bank) place(url string) *store.Bucket {
	at, err := store.Open(context.Background(), url, store.Options{Memory: b.memory, Roots: []string{b.dir}})
	check(b.t, err)
	return at
}

// keys are the objects of a bucket under a prefix.
func (b *bank) keys(url, prefix string) (keys []string) {
	objects, err := b.place(url).List(context.Background(), prefix)
	check(b.t, err)
	for _, o := range objects {
		keys = append(keys, o.Key)
	}
	return keys
}

// left counts the objects of a run in lists, control groups and state.
func (b *bank) left(run string) (n int) {
	for _, key := range slices.Concat(b.keys("mem://out/", ""), b.keys("mem://state/", "")) {
		if strings.Contains(key, run+"/") {
			n++
		}
	}
	return n
}

// A run of an earlier time may have a later name: its machine's clock was ahead.
func TestLeftoversAreKnownByMarkersNotByTheirNames(t *testing.T) {
	b := newBank(t)
	_, err := b.night(runTwo, nil, nil)
	check(t, err)
	b.events("events/dt=2026-04-10/more.parquet", 60, 70)
	_, err = b.night(runThree, nil, nil)
	check(t, err)
	check(t, b.place("mem://out/").Delete(t.Context(), "lists/"+runTwo+"/_SUCCESS.json")) // as if somebody tidied up
	kept := b.left(runTwo)
	const ahead = "20260410T230000Z-000001"
	b.put("state/"+runOne+"/holdings.parquet.age", []byte("of a killed run whose clock was behind"))
	b.put("state/"+ahead+"/holdings.parquet.age", []byte("of one whose clock was ahead"))
	b.events("events/dt=2026-04-10/most.parquet", 70, 75)
	_, err = b.night("20260410T220000Z-000004", nil, nil)
	check(t, err)
	if b.left(runOne)+b.left(ahead) > 0 || b.left(runTwo) != kept || b.left(runThree) == 0 {
		t.Errorf("of killed runs %d and %d objects are left, of a published one %d of %d",
			b.left(runOne), b.left(ahead), b.left(runTwo), kept)
	}
}

// What fails after the marker cannot undo the run: it is published, and the next one writes what is missing.
func TestARunWhoseMarkerStandsIsPublished(t *testing.T) {
	b := newBank(t)
	failed := false
	_, err := b.night(runOne, nil, func(_, key string) error {
		if key == runOne+".json" && !failed {
			failed = true
			return errors.New("the network is down")
		}
		return nil
	})
	if err != nil || !failed || slices.Contains(b.keys("mem://audit/", ""), runOne+".json") {
		t.Fatalf("the run ended with %v; lines: %q", err, b.keys("mem://audit/", ""))
	}
	report, err := b.night(runTwo, nil, nil)
	check(t, err)
	if !report.NothingToDo || report.Previous.Status != record.StatusDone ||
		!slices.Contains(b.keys("mem://audit/", ""), runOne+".json") {
		t.Errorf("the next run: nothing to do %t, previous %+v, lines: %q", report.NothingToDo, report.Previous,
			b.keys("mem://audit/", ""))
	}
	if _, err := b.night(runOne, nil, nil); err == nil || !strings.Contains(err.Error(), "there was a run of that id") {
		t.Errorf("the id of a run whose line was missing was used again: %v", err)
	}
}

// A run id names one run for ever: what it wrote would be overwritten.
func TestARunIDIsUsedOnce(t *testing.T) {
	b := newBank(t)
	_, err := b.night(runOne, nil, nil)
	check(t, err)
	b.events("events/dt=2026-04-10/more.parquet", 60, 70)
	kept := b.left(runOne)
	_, err = b.night(runOne, nil, nil)
	f, _ := fault.Classify(err)
	if err == nil || f.Kind != fault.Usage || b.left(runOne) != kept {
		t.Errorf("the second run of one id ended with %v; %d objects of %d are left", err, b.left(runOne), kept)
	}
}

// Every run deletes what runs left that are older than max_list_age, by their name and by the storage's clock, but for
// what holds; the record stays whole.
func TestOldListsGoByThemselves(t *testing.T) {
	const first, second = "20260410T220000Z-000001", "20260411T220000Z-000002"
	for days, goes := range map[int]bool{1: false, 9: true} {
		b := newBank(t)
		b.loaded.Project.MaxListAge = value.Duration{N: 7, Unit: value.Day}
		b.loaded.Project.Consent.MaxFeedAge = value.Duration{N: 10000, Unit: value.Day}
		_, err := b.run(night, first)
		check(t, err)
		_, err = b.run(time.Now().AddDate(0, 0, days).UTC().Format(time.RFC3339), second)
		check(t, err)
		for bucket, name := range map[string]string{
			"mem://out/":   "lists/" + first + "/files/loan-visitors.adds.csv.age",
			"mem://state/": first + "/holdings.parquet.age",
		} {
			there, err := b.place(bucket).Exists(t.Context(), name)
			if check(t, err); there == goes {
				t.Errorf("after %d days %s is there: %t", days, name, there)
			}
		}
		if found := b.verify(record.Check{}).Findings; len(found) > 0 {
			t.Errorf("after %d days the record is not whole: %v", days, found)
		}
	}
}
