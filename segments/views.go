package segments

// Rows are judged per use, so one person may look different to different uses. A view is a person as a group of uses
// sees him: all of a group's uses see the same rows of his. Nearly everybody has one view; only people whom uses see
// differently are folded more than once.

// views is the numbering of one partition.
type views struct {
	subject []uint32 // by view
	uses    []uint32 // by view: the uses that see the person so
	seen    []uint32 // by view: the uses that saw any row
	first   []uint32 // by local subject: his first view; the next subject's first ends his
}

// split notes by local subject how a person's uses fall apart; nil for those who never do.
type split map[uint32][]uint32

// part separates the uses that were refused a row from those that were not.
func (s split) part(local, refused, all uint32) {
	groups := s[local]
	if groups == nil {
		groups = []uint32{all}
	}
	for i, g := range groups {
		if in := g & refused; in != 0 && in != g {
			groups[i] = g &^ refused
			groups = append(groups, in)
		}
	}
	s[local] = groups
}

// number lays the views of n local subjects of a partition out one after another.
func (v *views) number(n int, part uint32, all uint32, s split) {
	v.subject, v.uses, v.first = v.subject[:0], v.uses[:0], v.first[:0]
	for local := range uint32(n) {
		v.first = append(v.first, uint32(len(v.subject)))
		groups := s[local]
		if groups == nil {
			v.subject = append(v.subject, local<<partBits|part)
			v.uses = append(v.uses, all)
			continue
		}
		for _, g := range groups {
			v.subject = append(v.subject, local<<partBits|part)
			v.uses = append(v.uses, g)
		}
	}
	v.first = append(v.first, uint32(len(v.subject)))
	v.seen = make([]uint32, len(v.subject))
}
