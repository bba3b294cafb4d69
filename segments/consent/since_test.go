package consent

import (
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"
)

// From the instant that Since gives on, every row of somebody is admitted, unless identity gives it to nobody or its
// content is nobody's to use. Before it, at least one kind of row that he may have would be refused.
func TestSinceIsTheEndOfHiddenTime(t *testing.T) {
	for _, linked := range []bool{false, true} {
		t.Run(map[bool]string{false: "attach off", true: "attach linked"}[linked], func(t *testing.T) {
			later, hidden, never := 0, 0, 0
			rapid.Check(t, func(t *rapid.T) {
				w := drawWorld(t, linked)
				got, _ := w.admitted(t)
				for k := range w.uses {
					use, since := &w.uses[k], w.since(k)
					for i, r := range w.rows {
						_, customer, device, anybody := w.owner(r)
						who, his := r.device, anybody && device
						if use.Customer {
							who, his = customer, anybody && customer != ""
						}
						if !his || r.marked != 0 || r.at < w.policy.Now-w.policy.Retention {
							continue
						}
						from := since(w.number(who, true))
						_, admitted := got[fmt.Sprintf("row %d, %s", i, use.Name)]
						switch {
						case r.at >= from && !admitted:
							t.Fatalf("%s sees all rows of %s from %d on, and not row %d: %+v\n%+v", use.Name, who, from, i, r, w.events)
						case r.at >= from:
							later++
						case from == math.MaxInt64:
							never++
						default:
							hidden++
						}
					}
				}
			})
			if later == 0 || hidden == 0 || never == 0 {
				t.Errorf("%d rows after hidden time, %d before its end, %d where it never ends: the test asks nothing", later,
					hidden, never)
			}
		})
	}
}
