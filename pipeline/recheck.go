package pipeline

import (
	"context"
	"hash/maphash"
	"math"

	"github.com/malgrupp/malgrupp/pipeline/folder"
	"github.com/malgrupp/malgrupp/pipeline/parquet"
	"github.com/malgrupp/malgrupp/pipeline/store"
	"github.com/malgrupp/malgrupp/segments/consent"
	"github.com/malgrupp/malgrupp/segments/identity"
	"github.com/malgrupp/malgrupp/segments/scan"
)

// recheck reads the consent log once more from the run's watermark on (docs/consent.md, The second look). It returns
// the people, by use, whom denials that came in since concern, nil if there are none, and the new watermark. A feed
// that has become stale stops the publication. Where known_by was given nothing later than it may count, and nothing is
// read.
func (r *run) recheck(ctx context.Context) (lost [][]string, watermark int64, err error) {
	e := r.eval
	watermark = e.Feed.Watermark
	if r.given {
		return nil, watermark, nil
	}
	log := &consentLog{job: r.Job, policy: e.policy, hideAt: math.MaxInt64, trusted: r.Project.Consent.TrustedSources, seed: maphash.MakeSeed()}
	bucket, err := log.list(ctx)
	if err != nil {
		return nil, 0, err
	}
	known := map[string]string{}
	for _, o := range e.Consent {
		known[o.Key] = o.ETag
	}
	var fresh []store.Object
	for _, o := range log.objects {
		if known[o.Key] != o.ETag {
			fresh = append(fresh, o)
		}
	}
	late, newest, err := log.denials(ctx, bucket, fresh, r.lateFrom())
	if err != nil {
		return nil, 0, err
	}
	watermark = max(r.lateFrom(), newest)
	if err := consent.CheckAge(r.Clock().UnixMicro(), watermark, r.feedLimits().MaxAge); err != nil {
		return nil, 0, consentFailure(err)
	}
	r.recheckedAt = watermark
	if len(late) == 0 {
		return nil, watermark, nil
	}
	r.late = append(r.late, late...)
	return e.Roll.Lost(e.Uses, r.late), watermark, nil
}

// lateFrom is from when on an event is news: after the watermark that the decision rests on.
func (r *run) lateFrom() int64 { return max(r.eval.Feed.Watermark, r.recheckedAt) }

// denials reads objects for denying events recorded after an instant.
func (l *consentLog) denials(ctx context.Context, bucket *store.Bucket, objects []store.Object, after int64) (late []consent.Denial, newest int64, err error) {
	newest = math.MinInt64
	read := folder.Reading{Bucket: bucket, Objects: objects, Schema: consentSchema, Limits: l.job.limits(), Workers: 1}
	err = read.Each(ctx, func(_ int, _ scan.Unit, g *parquet.RowGroup) error {
		c, err := l.columns(g)
		if err != nil {
			return err
		}
		for i := range c.n {
			recorded := int64(c.recorded.Value(i))
			if c.recorded.IsNull(i) || c.action.null(i) || recorded <= after {
				continue
			}
			newest = max(newest, recorded)
			if !c.actions[c.action.codes[i]].Denies() || c.kind.null(i) || c.subject.null(i) || c.purpose.null(i) {
				continue
			}
			d := consent.Denial{Kind: c.kinds[c.kind.codes[i]], Pattern: c.patterns[c.purpose.codes[i]]}
			d.ID = identity.Normalise(string([]byte(c.subject.dict.Value(int(c.subject.codes[i])))))
			if c.actions[c.action.codes[i]] == consent.Erase {
				d.Pattern = consent.EveryPurpose
			}
			late = append(late, d)
		}
		return nil
	})
	return late, newest, err
}
