package consent

// Heard reports whether the ledger says already what a denial says, so that it would change nothing: an object that was
// written anew holds the old ones, too.
func (g *Gate) Heard(d Denial) bool {
	n, known := g.ledger.subjects.Find(d.Kind, d.ID)
	for purpose := range g.policy.Purposes.Len() {
		if d.Pattern.covers(purpose) && (!known || !g.heard(d, n, purpose)) {
			return false
		}
	}
	return true
}

// heard is Heard for one purpose. Where the state at the instant of a denial is that very denial, one more is the same;
// another reason may be one that lies above it and goes away.
func (g *Gate) heard(d Denial, n uint32, purpose int) bool {
	if d.Action == 0 {
		return g.ledger.Suppressed(n, purpose)
	}
	reason, _ := d.Action.denial()
	t := g.ledger.timeline(n, purpose)
	s := t.At(min(d.At, g.policy.Now))
	return t.Erased || s.State == Denying && s.Reason == reason
}
