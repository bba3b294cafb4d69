// Package diff lists what two rules say differently, each difference with the older rule changed by it alone.
package diff

import (
	"slices"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/value"
)

// Difference is one thing that two rules say differently.
type Difference struct {
	// of the condition in the newer rule, of one that is gone in the older rule; "" for the rule itself
	Path string `json:"path"`
	What string `json:"what"` // the key: within, where, purpose, ...; or condition, for one that only one rule has
	Old  string `json:"old"`  // "" if it was not there
	New  string `json:"new"`  // "" if it is gone
}

// String is a difference in one line, with a sign for what is new, gone or other.
func (d Difference) String() string {
	at := d.What
	if d.Path != "" {
		at += " of " + d.Path
	}
	switch {
	case d.Old == "":
		return "+ " + at + ": " + d.New
	case d.New == "":
		return "- " + at + ": " + d.Old
	}
	return "~ " + at + ": " + d.Old + " -> " + d.New
}

// Differences lists what two rules say differently, in the order of the newer rule. Rules with equal definition hashes
// have none. The order of terms and of keys, names, owners and dates make no difference.
func Differences(old, now *rules.Segment) (out []Difference) {
	for _, c := range Changes(old, now) {
		out = append(out, c.Difference)
	}
	return out
}

// isCondition reports whether an aspect of a segment is compared condition by condition.
func isCondition(a rules.Aspect) bool { return a.Key == "match" || a.Key == "exclude" }

// differ compares two rules; each difference comes with the way to make it alone in the older one.
type differ struct {
	old, now *rules.Segment
	found    []Change
}

func (d *differ) add(path, what, old, now string, alone *rules.Segment) {
	d.found = append(d.found, Change{Difference{path, what, old, now}, alone})
}

// aspects compares what two rules, or two conditions, say key by key.
func (d *differ) aspects(path string, old, now []rules.Aspect, alone func(key string) *rules.Segment) {
	find := func(in []rules.Aspect, key string) rules.Aspect {
		if i := slices.IndexFunc(in, func(a rules.Aspect) bool { return a.Key == key }); i >= 0 {
			return in[i]
		}
		return rules.Aspect{}
	}
	for _, a := range now {
		if was := find(old, a.Key); was.Text != a.Text {
			d.add(path, a.Key, was.Shown(), a.Shown(), alone(a.Key))
		}
	}
	for _, a := range old {
		if find(now, a.Key).Text == "" {
			d.add(path, a.Key, a.Shown(), "", alone(a.Key))
		}
	}
}

// roots compares the conditions that stand in no other.
func (d *differ) roots(old, now *rules.Condition, put func(s *rules.Segment, c *rules.Condition)) {
	switch {
	case old == nil && now == nil:
	case old == nil:
		d.add(now.Path, "condition", "", now.Normal(), d.alone(func(s *rules.Segment) { put(s, now) }))
	case now == nil:
		d.add(old.Path, "condition", old.Normal(), "", d.alone(func(s *rules.Segment) { put(s, nil) }))
	default:
		d.conditions(old, now)
	}
}

// conditions compares two conditions that stand in the same place.
func (d *differ) conditions(old, now *rules.Condition) {
	switch {
	case old.Normal() == now.Normal():
	case old.Verb != now.Verb:
		d.add(now.Path, "condition", old.Normal(), now.Normal(), d.instead(old, now))
	default:
		if old.Count != now.Count {
			with := *old
			with.Count = min(now.Count, len(old.Children))
			d.add(now.Path, "count", value.Number{Int: int64(old.Count)}.String(), value.Number{
				Int: int64(now.Count),
			}.String(), d.instead(old, &with))
		}
		d.aspects(now.Path, old.Aspects(), now.Aspects(), func(key string) *rules.Segment {
			with := *old
			with.Take(key, now)
			return d.instead(old, &with)
		})
		if len(old.Children) == 1 && len(now.Children) == 1 {
			d.conditions(old.Children[0], now.Children[0])
		} else {
			d.children(old, now)
		}
	}
}

// children compares the terms of two conditions. Terms are partners if they say the same; of those left, the ones that
// say most of the same.
func (d *differ) children(old, now *rules.Condition) {
	partner := make([]*rules.Condition, len(now.Children))
	left := slices.Clone(old.Children)
	for least := whole; least > 0; least-- {
		for i, n := range now.Children {
			if partner[i] != nil {
				continue
			}
			if k := slices.IndexFunc(left, func(o *rules.Condition) bool { return likeness(o, n) >= least }); k >= 0 {
				partner[i] = left[k]
				left = slices.Delete(left, k, k+1)
			}
		}
	}
	for i, n := range now.Children {
		if partner[i] != nil {
			d.conditions(partner[i], n)
			continue
		}
		with := *old
		with.Children = append(slices.Clone(old.Children), n)
		d.add(n.Path, "condition", "", n.Normal(), d.instead(old, &with))
	}
	for _, o := range left {
		d.add(o.Path, "condition", o.Normal(), "", d.instead(o, nil))
	}
}

// whole is the likeness of conditions that say the same.
const whole = 4

// likeness says how much two conditions have in common: 0 if they have different verbs.
func likeness(a, b *rules.Condition) int {
	same := func(key string) int {
		of := func(c *rules.Condition) string {
			for _, x := range c.Aspects() {
				if x.Key == key {
					return x.Text
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
