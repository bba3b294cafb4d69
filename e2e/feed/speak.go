package feed

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
)

// Listed is one line of a list of people.
type Listed struct{ Kind, Subject, Purpose string }

// speakingVendors are the numbers of the destinations of the shop in the strings, and of somebody else.
const (
	DisplayVendor = 91
	MailVendor    = 755
	otherVendor   = 12
)

// Speak returns rows and acts to add to a disturbed log in which browsers refuse and TC strings come with pages and
// stand in the consent log, and who stands on lists. Few strings cannot be read; a log of more stops the run.
func Speak(rows []Row) (more []Row, acts []Event, suppressed, protected []Listed) {
	d := &disturber{Rand: rand.New(rand.NewPCG(20080401, 3)), rows: rows}
	yes, no := true, false
	for range 1500 {
		r := d.pick()
		r.ID = "s-" + r.ID
		switch d.IntN(8) {
		case 0:
			r.GPC = &yes
		case 1:
			r.Browser = &yes
		case 2:
			r.GPC, r.Browser = &yes, &yes
		case 3:
			r.GPC, r.Browser = &no, &no
		default:
			text := d.choose(r.Time)
			r.TC = &text
			if d.IntN(6) == 0 {
				r.GPC = &yes
			}
		}
		d.add(r)
		d.again(r)
	}
	for n := range 3000 {
		r := d.pick()
		e := act("device", r.Device, "state", "*", r.Time-int64(d.IntN(3))*int64(n))
		if r.Customer != nil && d.IntN(2) == 0 {
			e.Kind, e.Subject = "customer", *r.Customer
		}
		e.ID, e.TC = "t:"+strconv.Itoa(n), d.choose(e.At)
		e.Recorded += one[int64](d, 0, 0, microsPerDay)
		e.Source = one(d, "cmp", "cmp", "cmp", "bank_ui", "import")
		acts = append(acts, e)
	}
	for n := range 300 {
		acts = append(acts, d.replay(n)...)
	}
	for range 150 {
		r := d.pick()
		l := Listed{"device", r.Device, one(d, "", "*", "profile", "activate:mail", "activate:*", "link")}
		if r.Customer != nil {
			l.Kind, l.Subject = "customer", *r.Customer
		}
		suppressed = append(suppressed, l)
		protected = append(protected, Listed{"device", d.pick().Device, ""})
	}
	return d.out, acts, suppressed, protected[:20]
}

// replay is an objection that was lifted, and a string that is older than it.
func (d *disturber) replay(n int) (out []Event) {
	r := d.pick()
	for i, action := range []string{"object", "lift", "state"} {
		e := act("device", r.Device, action, "*", r.Time-int64(10-i)*microsPerDay)
		if e.ID = fmt.Sprintf("l:%d:%d", n, i); action == "state" {
			e.TC = TCString(granting(e.At - 20*microsPerDay))
		}
		out = append(out, e)
	}
	return out
}

// granting are choices that grant everything.
func granting(at int64) Choices {
	return Choices{
		Policy: 5, Created: at, Updated: at, Consents: []int{1, 2, 3, 4, 7, 9, 10},
		Vendors:   []int{otherVendor, DisplayVendor, MailVendor},
		Disclosed: []int{DisplayVendor, MailVendor}, Publisher: true, Own: []int{1, 3}, CustomPurposes: 2, Custom: []int{1},
	}
}

// again lets a page with the same string or signal be seen once more, sooner or later.
func (d *disturber) again(r Row) {
	for range d.IntN(4) {
		shift := one[int64](d, 1, microsPerMinute, 3*60*microsPerMinute, microsPerDay, 20*microsPerDay)
		r.ID, r.Time, r.Received = r.ID+"'", r.Time+shift, r.Received+shift
		d.add(r)
	}
}

// choose draws a string that was updated near an instant. Half of them grant everything.
func (d *disturber) choose(at int64) string {
	c := granting(at - int64(d.IntN(50))*microsPerDay)
	c.Ranged, c.Publisher, c.DisclosedLast = d.IntN(2) == 0, d.IntN(10) > 0, d.IntN(2) == 0
	c.Updated = one(d, c.Created, at-at%microsPerDay, at-1, at-100_000, at+int64(d.IntN(3))*microsPerDay)
	c.Created = min(c.Created, c.Updated)
	if d.IntN(2) == 0 {
		for range 1 + d.IntN(2) {
			d.refuse(&c)
		}
	}
	if d.IntN(40) == 0 {
		d.smash(&c)
	}
	text := TCString(c)
	if d.IntN(400) == 0 {
		return fmt.Sprintf("%s%c", text, one(d, '!', '.', ' '))
	}
	return text
}

// refuse takes something out of the choices, or adds what makes them void.
func (d *disturber) refuse(c *Choices) {
	without := func(of []int, id int) []int {
		return slices.DeleteFunc(slices.Clone(of), func(x int) bool { return x == id })
	}
	vendor, purpose := one(d, DisplayVendor, MailVendor), one(d, 1, 3, 4, 2, 9)
	switch d.IntN(12) {
	case 0:
		c.Consents = without(c.Consents, purpose)
	case 1:
		c.Consents, c.Interests = without(c.Consents, 2), []int{2, 7}
	case 2:
		c.Vendors = without(c.Vendors, vendor)
	case 3:
		c.Disclosed = without(c.Disclosed, vendor)
	case 4:
		c.Disclosed = nil
	case 5:
		c.Restrictions = append(c.Restrictions, Restriction{purpose, d.IntN(3), []int{otherVendor, vendor}})
		slices.SortFunc(c.Restrictions, func(a, b Restriction) int { return a.Purpose - b.Purpose })
	case 6:
		c.Own = without(c.Own, one(d, 1, 3))
	case 7:
		c.Own, c.OwnInterests = []int{1}, []int{2, 3}
	case 8:
		c.Custom = nil
	case 9:
		c.Custom, c.CustomInterests = nil, []int{1, 2}
	case 10:
		c.Consents, c.Vendors, c.Own, c.Custom = nil, nil, nil, nil
	default:
		c.Interests, c.VendorInterests = []int{one(d, 3, 5, 6)}, []int{vendor}
	}
}

// smash makes a string one that cannot be read, was updated before it was created or lies ahead.
func (d *disturber) smash(c *Choices) {
	switch d.IntN(8) {
	case 0:
		c.VersionOff = true
	case 1:
		c.LanguageOff = true
	case 2:
		c.Cutoff = true
	case 3:
		c.Trailing = true
	case 4:
		c.SegmentsTwice = len(c.Disclosed) > 0 || c.Publisher
	case 5:
		c.Created = c.Updated + 100_000
	case 6:
		c.Updated += 400 * microsPerDay
	default:
		c.Policy, c.NotServiceSpecific = 2, true // neither was forbidden at the time
	}
}
