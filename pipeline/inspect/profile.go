package inspect

import (
	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"github.com/malgrupp/malgrupp/rules/kernel"
	"github.com/malgrupp/malgrupp/rules/value"
)

// profiler looks through the columns of row groups, one after another, with buffers of its own: at each text once,
// however many rows have it. What it answers is valid until it is asked again.
type profiler struct {
	all    []uint32
	counts []int64
	ofText []bool
	truths []value.Truth
	passes []bool
}

// rows are all rows of a column.
func (p *profiler) rows(a arrow.Array) []uint32 {
	for i := len(p.all); i < a.Len(); i++ {
		p.all = append(p.all, uint32(i))
	}
	return p.all[:a.Len()]
}

// counted says of each text of a column, and of null, how many rows have it.
func (p *profiler) counted(d *array.Dictionary) []int64 {
	p.counts = append(p.counts[:0], make([]int64, d.Dictionary().Len())...)
	for i := range d.Len() {
		p.counts[d.GetValueIndex(i)]++
	}
	return p.counts
}

// texts says of each text of a column, and of null, whether it passes.
func (p *profiler) texts(d *array.Dictionary, test kernel.Test) []bool {
	dict := d.Dictionary().(*array.String)
	p.ofText = p.ofText[:0]
	for code := range dict.Len() {
		truth := test.Null()
		if !dict.IsNull(code) {
			truth = test.Text(dict.Value(code))
		}
		p.ofText = append(p.ofText, truth == value.True)
	}
	return p.ofText
}

// passed says of each of the rows whether its value passes.
func (p *profiler) passed(a arrow.Array, test kernel.Test, rows []uint32) ([]bool, error) {
	p.passes = p.passes[:0]
	if d, ok := a.(*array.Dictionary); ok {
		texts := p.texts(d, test)
		for _, row := range rows {
			p.passes = append(p.passes, texts[d.GetValueIndex(int(row))])
		}
		return p.passes, nil
	}
	p.truths = append(p.truths[:0], make([]value.Truth, len(rows))...)
	if err := test.Rows(a, rows, p.truths); err != nil {
		return nil, err
	}
	for _, t := range p.truths {
		p.passes = append(p.passes, t == value.True)
	}
	return p.passes, nil
}

// count counts the rows whose value passes.
func (p *profiler) count(a arrow.Array, test kernel.Test, rows []uint32) (n int64, err error) {
	passed, err := p.passed(a, test, rows)
	for _, is := range passed {
		if is {
			n++
		}
	}
	return n, err
}
