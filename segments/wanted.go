package segments

// Wanted is a condition that wants a row, and as what: the names of the parts it is, none where the condition has only
// one.
type Wanted struct {
	Leaf  int
	Parts []string
}

// Wanted returns which conditions of a use want a row with these picks in this window slot, for what it is itself: the
// rows that only make a session what it is are left out.
func (p *Plan) Wanted(picks []uint64, slot uint16, use int) (out []Wanted) {
	for _, g := range p.wanting(picks, slot) {
		l := &p.leaves[g.leaf]
		if l.uses>>use&1 == 0 {
			continue
		}
		w, named := Wanted{Leaf: g.leaf}, false
		for i := range l.parts {
			name := l.parts[i].name
			named = named || name != ""
			if g.parts>>i&1 != 0 && name != "" {
				w.Parts = append(w.Parts, name)
			}
		}
		if !named || len(w.Parts) > 0 {
			out = append(out, w)
		}
	}
	return out
}
