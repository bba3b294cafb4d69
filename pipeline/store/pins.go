//go:build pins

package store

// Arrow v15 asks for a thrift with known vulnerabilities. Nothing we compile reaches it, but scanners read go.mod,
// so a fixed version is pinned here; without an import `go mod tidy` would take the pin out again.
import _ "github.com/apache/thrift/lib/go/thrift"
