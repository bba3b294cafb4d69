package segments

import (
	"cmp"
	"slices"

	"github.com/malgrupp/malgrupp/rules/fold"
)

// ordered puts the wide records of a partition into the order of subjects and times, once for all conditions that need
// it: dealt so, the rows of each come in order, or nearly. Its buffers are used again.
type ordered struct {
	records []wideRecord
	order   []int32
	starts  []int32 // by local subject
}

// wideRecord is a record and the lane that says what its kind means.
type wideRecord struct {
	lane  *Lane
	words []int64
}

func (r *wideRecord) local() uint32 {
	subject, _ := unpack(r.words[0])
	return subject >> partBits
}

// orders reports whether some condition needs its rows in order.
func (p *Plan) orders() bool {
	return slices.ContainsFunc(p.leaves, func(l leaf) bool { return l.needs&fold.NeedOrder != 0 })
}

// each hands the records of a partition of so many subjects to visit, in order.
func (o *ordered) each(lanes []*Lane, part uint32, subjects, stride int, visit func(*wideRecord)) {
	o.records = o.records[:0]
	for _, l := range lanes {
		for c := range l.wide[part].chunks {
			for ; len(c) > 0; c = c[stride:] {
				o.records = append(o.records, wideRecord{l, c[:stride]})
			}
		}
	}
	o.sort(subjects)
	for _, i := range o.order {
		visit(&o.records[i])
	}
}

// few is how many records are put into order by insertion: rows come nearly in order, file by file.
const few = 64

func (o *ordered) sort(subjects int) {
	o.starts = append(o.starts[:0], make([]int32, subjects+1)...)
	for i := range o.records {
		o.starts[o.records[i].local()+1]++
	}
	for s := range subjects {
		o.starts[s+1] += o.starts[s]
	}
	o.order = append(o.order[:0], make([]int32, len(o.records))...)
	for i := range o.records {
		s := o.records[i].local()
		o.order[o.starts[s]] = int32(i)
		o.starts[s]++
	}
	time := func(i int32) int64 { return o.records[i].words[1] }
	from := int32(0)
	for _, to := range o.starts[:subjects] { // counting moved every start to its end
		of := o.order[from:to]
		from = to
		if len(of) > few {
			slices.SortStableFunc(of, func(a, b int32) int { return cmp.Compare(time(a), time(b)) })
			continue
		}
		for i := 1; i < len(of); i++ {
			for j := i; j > 0 && time(of[j]) < time(of[j-1]); j-- {
				of[j], of[j-1] = of[j-1], of[j]
			}
		}
	}
}
