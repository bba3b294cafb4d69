package sample

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/malgrupp/malgrupp/pipeline/keys"
	"github.com/malgrupp/malgrupp/rules/value"
)

// DemoOptions are the size of the invented bank. The log ends at Now.
type DemoOptions struct {
	Users int    // people; 0: 20,000
	Days  int    // days of log, today included; 0: 40
	Seed  uint64 // another seed is another bank
	Now   time.Time
	Force bool // replace a demo that is already there, with what runs made of it; its keys stay
}

func (o DemoOptions) withDefaults() DemoOptions {
	if o.Users == 0 {
		o.Users = 20_000
	}
	if o.Days == 0 {
		o.Days = 40
	}
	return o
}

const (
	mostUsers = 10_000_000
	mostDays  = 760
)

// bank is an invented bank while its logs are written, a local day at a time.
type bank struct {
	seed     uint64
	zone     *value.Zone
	first    int64 // UTC day on which the logs begin
	last     int64 // UTC day of now
	now      int64
	people   []person
	chance   chance
	nextID   uint64
	asked    map[string]bool // subjects who were asked for consent
	clicks   *log[click]
	listings *log[listing]
	consents *log[answer]
}

// Demo writes a project with keys and logs. Memory grows with people, not with days. It refuses a folder that holds a
// project; forced, it replaces a demo, and only that.
func Demo(ctx context.Context, dir string, o DemoOptions) error {
	o = o.withDefaults()
	if o.Users < 1 || o.Users > mostUsers || o.Days < 1 || o.Days > mostDays {
		return fmt.Errorf("make a demo of %d people and %d days: want 1 to %d people and 1 to %d days", o.Users, o.Days,
			mostUsers, mostDays)
	}
	zone, err := value.LoadZone("Europe/Helsinki")
	if err != nil {
		return fmt.Errorf("make a demo: %w", err)
	}
	root, err := openFolder(dir)
	if err != nil {
		return fmt.Errorf("make a demo: %w", err)
	}
	defer root.Close()
	if err := clearDemo(root, o.Force); err != nil {
		return fmt.Errorf("make a demo in %s: %w", dir, err)
	}
	if err := newBank(o, zone).write(ctx, root); err != nil {
		return errors.Join(fmt.Errorf("make a demo in %s: %w", dir, err), remove(root, logFolders))
	}
	if _, err := root.Lstat("keys/" + keys.MasterFile); errors.Is(err, fs.ErrNotExist) {
		if err := keys.Generate(filepath.Join(dir, "keys")); err != nil {
			return err
		}
	}
	if err := scaffold(root, demo, demoMark, o.Now); err != nil {
		return fmt.Errorf("make a demo in %s: %w", dir, err)
	}
	return nil
}

func newBank(o DemoOptions, zone *value.Zone) *bank {
	now := o.Now.UnixMicro()
	last := now / dayMicros
	return &bank{
		seed: o.Seed, zone: zone, now: now, first: last - int64(o.Days) + 1, last: last, people: people(o.Seed, o.Users),
		chance: newChance(), asked: map[string]bool{}, clicks: clickLog(), listings: listingLog(), consents: answerLog(),
	}
}

// demoMark begins the project file of every demo, and of no other project.
const demoMark = "# Made by malgrupp demo, which replaces this folder when forced; take this line out to keep the " +
	"folder.\n"

// What a demo and its runs make, beside keys.
var (
	logFolders  = []string{"events", "partner", "consent"}
	ruleFolders = []string{"schemas", "value-sets", "segments", "tests", "out"}
)

// clearDemo makes room: it takes away what an earlier demo and its runs wrote, keys apart, or refuses.
func clearDemo(root *os.Root, force bool) error {
	text, err := root.ReadFile(projectFile)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		for _, name := range logFolders {
			if _, err := root.Lstat(name); !errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("%w, or a part of one: there is %s; choose another folder", ErrTaken, name)
			}
		}
		return nil
	case err != nil:
		return err
	case !force:
		return fmt.Errorf("%w: choose another folder, or give --force to replace an earlier demo", ErrTaken)
	case !strings.HasPrefix(string(text), demoMark):
		return fmt.Errorf("%w that is no demo: choose another folder", ErrTaken)
	}
	return remove(root, slices.Concat(ruleFolders, logFolders, []string{projectFile}))
}

func remove(root *os.Root, names []string) error {
	for _, name := range names {
		if err := root.RemoveAll(name); err != nil {
			return err
		}
	}
	return nil
}

// write lives through all days. A UTC day is complete when the local day that begins in it has been lived through.
func (b *bank) write(ctx context.Context, root *os.Root) error {
	for day := b.first; day <= b.last+1; day++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		midnight := b.zone.Midnight(value.DateOfDays(day))
		weekend := (day+3)%7 >= 5 // 1970-01-01 was a Thursday
		for i := range b.people {
			b.day(i, midnight, weekend)
		}
		if day > b.first {
			if err := b.writeDay(root, day-1); err != nil {
				return err
			}
		}
	}
	return nil
}

// writeDay writes what arrived on one UTC day.
func (b *bank) writeDay(root *os.Root, day int64) error {
	heartbeats(b.consents, b.seed, day)
	return errors.Join(b.clicks.write(root, day, b.now), b.listings.write(root, day, b.now),
		b.consents.write(root, day, b.now))
}
