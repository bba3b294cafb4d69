package pipeline

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/malgrupp/malgrupp/pipeline/decide"
	"github.com/malgrupp/malgrupp/pipeline/keys"
	"github.com/malgrupp/malgrupp/pipeline/load"
	"github.com/malgrupp/malgrupp/pipeline/platform"
	"github.com/malgrupp/malgrupp/pipeline/record"
	"github.com/malgrupp/malgrupp/pipeline/shown"
	"github.com/malgrupp/malgrupp/pipeline/state"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/segments/consent"
)

const contentType = "application/octet-stream"

// publish writes everything under names of this run, asks consent once more and creates the marker.
func (r *run) publish(ctx context.Context) error {
	changes, err := r.differences(ctx, nil)
	if err != nil {
		return err
	}
	for {
		objects, err := r.writeLists(ctx, changes)
		if err != nil {
			return err
		}
		lost, watermark, err := r.recheck(ctx)
		if err != nil {
			return err
		}
		if lost == nil {
			if err := r.asPlanned(changes); err != nil {
				return err
			}
			r.manifest.Consent.RecheckWatermark = value.FormatTimestamp(watermark)
			return r.seal(ctx, changes, objects)
		}
		if changes, err = r.differences(ctx, lost); err != nil {
			return err
		}
	}
}

// file is one list as it is written.
type file struct {
	name string // below the list folder, without action and extension
	ext  string // what follows the action
	part *platform.Part
	list platform.List
}

// writeLists uploads the lists, then the control groups, encrypted to the recipients.
func (r *run) writeLists(ctx context.Context, changes []change) ([]record.Output, error) {
	var out []record.Output
	files := slices.DeleteFunc(r.files(changes), func(f file) bool {
		return r.Replay() && f.list.Action != platform.Snapshot
	})
	tell := func(done int) {
		r.Tell(decide.Progress{Phase: "write", Unit: decide.Lists, Done: int64(done), Total: int64(len(files))})
	}
	tell(0)
	for i, f := range files {
		name := fmt.Sprintf("%s%s.%s.%s.age", r.listFolder(), f.name, f.list.Action, f.ext)
		destination, _, _ := strings.Cut(f.name, "/")
		o, err := r.upload(ctx, name, destination, f.part, f.list)
		if err != nil {
			return nil, err
		}
		out = append(out, o)
		tell(i + 1)
	}
	controls, err := r.writeControls(ctx, changes)
	if err != nil {
		return nil, err
	}
	erasures, err := r.writeErasures(ctx)
	return slices.Concat(out, controls, erasures), err
}

// files are the lists to write: three of each change, and three of each level of a merged destination.
func (r *run) files(changes []change) (out []file) {
	for i := range changes {
		c := &changes[i]
		if c.kind.Merged {
			continue
		}
		name := r.fileName(c.list, c.list.Segment)
		if c.part.Name != "" {
			name += "." + c.part.Name
		}
		d, _ := r.Project.Destination(c.list.Destination)
		base := platform.List{
			Segment: c.list.Segment, Name: c.list.Segment, AsOf: r.AsOf, Consent: c.use, Send: c.send, Batch: d.Batch,
			Number: d.Lists[c.list.Segment], Account: d.Account,
		}
		if c.to.Segment != nil {
			base.Name = load.PlatformName(c.to.Segment)
		}
		out = append(out, three(name, c.kind, c.part, base, r.toAdd(c), r.toRemove(c), c.after())...)
	}
	return append(out, r.mergedFiles(changes)...)
}

// mergedFiles are the lists of destinations whose segments are one file for each level.
func (r *run) mergedFiles(changes []change) (out []file) {
	after, uses := map[state.List]map[string][]string{}, map[state.List]string{}
	names := map[state.List][]string{}
	for i := range changes {
		c := &changes[i]
		if !c.kind.Merged {
			continue
		}
		whole := state.List{Destination: c.list.Destination, Kind: c.list.Kind, Part: c.list.Part}
		if after[whole] == nil {
			after[whole] = map[string][]string{}
		}
		after[whole][c.list.Segment] = c.after()
		uses[whole] = cmp.Or(c.use, uses[whole]) // of one destination and level there is one
		if c.to.Segment != nil {
			names[whole] = append(names[whole], c.list.Segment+"\t"+load.PlatformName(c.to.Segment))
		}
	}
	before := map[state.List]map[string][]string{}
	for _, l := range r.holdings.Lists() {
		whole := state.List{Destination: l.Destination, Kind: l.Kind, Part: l.Part}
		if after[whole] == nil {
			continue
		}
		if before[whole] == nil {
			before[whole] = map[string][]string{}
		}
		before[whole][l.Segment] = r.holdings.Of(l)
		if _, changes := after[whole][l.Segment]; !changes {
			after[whole][l.Segment] = before[whole][l.Segment] // a segment that this run does not select stays as it is
		}
	}
	order := func(a, b state.List) int { return strings.Compare(a.Destination+"/"+a.Part, b.Destination+"/"+b.Part) }
	for _, whole := range slices.SortedFunc(maps.Keys(after), order) {
		kind, _ := platform.Of(whole.Kind)
		adds, removes, snapshot := platform.Merge(before[whole], after[whole])
		out = append(out,
			three(r.fileName(whole, whole.Part), kind, &kind.Parts[0], platform.List{
				AsOf: r.AsOf, Consent: uses[whole],
			}, adds, removes, snapshot)...)
		if kind.Beside != nil {
			name := r.fileName(whole, whole.Part) + "." + kind.Beside.Name
			out = append(out, file{name, kind.Ext, kind.Beside, platform.List{
				Action: platform.Snapshot, AsOf: r.AsOf, Entries: slices.Sorted(slices.Values(names[whole])),
			}})
		}
	}
	return out
}

// fileName is how the files of a list are called. In the night after its type was changed a destination has the list of
// the old type beside that of the new one: it is named with it, lest one be written over the other.
func (r *run) fileName(l state.List, name string) string {
	if d, there := r.Project.Destination(l.Destination); there && d.Type != l.Kind {
		name += "." + l.Kind
	}
	return l.Destination + "/" + name
}

// three are the lists of one delivery, each in as many files as the platform wants. Removals need no consent and name
// none; there are none where a platform would read them as additions.
func three(name string, kind *platform.Platform, part *platform.Part, base platform.List,
	adds, removes, snapshot []string,
) (out []file) {
	for _, of := range []struct {
		action  platform.Action
		entries []string
	}{{platform.Adds, adds}, {platform.Removes, removes}, {platform.Snapshot, snapshot}} {
		l := base
		l.Action, l.Entries = of.action, of.entries
		if l.Action == platform.Removes {
			if l.Consent = ""; kind.Lasting != "" {
				continue
			}
		}
		for _, v := range part.Volumes(l) {
			ext := kind.Ext
			if v.Volume > 0 {
				ext = fmt.Sprintf("%d.%s", v.Volume+1, kind.Ext)
			}
			out = append(out, file{name, ext, part, v})
		}
	}
	return out
}

// writeControls uploads one control group for each segment: whoever the holdout keeps from any of its lists. Lists
// under different consents have different people, and so have their control groups.
func (r *run) writeControls(ctx context.Context, changes []change) ([]record.Output, error) {
	if r.Replay() {
		return nil, nil
	}
	groups := map[string][]string{}
	for i := range changes {
		segment := changes[i].list.Segment
		groups[segment] = append(groups[segment], changes[i].control...)
	}
	csv, _ := platform.Of("file_csv")
	var out []record.Output
	for _, segment := range slices.Sorted(maps.Keys(groups)) {
		if len(groups[segment]) == 0 {
			continue
		}
		group := slices.Compact(slices.Sorted(slices.Values(groups[segment])))
		list := platform.List{Segment: segment, Action: platform.Snapshot, AsOf: r.AsOf, Entries: group}
		o, err := r.upload(ctx, "control/"+r.RunID+"/"+segment+".csv.age", "", &csv.Parts[0], list)
		if err != nil {
			return nil, err
		}
		out = append(out, o)
	}
	return out, nil
}

func (r *run) listFolder() string {
	if r.Replay() {
		return "replays/" + r.RunID + "/lists/"
	}
	return "lists/" + r.RunID + "/"
}

// upload encrypts a list and stores it.
func (r *run) upload(ctx context.Context, name, destination string, part *platform.Part,
	list platform.List,
) (record.Output, error) {
	list.Size = keys.Padded
	label := record.Label{Name: name, Destination: destination, Segment: list.Segment, Action: string(list.Action)}
	return r.closed(ctx, label, func(w io.Writer) error { return part.Write(w, list) })
}

// closed encrypts what write writes to whoever may open lists, padded and with its label, and stores it. Text is padded
// with empty lines at its end.
func (r *run) closed(ctx context.Context, label record.Label, write func(io.Writer) error) (record.Output, error) {
	name := label.Name
	label.Schema, label.RunID, label.AsOf, label.Key = record.LabelSchema, r.RunID, r.manifest.AsOf, r.manifest.Key
	text, err := record.Encode(label)
	if err != nil {
		return record.Output{}, err
	}
	var sealed bytes.Buffer
	w, err := r.Keys.EncryptList(&sealed, text)
	if err != nil {
		return record.Output{}, err
	}
	plain := &counting{Writer: w}
	if err = write(plain); err == nil {
		_, err = w.Write(bytes.Repeat([]byte("\n"), int(keys.Padded(plain.n)-plain.n)))
	}
	if err := errors.Join(err, w.Close()); err != nil {
		return record.Output{}, fmt.Errorf("write %s: %w", name, err)
	}
	o := record.Output{Root: record.RootOutput, Name: name}
	o.Size, o.SHA256 = int64(sealed.Len()), record.Digest(sealed.Bytes())
	return o, r.Output.UploadBytes(ctx, name, sealed.Bytes(), contentType)
}

// counting counts what is written.
type counting struct {
	io.Writer
	n int64
}

func (c *counting) Write(b []byte) (int, error) {
	n, err := c.Writer.Write(b)
	c.n += int64(n)
	return n, err
}

// seal writes the new state, then the marker that makes lists and state exist, then the manifest line.
func (r *run) seal(ctx context.Context, changes []change, objects []record.Output) error {
	r.manifest.Outputs, r.manifest.Overlaps = objects, record.Overlaps(r.decision)
	// A list under the floor is no failure; a guard that held one, or an agreement that ran out, waits for somebody.
	if !r.Replay() && slices.ContainsFunc(changes, func(c change) bool {
		return c.count.Held == heldAgreement || c.count.Guard != ""
	}) {
		r.manifest.Status = record.StatusPartial
	}
	if r.Replay() {
		if err := r.lease.Renew(ctx, 0); err != nil {
			return err
		}
		return r.writeLine(ctx, r.manifest)
	}
	if err := r.keepState(ctx, changes); err != nil {
		return err
	}
	if len(r.old) > 0 {
		r.manifest.Pruned = runsOf(r.old)
	}
	return r.mark(ctx)
}

// keepState stores what the next run must know.
func (r *run) keepState(ctx context.Context, changes []change) error {
	holdings, err := r.nextHoldings(changes)
	if err != nil {
		return err
	}
	stay, err := r.nextStay(ctx)
	if err != nil {
		return err
	}
	acts, tombstones, err := r.nextActs()
	if err != nil {
		return err
	}
	for _, o := range []struct {
		name  string
		write func(*keys.Ring) ([]byte, error)
		none  bool
	}{
		{holdingsName, holdings.Write, false},
		{stayName, stay.Write, len(stay) == 0},
		{heardName, r.decision.Heard.With(r.heard).Write, false},
		{actsName, acts.Write, false},
		{tombstonesName, tombstones.Write, len(tombstones) == 0},
		{record.LinesName, func(*keys.Ring) ([]byte, error) { return r.history.SealLines() }, false},
	} {
		if o.none {
			continue
		}
		content, err := o.write(r.Keys)
		if err != nil {
			return err
		}
		if err := r.keep(ctx, o.name, content); err != nil {
			return err
		}
	}
	return nil
}

// nextHoldings are what destinations hold once they were told.
func (r *run) nextHoldings(changes []change) (*state.Holdings, error) {
	next, written := r.holdings.Next(r.told()), map[state.List]bool{}
	for i := range changes {
		c := &changes[i]
		written[c.list] = true
		if c.stay != nil {
			next.Keep(c.list, c.stay.Entries())
			next.Unadded(c.list)
			continue
		}
		inherited, err := next.Set(c.list, c.kind.Profile, c.full.Told(), r.Keys)
		if err != nil {
			return nil, err
		}
		r.manifest.Segments[i].Inherited = shown.Any(inherited)
		if c.count.Held != "" {
			next.Unadded(c.list)
		}
	}
	for _, l := range next.Lists() {
		if !written[l] {
			next.Untold(l)
		}
	}
	r.keptForOthers(next)
	return next, nil
}

// keep stores an object of the run's state.
func (r *run) keep(ctx context.Context, name string, sealed []byte) error {
	o := record.Output{
		Root: record.RootState, Name: r.RunID + "/" + name, Size: int64(len(sealed)), SHA256: record.Digest(sealed),
	}
	r.manifest.Outputs = append(r.manifest.Outputs, o)
	return r.State.UploadBytes(ctx, o.Name, sealed, contentType)
}

// recheck reads the consent log once more (docs/consent.md, The second look). It returns the people, by use, whom
// denials concern that came in since and that no earlier look has found, nil if there are none, and the new watermark.
// A feed that has become stale stops the publication. A replay publishes nothing, and nothing is read.
func (r *run) recheck(ctx context.Context) (lost [][]string, watermark int64, err error) {
	if r.Replay() {
		return nil, r.decision.Feed.Watermark, nil
	}
	late, err := r.decision.Late(ctx, max(r.decision.Feed.Watermark, r.recheckedAt), r.Clock().UnixMicro())
	if err != nil {
		return nil, 0, err
	}
	r.recheckedAt, r.heard, r.acts = late.Watermark, late.Heard, late.Acts
	found := map[consent.Denial]bool{}
	for _, d := range r.late {
		found[d] = true
	}
	for _, d := range late.Denials {
		if !found[d] {
			found[d], r.late, lost = true, append(r.late, d), [][]string{}
		}
	}
	if lost != nil {
		// A denial concerns also whom its person was logged in with outside of today's windows.
		company, err := r.everybody(ctx)
		if err != nil {
			return nil, 0, err
		}
		lost = company.Lost(r.decision.Uses, r.late)
		r.lost = lost
	}
	return lost, late.Watermark, nil
}
