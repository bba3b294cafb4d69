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

	"golang.org/x/sync/errgroup"

	"github.com/malgrupp/malgrupp/pipeline/keys"
)

// E20Options are the size of the log that speed is measured on. Zero fields mean E20 itself.
type E20Options struct {
	Rows    int // 0: 20 million, without copies
	Devices int // 0: one for every 20 rows
	Days    int // 0: 30 daily partitions, of one file each
	Seed    uint64
	IDs     bool // E20i: rows have ids, and one in two hundred comes twice
	Workers int  // how many days are made at once; the log does not depend on it
}

func (o E20Options) withDefaults() E20Options {
	if o.Rows == 0 {
		o.Rows = 20_000_000
	}
	if o.Devices == 0 {
		o.Devices = max(1, o.Rows/20)
	}
	if o.Days == 0 {
		o.Days = 30
	}
	o.Workers = max(1, o.Workers)
	return o
}

// The log ends when April 2026 does: KnownBy is that moment. AsOf lies 13 minutes before it, so that no window ends where
// a file or row group does.
var (
	E20KnownBy = time.Date(2026, time.May, 1, 0, 0, 0, 0, time.UTC)
	E20AsOf    = E20KnownBy.Add(-13 * time.Minute)
)

// leadDays is how many days before the log the first people were asked for consent.
const leadDays = 60

// E20 writes a project with keys, the log E20, a consent log in which 70 % of devices grant and 8 % withdraw, and the
// segments of all workloads, see E20Workloads. It refuses a folder that holds a project.
func E20(ctx context.Context, dir string, o E20Options) error {
	o = o.withDefaults()
	root, err := openFolder(dir)
	if err != nil {
		return fmt.Errorf("make the log E20: %w", err)
	}
	defer root.Close()
	if _, err := root.Lstat(projectFile); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("make the log E20 in %s: %w: choose another folder", dir, ErrTaken)
	}
	e := newE20(o)
	if err := e.writeDays(ctx, root); err != nil {
		return fmt.Errorf("make the log E20 in %s: %w", dir, err)
	}
	if err := keys.Generate(filepath.Join(dir, "keys")); err != nil {
		return err
	}
	if err := e.writeRules(root); err != nil {
		return fmt.Errorf("make the log E20 in %s: %w", dir, err)
	}
	return nil
}

// e20 is a log while it is made: the words that rows are made of, and what each device answered.
type e20 struct {
	E20Options
	first     int64 // UTC day on which the log begins
	devices   []string
	customers []string // by device; "" for two thirds of them
	answers   []deviceAnswer
}

func newE20(o E20Options) *e20 {
	e := &e20{E20Options: o, first: E20KnownBy.UnixMicro()/dayMicros - int64(o.Days)}
	e.devices = make([]string, o.Devices)
	e.customers = make([]string, o.Devices)
	for i := range e.devices {
		h := hash(o.Seed, deviceLabel, uint64(i))
		e.devices[i] = idText(h)
		if h%3 == 0 {
			e.customers[i] = fmt.Sprintf("c%09d", i)
		}
	}
	e.answers = e.answered()
	return e
}

// writeDays writes every partition of events and consent, several at once.
func (e *e20) writeDays(ctx context.Context, root *os.Root) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(e.Workers)
	for day := e.first - leadDays; day < e.first+int64(e.Days); day++ {
		g.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := e.writeConsent(root, day); err != nil || day < e.first {
				return err
			}
			return e.writeEvents(root, int(day-e.first))
		})
	}
	return g.Wait()
}

// rowsOf is how many rows a day has; the first days take what division leaves over.
func (e *e20) rowsOf(day int) int {
	n := e.Rows / e.Days
	if day < e.Rows%e.Days {
		n++
	}
	return n
}

// deviceAnswer is what a device said, as days from the first one on which anybody was asked; -1: never.
type deviceAnswer struct{ grant, withdrawal int16 }

func (e *e20) answered() []deviceAnswer {
	out := make([]deviceAnswer, e.Devices)
	c := newChance()
	for i := range out {
		c.put(hash(e.Seed, consentLabel, uint64(i)))
		out[i] = deviceAnswer{-1, -1}
		said := c.IntN(100)
		if said >= 70 {
			continue
		}
		out[i].grant = int16(c.IntN(leadDays + e.Days))
		if said < 8 {
			out[i].withdrawal = int16(c.between(int(out[i].grant), leadDays+e.Days-1))
		}
	}
	return out
}

// writeConsent writes what was said on one day: three grants for a device, or one withdrawal of everything. Grants come
// in the first half of a day and withdrawals in the second.
func (e *e20) writeConsent(root *os.Root, day int64) error {
	l := answerLog("consent")
	number := int16(day - e.first + leadDays)
	say := func(device int, action, purpose string, at int64) {
		id := hash(e.Seed, consentLabel, uint64(device), textNumber(action+purpose))
		l.add(at, answer{
			id: id, kind: deviceKind, subject: e.devices[device], action: action, purpose: purpose, source: "cmp",
			at: at, recorded: at, notice: 1,
		})
	}
	for i, a := range e.answers {
		at := day*dayMicros + int64(i)*int64(secondMicros)%(dayMicros/2)
		if a.grant == number {
			say(i, "grant", "profile", at)
			say(i, "grant", "link", at)
			say(i, "grant", "activate:bench", at)
		}
		if a.withdrawal == number {
			say(i, "withdraw", "*", at+dayMicros/2)
		}
	}
	heartbeats(l, e.Seed, day)
	return l.write(root, day, E20KnownBy.UnixMicro())
}

// writeRules writes schema, segments and, last, the project file.
func (e *e20) writeRules(root *os.Root) error {
	dedupe, ids := "none", "# no ids: rows arrive when they happen"
	if e.IDs {
		dedupe, ids = "{within: 7d}", "event_id: {type: text, role: event_id}\n    received_at: {type: timestamp, role: received_at}"
	}
	for _, s := range slices.Concat([]workloadSegment{s1()}, distinctSegments(200)) {
		if err := writeText(root, "segments/"+s.name+".yaml", s.text()); err != nil {
			return err
		}
	}
	return writeFiles(root, all("e20"), "", strings.NewReplacer("<dedupe>", dedupe, "<ids>", ids))
}
