package consent

import (
	"time"

	"github.com/malgrupp/malgrupp/segments/identity"
)

// Census counts where all subjects of one kind stand on one purpose now.
type Census struct {
	Kind    identity.Kind
	Purpose int
	By      map[Reason]int // the reason of the decision that a row of now would meet
	Since   map[[2]int]int // of those who grant: year and month (UTC) in which the grant was opened
}

// Census counts everybody whom the log or a list of people names.
func (l *Ledger) Census() (out []Census) {
	for _, kind := range []identity.Kind{identity.Device, identity.Customer} {
		first := len(out)
		for purpose := range l.policy.Purposes.Len() {
			out = append(out, Census{Kind: kind, Purpose: purpose, By: map[Reason]int{}, Since: map[[2]int]int{}})
		}
		for n := range l.subjects.Filed(kind) {
			for purpose := range l.policy.Purposes.Len() {
				h := History{Timeline: l.timeline(n, purpose)}
				now := l.policy.Stands(&h, purpose, l.Suppressed(n, purpose))
				c := &out[first+purpose]
				c.By[now.Reason]++
				if now.State == Granting {
					at := time.UnixMicro(now.Since).UTC()
					c.Since[[2]int{at.Year(), int(at.Month())}]++
				}
			}
		}
	}
	return out
}
