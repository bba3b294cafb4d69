package decide

import (
	"context"
	"slices"
	"strings"

	"github.com/malgrupp/malgrupp/pipeline/parquet"
	"github.com/malgrupp/malgrupp/pipeline/store"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/segments/consent"
	"github.com/malgrupp/malgrupp/segments/evidence"
	"github.com/malgrupp/malgrupp/segments/identity"
	"github.com/malgrupp/malgrupp/segments/scan"
)

// hearRows files what the rows of all sources that are kept say about consent themselves, and whom of the forgotten
// they still name: the log of consent may have lost these. It is the first of two passes over such sources: the ledger
// is complete before any row is judged.
func (d *Decision) hearRows(ctx context.Context, filling *consent.Filling) error {
	var speak []*Source
	for i := range d.Sources {
		if s := &d.Sources[i]; d.Buried != nil || scan.NewSignals(s.Schema, d.KnownBy).Speak() {
			speak = append(speak, s)
		}
	}
	if len(speak) == 0 {
		return nil
	}
	kept := func(s *Source) []store.Object { return s.Objects(d.keptRows()) }
	total := int64(0)
	for _, s := range speak {
		total += sizeOf([]Source{*s}, kept)
	}
	task := d.Begin("signals", total)
	collectors := make([]*consent.Signals, max(1, d.Workers))
	yards := make([]*graves, len(collectors))
	for i := range collectors {
		collectors[i], yards[i] = filling.Signals(), d.newGraves(filling.Loader())
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
	for _, c := range collectors[1:] {
		collectors[0].Take(c)
	}
	collectors[0].File(d.overhear)
	return nil
}

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
