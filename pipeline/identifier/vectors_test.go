package identifier

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A sample is a value, and what a profile makes of it.
type sample struct {
	profile, field, country, value string
	normal, sent                   string
	reason                         string // "accepted" or a word of Reason
}

func TestEveryVectorOfThePlatformsIsSentOrRefusedAsPublished(t *testing.T) {
	for i, s := range platformVectors(t) {
		s.check(t, i+2)
	}
}

// platformVectors reads the platforms' vectors of the vectors folder, or skips.
func platformVectors(t testing.TB) []sample {
	t.Helper()
	root := os.Getenv("MALGRUPP_VECTORS")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared")
	}
	file, err := os.Open(filepath.Join(root, "platforms", "vectors.csv"))
	if err != nil {
		t.Skipf("no vectors below %s: set MALGRUPP_VECTORS to their folder", root)
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var samples []sample
	for _, row := range rows[1:] {
		s := sample{profile: row[1], field: row[2], value: row[3], normal: row[4], sent: row[5], reason: "accepted"}
		note := row[7]
		if region, ok := strings.CutPrefix(note, "region="); ok {
			s.country = region[:2]
		}
		if _, reason, ok := strings.Cut(note, "REJECT "); ok {
			s.reason = reason
		}
		samples = append(samples, s)
	}
	return samples
}

func (s sample) check(t *testing.T, line int) {
	t.Helper()
	p, ok := ProfileOf(s.profile)
	if !ok {
		t.Fatalf("line %d: no profile %s", line, s.profile)
	}
	f := fieldOf(t, s.field)
	normal, reason := p.Normal(f, s.value, s.country)
	if normal != s.normal || reason.String() != s.reason {
		t.Errorf("line %d: %s %s of %q is %q, %v; want %q, %s", line, s.profile, s.field, s.value, normal, reason, s.normal,
			s.reason)
	}
	sent, reason := p.Append(nil, f, s.value, s.country)
	if s.sent != "" && string(sent) != s.sent || (reason != Accepted) != (len(sent) == 0) || reason.String() != s.reason {
		t.Errorf("line %d: %s %s of %q sends %q, %v; want %q, %s", line, s.profile, s.field, s.value, sent, reason, s.sent,
			s.reason)
	}
}

func fieldOf(t testing.TB, word string) Field {
	t.Helper()
	for f := range fieldCount {
		if f.String() == word {
			return f
		}
	}
	t.Fatalf("no field %q", word)
	return 0
}
