package main

import (
	"bytes"
	"io"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/malgrupp/malgrupp/pipeline/decide"
)

// steps are what a run told, and after how many seconds: a phase that stands still, one that begins anew, and steps of
// other goroutines that come late.
var steps = []struct {
	after int
	step  decide.Progress
}{
	{0, decide.Progress{Phase: "consent", Unit: decide.Bytes, Total: 4 << 20}},
	{10, decide.Progress{Phase: "consent", Unit: decide.Bytes, Done: 4 << 20, Total: 4 << 20, Rows: 9}},
	{20, decide.Progress{Phase: "read", Unit: decide.Bytes, Total: 3 << 30}},
	{50, decide.Progress{Phase: "read", Unit: decide.Bytes, Done: 1 << 29, Total: 3 << 30, Rows: 500}},
	{81, decide.Progress{Phase: "read", Unit: decide.Bytes, Done: 1 << 28, Total: 3 << 30, Rows: 250}},
	{100, decide.Progress{Phase: "read", Unit: decide.Bytes, Total: 2 << 30}},
	{140, decide.Progress{Phase: "read", Unit: decide.Bytes, Done: 1 << 30, Total: 2 << 30, Rows: 800}},
	{150, decide.Progress{Phase: "write", Unit: decide.Lists, Total: 50}},
	{170, decide.Progress{Phase: "write", Unit: decide.Lists, Done: 5, Total: 50}},
}

// shownAfter is what a mode shows of the steps by a clock of its own.
func shownAfter(mode string) []string {
	var out bytes.Buffer
	var clock time.Time
	a := newApp(streams{err: &out}, nil)
	a.progress, a.now = mode, func() time.Time { return clock }
	a.log = slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{
		ReplaceAttr: func(_ []string, at slog.Attr) slog.Attr {
			if at.Key == slog.TimeKey || at.Key == slog.LevelKey {
				return slog.Attr{}
			}
			return at
		},
	}))
	show := a.newProgress()
	for _, s := range steps {
		clock = time.Time{}.Add(time.Duration(s.after) * time.Second)
		show.update(s.step)
	}
	show.stop()
	return strings.Split(strings.TrimSpace(out.String()), "\n")
}

func TestALineEvery30SecondsSaysWhatIsDoneHowFastAndWhatIsLeft(t *testing.T) {
	for mode, want := range map[string][]string{
		"plain": {
			`msg=working phase=read done="512.0 MiB of 3.0 GiB" rate="17.1 MiB/s" left=2m30s rows=500`,
			`msg=working phase=read done="0 B of 2.0 GiB"`,
			`msg=working phase=read done="1.0 GiB of 2.0 GiB" rate="25.6 MiB/s" left=40s rows=800`,
			`msg=working phase=write done="5 of 50 lists" rate="0.3 lists/s" left=3m0s`,
		},
		"json": {
			`{"done":536870912,"message_type":"status","per_second":17895697.1,"phase":"read","rows":500,"seconds_left":150,` +
				`"total":3221225472,"unit":"bytes"}`,
			`{"done":0,"message_type":"status","phase":"read","rows":0,"total":2147483648,"unit":"bytes"}`,
			`{"done":1073741824,"message_type":"status","per_second":26843545.6,"phase":"read","rows":800,"seconds_left":40,` +
				`"total":2147483648,"unit":"bytes"}`,
			`{"done":5,"message_type":"status","per_second":0.3,"phase":"write","rows":0,"seconds_left":180,"total":50,` +
				`"unit":"lists"}`,
		},
		"off": {""},
	} {
		if got := shownAfter(mode); !slices.Equal(got, want) {
			t.Errorf("%s shows\n%s\nwant\n%s", mode, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}

func TestBarsSayTotalSpeedAndTimeLeft(t *testing.T) {
	out, in := io.Pipe()
	a := newApp(streams{err: in, terminal: true}, nil)
	a.progress = "auto"
	show := a.newProgress()
	go func() {
		show.update(decide.Progress{Phase: "read", Unit: decide.Bytes, Total: 3 << 30})
		time.Sleep(800 * time.Millisecond) // the library has a clock of its own
		show.update(decide.Progress{Phase: "read", Unit: decide.Bytes, Done: 1 << 30, Total: 3 << 30})
		time.Sleep(200 * time.Millisecond)
		show.stop()
		in.Close()
	}()
	text, err := io.ReadAll(out)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"read of 3.0 GiB", " 33%", "1.0 GiB in ", "MiB/s", "ETA: ", "fail!"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the bars do not say %q:\n%q", want, text)
		}
	}
}
