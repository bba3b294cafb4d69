package segments

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/fold"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/segments/consent"
)

// Count is a statistic and the use it is counted for, of devices whose rows say whose they are.
type Count struct {
	Statistic *rules.Statistic
	Use       int
}

// Period is a stretch of time that a statistic counts by: the window as a whole, or each day, week or month in it.
type Period struct {
	From, Before int64 // microseconds UTC
	Part         bool  // the window has only a part of it
	Lacking      bool  // data are missing that could change what is counted
	Beside       bool  // data are missing, it may be beside the period, that could change its sessions
}

// counting is a statistic bound to a plan.
type counting struct {
	*rules.Statistic
	periods []Period
	dims    []int // by dimension: which of the leaf's dims it reads, -1 for none
	topics  int   // the first part that is a topic; 0: none is
	every   int   // the part that is every row, of which sessions are made; 0: the counted rows are
	topic   int   // the dimension of topics, -1: none
	names   *Names
}

// counted is the part of a statistic that is the rows it counts.
const counted = 0

// plain reports whether a row alone says where it is counted.
func (c *counting) plain() bool {
	return c.Rows.Sequence == nil && !c.Sessions() && !c.Since() && c.topic < 0
}

// count binds a statistic.
func (b *builder) count(c Count) error {
	s := c.Statistic
	from, before := s.Rows.Window.Bounds(b.AsOf, b.cov.From(s.Rows), s.Zone)
	l := leaf{condition: s.Rows, needs: fold.NeedTime, session: -1, uses: 1 << c.Use}
	l.setting = fold.Setting{Zone: s.Zone, AsOf: b.AsOf, From: from, Before: before, Gap: b.gap}
	n := &counting{Statistic: s, topic: -1, names: &b.names}
	parts := n.parts(s)
	if len(parts) > maxParts {
		return fmt.Errorf("it asks for %d kinds of event, at most %d are possible", len(parts), maxParts)
	}
	for _, k := range parts {
		l.parts = append(l.parts, b.part(k, &l.setting))
	}
	if len(parts) > 1 {
		l.needs |= fold.NeedParts
	}
	if s.Sessions() {
		l.needs |= fold.NeedSession | fold.NeedTie // and in its order
		l.session, b.sessions = b.value(rules.Reading{Role: rules.RoleSession}), true
		l.tie = b.ties()
	} else {
		l.needs |= fold.NeedOrder
	}
	n.periods = b.periods(s, &l)
	at := len(b.leaves)
	if n.plain() { // equal rows are gathered once; where their order matters it is each statistic's own
		if i := slices.IndexFunc(b.leaves, func(o leaf) bool { return o.gathers(&l) }); i >= 0 {
			at = i
		}
	}
	if at == len(b.leaves) {
		b.leaves = append(b.leaves, l)
	}
	to := &b.leaves[at]
	for i := range s.By {
		n.dims = append(n.dims, -1)
		if d := &s.By[i]; d.Takes {
			v := b.value(rules.Reading{Column: d.Term.Column, Type: d.Term.Of, Function: d.Function, Key: d.Term.Key})
			if n.dims[i] = slices.Index(to.dims, v); n.dims[i] < 0 {
				n.dims[i], to.dims = len(to.dims), append(to.dims, v)
			}
		}
	}
	b.owners = true
	b.counts = append(b.counts, [2]int{at, len(to.counting)})
	to.counting = append(to.counting, n)
	return nil
}

// gathers reports whether a leaf gathers the rows of another one's plain statistic.
func (l *leaf) gathers(o *leaf) bool {
	return l.counting != nil && l.counting[0].plain() && slices.Equal(l.parts, o.parts) && l.uses == o.uses
}

// parts are the kinds of row that a statistic wants.
func (c *counting) parts(s *rules.Statistic) (out []fold.Part) {
	if q := s.Rows.Sequence; q != nil {
		for _, step := range q.Steps {
			out = append(out, fold.Part{Pick: rules.Pick{Events: step.Events, Any: step.AnyEvent, Where: step.Where}})
		}
		return out
	}
	rows := rules.Pick{Events: s.Rows.Events, Any: s.Rows.AnyEvent, Where: s.Rows.Where}
	reach := fold.InWindow
	if s.Sessions() {
		reach = fold.Around
	}
	out = append(out, fold.Part{Pick: rows, Reach: reach})
	if s.Sessions() && (!rows.Any || rows.Where != nil) {
		c.every = len(out)
		out = append(out, fold.Part{Pick: rules.Pick{Any: true}, Reach: reach})
	}
	for i := range s.By {
		if d := &s.By[i]; d.Topics != nil {
			c.topic, c.topics = i, len(out)
			for _, t := range d.Topics {
				of := rows
				of.Where = rules.Both(rows.Where, t.Where)
				out = append(out, fold.Part{Pick: of, Reach: reach})
			}
		}
	}
	return out
}

// periods are the periods of a statistic's window, each with what it lacks.
func (b *builder) periods(s *rules.Statistic, l *leaf) (out []Period) {
	from, before, z := l.setting.From, l.setting.Before, s.Zone
	if s.Every == "" {
		out = []Period{{From: from, Before: before}}
	} else {
		for day := startOf(s.Every, z.Day(from)); z.Midnight(day) < before; {
			next := after(s.Every, day)
			p := Period{From: z.Midnight(day), Before: z.Midnight(next)}
			p.Part = p.From < from || p.Before > before
			out, day = append(out, p), next
		}
	}
	// Who was new hangs on rows before the period, how a way goes on on later ones, a session on those beside it.
	for i := range out {
		p := &out[i]
		first, last := max(p.From, from), min(p.Before, before)
		if s.Since() {
			first = min(first, from)
		}
		if s.Rows.Sequence != nil {
			last = before
		}
		p.Lacking = !b.cov.Covers(s.Rows, first, last)
		p.Beside = s.Sessions() && !b.cov.Covers(s.Rows, max(first-b.gap, b.cov.From(s.Rows)), min(last+b.gap, b.AsOf))
	}
	return out
}

// startOf is the first day of the period with a day in it; weeks begin on Mondays.
func startOf(every string, day value.CivilDate) value.CivilDate {
	switch every {
	case "week":
		return day - value.CivilDate((day.Days()%7+7+3)%7)
	case "month":
		return day - value.CivilDate(civil(day).Day()-1)
	}
	return day
}

// after is the first day of the period after the one that begins on a day.
func after(every string, day value.CivilDate) value.CivilDate {
	switch every {
	case "week":
		return day + 7
	case "month":
		return day + value.CivilDate(civil(day).AddDate(0, 1, 0).Sub(civil(day))/(24*time.Hour))
	}
	return day + 1
}

func civil(day value.CivilDate) time.Time { return time.Unix(day.Days()*24*3600, 0).UTC() }

// period is the number of the period that a time lies in, -1 for one outside the window; near is a guess.
func (c *counting) period(s *fold.Setting, at int64, near int) int {
	if at < s.From || at >= s.Before {
		return -1
	}
	for ; near < len(c.periods) && at >= c.periods[near].From; near++ { // rows come in time, or nearly
		if at < c.periods[near].Before {
			return near
		}
	}
	i, found := slices.BinarySearchFunc(c.periods, at, func(p Period, at int64) int { return cmp.Compare(p.From, at) })
	if !found {
		i--
	}
	return i
}

// Names tell apart what has numbers of one run alone: a text by itself, a customer by a hash that is the same in every
// run.
type Names struct {
	Text  func(number int64) string
	Owner func(customer uint32) uint64
}

// told orders rows of a statistic that nothing else tells apart by the values that are told of them, then by whose they
// are.
func (r *rows) told(a, b int32) int {
	if r.leaf.counting == nil {
		return 0
	}
	c := r.leaf.counting[0] // where order matters there is no other
	for i, at := range c.dims {
		if at < 0 || r.dims[at][a] == r.dims[at][b] {
			continue
		}
		column := r.dims[at]
		if c.By[i].Term.Type.Kind != value.Text || column[a] == fold.Null || column[b] == fold.Null {
			return cmp.Compare(column[a], column[b])
		}
		return cmp.Compare(c.names.Text(column[a]), c.names.Text(column[b]))
	}
	switch x, y := uint32(r.owner[a]), uint32(r.owner[b]); {
	case x == y:
		return 0
	case x == consent.NoOwner || y != consent.NoOwner && c.names.Owner(x) < c.names.Owner(y):
		return -1
	}
	return 1
}
