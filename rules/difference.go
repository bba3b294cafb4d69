package rules

import (
	"slices"
)

// Difference is one thing that two rules say differently.
type Difference struct {
	Path string `json:"path"` // of the condition in the newer rule, of one that is gone in the older rule; "" for the rule itself
	What string `json:"what"` // the key: within, where, purpose, ...; or condition, for one that only one rule has
	Old  string `json:"old"`  // "" if it was not there
	New  string `json:"new"`  // "" if it is gone
}

// Differences lists what two rules say differently, in the order of the newer rule. Rules with equal definition hashes have
// none. The order of terms and of keys, names, owners and dates make no difference.
func Differences(old, now *Segment) []Difference {
	d := differ{}
	d.aspects("", slices.DeleteFunc(old.aspects(), isCondition), slices.DeleteFunc(now.aspects(), isCondition))
	d.conditions(old.Match, now.Match)
	d.conditions(old.Exclude, now.Exclude)
	return d.found
}

// isCondition reports whether an aspect of a segment is compared condition by condition.
func isCondition(a aspect) bool { return a.key == "match" || a.key == "exclude" }

type differ struct{ found []Difference }

func (d *differ) aspects(path string, old, now []aspect) {
	find := func(in []aspect, key string) string {
		if i := slices.IndexFunc(in, func(a aspect) bool { return a.key == key }); i >= 0 {
			return in[i].text
		}
		return ""
	}
	for _, a := range now {
		if was := find(old, a.key); was != a.text {
			d.found = append(d.found, Difference{path, a.key, was, a.text})
		}
	}
	for _, a := range old {
		if find(now, a.key) == "" {
			d.found = append(d.found, Difference{path, a.key, a.text, ""})
		}
	}
}

// conditions compares two conditions that stand in the same place; nil is none.
func (d *differ) conditions(old, now *Condition) {
	switch {
	case old == nil && now == nil:
	case old == nil:
		d.found = append(d.found, Difference{now.Path, "condition", "", now.Normal()})
	case now == nil:
		d.found = append(d.found, Difference{old.Path, "condition", old.Normal(), ""})
	case old.Normal() == now.Normal():
	case old.Verb != now.Verb:
		d.found = append(d.found, Difference{now.Path, "condition", old.Normal(), now.Normal()})
	default:
		if old.Count != now.Count {
			d.found = append(d.found, Difference{now.Path, "count", Number{Int: int64(old.Count)}.String(), Number{Int: int64(now.Count)}.String()})
		}
		d.aspects(now.Path, old.aspects(), now.aspects())
		d.children(old.Children, now.Children)
	}
}

// children compares the terms of two conditions. Terms are partners if they say the same; of those left, the ones that say
// most of the same.
func (d *differ) children(old, now []*Condition) {
	partner := make([]*Condition, len(now))
	left := slices.Clone(old)
	for least := whole; least > 0; least-- {
		for i, n := range now {
			if partner[i] != nil {
				continue
			}
			if k := slices.IndexFunc(left, func(o *Condition) bool { return likeness(o, n) >= least }); k >= 0 {
				partner[i] = left[k]
				left = slices.Delete(left, k, k+1)
			}
		}
	}
	for i, n := range now {
		d.conditions(partner[i], n)
	}
	for _, o := range left {
		d.conditions(o, nil)
	}
}

// whole is the likeness of conditions that say the same.
const whole = 4

// likeness says how much two conditions have in common: 0 if they have different verbs.
func likeness(a, b *Condition) int {
	same := func(key string) int {
		of := func(c *Condition) string {
			for _, x := range c.aspects() {
				if x.key == key {
					return x.text
				}
			}
			return ""
		}
		if of(a) == of(b) {
			return 1
		}
		return 0
	}
	switch {
	case a.Verb != b.Verb:
		return 0
	case a.Normal() == b.Normal():
		return whole
	}
	return 1 + same("events") + same("where")
}
