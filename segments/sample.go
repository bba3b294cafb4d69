package segments

// Sample draws people for a look that need not be exact: by a hash of the id, so that everybody is drawn whole, the
// same on every machine and at every time. Parts of 10,000 are drawn. A nil sample draws all.
type Sample struct{ Parts int }

// sampleSalt keeps the draw apart from those of control groups.
const sampleSalt = "malgrupp/sample"

// Whole is how many parts everybody is.
const Whole = 10_000

// Draws reports whether somebody is in the sample.
func (s *Sample) Draws(id string) bool { return s == nil || Bucket(sampleSalt, id) < s.Parts }

// of is the part of a number of people that falls to the sample, rounded up: a top of 100 is one of 5 among a
// twentieth.
func (s *Sample) of(people int) int {
	if s == nil {
		return people
	}
	return (people*s.Parts + Whole - 1) / Whole
}

// Sample makes Settle decide about the people of a sample only. Rows of others may be left out before; they make no
// difference.
func (t *Tally) Sample(s *Sample) { t.sample = s }

// draw leaves the views of people who are drawn.
func (c *court) draw(p *partition) {
	if c.sample == nil {
		return
	}
	for use := range p.masks {
		for view := range p.seen(use) {
			if !c.sample.Draws(c.name(p.views.subject[view], use)) {
				p.masks[use].Clear(view)
			}
		}
	}
}
