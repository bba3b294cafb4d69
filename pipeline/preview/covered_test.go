package preview

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/malgrupp/malgrupp/pipeline/decide"
	"github.com/malgrupp/malgrupp/rules/value"
)

func TestABarShowsWhatIsMissing(t *testing.T) {
	day := func(n int64) int64 { return n * value.MicrosPerDay }
	for _, c := range []struct {
		what string
		of   decide.Span
		gaps []decide.Span
		want string
	}{
		{"all there", decide.Span{From: day(10), Before: day(14)}, nil, "####"},
		{"a day in the middle", decide.Span{
			From: day(10), Before: day(14),
		}, []decide.Span{{From: day(11), Before: day(12)}}, "#.##"},
		{"from the second day's noon on", decide.Span{
			From: day(10), Before: day(14),
		}, []decide.Span{{From: day(10), Before: day(11) + day(1)/2}}, ".-##"},
		{"nothing", decide.Span{From: day(10), Before: day(14)}, []decide.Span{{From: 0, Before: day(20)}}, "...."},
		{"hours", decide.Span{From: day(10), Before: day(10) + day(1)/4}, nil, "#"},
		{"a day shortened by the change of clocks", decide.Span{From: day(10), Before: day(13) - day(1)/24}, nil, "###"},
		{"a day of many", decide.Span{
			From: day(0), Before: day(120),
		}, []decide.Span{{From: day(60), Before: day(61)}}, strings.Repeat("#", 30) + "-" + strings.Repeat("#", 29)},
	} {
		if got := bar(c.of, c.gaps); got != c.want {
			t.Errorf("%s: %s, want %s", c.what, got, c.want)
		}
	}
}

func TestABarIsWholeOnlyWhereNothingIsMissing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		of := decide.Span{From: 0, Before: rapid.Int64Range(1, 800*value.MicrosPerDay).Draw(t, "length")}
		from := rapid.Int64Range(0, of.Before-1).Draw(t, "from")
		gap := decide.Span{From: from, Before: rapid.Int64Range(from+1, of.Before).Draw(t, "before")}
		if b := bar(of, []decide.Span{gap}); !strings.ContainsAny(b, "-.") || len(b) > barWidth {
			t.Fatalf("%v without %v is %s", of, gap, b)
		}
	})
}
