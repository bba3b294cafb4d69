package decide

import (
	"context"
	"slices"
	"strings"

	"github.com/malgrupp/malgrupp/pipeline/parquet"
	"github.com/malgrupp/malgrupp/pipeline/state"
	"github.com/malgrupp/malgrupp/pipeline/store"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/segments/consent"
	"github.com/malgrupp/malgrupp/segments/evidence"
	"github.com/malgrupp/malgrupp/segments/identity"
	"github.com/malgrupp/malgrupp/segments/scan"
)

// hearRows files what the rows of all sources that are kept say about consent themselves, what accepted runs heard of
// rows that may be gone, and whom of the forgotten rows still name: the log of consent may have lost these. It is the
// first of two passes over such sources: the ledger is complete before any row is judged.
func (d *Decision) hearRows(ctx context.Context, filling *consent.Filling) error {
	var speak []*Source
	for i := range d.Sources {
		if s := &d.Sources[i]; d.Buried != nil || scan.NewSignals(s.Schema, d.KnownBy).Speak() {
			speak = append(speak, s)
		}
	}
	collectors := make([]*consent.Signals, max(1, d.Workers))
	for i := range collectors {
		collectors[i] = filling.Signals()
	}
	if len(speak) > 0 {
		if err := d.hearThese(ctx, speak, filling, collectors); err != nil {
			return err
		}
	}
	all := collectors[0]
	for _, c := range collectors[1:] {
		all.Take(c)
	}
	d.Acts = slices.DeleteFunc(d.Acts, func(a state.Act) bool { return a.OnRow() })
	d.Acts = state.NewActs(d.Acts, d.recallRows(all), d.latest(all))
	all.File(d.overhear)
	return nil
}

// hearThese reads sources of which some rows may say something, with a collector for each worker.
func (d *Decision) hearThese(ctx context.Context, speak []*Source, filling *consent.Filling,
	collectors []*consent.Signals,
) error {
	kept := func(s *Source) []store.Object { return s.Objects(d.keptRows()) }
	total := int64(0)
	for _, s := range speak {
		total += sizeOf([]Source{*s}, kept)
	}
	task := d.Begin("signals", total)
	yards := make([]*graves, len(collectors))
	for i := range yards {
		yards[i] = d.newGraves(filling.Loader())
	}
	for _, s := range speak {
		readers := make([]*scan.Signals, len(collectors))
		for i := range readers {
			readers[i] = scan.NewSignals(s.Schema, d.KnownBy)
		}
		objects := kept(s)
		r := task.Reading(s.bucket, objects, s.Schema)
		err := r.Each(ctx, func(w int, _ scan.Unit, g *parquet.RowGroup) error {
			if err := readers[w].Read(g); err != nil {
				return err
			}
			d.hear(&readers[w].Found, collectors[w])
			return yards[w].visit(g, s.Schema)
		})
		if err != nil {
			return s.wrap(err, objects)
		}
	}
	return nil
}

// rowWords are the actions that rows can say.
var rowWords = map[consent.Action]string{
	consent.SignalGPC: state.ActGPC, consent.SignalBrowser: state.ActBrowser, consent.TCString: state.ActString,
	consent.TCDenial: state.ActString,
}

// recallRows hands a collector what accepted runs heard of rows, for the sources need not hold it for ever. It returns
// what is kept without being heard: what is of a purpose that the project has no more, or of an id that is blocked.
func (d *Decision) recallRows(to *consent.Signals) (unheard state.Acts) {
	first, _ := d.keptRows()
	for _, a := range d.Seen.Acts {
		if !a.OnRow() || a.At < first { // no grant reaches further back
			continue
		}
		f := consent.Refusal{At: a.At}
		known := true
		switch a.Action {
		case state.ActGPC:
			f.Action = consent.SignalGPC
		case state.ActBrowser:
			f.Action = consent.SignalBrowser
		default:
			pattern, err := d.policy.Purposes.Pattern(a.Purpose)
			f.Action, f.Purpose = consent.TCDenial, int(pattern)
			f.Reason, known = consent.ParseReason(a.Reason)
			known = known && err == nil && pattern >= 0
		}
		if !known || identity.Blocked(a.ID, d.Project.Identity.Blocked...) || d.leftOut(identity.Device, a.ID) {
			unheard = append(unheard, a)
			continue
		}
		to.Recall(to.Device([]byte(a.ID)), f)
	}
	return unheard
}

// latest is what later runs must know of what rows say.
func (d *Decision) latest(heard *consent.Signals) (out state.Acts) {
	heard.Latest(func(device string, f consent.Refusal) {
		a := state.Act{Kind: KindName(identity.Device), ID: device, Action: rowWords[f.Action], Purpose: "*", At: f.At}
		if a.Source = rowSource; f.Action == consent.TCDenial {
			a.Purpose, a.Reason = d.policy.Purposes.Name(f.Purpose), f.Reason.String()
		}
		out = append(out, a)
	})
	return out
}

// rowSource is the source of what rows say.
const rowSource = "row"

// graves files those of the forgotten whom rows name. One goroutine uses it.
type graves struct {
	in     *Decision
	loader *consent.Loader
	met    [2]map[string]bool // ids that were looked at, by kind
}

func (d *Decision) newGraves(l *consent.Loader) *graves {
	return &graves{in: d, loader: l, met: [2]map[string]bool{{}, {}}}
}

// visit looks at the devices and customers of a row group.
func (v *graves) visit(g *parquet.RowGroup, schema *rules.Schema) error {
	if v.in.Buried == nil {
		return nil
	}
	for _, of := range []struct {
		kind identity.Kind
		role rules.Role
	}{{identity.Device, rules.RoleDevice}, {identity.Customer, rules.RoleCustomer}} {
		kind := of.kind
		c, ok := schema.WithRole(of.role)
		if !ok {
			continue
		}
		a, err := g.Column(c.Name)
		if err != nil {
			return err
		}
		for raw := range scan.IDs(a) {
			id := identity.Normalise(raw)
			if v.met[kind][id] {
				continue
			}
			v.met[kind][strings.Clone(id)] = true
			if _, forgotten := v.in.Buried(KindName(kind), id); forgotten {
				v.in.bury(v.loader, v.loader.Subject(kind, []byte(id)), kind, id)
			}
		}
	}
	return nil
}

// hear hands the rows of a row group that say something to a collector.
func (d *Decision) hear(rows *scan.SignalRows, to *consent.Signals) {
	if len(rows.Device) == 0 {
		return
	}
	devices, met := make([]consent.Ref, rows.Devices.Len()), make([]standing, rows.Devices.Len())
	var numbers []uint32
	var numbered []bool
	if rows.Strings != nil {
		numbers, numbered = make([]uint32, rows.Strings.Len()), make([]bool, rows.Strings.Len())
	}
	trusted := slices.Contains(d.Project.Consent.TrustedSources, d.Project.Consent.RowTCSource)
	for i, device := range rows.Device {
		if met[device] == unmet {
			id := identity.Normalise(rows.Devices.Value(int(device)))
			met[device] = blocked
			if !identity.Blocked(id, d.Project.Identity.Blocked...) && !d.leftOut(identity.Device, id) {
				devices[device], met[device] = to.Device([]byte(id)), filed
			}
		}
		if met[device] == blocked {
			continue
		}
		ref, at := devices[device], rows.At[i]
		if rows.Marks[i]&evidence.GPC != 0 {
			to.GPC(ref, at)
		}
		if rows.Marks[i]&evidence.BrowserDeny != 0 {
			to.Browser(ref, at)
		}
		if code := rows.String[i]; code >= 0 {
			if !numbered[code] {
				numbers[code], numbered[code] = to.Number(rows.Strings.Value(int(code))), true
			}
			to.String(ref, at, numbers[code], trusted)
		}
	}
}
