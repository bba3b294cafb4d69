package decide

import (
	"context"
	"errors"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"

	"github.com/malgrupp/malgrupp/pipeline/export"
	"github.com/malgrupp/malgrupp/pipeline/folder"
	"github.com/malgrupp/malgrupp/pipeline/parquet"
	"github.com/malgrupp/malgrupp/segments/consent"
	"github.com/malgrupp/malgrupp/segments/scan"
)

// logTable is a row group with the columns of the consent log: one of the log's own objects, or what a map makes of one
// of a consent platform.
type logTable interface {
	Rows() int
	Text(name string) (parquet.Text, error)
	Column(name string) (arrow.Array, error)
}

// each reads objects of the log, through the project's map where it has one, and hands on their rows; worker tells
// goroutines apart, each of which has its own reader of TC strings.
func (l *consentLog) each(ctx context.Context, r *folder.Reading, tcs func(worker int) *consent.Strings,
	visit func(worker int, c *consentRows) error,
) error {
	var form *export.Form
	if m := l.in.Project.Consent.Map; m != nil {
		form = export.New(m)
		r.Shape = form.Shape
	}
	err := r.Each(ctx, func(worker int, u scan.Unit, g *parquet.RowGroup) (err error) {
		var table logTable = g
		if form != nil {
			if table, err = form.Rows(g, r.Objects[u.Object].ModTime.UnixMicro()); err != nil {
				return err
			}
		}
		c, err := l.columns(table, tcs(worker))
		if err != nil {
			return err
		}
		c.object = u.Object
		return visit(worker, c)
	})
	if bad, ok := errors.AsType[*folder.BadObject](err); ok {
		return consentFailure(consent.Unreadable(bad.Error()))
	}
	if misfit, ok := errors.AsType[*export.Error](err); ok {
		return consentFailure(&consent.FeedError{Code: "FEED_UNREADABLE", Reason: misfit.Reason, Hint: misfit.Hint})
	}
	return err
}

// fresh is the watermark of a log whose newest row was recorded at an instant; an object counts if it is not hidden.
func (l *consentLog) fresh(newest int64) int64 {
	m := l.in.Project.Consent.Map
	if m == nil {
		return newest
	}
	return export.Fresh(m, newest, func(yield func(int64) bool) {
		for _, o := range l.objects {
			if at := o.ModTime.UnixMicro(); at < l.hideAt && !yield(at) {
				return
			}
		}
	})
}

// An export of states is rewritten: whoever answers anew has one row as before, with another answer and a later time.
// So it may lose rows of a day, and a denial; but a denial that an accepted run saw is only answered by a row of the
// same person and purpose that is later, or that denies no earlier. What is kept of one is therefore who and what, and
// when to the second: 47 bits of the one and 17 of the other, filed under its day.
const secondBits = 17

// owed are the denials that an accepted run saw, by who and what, with the second since 1970 of the last of them.
type owed map[uint64]int64

// owed are the denials that the export still has to answer; nil for a log, which has to have them.
func (in *Inputs) owed() owed {
	if !in.states() {
		return nil
	}
	out := owed{}
	for day, d := range in.Seen.Heard.Days {
		if day < in.firstHeard() {
			continue
		}
		for _, n := range d.Denials {
			of := uint64(n) >> secondBits
			out[of] = max(out[of], day*secondsADay+n&(1<<secondBits-1))
		}
	}
	return out
}

const secondsADay = 86400

// states reports whether the log is an export of states.
func (in *Inputs) states() bool { return in.Project.Consent.Map != nil && in.Project.Consent.Map.State }

// state takes in a row of an export of states, the last one that was counted.
func (h *heard) state(c *consentRows, i int) {
	who := whoAndWhat(h.texts[0].hash(c.subject, i), h.texts[1].hash(c.kind, i), h.texts[3].hash(c.purpose, i))
	second := int64(c.at.Value(i)) / 1e6
	action := c.actions[c.action.Codes[i]]
	denies := action.Denies() || action == consent.TCString // what a string says about a purpose is a matter of settings
	if denies {
		h.denied(int64(who<<secondBits) | second%secondsADay)
	}
	if last, denied := c.log.owed[who]; denied && (second > last || second == last && denies) {
		h.answered = append(h.answered, who)
	}
}

// whoAndWhat stands for a person and a purpose.
func whoAndWhat(subject, kind, purpose uint64) uint64 {
	return mix(mix(subject, kind), purpose) >> secondBits
}

// excuse takes out what an entry of a list of people denies instead: who was deleted in the platform may stand there.
func (d *Decision) excuse(o owed, e consent.Denial) {
	if len(o) == 0 {
		return
	}
	subject, of := hashText(e.ID), hashText(KindName(e.Kind))
	for _, asked := range d.Project.Consent.Map.Purposes {
		for _, name := range asked {
			n, known := d.policy.Purposes.Number(name)
			if e.Pattern == consent.EveryPurpose || known && e.Pattern == consent.Pattern(n) ||
				e.Pattern == consent.EveryActivation && strings.HasPrefix(name, "activate:") {
				delete(o, whoAndWhat(subject, of, hashText(name)))
			}
		}
	}
	if e.Pattern == consent.EveryPurpose {
		delete(o, whoAndWhat(subject, of, hashText("*"))) // of a TC string
	}
}

// answered refuses an export of states that lacks an answer of somebody who had denied.
func (o owed) answered(by []uint64) error {
	for _, who := range by {
		delete(o, who)
	}
	if len(o) == 0 {
		return nil
	}
	return consentFailure(&consent.FeedError{
		Code: "FEED_SHRUNK",
		Reason: "the export of consent states lacks people who had denied when an accepted run read it: neither the " +
			"denial nor a later answer to the same purpose is there",
		Hint: "restore the export: an older copy, people who were deleted and purposes that left consent.map.purposes " +
			"look like this; whoever was deleted keeps a row that denies, or stands on the suppression list",
	})
}
