package segments

import (
	"cmp"
	"math"
	"slices"

	"github.com/malgrupp/malgrupp/rules/fold"
)

// rows are the rows of one leaf in one partition while they are gathered, and what orders them.
type rows struct {
	fold.Rows
	leaf   *leaf
	values int // where the values of a record begin
	device []int64
	id     []int64 // of the session, fold.Null where the log has none
	tie    [4][]int64
	// of statistics: whose rows they are, and the leaf's dims
	owner  []int64
	dims   [][]int64
	order  []int32
	starts []int32 // by subject: where its rows begin in order
	spare  []int64
	narrow []uint32
}

func (r *rows) reset(subjects int) {
	r.Subjects, r.Subject, r.Time, r.Parts, r.Session, r.Tied = subjects, r.Subject[:0], r.Time[:0], r.Parts[:0],
		r.Session[:0], r.Tied[:0]
	r.device, r.id, r.owner = r.device[:0], r.id[:0], r.owner[:0]
	if r.leaf.counting != nil && r.dims == nil {
		r.dims = make([][]int64, len(r.leaf.dims))
	}
	for i := range r.dims {
		r.dims[i] = r.dims[i][:0]
	}
	for i := range r.tie {
		r.tie[i] = r.tie[i][:0]
	}
	if r.Values == nil {
		r.Values = make([][]int64, len(r.leaf.parts))
	}
	for i := range r.Values {
		r.Values[i] = r.Values[i][:0]
	}
}

// add appends a row; record holds time, device and values, and is nil where the leaf needs none of them.
func (r *rows) add(subject, parts uint32, record []int64) {
	r.Subject = append(r.Subject, subject)
	switch r.leaf.needs {
	case 0:
	case fold.NeedValue:
		r.Values[0] = append(r.Values[0], record[r.values+r.leaf.parts[0].value])
	default:
		r.addAll(parts, record)
	}
}

// addAll appends whatever the leaf needs.
func (r *rows) addAll(parts uint32, record []int64) {
	needs, values := r.leaf.needs, record[r.values:]
	if needs&fold.NeedTime != 0 {
		r.Time = append(r.Time, record[0])
	}
	if needs&fold.NeedValue != 0 {
		for i := range r.leaf.parts {
			if v := r.leaf.parts[i].value; v >= 0 {
				r.Values[i] = append(r.Values[i], values[v])
			}
		}
	}
	if needs&fold.NeedParts != 0 {
		r.Parts = append(r.Parts, parts)
	}
	if needs&fold.NeedSession != 0 {
		r.device, r.id = append(r.device, record[1]), append(r.id, values[r.leaf.session])
	}
	if needs&fold.NeedTie != 0 {
		for i, v := range r.leaf.tie {
			r.tie[i] = append(r.tie[i], values[v])
		}
	}
	if r.leaf.counting != nil {
		r.owner = append(r.owner, record[r.values-1])
		for i, v := range r.leaf.dims {
			r.dims[i] = append(r.dims[i], values[v])
		}
	}
}

// ready puts the rows into the order that the leaf needs and numbers their sessions.
func (r *rows) ready() fold.Rows {
	needs := r.leaf.needs
	if needs&fold.NeedSession != 0 {
		r.sort(func(a, b int32) int {
			if c := cmp.Or(cmp.Compare(r.device[a], r.device[b]), cmp.Compare(r.id[a], r.id[b])); c != 0 {
				return c
			}
			return r.inTime(a, b)
		})
		r.sessions()
	}
	if needs&fold.NeedOrder != 0 {
		r.sort(r.inTime)
	}
	if needs&fold.NeedTie != 0 {
		for i := range r.Subject {
			r.Tied = append(r.Tied, i > 0 && r.Subject[i] == r.Subject[i-1] && r.inTime(int32(i), int32(i-1)) == 0)
		}
	}
	if len(r.Values) > 0 {
		r.Value = r.Values[0]
	}
	return r.Rows
}

// inTime is the order of one subject's events (docs/language.md, Order of events), as far as the leaf asked for it.
func (r *rows) inTime(a, b int32) int {
	if c := cmp.Compare(r.Time[a], r.Time[b]); c != 0 || r.leaf.needs&fold.NeedTie == 0 {
		return c
	}
	for i := range r.tie {
		if c := cmp.Compare(r.tie[i][a], r.tie[i][b]); c != 0 {
			return c
		}
	}
	return r.told(a, b)
}

// sort puts every column into the order of subjects and, within one, of compare. Subjects are numbered closely and have
// few rows each: they are counted into their places, and only what one of them has is compared.
func (r *rows) sort(compare func(a, b int32) int) {
	n := len(r.Subject)
	sorted := true
	for i := 1; i < n && sorted; i++ {
		sorted = r.Subject[i-1] < r.Subject[i] || r.Subject[i-1] == r.Subject[i] && compare(int32(i-1), int32(i)) <= 0
	}
	if sorted {
		return
	}
	r.starts = append(r.starts[:0], make([]int32, r.Subjects+1)...)
	for _, s := range r.Subject {
		r.starts[s+1]++
	}
	for s := range r.Subjects {
		r.starts[s+1] += r.starts[s]
	}
	r.order = append(r.order[:0], make([]int32, n)...)
	for i, s := range r.Subject {
		r.order[r.starts[s]] = int32(i)
		r.starts[s]++
	}
	from := int32(0)
	for _, to := range r.starts[:r.Subjects] { // counting moved every start to its end
		if to-from > 1 {
			slices.SortFunc(r.order[from:to], compare)
		}
		from = to
	}
	r.narrow = permute(r.Subject, r.order, r.narrow)
	r.narrow = permute(r.Parts, r.order, r.narrow)
	r.narrow = permute(r.Session, r.order, r.narrow)
	for _, column := range slices.Concat([][]int64{r.Time, r.device, r.id, r.owner}, r.tie[:], r.Values, r.dims) {
		r.spare = permute(column, r.order, r.spare)
	}
}

// permute puts a column, if there is one, into order in place and returns the buffer it used.
func permute[T any](column []T, order []int32, spare []T) []T {
	if len(column) == 0 {
		return spare
	}
	spare = append(spare[:0], column...)
	for i, from := range order {
		column[i] = spare[from]
	}
	return spare
}

// sessions numbers the sessions of rows that are ordered by subject, device, session id and time. Rows without an id
// are one session as long as no pause between them is longer than the gap.
func (r *rows) sessions() {
	number := uint32(math.MaxUint32)
	for i := range r.Subject {
		if i == 0 || r.Subject[i] != r.Subject[i-1] || r.device[i] != r.device[i-1] || r.id[i] != r.id[i-1] ||
			r.id[i] == fold.Null && r.Time[i]-r.Time[i-1] > r.leaf.setting.Gap {
			number++
		}
		r.Session = append(r.Session, number)
	}
}
