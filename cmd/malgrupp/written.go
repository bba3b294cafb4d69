package main

import "io"

// written is standard output, which remembers the first error: whoever prints text need not ask each time whether it
// came through, and a command whose output is lost does not end as if somebody had it.
type written struct {
	to      io.Writer
	first   error
	columns int  // of the terminal; 0: it is none
	colours bool // words that matter are coloured
}

func (w *written) Write(b []byte) (int, error) {
	if w.first != nil {
		return 0, w.first
	}
	n, err := w.to.Write(b)
	w.first = err
	return n, err
}
