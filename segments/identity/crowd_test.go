package identity

import (
	"fmt"
	"testing"
)

// A crowd is counted the same whoever met whom: exactly up to 4,096 people, and of more about that many.
func TestACrowdIsCountedTheSameWhoeverMetWhom(t *testing.T) {
	for _, people := range []int{0, 1, 49, 4096, 4097, 100_000} {
		var one, left, right Crowd
		for i := range people {
			who := Spread([]byte(fmt.Sprint("device-", i)))
			for _, c := range []*Crowd{&one, &one, map[bool]*Crowd{true: &left, false: &right}[i%3 == 0]} {
				c.Add(who)
			}
		}
		right.Add(Spread([]byte("device-0")))
		left.Add(Spread([]byte("device-0")))
		if people == 0 {
			one.Add(Spread([]byte("device-0")))
		}
		right.Union(&left)
		drawn, each := one.Drawn()
		if d, e := right.Drawn(); d != drawn || e != each {
			t.Errorf("of %d people one counts %d times %d, two %d times %d", people, drawn, each, d, e)
		}
		about, near := drawn*each, people > crowdMost && drawn*each > people*9/10 && drawn*each < people*11/10
		if about != max(1, people) && !near {
			t.Errorf("%d people are counted as %d", people, about)
		}
	}
}
