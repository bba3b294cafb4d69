package identity

import (
	"cmp"
	"slices"
)

const day = 24 * 3600 * 1_000_000 // microseconds

// Login says that a customer was logged in on a device at an instant (microseconds UTC).
type Login struct {
	Device, Customer Number
	At               int64
}

// Compact sorts logins in place and keeps, of one customer's logins on one device on one UTC day, the first and the
// last. All windows of the star map are at least a day long, so nothing is lost: an instant whose window holds some
// login of a day also holds the first or the last of that day. Whoever collects logins may compact as often as he
// likes, alone or together with those of others.
func Compact(logins []Login) []Login {
	slices.SortFunc(logins, func(a, b Login) int { return cmp.Or(cmp.Compare(a.Device, b.Device), byCustomer(a, b)) })
	return firstAndLast(logins)
}

func byCustomer(a, b Login) int {
	return cmp.Or(cmp.Compare(a.Customer, b.Customer), cmp.Compare(a.At, b.At))
}

func byTime(a, b Login) int {
	return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.Customer, b.Customer))
}

// firstAndLast thins logins sorted by device, customer and time.
func firstAndLast(sorted []Login) []Login {
	n := 0
	for _, e := range sorted {
		switch {
		case n >= 1 && sorted[n-1] == e:
		case n >= 2 && sameDay(sorted[n-1], e) && sameDay(sorted[n-2], e):
			sorted[n-1] = e
		default:
			sorted[n] = e
			n++
		}
	}
	return sorted[:n]
}

func sameDay(a, b Login) bool {
	return a.Device == b.Device && a.Customer == b.Customer && floorDay(a.At) == floorDay(b.At)
}

func floorDay(at int64) int64 {
	d := at / day
	if at%day < 0 {
		d--
	}
	return d
}

// byDevice files logins by device (a counting sort: device numbers are dense): those of device d are
// out[first[d]:first[d+1]], thinned and in order of time.
func byDevice(logins []Login, bound int) (out []Login, first []uint32) {
	first = make([]uint32, bound+1)
	for _, e := range logins {
		first[e.Device]++
	}
	sum := uint32(0)
	for d, n := range first {
		first[d] = sum
		sum += n
	}
	out = make([]Login, len(logins))
	for _, e := range logins {
		out[first[e.Device]] = e
		first[e.Device]++
	}
	// first[d] is now where device d ends, in the unthinned order.
	from, kept := uint32(0), uint32(0)
	for d := range bound {
		end := first[d]
		run := out[from:end]
		slices.SortFunc(run, byCustomer)
		run = firstAndLast(run)
		slices.SortFunc(run, byTime)
		first[d] = kept
		kept += uint32(copy(out[kept:], run))
		from = end
	}
	first[bound] = kept
	return out[:kept], first
}
