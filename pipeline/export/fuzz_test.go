package export_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/malgrupp/malgrupp/pipeline/export"
	"github.com/malgrupp/malgrupp/pipeline/project"
	"github.com/malgrupp/malgrupp/rules/value"
)

const fuzzedMap = `{subject: {type: device, id: who}, purpose: topic, answer: said,
 purposes: {ads: [profile], stats: [measure]}, answers: {"yes": grant, "no": deny, "": none},
 at: {column: t, zone: Europe/Helsinki}, source: cmp, evidence: who}`

// Whatever lies there is an error or events of words that the map has; each row of an answer is one event.
func FuzzAnObjectIsAnErrorOrEvents(f *testing.F) {
	f.Add([]byte("who,topic,said,t\na,ads,yes,2026-04-01 10:00\nb,stats,no,2026-10-25 03:30\n"))
	f.Add([]byte("\ufeffwho,topic,said,t\r\"a\",ads,\"yes\",2026-04-01T10:00:00Z\r\r"))
	f.Add([]byte("who,topic,said,t\n\"a\nb\",ads,yes,2026-04-01T10:00:00Z\n"))
	f.Add([]byte("\x1f\x8b\x08"))
	f.Add([]byte("PAR1"))
	f.Add([]byte(""))
	m := mapOf(f, fuzzedMap)
	f.Fuzz(func(t *testing.T, object []byte) {
		got, err := read(m, object)
		if err != nil {
			return
		}
		for line := range strings.Lines(got) {
			if !strings.HasPrefix(line, "device ") && !strings.HasPrefix(line, "- ") ||
				!strings.Contains(line, " grant ") && !strings.Contains(line, " deny ") ||
				!strings.Contains(line, " profile ") && !strings.Contains(line, " measure ") {
				t.Errorf("%q", line)
			}
		}
	})
}

// A time reads back as the instant that it was written from, to the microsecond, however it is written.
func TestATimeIsTheInstantThatItWasWrittenFrom(t *testing.T) {
	zone, err := value.LoadZone("Europe/Helsinki")
	check(t, err)
	local, err := time.LoadLocation("Europe/Helsinki")
	check(t, err)
	rapid.Check(t, func(t *rapid.T) {
		us := rapid.Int64Range(0, 4_000_000_000_000_000).Draw(t, "us")
		at := time.UnixMicro(us)
		offset := time.FixedZone("", 900*rapid.IntRange(-56, 56).Draw(t, "quarters"))
		form := rapid.SampledFrom([]string{
			time.RFC3339Nano, "2006-01-02 15:04:05.999999Z07:00", "2006-01-02T15:04:05.999999-0700",
			"2006-01-02 15:04:05.999999 -0700",
		}).Draw(t, "form")
		if got, ok := export.Instant(at.In(offset).Format(form), project.MappedTime{}); !ok || got != us {
			t.Fatalf("%s: %d, want %d", at.In(offset).Format(form), got, us)
		}
		wall := at.In(local).Format("2006-01-02 15:04:05.999999")
		if _, ok := export.Instant(wall, project.MappedTime{}); ok {
			t.Fatalf("%s is read without a zone", wall)
		}
		got, ok := export.Instant(wall, project.MappedTime{Zone: zone})
		twice := at.Add(-time.Hour).In(local).Format("2006-01-02 15:04:05.999999") == wall
		if want := us; !ok || got != want && !(twice && got == want-3600e6) {
			t.Fatalf("%s: %d, want %d", wall, got, want)
		}
		for unit, per := range map[string]int64{"s": 1, "ms": 1e3, "us": 1e6, "ns": 1e9} {
			n := us / 1e6 * per
			if got, ok := export.Instant(strconv.FormatInt(n, 10), project.MappedTime{Unit: unit}); !ok || got != us/1e6*1e6 {
				t.Fatalf("%d %s: %d", n, unit, got)
			}
		}
	})
}
