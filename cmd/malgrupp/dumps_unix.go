//go:build unix

package main

import (
	"os"
	"slices"
	"syscall"
)

// hideMemory keeps the memory of the process from being dumped, where the system has a way of its own.
var hideMemory = func() {}

// withoutDumps lets no crash write keys or ids: there is no core dump, and no trace with the contents of registers,
// whatever the environment asks for. The runtime obeys GOTRACEBACK from its first moment on, so the program starts
// anew without it.
func withoutDumps() {
	_ = syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{})
	hideMemory()
	if slices.Contains([]string{"", "none", "single"}, os.Getenv("GOTRACEBACK")) {
		return
	}
	_ = os.Setenv("GOTRACEBACK", "none")
	if self, err := os.Executable(); err == nil {
		_ = syscall.Exec(self, os.Args, os.Environ())
	}
}
