package shown

// Apart are numbers of people that stand in one document. Two of them are the same or the floor apart: whoever
// subtracts one from another, or parts from their sum, learns nothing of fewer people than may be shown
// (docs/consent.md, What is counted). The first that is told is exact, so the most important one goes first.
type Apart struct{ told []int }

// Tell is the number as it may stand beside those told before.
func (a *Apart) Tell(n int) int {
	if n < Floor {
		return n // it is not shown at all
	}
	for _, o := range a.told {
		if max(n-o, o-n) < Floor {
			return o
		}
	}
	a.told = append(a.told, n)
	return n
}
