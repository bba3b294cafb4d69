package export_test

import (
	"bytes"
	"compress/gzip"
	"strings"
	"testing"
)

// A small object that unpacks to a large one is refused before it has taken the memory.
func TestAPackedBombIsRefused(t *testing.T) {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, err := w.Write([]byte("who,topic,said,t\n"))
	check(t, err)
	for range 40 {
		_, err = w.Write(bytes.Repeat([]byte("a,ads,yes,x\n"), 1<<16))
		check(t, err)
	}
	check(t, w.Close())
	_, err = read(mapOf(t, fuzzedMap), packed.Bytes())
	if err == nil || !strings.Contains(err.Error(), "unpacks to more") {
		t.Errorf("%d bytes: %v", packed.Len(), err)
	}
}
