package parquet_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"

	"github.com/malgrupp/malgrupp/pipeline/parquet"
)

// damaged is what became of a victim.
type damaged struct {
	data []byte
	how  string
	// exact says that rows, if there are any, must be the victim's: what was changed carries a checksum, or is never read,
	// or contradicts what the file says elsewhere. The format protects nothing else: a whole page moved to another page's
	// place, or a footer that says something else, may be a good file with other rows.
	exact bool
}

// mutations damage a victim in the ways of disks, networks and attackers.
var mutations = []struct {
	name   string
	damage func(*rand.Rand, *victim) damaged
}{
	{"flipped bits", flipBits},
	{"cut at a page border", cutAtBorder},
	{"a part between page borders cut out", cutOut},
	{"a length of a page grown", growPageLength},
	{"a length of the footer grown", growFooterLength},
	{"a name in the footer changed", changeName},
	{"bodies of pages swapped", swapBodies},
	{"pages swapped", swapPages},
}

// flipBits flips up to three bits of a page, of the footer, or of anything.
func flipBits(r *rand.Rand, v *victim) damaged {
	d := damaged{data: bytes.Clone(v.data), exact: true}
	from, to := 0, len(v.data)
	switch p := v.anyPage(r); {
	case p != nil && r.IntN(2) == 0:
		from, to = p.At, p.End
	case r.IntN(2) == 0:
		from = v.Footer
	}
	for range 1 + r.IntN(3) {
		at, bit := from+r.IntN(to-from), r.IntN(8)
		d.data[at] ^= 1 << bit
		d.how += fmt.Sprintf("bit %d of byte %d flipped ", bit, at)
		d.exact = d.exact && v.guarded(at)
	}
	return d
}

// guarded says whether a byte lies in a page under a checksum, or where nothing is read. A checksum does not cover its
// page's header, but what a header says has to fit page and footer.
func (v *victim) guarded(at int) bool {
	for i := range v.Pages {
		if p := &v.Pages[i]; at >= p.At && at < p.End {
			return p.HasCRC
		}
	}
	return at < v.Footer
}

func (v *victim) anyPage(r *rand.Rand) *parquet.Page {
	if len(v.Pages) == 0 {
		return nil
	}
	return &v.Pages[r.IntN(len(v.Pages))]
}

// borders are the offsets at which pages, and their bodies, begin and end.
func (v *victim) borders() (at []int) {
	for i := range v.Pages {
		at = append(at, v.Pages[i].At, v.Pages[i].Body, v.Pages[i].End)
	}
	at = append(at, v.Footer)
	slices.Sort(at)
	return slices.Compact(at)
}

func cutAtBorder(r *rand.Rand, v *victim) damaged {
	borders := v.borders()
	return v.cut(borders[r.IntN(len(borders))]+r.IntN(3)-1, r.IntN(2) == 0)
}

// cut ends the data at that offset, as an upload does that broke off, or one that went on with the footer.
func (v *victim) cut(at int, footer bool) damaged {
	d := damaged{
		data: bytes.Clone(v.data[:at]), how: fmt.Sprintf("cut at byte %d, footer kept: %v", at, footer), exact: true,
	}
	if footer {
		d.data = append(d.data, v.data[v.Footer:]...)
	}
	return d
}

// cutOut takes out what lies between two borders, so that all later pages lie where the footer does not say.
func cutOut(r *rand.Rand, v *victim) damaged {
	borders := v.borders()
	from, to := borders[r.IntN(len(borders))], borders[r.IntN(len(borders))]
	from, to = min(from, to), max(from, to)
	return damaged{data: slices.Concat(v.data[:from], v.data[to:]), how: fmt.Sprintf("bytes %d to %d cut out", from, to)}
}

// part is a page to put into a file.
type part struct{ header, body []byte }

func (v *victim) parts() (parts []part) {
	for _, p := range v.Pages {
		parts = append(parts, part{v.data[p.At:p.Body], v.data[p.Body:p.End]})
	}
	return parts
}

// assemble makes a file of the victim's pages, or what became of them, whose footer fits it but for what lie changes.
func (v *victim) assemble(parts []part, lie func(*format.FileMetaData)) []byte {
	length := int(binary.LittleEndian.Uint32(v.data[len(v.data)-8:]))
	meta := new(format.FileMetaData)
	if err := thrift.Unmarshal(new(thrift.CompactProtocol), v.data[v.Footer:v.Footer+length], meta); err != nil {
		panic(err) // the victim's own footer, read before
	}
	out := []byte("PAR1")
	for i, p := range v.Pages {
		m := &meta.RowGroups[p.Group].Columns[p.Column].MetaData
		if i == 0 || v.Pages[i-1].Group != p.Group || v.Pages[i-1].Column != p.Column {
			m.TotalCompressedSize, m.DictionaryPageOffset, m.DataPageOffset = 0, 0, 0
		}
		switch {
		case p.Dictionary:
			m.DictionaryPageOffset = int64(len(out))
		case m.DataPageOffset == 0:
			m.DataPageOffset = int64(len(out))
		}
		m.TotalCompressedSize += int64(len(parts[i].header) + len(parts[i].body))
		out = append(append(out, parts[i].header...), parts[i].body...)
	}
	if lie != nil {
		lie(meta)
	}
	footer, err := thrift.Marshal(new(thrift.CompactProtocol), meta)
	if err != nil {
		panic(err)
	}
	out = binary.LittleEndian.AppendUint32(append(out, footer...), uint32(len(footer)))
	return append(out, "PAR1"...)
}

// grower makes a number larger by a power of two, by adding or by multiplying.
type grower func(power int, multiply bool)

func growing[T int32 | int64](n *T) grower {
	return func(power int, multiply bool) {
		if multiply {
			*n <<= power
		} else {
			*n += 1 << power
		}
	}
}

// changeName flips a bit of one of the names that a footer gives its columns, in the schema or beside their data.
func changeName(r *rand.Rand, v *victim) damaged {
	d := damaged{exact: true}
	d.data = v.assemble(v.parts(), func(m *format.FileMetaData) {
		var names []*string
		for i := range m.Schema[1:] {
			names = append(names, &m.Schema[1+i].Name)
		}
		for i := range m.RowGroups {
			for j := range m.RowGroups[i].Columns {
				path := m.RowGroups[i].Columns[j].MetaData.PathInSchema
				for k := range path {
					names = append(names, &path[k])
				}
			}
		}
		name := names[r.IntN(len(names))]
		if *name == "" {
			*name = "a"
			return
		}
		b, at, bit := []byte(*name), r.IntN(len(*name)), r.IntN(8)
		b[at] ^= 1 << bit
		*name, d.how = string(b), fmt.Sprintf("bit %d of byte %d of a name flipped", bit, at)
	})
	return d
}

// growOne grows one of the numbers.
func growOne(r *rand.Rand, numbers []grower, bits int) string {
	which, power, multiply := r.IntN(len(numbers)), r.IntN(bits), r.IntN(2) == 0
	numbers[which](power, multiply)
	return fmt.Sprintf("number %d of %d grown by 2^%d, multiplied: %v", which, len(numbers), power, multiply)
}

func growPageLength(r *rand.Rand, v *victim) damaged {
	if len(v.Pages) == 0 {
		return growFooterLength(r, v)
	}
	d := damaged{exact: true}
	at := r.IntN(len(v.Pages))
	d.data = v.withHeader(at, func(h *format.PageHeader) {
		d.how = fmt.Sprintf("page %d: %s", at, growOne(r, pageNumbers(h), 31))
	})
	return d
}

// withHeader is the victim with another header of one page.
func (v *victim) withHeader(page int, lie func(*format.PageHeader)) []byte {
	parts := v.parts()
	h := new(format.PageHeader)
	if err := thrift.Unmarshal(new(thrift.CompactProtocol), parts[page].header, h); err != nil {
		panic(err)
	}
	lie(h)
	header, err := thrift.Marshal(new(thrift.CompactProtocol), h)
	if err != nil {
		panic(err)
	}
	parts[page].header = header
	return v.assemble(parts, nil)
}

// pageNumbers are sizes and counts of a page header.
func pageNumbers(h *format.PageHeader) []grower {
	numbers := []grower{growing(&h.UncompressedPageSize), growing(&h.CompressedPageSize)}
	switch {
	case h.DataPageHeader.Valid:
		numbers = append(numbers, growing(&h.DataPageHeader.V.NumValues))
	case h.DictionaryPageHeader.Valid:
		numbers = append(numbers, growing(&h.DictionaryPageHeader.V.NumValues))
	case h.DataPageHeaderV2.Valid:
		p := &h.DataPageHeaderV2.V
		numbers = append(numbers, growing(&p.NumValues), growing(&p.NumNulls), growing(&p.NumRows),
			growing(&p.DefinitionLevelsByteLength), growing(&p.RepetitionLevelsByteLength))
	}
	return numbers
}

func growFooterLength(r *rand.Rand, v *victim) damaged {
	if r.IntN(8) == 0 {
		power := r.IntN(32)
		d := damaged{data: bytes.Clone(v.data), how: fmt.Sprintf("footer's length grown by 2^%d", power), exact: true}
		length := d.data[len(d.data)-8:]
		binary.LittleEndian.PutUint32(length, binary.LittleEndian.Uint32(length)+1<<power)
		return d
	}
	d := damaged{exact: true}
	d.data = v.assemble(v.parts(), func(m *format.FileMetaData) { d.how = growOne(r, footerNumbers(m), 63) })
	return d
}

// footerNumbers are sizes, counts and offsets of a footer.
func footerNumbers(m *format.FileMetaData) []grower {
	numbers := []grower{growing(&m.NumRows)}
	for i := range m.Schema {
		numbers = append(numbers, growing(&m.Schema[i].NumChildren.V), growing(&m.Schema[i].TypeLength.V))
	}
	for i := range m.RowGroups {
		g := &m.RowGroups[i]
		numbers = append(numbers, growing(&g.NumRows), growing(&g.TotalByteSize))
		for j := range g.Columns {
			c := &g.Columns[j].MetaData
			numbers = append(numbers, growing(&c.NumValues), growing(&c.TotalCompressedSize), growing(&c.TotalUncompressedSize),
				growing(&c.DataPageOffset), growing(&c.DictionaryPageOffset))
		}
	}
	return numbers
}

// twoParts are two pages of a column, if there are two, or of two columns.
func (v *victim) twoParts(r *rand.Rand) (a, b int) {
	a = r.IntN(len(v.Pages))
	var mates, others []int
	for i := range v.Pages {
		switch {
		case i == a:
		case v.Pages[i].Group == v.Pages[a].Group && v.Pages[i].Column == v.Pages[a].Column:
			mates = append(mates, i)
		default:
			others = append(others, i)
		}
	}
	if len(others) == 0 || len(mates) > 0 && r.IntN(2) == 0 {
		others = mates
	}
	return a, others[r.IntN(len(others))]
}

// swapBodies leaves every header in its place, with its checksum.
func swapBodies(r *rand.Rand, v *victim) damaged {
	if len(v.Pages) < 2 {
		return flipBits(r, v)
	}
	parts := v.parts()
	a, b := v.twoParts(r)
	parts[a].body, parts[b].body = parts[b].body, parts[a].body
	return damaged{
		data: v.assemble(parts, nil), how: fmt.Sprintf("bodies of pages %d and %d swapped", a, b),
		exact: v.Pages[a].HasCRC || v.Pages[b].HasCRC,
	}
}

func swapPages(r *rand.Rand, v *victim) damaged {
	if len(v.Pages) < 2 {
		return flipBits(r, v)
	}
	parts := v.parts()
	a, b := v.twoParts(r)
	parts[a], parts[b] = parts[b], parts[a]
	return damaged{data: v.assemble(parts, nil), how: fmt.Sprintf("pages %d and %d swapped", a, b)}
}
