package segments

// Sample draws people for a look that need not be exact: by a hash of the id, so that everybody is drawn whole, the same on
// every machine and at every time. Parts of 10,000 are drawn. A nil sample draws all.
type Sample struct{ Parts int }

// sampleSalt keeps the draw apart from those of control groups.
const sampleSalt = "malgrupp/sample"

// Whole is how many parts everybody is.
const Whole = 10_000

// Draws reports whether somebody is in the sample.
func (s *Sample) Draws(id string) bool { return s == nil || Bucket(sampleSalt, id) < s.Parts }

// of is the part of a number of people that falls to the sample, rounded up: a top of 100 is one of 5 among a twentieth.
func (s *Sample) of(people int) int {
	if s == nil {
		return people
	}
	return (people*s.Parts + Whole - 1) / Whole
}

// Sample makes Settle scale what is said of a number of people: the rows of those who are not drawn never passed the gate.
func (t *Tally) Sample(s *Sample) { t.sample = s }
