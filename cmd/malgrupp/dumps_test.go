//go:build unix

package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

// crash is a command of the scripts that dies as the program would if a worker of it panicked.
func crash() {
	withoutDumps()
	var core syscall.Rlimit
	_ = syscall.Getrlimit(syscall.RLIMIT_CORE, &core)
	fmt.Println("core", core.Cur, core.Max)
	go register([4]uint64{0xfeedc0de, 0xfeedc0de, 0xfeedc0de, 0xfeedc0de})
	time.Sleep(time.Minute)
}

//go:noinline
func register(key [4]uint64) {
	var nobody *[4]uint64
	*nobody = key
}

func TestAPanicTellsItsPlaceAndNoData(t *testing.T) {
	for _, flags := range [][]string{nil, {"--json"}} {
		var out, errs bytes.Buffer
		a := newApp(streams{in: strings.NewReader(""), out: &out, err: &errs}, os.LookupEnv)
		a.now = func() time.Time { panic("CANARY customer 4711") }
		code := a.execute(context.Background(), append([]string{"-C", t.TempDir(), "validate", "-vvv"}, flags...))
		told := out.String() + errs.String()
		if code != exitInternal.code || strings.Contains(told, "CANARY") || strings.Contains(told, "goroutine") ||
			!strings.Contains(told, "an error nobody foresaw in cmd/malgrupp") {
			t.Errorf("exit code %d, told:\n%s", code, told)
		}
	}
}
