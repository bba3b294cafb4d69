package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/pprof/profile"
)

// Two profiles are drawn to one scale, from our first function on, and names are text.
func TestFramesAreAsWideAsTheirTime(t *testing.T) {
	write := func(name string, nanoseconds ...int64) string {
		p := &profile.Profile{SampleType: []*profile.ValueType{{Type: "cpu", Unit: "nanoseconds"}}}
		for i, n := range nanoseconds {
			s := &profile.Sample{Value: []int64{n}}
			for _, function := range []string{
				[]string{"runtime.memmove", home + "segments/scan.a[go.shape.<int>]"}[i], home + "pipeline.Run", "main.main",
			} {
				f := &profile.Function{ID: uint64(len(p.Function) + 1), Name: function}
				l := &profile.Location{ID: f.ID, Line: []profile.Line{{Function: f}}}
				p.Function, p.Location, s.Location = append(p.Function, f), append(p.Location, l), append(s.Location, l)
			}
			p.Sample = append(p.Sample, s)
		}
		path := filepath.Join(t.TempDir(), name)
		f, err := os.Create(path)
		if err == nil {
			err = p.Write(f)
		}
		if err == nil {
			err = f.Close()
		}
		if err != nil {
			t.Fatal(err)
		}
		return path
	}
	var out strings.Builder
	if err := draw(&out, []string{"long=" + write("long", 1e9, 3e9), "short=" + write("short", 1e9, 0)}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"<title>pipeline.Run: 4.00 s, 100 %</title><rect x=\"0.0\" y=\"22\" width=\"1200.0\"",
		"<title>segments/scan.a[go.shape.&lt;int&gt;]: 3.00 s, 75 %</title><rect x=\"0.0\" y=\"38\" width=\"900.0\"",
		"<title>runtime.memmove: 1.00 s, 25 %</title><rect x=\"900.0\"",
		"<title>pipeline.Run: 1.00 s, 100 %</title><rect x=\"0.0\" y=\"126\" width=\"300.0\"",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the picture lacks %s:\n%s", want, out.String())
		}
	}
	if strings.Contains(out.String(), "main.main") {
		t.Error("what calls our first function is drawn")
	}
	if err := draw(&out, []string{"nothing"}); err == nil {
		t.Error("an argument without a profile is no error")
	}
}
