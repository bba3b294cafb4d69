package identifier

import (
	"bufio"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
)

func TestEveryFieldIsWrittenAsItsProfileDeclares(t *testing.T) {
	for i, s := range cases(t) {
		s.check(t, i)
	}
}

// cases reads testdata/cases.tsv. What is sent follows from the normal form and is computed here in the plainest way.
func cases(t testing.TB) map[int]sample {
	t.Helper()
	file, err := os.Open("testdata/cases.tsv")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	samples := map[int]sample{}
	lines := bufio.NewScanner(file)
	for line := 1; lines.Scan(); line++ {
		if strings.HasPrefix(lines.Text(), "#") {
			continue
		}
		cells := strings.Split(lines.Text(), "\t")
		if len(cells) != 5 {
			t.Fatalf("line %d: want five cells", line)
		}
		s := sample{profile: cells[0], field: cells[1], country: cells[2], reason: "accepted"}
		if s.value, err = strconv.Unquote(cells[3]); err != nil {
			t.Fatalf("line %d: %v", line, err)
		}
		if s.normal, err = strconv.Unquote(cells[4]); err != nil {
			s.reason = cells[4]
		} else {
			s.sent = sentFor(s)
		}
		samples[line] = s
	}
	return samples
}

func sentFor(s sample) string {
	device := s.field == "idfa" || s.field == "aaid"
	google := s.profile == "google.v1" || s.profile == "dv360.v1"
	sum := sha256.Sum256([]byte(s.normal))
	switch {
	case device && (google || s.profile == "meta.v1" || s.profile == "adform.v1" || s.profile == "linkedin.v1"),
		google && (s.field == "country" || s.field == "postal_code"):
		return s.normal
	case s.profile == "uid2.v1":
		return base64.StdEncoding.EncodeToString(sum[:])
	}
	return fmt.Sprintf("%x", sum)
}
