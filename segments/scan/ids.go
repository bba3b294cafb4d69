package scan

import (
	"iter"
	"strconv"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// asText returns a column of ids as dictionary codes and their texts; a null is an entry that is null. Ids that a log
// keeps as integers become their decimal digits: that is how consent logs, lists and platforms name them.
func asText(a arrow.Array) ([]int32, *array.String) {
	if d, ok := a.(*array.Dictionary); ok {
		return d.Indices().(*array.Int32).Int32Values(), d.Dictionary().(*array.String)
	}
	numbers := a.(*array.Int64)
	codes, seen := make([]int32, a.Len()), map[int64]int32{}
	b := array.NewStringBuilder(memory.DefaultAllocator)
	defer b.Release()
	null := int32(-1)
	for i, v := range numbers.Int64Values() {
		if numbers.IsNull(i) {
			if null < 0 {
				null = int32(b.Len())
				b.AppendNull()
			}
			codes[i] = null
			continue
		}
		code, ok := seen[v]
		if !ok {
			code = int32(b.Len())
			seen[v] = code
			b.Append(strconv.FormatInt(v, 10))
		}
		codes[i] = code
	}
	return codes, b.NewStringArray()
}

// IDText is the id in a row of a column of ids, as consent logs and lists name it; "" where there is none.
func IDText(a arrow.Array, row int) string {
	if a.IsNull(row) {
		return ""
	}
	switch a := a.(type) {
	case *array.Dictionary:
		if words, code := a.Dictionary().(*array.String), a.GetValueIndex(row); !words.IsNull(code) {
			return words.Value(code)
		}
	case *array.Int64:
		return strconv.FormatInt(a.Value(row), 10)
	}
	return ""
}

// IDs are the ids in a column, each at least once; of a dictionary also those that no row shows.
func IDs(a arrow.Array) iter.Seq[string] {
	return func(yield func(string) bool) {
		_, dict := asText(a)
		for i := range dict.Len() {
			if !dict.IsNull(i) && !yield(dict.Value(i)) {
				return
			}
		}
	}
}
