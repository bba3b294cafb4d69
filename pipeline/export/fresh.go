package export

import (
	"iter"
	"math"

	"github.com/malgrupp/malgrupp/pipeline/project"
)

// Fresh is the watermark of an export whose newest event was recorded at an instant, of objects that were written at
// others. A platform writes no heartbeats. Where the map says for how long nobody may answer (quiet), an object that
// was written within that time of the newest event proves as much: the exporter ran, and had nothing more to say. One
// that was written later proves nothing, for a copy of an old export is new as well.
func Fresh(m *project.ConsentMap, newest int64, written iter.Seq[int64]) int64 {
	fresh := newest
	for at := range written {
		if newest != math.MinInt64 && at-newest <= project.Micros(m.Quiet) {
			fresh = max(fresh, at)
		}
	}
	return fresh
}
