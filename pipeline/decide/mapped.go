package decide

import (
	"context"
	"errors"

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
func (l *consentLog) each(ctx context.Context, r *folder.Reading, strings func(worker int) *consent.Strings,
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
		c, err := l.columns(table, strings(worker))
		if err != nil {
			return err
		}
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
