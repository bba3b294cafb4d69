package feed

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The real log is well behaved. What follows adds what exporters and people do besides: clocks that run ahead, versions
// that contradict each other, ids that name nobody, devices in many hands, staff who log in everywhere, odd addresses
// and every act of consent. It is the same at every run.

const (
	microsPerMinute = int64(time.Minute / time.Microsecond)
	microsPerDay    = 24 * 60 * microsPerMinute
)

// disturber draws rows to spoil.
type disturber struct {
	*rand.Rand
	rows      []Row
	customers []string
	out       []Row
}

// Disturb returns rows to add to a log.
func Disturb(rows []Row) []Row {
	d := &disturber{Rand: rand.New(rand.NewPCG(20080401, 1)), rows: rows}
	for i := range rows {
		if c := rows[i].Customer; c != nil {
			d.customers = append(d.customers, *c)
		}
	}
	for range 400 {
		d.clocks()
		d.versions()
		d.ids()
		d.cells()
		d.hands()
	}
	d.staff()
	return d.out
}

// pick draws a row and gives its copy an event id of its own.
func (d *disturber) pick() Row {
	r := d.rows[d.IntN(len(d.rows))]
	r.ID = "x-" + strconv.Itoa(len(d.out)) + "-" + r.ID
	return r
}

func (d *disturber) add(r Row) { d.out = append(d.out, r) }

// one draws from a few.
func one[T any](d *disturber, of ...T) T { return of[d.IntN(len(of))] }

// clocks are rows that arrive before they happened: within the tolerance, at its end, and beyond, where a skewed
// version comes before a good one and must not make a copy of it.
func (d *disturber) clocks() {
	r := d.pick()
	good := r
	r.Received = r.Time - 5*microsPerMinute + one[int64](d, 0, 1, -1, microsPerMinute, -microsPerMinute)
	d.add(r)
	d.add(good)
}

// versions are further arrivals of one event: inside and outside the week, in chains, alike and different.
func (d *disturber) versions() {
	r := d.pick()
	d.add(r)
	for range 1 + d.IntN(3) {
		r.Received += one[int64](d, 1, microsPerMinute, 6*microsPerDay, 7*microsPerDay, 7*microsPerDay+1, 8*microsPerDay)
		if d.IntN(2) == 0 {
			price := int32(d.IntN(90))
			r.Price, r.URL = &price, "https://shop.example/trousers/A"+strconv.Itoa(d.IntN(9))+"?p=2"
		}
		d.add(r)
	}
}

// ids are devices and customers that name nobody, or somebody in another spelling.
func (d *disturber) ids() {
	r := d.pick()
	nobody := one(d, "", "NULL", "0", "00000000-0000-0000-0000-000000000000", "xxxx", "Unknown", "(not set)", "a\tb",
		strings.Repeat("long", 33), "n/a")
	switch d.IntN(4) {
	case 0:
		r.Device = nobody
	case 1:
		r.Customer = &nobody
	case 2:
		r.Device = "  " + r.Device + "\t"
	default:
		r.Device = one(d, "xxx", strings.ToUpper(r.Device), strings.Repeat("l", 64)+strings.Repeat("m", 64))
	}
	d.add(r)
}

// cells are values that tests on a row may stumble over.
func (d *disturber) cells() {
	r := d.pick()
	switch d.IntN(4) {
	case 0:
		r.Price = nil
	case 1:
		r.Country, r.Session = nil, nil
	case 2:
		r.Event = "purchase"
	default:
		r.URL = one(d, "", "/trousers/A1?p=3", "HTTPS://user@SHOP.Example:443/sale/P1?p=5&p=1", "shop.example/blouses/B2?p",
			"https://shop.example",
			"https://shop.example?p=2", "https://shop.example/skirts/B1#?p=2", "https://shop.example/skirts/B1?p==2",
			"a/b://shop.example/trousers/?p=2",
			"https://shop.example/trousers/A2?q=1&p=5#p=1", "https://shop.example/skirts/C3?p=2\n", "https://@/sale/")
	}
	d.add(r)
}

// hands let other customers log in on a device: one makes it shared, four make it a kiosk.
func (d *disturber) hands() {
	r := d.pick()
	for range one(d, 1, 1, 1, 2, 4, 5) {
		c := one(d, d.customers...)
		r.ID, r.Customer = r.ID+"'", &c
		shift := int64(d.IntN(30)) * microsPerDay
		r.Time, r.Received = r.Time+shift, r.Received+shift
		d.add(r)
	}
}

// staff log in on more devices than anybody owns, at the limit and beyond it.
func (d *disturber) staff() {
	for n, devices := range []int{20, 21, 40} {
		c := "c-staff-" + strconv.Itoa(n)
		for range devices {
			for range 3 {
				r := d.pick()
				r.Customer = &c
				d.add(r)
			}
		}
	}
}

// DisturbConsent returns acts to add to a consent log: objections and their end, erasures, browser signals, wildcards,
// grants nobody may trust, acts dated ahead, repetitions.
func DisturbConsent(acts []Event, rows []Row) []Event {
	d := &disturber{Rand: rand.New(rand.NewPCG(20080401, 2)), rows: rows}
	var out []Event
	for n := range 6000 {
		a := acts[d.IntN(len(acts))]
		if d.IntN(20) == 0 {
			out = append(out, a) // the same event twice
			continue
		}
		a.At += int64(d.IntN(100))*microsPerDay + int64(n)
		a.Recorded = a.At + one[int64](d, 0, 0, microsPerDay)
		a.Action = one(d, "object", "object", "lift", "gpc", "browser", "deny", "withdraw", "grant", "grant", "erase")
		a.Purpose = one(d, a.Purpose, a.Purpose, a.Purpose, "*", "activate:*")
		a.Source = one(d, "cmp", "bank_ui", "call_centre", "import")
		if a.Action == "erase" && d.IntN(3) > 0 {
			a.Action = "grant"
		}
		if d.IntN(10) == 0 {
			a.Subject = " " + a.Subject + " "
		}
		a.ID = "x:" + strconv.Itoa(n)
		out = append(out, a)
	}
	for n := range 2000 {
		out = append(out, d.void(n))
	}
	return out
}

// void is an act that means to grant and does not, or denies before its time.
func (d *disturber) void(n int) Event {
	r := d.pick()
	a := act("device", r.Device, "grant", "profile", r.Time-int64(n))
	if r.Customer != nil {
		a = act("customer", *r.Customer, "grant", one(d, "profile", "link", "activate:mail"), r.Time-int64(n))
	}
	a.ID = "v:" + strconv.Itoa(n)
	switch d.IntN(4) {
	case 0:
		a.Source = "import"
	case 1:
		a.Purpose = "*"
	case 2:
		a.At += 200 * microsPerDay
	default:
		a.At, a.Action = a.At+200*microsPerDay, one(d, "deny", "object")
	}
	return a
}

// WriteDisturbed adds rows to a click log, as further objects of that name: one in each partition, or one without
// partitions.
func WriteDisturbed(dir, object string, rows []Row, partitioned bool) error {
	rows = slices.Clone(rows)
	slices.SortStableFunc(rows, func(a, b Row) int { return cmp.Compare(a.Received, b.Received) })
	for len(rows) > 0 {
		day, n := "", len(rows)
		if partitioned {
			day, n = partition(rows[0].Received), 1
			for n < len(rows) && partition(rows[n].Received) == day {
				n++
			}
		}
		if err := WriteRows(dir, day, object, rows[:n]); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}
