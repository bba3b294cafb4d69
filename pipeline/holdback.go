package pipeline

import (
	"github.com/malgrupp/malgrupp/pipeline/decide"
)

// Reasons for holding a list back.
const (
	heldUnderFloor = "SEGMENT_UNDER_K"
	heldAgreement  = "AGREEMENT_EXPIRED"
	heldExpired    = "SEGMENT_EXPIRED"
	heldDisabled   = "DESTINATION_DISABLED"
	heldGone       = "SEGMENT_GONE"
)

// holdBack says why nobody is added to a list, "" if nothing stands in the way.
func (r *run) holdBack(l decide.List, members int) string {
	today := r.Project.Zone.Day(r.KnownBy)
	switch {
	case !l.Destination.Enabled:
		return heldDisabled
	case l.Segment.Expires != 0 && l.Segment.Zone.Day(r.AsOf) > l.Segment.Expires:
		return heldExpired
	case members < r.Project.Least(l.Destination, l.Segment.MinSize):
		return heldUnderFloor
	case !l.Destination.Own && today > l.Destination.Expires:
		return heldAgreement
	}
	return ""
}
