package pipeline

import (
	"context"
)

// recheck reads the consent log once more from the run's watermark on (docs/consent.md, The second look). It returns
// the people, by use, whom denials that came in since concern, nil if there are none, and the new watermark. A feed
// that has become stale stops the publication. Where known_by was given nothing later than it may count, and nothing is
// read.
func (r *run) recheck(ctx context.Context) (lost [][]string, watermark int64, err error) {
	if r.Given() {
		return nil, r.decision.Feed.Watermark, nil
	}
	late, err := r.decision.Late(ctx, max(r.decision.Feed.Watermark, r.recheckedAt), r.Clock().UnixMicro())
	if err != nil {
		return nil, 0, err
	}
	r.recheckedAt = late.Watermark
	if len(late.Denials) == 0 {
		return nil, late.Watermark, nil
	}
	r.late = append(r.late, late.Denials...)
	return r.decision.Roll.Lost(r.decision.Uses, r.late), late.Watermark, nil
}
