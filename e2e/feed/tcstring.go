package feed

import (
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
)

// Choices is what a TC string says; purposes and vendors are sorted numbers, times microseconds UTC.
type Choices struct {
	Created, Updated                int64
	Consents, Interests             []int
	Vendors, VendorInterests        []int
	Ranged                          bool // the set of vendors is written as ranges
	Restrictions                    []Restriction
	Disclosed                       []int // nil: the string has no such segment
	Publisher                       bool  // the string has the publisher's segment
	Own, OwnInterests               []int
	Custom, CustomInterests         []int
	CustomPurposes                  int
	NotServiceSpecific, Trailing    bool
	Policy                          int
	SegmentsTwice, DisclosedLast    bool
	VersionOff, LanguageOff, Cutoff bool // what a string may be broken by
}

// Restriction is one of the publisher: of a purpose, for vendors.
type Restriction struct {
	Purpose, Kind int
	Vendors       []int
}

// tape is a string of zeros and ones.
type tape struct{ strings.Builder }

func (t *tape) number(v int64, width int) {
	digits := strconv.FormatInt(v, 2)
	t.WriteString(strings.Repeat("0", width-len(digits)) + digits)
}

func (t *tape) set(of []int, width int) {
	for i := 1; i <= width; i++ {
		bit := int64(0)
		if slices.Contains(of, i) {
			bit = 1
		}
		t.number(bit, 1)
	}
}

func (t *tape) ranges(ids []int) {
	t.number(int64(len(ids)), 12)
	for _, id := range ids {
		t.number(0, 1)
		t.number(int64(id), 16)
	}
}

func (t *tape) vendors(ids []int, ranged bool) {
	largest := 0
	if len(ids) > 0 {
		largest = slices.Max(ids)
	}
	t.number(int64(largest), 16)
	if ranged {
		t.number(1, 1)
		t.ranges(ids)
		return
	}
	t.number(0, 1)
	t.set(ids, largest)
}

func (t *tape) text() string {
	digits := t.String()
	digits += strings.Repeat("0", (24-len(digits)%24)%24)
	bytes := make([]byte, len(digits)/8)
	for i := range bytes {
		v, _ := strconv.ParseUint(digits[8*i:8*i+8], 2, 8)
		bytes[i] = byte(v)
	}
	return base64.RawURLEncoding.EncodeToString(bytes)
}

// tenths are the tenths of a second of an instant, as TC strings count.
func tenths(us int64) int64 { return us / 100_000 }

// TCString writes choices as a TC string.
func TCString(c Choices) string {
	var core tape
	core.number(2, 6)
	if c.VersionOff {
		core.Reset()
		core.number(3, 6)
	}
	core.number(tenths(c.Created), 36)
	core.number(tenths(c.Updated), 36)
	core.number(300, 12) // CMP
	core.number(1, 12)
	core.number(1, 6)
	letters := int64(4<<6 | 13)
	if c.LanguageOff {
		letters = 4<<6 | 60
	}
	core.number(letters, 12)
	core.number(48, 12)
	core.number(int64(c.Policy), 6)
	service := int64(1)
	if c.NotServiceSpecific {
		service = 0
	}
	core.number(service, 1)
	core.number(0, 1+12)
	core.set(c.Consents, 24)
	core.set(c.Interests, 24)
	core.number(0, 1)
	core.number(5<<6|8, 12)
	core.vendors(c.Vendors, c.Ranged)
	core.vendors(c.VendorInterests, false)
	core.number(int64(len(c.Restrictions)), 12)
	for _, r := range c.Restrictions {
		core.number(int64(r.Purpose), 6)
		core.number(int64(r.Kind), 2)
		core.ranges(r.Vendors)
	}
	if c.Trailing {
		core.number(1, 24)
	}
	text := core.text()
	if c.Cutoff {
		return text[:len(text)/2]
	}
	var more []string
	if c.Publisher {
		more = append(more, c.publisher())
	}
	if c.Disclosed != nil {
		var t tape
		t.number(1, 3)
		t.vendors(c.Disclosed, c.Ranged)
		more = append(more, t.text())
	}
	if c.DisclosedLast {
		slices.Reverse(more)
	}
	if c.SegmentsTwice {
		more = append(more, more...)
	}
	return strings.Join(append([]string{text}, more...), ".")
}

func (c *Choices) publisher() string {
	var t tape
	t.number(3, 3)
	t.set(c.Own, 24)
	t.set(c.OwnInterests, 24)
	t.number(int64(c.CustomPurposes), 6)
	t.set(c.Custom, c.CustomPurposes)
	t.set(c.CustomInterests, c.CustomPurposes)
	return t.text()
}
