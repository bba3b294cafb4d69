package oracle

import (
	"slices"
	"strconv"
	"strings"
)

// Carrier says where a TC string carries a purpose: the publisher's purposes and custom purposes of one of ours, or a
// vendor and the purposes that it needs.
type Carrier struct {
	Own, Custom, Needs []int
	Vendor             int
}

// choices is what a TC string says; vendors and purposes are sets.
type choices struct {
	created, updated        int64 // tenths of a second
	policy                  int
	service                 bool
	consents, interests     map[int]bool
	vendors, disclosed      map[int]bool // disclosed is nil without the segment
	restricted              map[[3]int]bool
	publisher               bool
	own, ownInterests       map[int]bool
	custom, customInterests map[int]bool
	unreadable              bool
}

// reel reads bits, each of them a digit, from the left; bad is that they did not suffice or make no sense.
type reel struct {
	digits string
	bad    bool
}

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

func newReel(segment string) *reel {
	var b strings.Builder
	for range 2 {
		segment = strings.TrimSuffix(segment, "=")
	}
	for _, c := range segment {
		i := strings.IndexRune(alphabet, c)
		if i < 0 {
			return &reel{bad: true}
		}
		digits := strconv.FormatInt(int64(i), 2)
		b.WriteString(strings.Repeat("0", 6-len(digits)) + digits)
	}
	return &reel{digits: b.String(), bad: segment == ""}
}

func (r *reel) number(width int) int64 {
	if r.bad || len(r.digits) < width {
		r.bad = true
		return 0
	}
	n, _ := strconv.ParseInt("0"+r.digits[:width], 2, 64)
	r.digits = r.digits[width:]
	return n
}

func (r *reel) set(width int) map[int]bool {
	out := map[int]bool{}
	for i := 1; i <= width && !r.bad; i++ {
		if r.number(1) == 1 {
			out[i] = true
		}
	}
	return out
}

func (r *reel) ranges(largest int) map[int]bool {
	out := map[int]bool{}
	for n := r.number(12); n > 0 && !r.bad; n-- {
		long := r.number(1) == 1
		from := int(r.number(16))
		to := from
		if long {
			to = int(r.number(16))
		}
		r.bad = r.bad || from == 0 || to < from || to > largest
		for id := from; id <= to && !r.bad; id++ {
			out[id] = true
		}
	}
	return out
}

func (r *reel) vendors() map[int]bool {
	largest := int(r.number(16))
	if r.number(1) == 1 {
		return r.ranges(largest)
	}
	return r.set(largest)
}

func (r *reel) letters() {
	for range 2 {
		r.bad = r.number(6) > 25 || r.bad
	}
}

// over checks that nothing but zeros is left.
func (r *reel) over() bool { return !r.bad && strings.Trim(r.digits, "0") == "" }

// read reads a TC string; of one that cannot be read only that is known.
func read(text string) *choices {
	segments := strings.Split(text, ".")
	r := newReel(segments[0])
	c := &choices{restricted: map[[3]int]bool{}}
	bad := len(text) > 16384 || r.number(6) != 2
	c.created, c.updated = r.number(36), r.number(36)
	r.number(12 + 12 + 6)
	r.letters()
	r.number(12)
	c.policy, c.service = int(r.number(6)), r.number(1) == 1
	r.number(1 + 12)
	c.consents, c.interests = r.set(24), r.set(24)
	r.number(1)
	r.letters()
	c.vendors = r.vendors()
	r.vendors()
	for n := r.number(12); n > 0 && !r.bad; n-- {
		purpose, kind := int(r.number(6)), int(r.number(2))
		for vendor := range r.ranges(65535) {
			c.restricted[[3]int{purpose, kind, vendor}] = true
		}
	}
	bad = !r.over() || bad
	met := map[int64]bool{}
	for _, segment := range segments[1:] {
		r := newReel(segment)
		kind := r.number(3)
		switch kind {
		case 1:
			c.disclosed = r.vendors()
		case 2:
			r.vendors()
		case 3:
			c.publisher = true
			c.own, c.ownInterests = r.set(24), r.set(24)
			n := int(r.number(6))
			c.custom, c.customInterests = r.set(n), r.set(n)
		default:
			bad = true
		}
		bad = bad || met[kind] || !r.over()
		met[kind] = true
	}
	c.unreadable = bad
	return c
}

// tenth is a tenth of a second in microseconds.
const tenth = minute / 600

// Instants at which the rules for strings changed, in seconds since 1970-01-01.
const (
	globalScopeEnds = 1630454400 // 2021-09-01
	policyFour      = 1696118400 // 2023-10-01
	disclosedBegins = 1772323200 // 2026-03-01
)

// finding is why a string as a whole denies whatever strings are asked about.
func (c *choices) finding(now int64) string {
	updated := c.updated / 10
	li := func(p int) bool { return c.interests[p] }
	switch {
	case c.unreadable:
		return "TC_INVALID"
	case c.updated*tenth > now+day:
		return "TC_FUTURE"
	case c.updated < c.created:
		return "TC_TIME_ORDER"
	case updated >= globalScopeEnds && !c.service:
		return "TC_GLOBAL_SCOPE"
	case updated >= policyFour && c.policy < 4:
		return "TC_POLICY_OLD"
	case c.policy >= 4 && slices.ContainsFunc([]int{3, 4, 5, 6}, li):
		return "TC_LI_3_6"
	case updated >= disclosedBegins && c.disclosed == nil:
		return "TC_NO_DISCLOSED"
	}
	return ""
}

// says is whether a string speaks of a purpose, and why it denies it, "" if it grants.
func (c *choices) says(k Carrier, now int64) (speaks bool, denial string) {
	if k.Vendor == 0 && len(k.Own)+len(k.Custom) == 0 {
		return false, ""
	}
	if found := c.finding(now); found != "" {
		return true, found
	}
	if k.Vendor == 0 {
		return c.publisher, lacking(lack(k.Own, c.own, c.ownInterests), lack(k.Custom, c.custom, c.customInterests))
	}
	for _, p := range k.Needs {
		if c.restricted[[3]int{p, 0, k.Vendor}] || c.restricted[[3]int{p, 2, k.Vendor}] {
			return true, "TC_RESTRICTED"
		}
	}
	denial = lacking(lack(k.Needs, c.consents, c.interests))
	switch {
	case denial != "":
	case !c.vendors[k.Vendor]:
		denial = "TC_NO_VENDOR"
	case c.disclosed != nil && !c.disclosed[k.Vendor]:
		denial = "TC_NOT_DISCLOSED"
	}
	return true, denial
}

// lack is which of the needed are not consented to: with a legitimate interest, and without.
func lack(needed []int, consents, interests map[int]bool) (n [2]int) {
	for _, p := range needed {
		switch {
		case consents[p]:
		case interests[p]:
			n[0]++
		default:
			n[1]++
		}
	}
	return n
}

func lacking(of ...[2]int) string {
	var n [2]int
	for _, o := range of {
		n[0], n[1] = n[0]+o[0], n[1]+o[1]
	}
	switch {
	case n[1] > 0:
		return "TC_NO_PURPOSE"
	case n[0] > 0:
		return "TC_LI_ONLY"
	}
	return ""
}
