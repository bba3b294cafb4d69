package tcf

import (
	"fmt"
	"math/bits"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// vectors are rows of a string, a field of it, what that must be, and where the string is from. They
// are not part of the repository.
func vectors(t *testing.T) [][]string {
	t.Helper()
	root := os.Getenv("MALGRUPP_VECTORS")
	if root == "" {
		root = filepath.Join("..", "..", "..", "..", "shared")
	}
	file, err := os.ReadFile(filepath.Join(root, "consent", "tc-vectors.tsv"))
	if err != nil {
		t.Skipf("vectors are not there (set MALGRUPP_VECTORS): %v", err)
	}
	var out [][]string
	for line := range strings.Lines(string(file)) {
		row := strings.Split(strings.TrimRight(line, "\n"), "\t")
		if strings.HasPrefix(line, "#") || strings.TrimSpace(line) == "" || row[0] == "string" {
			continue
		}
		if len(row) != 4 {
			t.Fatalf("a row of the vectors has %d columns, not 4", len(row))
		}
		out = append(out, row)
	}
	return out
}

func TestStringsSayWhatTheVectorsSay(t *testing.T) {
	rows := vectors(t)
	var s String // one for all rows: nothing may be left of the row before
	for _, row := range rows {
		text, field, want := written(row[0]), row[1], row[2]
		err := s.Decode(text)
		got := ""
		switch {
		case field == "error" && err == nil:
			got = "none"
		case field == "error":
			got, _, _ = strings.Cut(err.Error(), ":")
		case err != nil:
			t.Errorf("%s\nhas an error: %v", row[0], err)
			continue
		default:
			got = told(t, &s, field)
		}
		if got != want {
			t.Errorf("%s\n%s is %s, want %s (%s)", row[0], field, got, want, row[3])
		}
	}
	t.Logf("%d rows", len(rows))
}

// written is the string that a row means.
func written(cell string) string {
	var c rune
	var n int
	if _, err := fmt.Sscanf(cell, "<repeat %c %d>", &c, &n); err == nil {
		return strings.Repeat(string(c), n)
	}
	return strings.TrimPrefix(cell, "<empty>")
}

// told is a field in the notation of the vectors.
func told(t *testing.T, s *String, field string) string {
	name, args, indexed := strings.Cut(strings.TrimSuffix(field, "]"), "[")
	switch {
	case name == "validate":
		return validated(t, s, args)
	case name == "restriction" || name == "restriction_ids":
		return restricted(t, s, name, args)
	}
	if v, ok := plain(s)[name]; ok {
		return fmt.Sprint(v)
	}
	if v, ok := sets(s)[name]; ok {
		if indexed {
			return strconv.FormatBool(v>>(atoi(t, args)-1)&1 == 1)
		}
		return list(v)
	}
	name, part, _ := strings.Cut(name, ".")
	v, ok := vendorSets(s)[name]
	if !ok {
		t.Fatalf("the vectors ask for a field %q that this test does not know", field)
	}
	switch {
	case v == nil:
		return "absent"
	case indexed:
		return strconv.FormatBool(v.Has(atoi(t, args)))
	case part == "ids":
		return runs(v.Has)
	case part == "max":
		return strconv.Itoa(v.Max)
	case part == "entries":
		return strconv.Itoa(len(v.spans))
	case part == "encoding":
		return map[bool]string{true: "range", false: "bitfield"}[v.Ranged]
	}
	t.Fatalf("the vectors ask for %q, which this test does not know", field)
	return ""
}

// plain are the fields that print as they are.
func plain(s *String) map[string]any {
	at := func(micros int64) string { return time.UnixMicro(micros).UTC().Format("2006-01-02T15:04:05.0Z") }
	return map[string]any{
		"version": s.Version, "created": at(s.Created), "last_updated": at(s.LastUpdated),
		"cmp_id": s.CMPID, "cmp_version": s.CMPVersion, "consent_screen": s.Screen,
		"consent_language": string(s.Language[:]), "publisher_cc": string(s.PublisherCC[:]),
		"vendor_list_version": s.VendorList, "policy_version": s.Policy,
		"service_specific": s.ServiceSpecific, "non_standard_texts": s.NonStandardTexts,
		"purpose_one_treatment": s.PurposeOneTreatment, "restrictions.count": len(s.Restrictions),
		"pub.present": s.HasPublisher, "pub.custom_count": s.Own.Custom,
	}
}

// sets are the fields that are sets of bits, the first of which is 1.
func sets(s *String) map[string]uint64 {
	return map[string]uint64{
		"special_features": uint64(s.SpecialFeatures),
		"purposes_consent": uint64(s.Consents), "purposes_li": uint64(s.Interests),
		"pub.purposes_consent": uint64(s.Own.Consents), "pub.purposes_li": uint64(s.Own.Interests),
		"pub.custom_consent": s.Own.CustomConsents, "pub.custom_li": s.Own.CustomInterests,
	}
}

// vendorSets are the sets of vendors, nil where the segment is absent.
func vendorSets(s *String) map[string]*Vendors {
	out := map[string]*Vendors{
		"vendor_consent": &s.VendorConsents, "vendor_li": &s.VendorInterests, "disclosed": nil, "allowed": nil,
	}
	if s.HasDisclosed {
		out["disclosed"] = &s.Disclosed
	}
	if s.HasAllowed {
		out["allowed"] = &s.Allowed
	}
	return out
}

// restricted answers restriction[purpose,kind,vendor] and restriction_ids[purpose,kind].
func restricted(t *testing.T, s *String, name, args string) string {
	var purpose, kind, vendor int
	n, _ := fmt.Sscanf(args, "%d,%d,%d", &purpose, &kind, &vendor)
	has := func(vendor int) bool {
		for _, r := range s.Restrictions {
			if int(r.Purpose) == purpose && int(r.Kind) == kind && r.Has(vendor) {
				return true
			}
		}
		return false
	}
	switch {
	case name == "restriction" && n == 3:
		return strconv.FormatBool(has(vendor))
	case name == "restriction_ids" && n == 2:
		return runs(has)
	}
	t.Fatalf("a row of the vectors asks for %s[%s]", name, args)
	return ""
}

// validated are the findings of a day, the first of which Finding must tell.
func validated(t *testing.T, s *String, date string) string {
	now, err := time.Parse(time.DateOnly, date)
	if err != nil {
		t.Fatal(err)
	}
	all := s.Findings(now.UnixMicro())
	first, found := s.Finding(now.UnixMicro())
	if found != (len(all) > 0) || found && first != all[0] {
		t.Errorf("the first finding is %v, and all are %v", first, all)
	}
	if !found {
		return "ok"
	}
	return strings.Trim(strings.ReplaceAll(fmt.Sprint(all), " ", ","), "[]")
}

// list are the numbers of a set, or "-".
func list(set uint64) string {
	var out []string
	for ; set != 0; set &= set - 1 {
		out = append(out, strconv.Itoa(bits.TrailingZeros64(set)+1))
	}
	return dash(out)
}

// runs are the vendors of a set, neighbours as first-last.
func runs(has func(vendor int) bool) string {
	var out []string
	for id := 0; id < 1<<16; id++ {
		if first := id; has(first) {
			for has(id + 1) {
				id++
			}
			if out = append(out, strconv.Itoa(first)); id > first {
				out[len(out)-1] += "-" + strconv.Itoa(id)
			}
		}
	}
	return dash(out)
}

func dash(list []string) string {
	if len(list) == 0 {
		return "-"
	}
	return strings.Join(list, ",")
}

func atoi(t *testing.T, s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
