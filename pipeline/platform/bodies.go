package platform

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"iter"

	"github.com/malgrupp/malgrupp/pipeline/project"
)

// A request is a line of a file: its body as the platform takes it, but for what only the delivery knows (accounts,
// tokens, whether it is a try). Whoever delivers reads line after line and sends each as it is.

// framing is one request: head and tail stand round its items. seq counts from 1.
type framing func(seq int, last bool) (head, tail string)

// writeBodies writes JSON items in as few requests as the batch allows, one a line. A single item that is larger than a
// request may be is an error: it would never be sent.
func writeBodies(w io.Writer, b project.Batch, items iter.Seq[[]byte], wrap framing) error {
	out := bufio.NewWriter(w)
	var waiting bytes.Buffer
	rows, seq := 0, 1
	flush := func(last bool) {
		head, tail := wrap(seq, last)
		out.WriteString(head)
		out.Write(waiting.Bytes())
		out.WriteString(tail + "\n")
		waiting.Reset()
		rows, seq = 0, seq+1
	}
	head, tail := wrap(1<<31, false) // no longer than any other
	frame := len(head) + len(tail)
	for item := range items {
		if b.Bytes > 0 && frame+len(item) > b.Bytes {
			return fmt.Errorf("write requests of at most %d bytes: one person alone needs more", b.Bytes)
		}
		if rows > 0 && (rows == b.Rows || b.Bytes > 0 && frame+waiting.Len()+1+len(item) > b.Bytes) {
			flush(false)
		}
		if rows++; rows > 1 {
			waiting.WriteByte(',')
		}
		waiting.Write(item)
	}
	if rows > 0 {
		flush(true)
	}
	return out.Flush()
}

// appendTexts appends a JSON list of texts that need no escaping.
func appendTexts(dst []byte, texts []string) []byte {
	dst = append(dst, '[')
	for i, text := range texts {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(append(append(dst, '"'), text...), '"')
	}
	return append(dst, ']')
}

// quoted yields values as JSON texts.
func quoted(values iter.Seq[string]) iter.Seq[[]byte] {
	return func(yield func(item []byte) bool) {
		var item []byte
		for value := range values {
			if item = append(append(append(item[:0], '"'), value...), '"'); !yield(item) {
				return
			}
		}
	}
}

// deliveryID is a number of a delivery that two different ones do not share: the same list of the same moment has the
// same.
func deliveryID(l List) uint64 {
	h := sha256.New()
	fmt.Fprintf(h, "%s\x00%s\x00%d\x00%d\x00", l.Segment, l.Action, l.AsOf, l.Volume)
	for _, entry := range l.Entries {
		io.WriteString(h, entry)
		h.Write([]byte{0})
	}
	return binary.BigEndian.Uint64(h.Sum(nil))
}
