package decide

import (
	"context"
	"math"
	"slices"

	"github.com/malgrupp/malgrupp/pipeline/folder"
	"github.com/malgrupp/malgrupp/pipeline/parquet"
	"github.com/malgrupp/malgrupp/pipeline/project"
	"github.com/malgrupp/malgrupp/pipeline/state"
	"github.com/malgrupp/malgrupp/pipeline/store"
	"github.com/malgrupp/malgrupp/segments/consent"
	"github.com/malgrupp/malgrupp/segments/identity"
	"github.com/malgrupp/malgrupp/segments/scan"
)

// Late is what came into the consent log after a decision was made.
type Late struct {
	Denials   []consent.Denial
	Watermark int64 // of the log now, as far as it was read
	Heard     state.Heard
	Acts      state.Acts
}

// Late reads what is new or changed in the consent log and the lists of people since the decision, and what a given
// known_by hid from it, for denials that the ledger has not heard, whenever they were recorded: writers do not wait for
// each other. The watermark is no earlier than after; a feed that has become stale by now is an error.
func (d *Decision) Late(ctx context.Context, after, now int64) (Late, error) {
	log := d.newLog(math.MaxInt64)
	if err := log.list(ctx, nil); err != nil {
		return Late{}, err
	}
	known := map[folder.Input]bool{}
	for _, o := range d.Consent {
		known[o] = true
	}
	var fresh, old []store.Object
	for i, o := range folder.Pin("consent", log.objects, nil) {
		switch {
		case known[o] && d.hidden[o.Key]:
			old = append(old, log.objects[i])
		case !known[o]:
			fresh = append(fresh, log.objects[i])
		}
	}
	denials, newest, err := log.denials(ctx, log.bucket, fresh, math.MinInt64)
	if err == nil && d.given {
		var hidden []consent.Denial
		var last int64
		hidden, last, err = log.denials(ctx, log.bucket, old, d.KnownBy)
		denials, newest = append(denials, hidden...), max(newest, last)
	}
	if err != nil {
		return Late{}, err
	}
	listed, err := d.listedSince(ctx, known)
	if err != nil {
		return Late{}, err
	}
	denials = slices.DeleteFunc(append(denials, listed...), d.gate.Heard)
	watermark := max(after, log.fresh(max(newest, d.newest)))
	late := Late{denials, watermark, log.heard.without(log.heard.seen(d.firstHeard())), log.heard.acts}
	return late, consentFailure(consent.CheckAge(now, watermark, d.feedLimits().MaxAge))
}

// listedSince are the entries of lists of people that are not the objects that were read before.
func (d *Decision) listedSince(ctx context.Context, known map[folder.Input]bool) (out []consent.Denial, err error) {
	for name, conf := range d.peopleLists() {
		bucket, object, err := d.findList(ctx, name, conf)
		if err != nil {
			return nil, err
		}
		if known[folder.Pin(name, []store.Object{object}, nil)[0]] {
			continue
		}
		entries, err := d.readList(ctx, name, bucket, object)
		if err != nil {
			return nil, err
		}
		out = append(out, entries...)
	}
	return out, nil
}

// Company is the roll with everybody's company: whoever was logged in on a device in any retained row. What a list was
// told for may lie in no window any more, or be missing. A damaged object is left out, whatever its source says: nobody
// was told for its rows, and what is owed must not wait for it.
func (d *Decision) Company(ctx context.Context) (consent.Roll, error) {
	met, err := d.company(ctx)
	if err != nil {
		return consent.Roll{}, err
	}
	return d.Roll.Beside(met), nil
}

// company are the devices with each customer who was logged in on them in any retained row, found out once.
func (d *Decision) company(ctx context.Context) (consent.Met, error) {
	if d.met != nil {
		return d.met, nil
	}
	if d.star != nil && project.Micros(d.Project.Retention) <= loginsCount { // else the star lacks some of them
		d.met = d.star.Met()
		return d.met, nil
	}
	var readers map[*scan.Scanner][]*scan.Logins
	lenient := *d
	lenient.Sources = slices.Clone(d.Sources)
	for i := range lenient.Sources {
		lenient.Sources[i].OnBadObject = project.Skip
	}
	err := lenient.ReadAgain(ctx, "company", func(*Source) (from, before int64) { return d.keptRows() },
		func() { readers = d.loginReaders() },
		func(worker int, s *Source, g *parquet.RowGroup) error { return readers[s.scanner][worker].Read(g, nil) })
	if err != nil {
		return nil, err
	}
	d.met = func(yield func(device, customer identity.Number) bool) {
		for _, of := range readers {
			for _, l := range of {
				for _, e := range l.Found {
					if !yield(e.Device, e.Customer) {
						return
					}
				}
			}
		}
	}
	return d.met, nil
}

// Standing tells which of the people whom the caller knows consent to a use, late denials heard, and whether the use
// was given a row of theirs (consent.Gate.Standing).
func (d *Decision) Standing(use int, roll consent.Roll, late []consent.Denial,
	told func(id string) bool,
) map[string]bool {
	return d.gate.Standing(use, roll, late, told)
}

// denials reads objects for denying events recorded at an instant or after it.
func (l *consentLog) denials(ctx context.Context, bucket *store.Bucket, objects []store.Object,
	from int64,
) (late []consent.Denial, newest int64, err error) {
	newest = math.MinInt64
	read := l.in.Reading("late consent", bucket, objects, consentSchema)
	read.Workers = 1
	strings := consent.NewStrings(l.policy)
	err = l.each(ctx, read, func(int) *consent.Strings { return strings }, func(_ int, c *consentRows) error {
		var seen heard
		defer l.heard.add(&seen)
		for i := range c.n {
			recorded, err := c.whole(i)
			if err != nil {
				return err
			}
			if recorded < from {
				continue
			}
			newest = max(newest, recorded)
			action := c.actions[c.action.Codes[i]]
			if !action.Denies() && action != consent.TCString {
				continue
			}
			seen.row(c, i, recorded)
			seen.event(c, i)
			e, id := c.event(i), ""
			e.Denials(strings, func(p consent.Pattern, r consent.Reason) {
				if id == "" {
					id = identity.Normalise(string([]byte(c.subject.Dict.Value(int(c.subject.Codes[i])))))
				}
				late = append(late, consent.Denial{Kind: c.kinds[c.kind.Codes[i]], ID: id, Pattern: p, Reason: r, At: e.At})
			})
		}
		return nil
	})
	return late, newest, err
}
