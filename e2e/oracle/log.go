package oracle

import (
	"cmp"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/malgrupp/malgrupp/e2e/feed"
)

// Log is what a run reads: rows, consent acts and the names of the partitions that the rows lie in, in order.
type Log struct {
	Rows       []feed.Row
	Acts       []feed.Event
	Partitions []string // none: the rows lie in no partitions
	GapsEmpty  bool     // on a day without a partition nothing happened
	Listed     []feed.Listed
	segments   []*Segment
	leaves     []*Leaf
	passes     []bits // by row: the leaves whose event and test it meets
	clock      clock
}

// bits is a set of leaves.
type bits [2]uint64

func (b *bits) set(i int)      { b[i/64] |= 1 << (i % 64) }
func (b *bits) has(i int) bool { return b[i/64]>>(i%64)&1 == 1 }

// Prepare tests every row against every condition once; segments come after those they refer to.
func Prepare(l *Log, segments []*Segment, zone string) (*Log, error) {
	z, err := time.LoadLocation(zone)
	if err != nil {
		return nil, err
	}
	l.segments, l.clock, l.leaves = segments, clock{z}, nil
	for _, s := range segments {
		s.each(func(x *Leaf) { l.leaves = append(l.leaves, x) }, func(string) {})
	}
	l.passes = make([]bits, len(l.Rows))
	for i := range l.Rows {
		for k, x := range l.leaves {
			if x.wants(l.clock, &l.Rows[i]) {
				l.passes[i].set(k)
			}
		}
	}
	return l, nil
}

// Settings are what a run is asked; all of them are microseconds.
type Settings struct {
	AsOf, KnownBy     int64
	Retention, MaxAge int64
	Linked            bool
	MinNotice         int64 // version of the notice that a grant must rest on
	// By purpose: where TC strings carry it; what is not here no string speaks of.
	Carriers map[string]Carrier
}

// What signals on rows deny, as acts and for the row itself.
var (
	gpcDenies     = []string{"partner_data", "activate:*"}
	browserDenies = []string{"profile", "link", "partner_data", "activate:*"}
)

// dedupeWithin is how long after a version of an event another one is its copy.
const dedupeWithin = 7 * day

// maxSkew is how far an event may lie ahead of its arrival.
const maxSkew = 5 * minute

// Result is what a run decides. Members and Control are by segment and use, ids in byte order.
type Result struct {
	Members, Control               map[[2]string][]string
	Unknown                        map[[2]string]int // people whose verdict is unknown, by segment and use
	Refused                        map[string]map[string]int64
	Admitted                       map[string]int64
	People                         map[string]int
	Wanted, Hidden, Skewed, Copies int64
	Conflicts                      int64 // copies that differ from the version just before
}

// run is one computation.
type run struct {
	*Log
	Settings
	cover   coverage
	spans   []span            // by leaf
	uses    []string          // sorted
	asks    []bits            // by use: the leaves of its segments
	under   []map[string]bool // by use: its segments, those referred to as well
	ledger  ledger
	star    *star
	copies  map[int]int        // a copy and the version just before it
	persons []map[string][]int // by use: the rows of each person
	result  *Result
}

// Run decides all segments.
func (l *Log) Run(s Settings) *Result {
	r := &run{Log: l, Settings: s, cover: l.cover(s.AsOf, s.KnownBy), result: &Result{
		Members: map[[2]string][]string{}, Control: map[[2]string][]string{}, Unknown: map[[2]string]int{},
		Refused: map[string]map[string]int64{}, Admitted: map[string]int64{}, People: map[string]int{},
	}}
	for _, x := range l.leaves {
		r.spans = append(r.spans, l.clock.of(x.Within, s.AsOf, r.cover.begin))
	}
	r.findUses()
	r.ledger = newLedger(append(r.said(), l.Acts...), l.Listed, r.purposes(), s)
	if s.Linked {
		r.star = newStar(l.Rows, s.KnownBy)
	}
	r.findCopies()
	for i := range l.Rows {
		r.row(i)
	}
	for u := range r.uses {
		r.result.People[r.uses[u]] = len(r.persons[u])
		r.settle(u)
	}
	return r.result
}

// findUses closes the uses of segments over references: who is referred to is asked under the referrer's uses.
func (r *run) findUses() {
	asked := map[string]map[string]bool{} // segment -> uses
	for _, s := range slices.Backward(r.segments) {
		if asked[s.Name] == nil {
			asked[s.Name] = map[string]bool{}
		}
		for _, u := range s.Uses {
			asked[s.Name][u] = true
			r.uses = append(r.uses, u)
		}
		s.each(func(*Leaf) {}, func(name string) {
			if asked[name] == nil {
				asked[name] = map[string]bool{}
			}
			for u := range asked[s.Name] {
				asked[name][u] = true
			}
		})
	}
	slices.Sort(r.uses)
	r.uses = slices.Compact(r.uses)
	r.asks = make([]bits, len(r.uses))
	r.under = make([]map[string]bool, len(r.uses))
	r.persons = make([]map[string][]int, len(r.uses))
	for u, use := range r.uses {
		r.persons[u] = map[string][]int{}
		r.under[u] = map[string]bool{}
		for _, s := range r.segments {
			if asked[s.Name][use] {
				r.under[u][s.Name] = true
				s.each(func(x *Leaf) { r.asks[u].set(slices.Index(r.leaves, x)) }, func(string) {})
			}
		}
		r.result.Refused[use] = map[string]int64{}
	}
}

// purposes are all that the uses ask, and what attaching a row to a customer does.
func (r *run) purposes() []string {
	out := []string{"link"}
	for _, use := range r.uses {
		out = append(out, purposes(use, strings.HasSuffix(use, ":customer"))...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// said is what the rows themselves say about consent, as acts of their devices. Of one thing that a device says several
// times on one UTC day the first and the last time count.
func (r *run) said() (out []feed.Event) {
	type thing struct {
		device, action, text string
		day                  int64
	}
	seen := map[thing]*[2]int64{}
	for i := range r.Rows {
		x := &r.Rows[i]
		if x.Received >= r.KnownBy {
			continue
		}
		see := func(action, text string) {
			k := thing{strings.TrimSpace(x.Device), action, text, floorDiv(x.Time, day)}
			if seen[k] == nil {
				seen[k] = &[2]int64{x.Time, x.Time}
			}
			seen[k][0], seen[k][1] = min(seen[k][0], x.Time), max(seen[k][1], x.Time)
		}
		if x.GPC != nil && *x.GPC {
			see("gpc", "")
		}
		if x.Browser != nil && *x.Browser {
			see("browser", "")
		}
		if x.TC != nil {
			see("state", *x.TC)
		}
	}
	denies := map[string][]string{"gpc": gpcDenies, "browser": browserDenies, "state": {"*"}}
	for k, times := range seen {
		for _, purpose := range denies[k.action] {
			for _, at := range times {
				out = append(out, feed.Event{
					Kind: "device", Subject: k.device, Action: k.action, Purpose: purpose, At: at, Source: "cmp", TC: k.text,
				})
			}
		}
	}
	return out
}

// refuses is what a signal on the row itself denies a purpose with.
func refuses(x *feed.Row, purpose string) string {
	named := func(signal *bool, purposes []string) bool {
		return signal != nil && *signal &&
			slices.ContainsFunc(purposes, func(p string) bool { return covers(p, purpose) })
	}
	switch {
	case named(x.GPC, gpcDenies):
		return "GPC"
	case named(x.Browser, browserDenies):
		return "BROWSER_SETTING"
	}
	return ""
}

// usable reports whether a row is visible and its clock can be believed.
func (r *run) usable(x *feed.Row) bool {
	return x.Received < r.KnownBy && x.Time < r.AsOf && x.Time <= x.Received+maxSkew
}

// findCopies marks every usable row of whose event a usable version arrived at most a week before it. Of versions that
// arrived at one instant the one with the least content hash counts; without hashes they count as in the order of the
// log.
func (r *run) findCopies() {
	versions := map[string][]int{}
	for i := range r.Rows {
		if r.usable(&r.Rows[i]) {
			versions[r.Rows[i].ID] = append(versions[r.Rows[i].ID], i)
		}
	}
	r.copies = map[int]int{}
	for _, of := range versions {
		slices.SortStableFunc(of, func(a, b int) int {
			return cmp.Or(cmp.Compare(r.Rows[a].Received, r.Rows[b].Received), cmp.Compare(r.Rows[a].Content, r.Rows[b].Content))
		})
		for k := 1; k < len(of); k++ {
			if r.Rows[of[k]].Received-r.Rows[of[k-1]].Received <= dedupeWithin {
				r.copies[of[k]] = of[k-1]
				if !sameContent(r.Rows[of[k-1]], r.Rows[of[k]]) {
					r.result.Conflicts++
				}
			}
		}
	}
}

// sameContent compares two versions of an event apart from their arrival.
func sameContent(a, b feed.Row) bool {
	a.Received, a.Content = b.Received, b.Content
	return reflect.DeepEqual(a, b)
}

// wanted reports which uses ask for a row, by event, test and window.
func (r *run) wanted(i int) (uses []int) {
	for u := range r.uses {
		for k := range r.leaves {
			if r.asks[u].has(k) && r.passes[i].has(k) && r.spans[k].has(r.Rows[i].Time) {
				uses = append(uses, u)
				break
			}
		}
	}
	return uses
}

// row counts a row and, for every use that asks for it, admits it or says why not.
func (r *run) row(i int) {
	uses := r.wanted(i)
	x := &r.Rows[i]
	switch {
	case len(uses) == 0:
		return
	case x.Received >= r.KnownBy:
		if len(r.Partitions) == 0 || floorDiv(x.Received, day)*day < r.KnownBy+day { // later partitions are not even opened
			r.result.Hidden++
		}
		return
	case x.Time > x.Received+maxSkew:
		r.result.Skewed++
		return
	}
	if _, copied := r.copies[i]; copied {
		r.result.Copies++
		return
	}
	r.result.Wanted++
	j := r.judge(x)
	for _, u := range uses {
		person, reason := j.admit(r.uses[u])
		if reason != "" {
			r.result.Refused[r.uses[u]][reason]++
			continue
		}
		r.result.Admitted[r.uses[u]]++
		r.persons[u][person] = append(r.persons[u][person], i)
	}
}

// judged is a row with its owner.
type judged struct {
	*run
	row              *feed.Row
	device, customer string // customer: of the login, or the one it is attached to
	login            bool
	owner            owner
}

func (r *run) judge(x *feed.Row) *judged {
	j := &judged{run: r, row: x, device: strings.TrimSpace(x.Device), login: x.Customer != nil}
	if j.login {
		j.customer = strings.TrimSpace(*x.Customer)
	}
	switch {
	case blocked(j.device):
		j.owner = owner{nobody: true, reason: "BLOCKED_DEVICE"}
	case j.login && blocked(j.customer):
		j.owner = owner{nobody: true, reason: "BLOCKED_CUSTOMER"}
	case r.star == nil:
		j.owner = owner{customer: j.customer, reason: "NO_LOGIN"}
	default:
		j.owner = r.star.own(j.device, j.customer, j.login, x.Time, func(c string) bool {
			return j.decide("link", []level{
				{j.says("device", j.device, "link"), true},
				{j.says("customer", c, "link"), false},
			}) == ""
		})
		j.customer = j.owner.customer
	}
	return j
}

func (j *judged) says(kind, id, purpose string) *timeline {
	return j.ledger[[3]string{kind, id, purpose}]
}

func (j *judged) decide(purpose string, levels []level) string {
	return decide(levels, j.row.Time, j.KnownBy, j.Retention, refuses(j.row, purpose))
}

// admit says under which id a use sees the row, or the reason why it does not.
func (j *judged) admit(use string) (person, refusal string) {
	customer := strings.HasSuffix(use, ":customer")
	if refusal := j.identity(customer); refusal != "" {
		return "", refusal
	}
	for _, p := range purposes(use, customer) {
		levels := []level{{j.says("device", j.device, p), true}}
		if j.customer != "" {
			levels = append(levels, level{j.says("customer", j.customer, p), j.login})
		}
		if refusal := j.decide(p, levels); refusal != "" {
			return "", refusal
		}
	}
	if !customer {
		return j.device, ""
	}
	return j.customer, j.others(use)
}

// identity is the part of the door that asks whose row it is.
func (j *judged) identity(customer bool) string {
	switch {
	case j.owner.nobody:
		return j.owner.reason
	case customer && j.owner.customer == "":
		return j.owner.reason
	case customer || j.star == nil:
		return ""
	case j.star.class[j.device] >= kioskFrom:
		return "KIOSK"
	case j.star.class[j.device] > 1:
		return "SHARED_DEVICE"
	case j.star.class[j.device] == 0 && j.customer != "":
		return "NOT_EXCLUSIVE" // a customer's row from when the device still was his alone
	}
	return ""
}

// purposes are what a use asks, in order.
func purposes(use string, customer bool) []string {
	out := []string{"profile"}
	if customer {
		out = append(out, "link")
	}
	if parts := strings.Split(use, ":"); parts[0] == "list" {
		out = append(out, "activate:"+parts[1])
	}
	return out
}

// others asks the other devices of the customer's star: none may deny the activation now.
func (j *judged) others(use string) string {
	if j.star == nil || !strings.HasPrefix(use, "list:") {
		return ""
	}
	var found []string
	for _, d := range j.star.devices[j.customer] {
		if d == j.device {
			continue
		}
		says := j.says("device", d, "activate:"+strings.Split(use, ":")[1])
		if says != nil && says.listed {
			found = append(found, "SUPPRESSED")
		}
		if s := says.at(j.KnownBy); s.deny != "" {
			found = append(found, s.deny)
		}
	}
	for _, reason := range append([]string{"ERASED", "SUPPRESSED"}, denials...) {
		if slices.Contains(found, reason) {
			return reason
		}
	}
	return ""
}
