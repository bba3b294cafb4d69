//go:build !unix

package main

// withoutDumps has nothing to do: this system makes no core dumps.
func withoutDumps() {}
