// Command malgrupp turns a bank's browsing logs into audiences, from consented people only.
//
// This package is the reception: flags, environment, clock, streams and exit codes. Every command parses, calls one
// function of pipeline and prints.
package main

import (
	"context"
	"os"
)

// version is set by the linker from the file VERSION.
var version = "dev"

func main() {
	withoutDumps()
	os.Exit(newApp(systemStreams(), os.LookupEnv).execute(context.Background(), os.Args[1:]))
}
