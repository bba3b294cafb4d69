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
// another reason may be one that lies above it and goes away. Unless a TC string opened a grant after it: one more
// denial may be later than that string was updated.
func (g *Gate) heard(d Denial, n uint32, purpose int) bool {
	if d.Reason == Suppressed {
		return g.ledger.Suppressed(n, purpose)
	}
	t := g.ledger.timeline(n, purpose)
	at := min(d.At, g.policy.Now)
	s := t.At(at)
	if t.Erased || s.State != Denying || s.Reason != d.Reason {
		return t.Erased
	}
	for _, later := range t.Spans {
		if later.From > at && later.State != NoState {
			return later.Reason != GrantedTC || s.From == at
		}
	}
	return true
}
