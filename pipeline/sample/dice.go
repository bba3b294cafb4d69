package sample

import "math/rand/v2"

// dice is a source of chance that can be put back to any place at no cost: what happens to one person on one day
// depends on nothing but the seed, the person and the day, so every part of a log can be made on its own. It is
// SplitMix64.
type dice struct{ state uint64 }

// Uint64 makes dice a rand.Source.
func (d *dice) Uint64() uint64 {
	d.state += 0x9e3779b97f4a7c15
	return mix(d.state)
}

func mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// Labels keep chances apart that would otherwise be rolled with the same numbers.
const (
	personLabel = iota + 1
	dayLabel
	partnerLabel
	idLabel
	deviceLabel
	customerLabel
	consentLabel
	heartbeatLabel = 11 // not the next one: the rows of a seed stay what they are
)

// hash mixes a seed, a label and numbers into one.
func hash(seed uint64, label uint64, numbers ...uint64) uint64 {
	h := mix(seed + 0x9e3779b97f4a7c15*label)
	for _, n := range numbers {
		h = mix(h ^ mix(n+0x9e3779b97f4a7c15))
	}
	return h
}

// chance is dice with the usual ways to ask them.
type chance struct {
	*rand.Rand
	dice *dice
}

func newChance() chance {
	d := &dice{}
	return chance{rand.New(d), d}
}

// put puts the dice back to the place that a hash names.
func (c chance) put(place uint64) { c.dice.state = place }

// percent is true in n of a hundred cases.
func (c chance) percent(n int) bool { return c.IntN(100) < n }

// between is a number from lo to hi, both included.
func (c chance) between(lo, hi int) int { return lo + c.IntN(hi-lo+1) }

// pick chooses one of some words.
func (c chance) pick(words []string) string { return words[c.IntN(len(words))] }
