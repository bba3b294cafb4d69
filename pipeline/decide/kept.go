package decide

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/malgrupp/malgrupp/pipeline/kept"
	"github.com/malgrupp/malgrupp/pipeline/parquet"
	"github.com/malgrupp/malgrupp/pipeline/state"
	"github.com/malgrupp/malgrupp/pipeline/store"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/segments/consent"
	"github.com/malgrupp/malgrupp/segments/evidence"
	"github.com/malgrupp/malgrupp/segments/identity"
	"github.com/malgrupp/malgrupp/segments/scan"
)

// keeping is what a hearing does with kept evidence of one source: of which objects it takes that, and of which others
// it keeps what it reads.
type keeping struct {
	*Decision
	source  *Source
	what    scan.Keepsake
	entries []*kept.Entry     // by object, nil where the log is read
	gather  []*kept.Gathering // by object that is read, nil where nothing is kept
}

// keeps asks what earlier runs kept of objects, and has the workers note what is worth keeping of others; nil where the
// run has no evidence.
func (h *hearing) keeps(s *Source, objects []store.Object, scans []*scan.Worker) *keeping {
	if h.Evidence == nil || h.Person != nil || h.mayLack(s) {
		return nil
	}
	what, ok := s.scanner.Keepsake()
	if !ok {
		return nil
	}
	k := &keeping{Decision: h.Decision, source: s, what: what, entries: make([]*kept.Entry, len(objects))}
	k.gather = make([]*kept.Gathering, len(objects))
	for i, o := range objects {
		k.entries[i], _ = h.Evidence.Find(k.name(o), o.Size, what, h.KnownBy)
	}
	if h.Evidence.Writes() {
		for _, w := range scans {
			w.Keep()
		}
	}
	return k
}

// mayLack reports whether an object may lack a column that a statistic reads: what is kept of it does not tell.
func (h *hearing) mayLack(s *Source) bool {
	for _, of := range h.Count {
		for _, name := range of.Reads() {
			if c, ok := s.Schema.Column(name); ok && (c.Optional || c.Since != "" || c.Until != "") {
				return true
			}
		}
	}
	return false
}

func (k *keeping) name(o store.Object) string {
	return kept.Object(k.Absolute(k.source.URL), k.source.Schema.Hash, k.what.Marks, o)
}

// fresh are the objects that nothing is kept of, and their places among all.
func (k *keeping) fresh(objects []store.Object) (fresh []store.Object, places []int) {
	for i, o := range objects {
		if k == nil || k.entries[i] == nil {
			fresh, places = append(fresh, o), append(places, i)
		}
	}
	return fresh, places
}

// opened begins to keep an object that is read.
func (k *keeping) opened(ctx context.Context, i int, o store.Object, f *parquet.File) {
	if k != nil && k.Evidence.Writes() && o.ETag != "" {
		k.gather[i] = k.Evidence.Gather(ctx, k.name(o), k.source.Schema, k.what, k.KnownBy, o.Size, f.Rows(),
			f.RowGroups())
	}
}

// take keeps what is worth it of a row group that was scanned.
func (k *keeping) take(ctx context.Context, i, group int, g *parquet.RowGroup, w *scan.Worker) error {
	if k == nil || k.gather[i] == nil {
		return nil
	}
	rows, classes, ok := w.Kept()
	if !ok {
		k.gather[i].Spoil()
	}
	if ok && k.Buried != nil {
		var err error
		if rows, classes, err = k.living(g, rows, classes); err != nil {
			return err
		}
	}
	return k.gather[i].Add(ctx, group, g, rows, classes, w.KeptFor)
}

// living are the rows that name nobody who is forgotten: of them nothing is kept, as long as the log may have them.
func (k *keeping) living(g *parquet.RowGroup, rows, classes []uint32) (left, of []uint32, err error) {
	forgotten := func(kind identity.Kind) func(id string) bool {
		return func(id string) bool { _, is := k.Buried(KindName(kind), id); return is }
	}
	named := make([]func(row int) bool, 0, 2)
	for kind, role := range map[identity.Kind]rules.Role{
		identity.Device: rules.RoleDevice, identity.Customer: rules.RoleCustomer,
	} {
		if c, there := k.source.Schema.WithRole(role); there {
			a, err := g.Column(c.Name)
			if err != nil {
				return nil, nil, err
			}
			named = append(named, scan.Named(a, forgotten(kind)))
		}
	}
	for i, row := range rows {
		gone := false
		for _, is := range named {
			gone = gone || is(int(row))
		}
		if !gone {
			left, of = append(left, row), append(of, classes[i])
		}
	}
	return left, of, nil
}

// resume scans the evidence that was kept and hands it to admit.
func (k *keeping) resume(ctx context.Context, task *Task, objects []store.Object, scans []*scan.Worker,
	admit func(worker int, b *evidence.Block),
) error {
	number := k.source.numbers()
	g, ctx := errgroup.WithContext(ctx)
	var next atomic.Int64
	for w := range scans {
		g.Go(func() error {
			for i := int(next.Add(1)) - 1; i < len(objects); i = int(next.Add(1)) - 1 {
				e := k.entries[i]
				if e == nil {
					continue
				}
				copies := func(group int) []uint32 {
					return k.source.copies.Of(scan.Unit{Object: number[objects[i].Key], RowGroup: group})
				}
				states := scans[w].States(e.Classes, e.Number(k.what))
				err := k.Evidence.Each(ctx, e, k.source.Schema, func(g scan.RowGroup) error {
					block, err := scans[w].Resume(g, states, copies)
					if err == nil {
						admit(w, block)
					}
					return err
				})
				if err != nil {
					return err
				}
				task.add(objects[i].Size, e.Rows)
			}
			return nil
		})
	}
	return g.Wait()
}

// goingOn is how a decision goes on from the consent log that an earlier run folded, and keeps what it folds itself. A
// nil one reads the whole log and keeps nothing.
type goingOn struct {
	*Decision
	log     *consentLog
	under   string
	was     *kept.Ledger // nil: none
	page    kept.LedgerPage
	numbers []uint32            // by object of the page: its number now
	now     []kept.LedgerObject // by object of the log: what was seen of it
	days    []heard             // the same, while it is read
	unfit   []bool
	kept    []bool
	keeping *kept.LedgerKeeping
}

// goOn looks for what an earlier run folded of the log. Whoever listens to single events reads them; what a map makes
// of an export is read anew each night.
func (d *Decision) goOn(ctx context.Context, l *consentLog) (*goingOn, error) {
	if d.Evidence == nil || d.only != nil || d.Project.Consent.Map != nil {
		return nil, nil
	}
	names := make([]string, d.policy.Purposes.Len())
	for i := range names {
		names[i] = d.policy.Purposes.Name(i)
	}
	n := len(l.objects)
	g := &goingOn{
		Decision: d, log: l, now: make([]kept.LedgerObject, n), days: make([]heard, n), unfit: make([]bool, n),
		kept: make([]bool, n),
		under: fmt.Sprintf("%q %q %v %d %q %q", d.Absolute(d.Project.Consent.URL), names, d.policy.MinNotice,
			d.policy.MaxConsentAge, l.trusted, d.Project.Identity.Blocked),
	}
	number := map[string]uint32{}
	for i, o := range l.objects {
		g.now[i].Watermark = math.MinInt64
		if o.ETag != "" {
			g.now[i].Of = kept.Object(d.Absolute(d.Project.Consent.URL), [32]byte{}, "", o)
			number[g.now[i].Of] = uint32(i)
		}
	}
	if g.was = d.Evidence.Ledger(g.under, d.KnownBy); g.was == nil {
		return g, nil
	}
	var err error
	if g.page, err = d.Evidence.Page(ctx, g.was); err != nil {
		return nil, err
	}
	for _, o := range g.page.Objects {
		i, there := number[o.Of]
		if !there {
			i = consent.Gone
		} else {
			g.kept[i], g.now[i] = true, o
		}
		g.numbers = append(g.numbers, i)
	}
	d.subjects = identity.SubjectsOf(g.page.Seed)
	return g, nil
}

// begin makes a ledger that is to be filled go on, with what was seen of objects that need not be read.
func (g *goingOn) begin(ctx context.Context, filling *consent.Filling) {
	if g == nil || g.was == nil {
		return
	}
	for i, is := range g.kept {
		if !is {
			continue
		}
		o, seen := &g.now[i], heard{days: map[int64]*state.Day{}, acts: g.now[i].Acts}
		for on, d := range o.Days {
			seen.days[on] = &d
		}
		g.log.note(i, &objectSeen{rows: o.Rows, watermark: o.Watermark, skewed: o.Skewed}, &seen)
	}
	filling.GoOn(consent.Earlier{Objects: g.numbers, Part: func(part int) ([]consent.Folded, error) {
		return g.Evidence.Part(ctx, g.was, part, g.policy.Purposes.Len())
	}})
}

// fresh are the objects of the log that have to be read, and their numbers.
func (g *goingOn) fresh(l *consentLog) (fresh []store.Object, numbers []int) {
	for i, o := range l.objects {
		if g == nil || !g.kept[i] {
			fresh, numbers = append(fresh, o), append(numbers, i)
		}
	}
	return fresh, numbers
}

// note takes what was read of a part of an object.
func (g *goingOn) note(object int, saw *objectSeen, seen *heard) {
	if g == nil || g.kept[object] || !g.Evidence.Writes() {
		return
	}
	o := &g.now[object]
	o.Rows, o.Watermark, o.Skewed = o.Rows+saw.rows, max(o.Watermark, saw.watermark), o.Skewed+saw.skewed
	g.days[object].add(seen)
	g.unfit[object] = g.unfit[object] || saw.unfit
}

// goOnAt is how much of what is kept may come to be read anew each night before all is folded to one.
const goOnAt = 8

// keep has the ledger kept as it is folded, if that is worth it.
func (g *goingOn) keep(ctx context.Context, filling *consent.Filling) {
	if g == nil || !g.Evidence.Writes() || g.Sample != nil {
		return
	}
	lasting, rows := make([]bool, len(g.now)), int64(0)
	for i := range g.now {
		lasting[i] = g.kept[i] || !g.unfit[i] && g.now[i].Of != ""
		switch {
		case !lasting[i]:
			g.now[i] = kept.LedgerObject{}
		case !g.kept[i]:
			rows += g.now[i].Rows
			g.now[i].Acts = g.days[i].acts
			g.now[i].Days = map[int64]state.Day{}
			for on, d := range g.days[i].days {
				g.now[i].Days[on] = *d
			}
		}
	}
	if g.was != nil && goOnAt*rows <= g.was.Rows && !slices.Contains(g.numbers, consent.Gone) {
		return
	}
	g.page = kept.LedgerPage{Seed: g.subjects.Seed(), Objects: g.now}
	g.keeping = g.Evidence.KeepLedger(g.under, g.KnownBy, g.page)
	filling.Keep(lasting, func(part int, of []consent.Folded) error { return g.keeping.Part(ctx, part, of) })
}

// end ends keeping, when all is folded.
func (g *goingOn) end(ctx context.Context, err error) {
	if g != nil && g.keeping != nil && err == nil {
		g.keeping.End(ctx, g.page)
	}
}
