package parquet

// Limits bound what one object may ask for. A zero field means its default.
type Limits struct {
	PageBytes  int64 // decoded size of one page, default 64 MiB
	ChunkBytes int64 // decoded size of one column of one row group, default 256 MiB
}

const (
	defaultPageBytes  = 64 << 20
	defaultChunkBytes = 256 << 20

	mostChunkBytes = 1 << 30 // offsets within a chunk are 32 bits wide

	maxFooterBytes = 16 << 20
	maxValueBytes  = 64 << 10 // of one text value
	maxListLength  = 1000     // entries of one key-value list

	// A page that grows more than this when it is decompressed is a bomb, once it is larger than plausible padding.
	maxRatio       = 200
	ratioFreeBytes = 16 << 20

	// What a declared size gets before anything has proven it: this many bytes for each stored one, and a few more.
	plausibleRatio = 64
	plausibleFree  = 64 << 10
)

// plausible is how many of the declared bytes are allocated at once for so many stored ones. The rest comes when what
// was declared turns out to be true, so that no lie costs more memory than the object's own size justifies.
func plausible(declared, stored int) int { return min(declared, plausibleRatio*stored+plausibleFree) }

func (l Limits) withDefaults() Limits {
	if l.PageBytes <= 0 {
		l.PageBytes = defaultPageBytes
	}
	if l.ChunkBytes <= 0 {
		l.ChunkBytes = defaultChunkBytes
	}
	l.ChunkBytes = min(l.ChunkBytes, mostChunkBytes)
	return l
}
