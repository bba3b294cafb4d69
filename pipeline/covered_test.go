package pipeline

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/malgrupp/malgrupp/rules/value"
)

func TestABarShowsWhatIsMissing(t *testing.T) {
	day := func(n int64) int64 { return n * value.MicrosPerDay }
	for _, c := range []struct {
		what string
		of   span
		gaps []span
		want string
	}{
		{"all there", span{day(10), day(14)}, nil, "####"},
		{"a day in the middle", span{day(10), day(14)}, []span{{day(11), day(12)}}, "#.##"},
		{"from the second day's noon on", span{day(10), day(14)}, []span{{day(10), day(11) + day(1)/2}}, ".-##"},
		{"nothing", span{day(10), day(14)}, []span{{0, day(20)}}, "...."},
		{"hours", span{day(10), day(10) + day(1)/4}, nil, "#"},
		{"a day shortened by the change of clocks", span{day(10), day(13) - day(1)/24}, nil, "###"},
		{"a day of many", span{day(0), day(120)}, []span{{day(60), day(61)}}, strings.Repeat("#", 30) + "-" + strings.Repeat("#", 29)},
	} {
		if got := bar(c.of, c.gaps); got != c.want {
			t.Errorf("%s: %s, want %s", c.what, got, c.want)
		}
	}
}

func TestABarIsWholeOnlyWhereNothingIsMissing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		of := span{0, rapid.Int64Range(1, 800*value.MicrosPerDay).Draw(t, "length")}
		from := rapid.Int64Range(0, of.before-1).Draw(t, "from")
		gap := span{from, rapid.Int64Range(from+1, of.before).Draw(t, "before")}
		if b := bar(of, []span{gap}); !strings.ContainsAny(b, "-.") || len(b) > barWidth {
			t.Fatalf("%v without %v is %s", of, gap, b)
		}
	})
}
