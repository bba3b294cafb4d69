// Package e20 makes the log that speed is measured on, and the rules that are measured.
//
// In come sizes and a seed; out comes a project below one folder. The same input gives the same bytes (keys apart,
// which are random), on every machine. Nobody in this log exists.
package e20

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/malgrupp/malgrupp/pipeline/keys"
)

//go:embed files
var files embed.FS

// Options are the size of the log that speed is measured on. Zero fields mean E20 itself.
type Options struct {
	Rows    int // 0: 20 million, without copies
	Devices int // 0: one for every 20 rows
	Days    int // 0: 30 daily partitions, of one file each
	Seed    uint64
	IDs     bool // E20i: rows have ids, and one in two hundred comes twice
	Workers int  // how many days are made at once; the log does not depend on it
}

func (o Options) withDefaults() Options {
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

// The log ends when April 2026 does: KnownBy is that moment. AsOf lies 13 minutes before it, so that no window ends
// where a file or row group does.
var (
	KnownBy = time.Date(2026, time.May, 1, 0, 0, 0, 0, time.UTC)
	AsOf    = KnownBy.Add(-13 * time.Minute)
)

const projectFile = "malgrupp.yaml"

const (
	secondMicros = int64(1_000_000)
	minuteMicros = 60 * secondMicros
	hourMicros   = 60 * minuteMicros
	dayMicros    = 24 * hourMicros
)

// leadDays is how many days before the log the first people were asked for consent.
const leadDays = 60

// Make writes a project with keys, the log E20, a consent log in which 70 % of devices grant and 8 % withdraw, and the
// segments of all workloads, see Workloads. It refuses a folder that holds a project.
func Make(ctx context.Context, dir string, o Options) error {
	o = o.withDefaults()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make the log E20: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("make the log E20: %w", err)
	}
	defer root.Close()
	if _, err := root.Lstat(projectFile); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("make the log E20 in %s: the folder already holds a project: choose another one", dir)
	}
	e := newLog(o)
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

// log is a log while it is made: the words that rows are made of, and what each device answered.
type log struct {
	Options
	first     int64 // UTC day on which the log begins
	devices   []string
	customers []string // by device; "" for two thirds of them
	answers   []deviceAnswer
}

func newLog(o Options) *log {
	e := &log{Options: o, first: KnownBy.UnixMicro()/dayMicros - int64(o.Days)}
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
func (e *log) writeDays(ctx context.Context, root *os.Root) error {
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
func (e *log) rowsOf(day int) int {
	n := e.Rows / e.Days
	if day < e.Rows%e.Days {
		n++
	}
	return n
}

// writeRules writes schema, segments and, last, the project file.
func (e *log) writeRules(root *os.Root) error {
	dedupe, ids := "none", "# no ids: rows arrive when they happen"
	if e.IDs {
		dedupe = "{within: 7d}"
		ids = "event_id: {type: text, role: event_id}\n    received_at: {type: timestamp, role: received_at}"
	}
	for _, s := range slices.Concat(Segments("S1"), Segments("S200"), Segments("Q10")) {
		if err := writeText(root, "segments/"+s.Name+".yaml", s.Text()); err != nil {
			return err
		}
	}
	fill := strings.NewReplacer("<dedupe>", dedupe, "<ids>", ids)
	for _, name := range []string{"schemas/e20.yaml", projectFile} {
		text, err := files.ReadFile(path.Join("files", name))
		if err != nil {
			return err
		}
		if err := writeText(root, name, fill.Replace(string(text))); err != nil {
			return err
		}
	}
	return nil
}

func writeText(root *os.Root, name, text string) error {
	if err := root.MkdirAll(path.Dir(name), 0o700); err != nil {
		return err
	}
	return root.WriteFile(name, []byte(text), 0o600)
}
