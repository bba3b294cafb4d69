package e2e_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/malgrupp/malgrupp/segments/consent/tcf"
)

const (
	tcfSeed    = 1
	tcfStrings = 10_000
)

// official is what the IAB Tech Lab's library reads in a TC string; strings.mjs writes it.
type official struct {
	Text                                                   string
	Segments                                               []string // after the first
	Version, CMPID, CMPVersion, Screen, VendorList, Policy int
	Created, LastUpdated                                   int64 // milliseconds
	Language, Country                                      string
	ServiceSpecific, NonStandardTexts, PurposeOneTreatment bool
	SpecialFeatures, Consents, Interests                   []int
	VendorConsents, VendorInterests, Disclosed, Allowed    []int
	Restrictions                                           []officialRestriction
	OwnConsents, OwnInterests                              []int
	Custom                                                 int
	CustomConsents, CustomInterests                        []int
}

type officialRestriction struct {
	Purpose, Kind int
	Vendors       []int
}

// Every field that the official library reads in a string of its own making, we read alike.
func TestTheOfficialLibraryReadsTheSameInTCStrings(t *testing.T) {
	node, npm := installed(t, "node"), installed(t, "npm")
	script := exec.Command(node, filepath.Join("tcf", "strings.mjs"), modules(t, npm, "tcf"),
		strconv.Itoa(tcfSeed), strconv.Itoa(tcfStrings))
	script.Stderr = os.Stderr
	out := must(script.StdoutPipe())(t)
	check(t, script.Start())
	var s tcf.String
	seen := map[string]int{}
	lines := json.NewDecoder(out)
	for lines.More() {
		var want official
		check(t, lines.Decode(&want))
		if err := s.Decode(want.Text); err != nil {
			t.Fatalf("%s: %v", want.Text, err)
		}
		if diff := cmp.Diff(want, asOfficial(&s, &want)); diff != "" {
			t.Fatalf("%s: the official library (-) and ours (+) differ:\n%s", want.Text, diff)
		}
		noteShape(seen, &s)
	}
	check(t, script.Wait())
	t.Logf("seed %d: %v", tcfSeed, seen)
	for _, shape := range []string{"bits", "ranges", "restrictions", "disclosed", "allowed", "publisher"} {
		if seen[shape] < 1000 {
			t.Errorf("%d strings have %s, too few to say anything", seen[shape], shape)
		}
	}
	if seen["strings"] != tcfStrings {
		t.Errorf("%d strings were compared, not %d", seen["strings"], tcfStrings)
	}
}

func noteShape(seen map[string]int, s *tcf.String) {
	for shape, there := range map[string]bool{
		"strings": true, "bits": !s.VendorConsents.Ranged, "ranges": s.VendorConsents.Ranged,
		"restrictions": len(s.Restrictions) > 0, "disclosed": s.HasDisclosed, "allowed": s.HasAllowed,
		"publisher": s.HasPublisher, "updated before created": s.LastUpdated < s.Created,
	} {
		if there {
			seen[shape]++
		}
	}
}

// asOfficial is our reading in the words of the library. Of want only text, the order of segments and restrictions and
// the largest vendors are used, which say how far to look.
func asOfficial(s *tcf.String, want *official) official {
	got := official{
		Text: want.Text, Segments: segmentsOf(s, want.Segments),
		Version: s.Version, CMPID: s.CMPID, CMPVersion: s.CMPVersion, Screen: s.Screen,
		VendorList: s.VendorList, Policy: s.Policy, Created: s.Created / 1000, LastUpdated: s.LastUpdated / 1000,
		Language: string(s.Language[:]), Country: string(s.PublisherCC[:]),
		ServiceSpecific: s.ServiceSpecific, NonStandardTexts: s.NonStandardTexts,
		PurposeOneTreatment: s.PurposeOneTreatment,
		SpecialFeatures:     ones(uint64(s.SpecialFeatures)),
		Consents:            ones(uint64(s.Consents)), Interests: ones(uint64(s.Interests)),
		VendorConsents:  upTo(&s.VendorConsents, s.VendorConsents.Max),
		VendorInterests: upTo(&s.VendorInterests, s.VendorInterests.Max),
		Disclosed:       upTo(&s.Disclosed, s.Disclosed.Max), Allowed: upTo(&s.Allowed, s.Allowed.Max),
		Restrictions: []officialRestriction{},
		OwnConsents:  ones(uint64(s.Own.Consents)), OwnInterests: ones(uint64(s.Own.Interests)),
		Custom: s.Own.Custom, CustomConsents: ones(s.Own.CustomConsents), CustomInterests: ones(s.Own.CustomInterests),
	}
	for _, r := range s.Restrictions {
		got.Restrictions = append(got.Restrictions, officialRestriction{int(r.Purpose), int(r.Kind), upTo(&r, 2000)})
	}
	return got
}

// segmentsOf are the segments that are there, those of want in its order.
func segmentsOf(s *tcf.String, want []string) []string {
	there := map[string]bool{
		"vendorsDisclosed": s.HasDisclosed, "vendorsAllowed": s.HasAllowed, "publisherTC": s.HasPublisher,
	}
	out := []string{}
	for _, name := range slices.Concat(want, slices.Sorted(slices.Values([]string{
		"vendorsDisclosed", "vendorsAllowed", "publisherTC",
	}))) {
		if there[name] && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}

// ones are the numbers of a set of bits.
func ones(set uint64) []int {
	out := []int{}
	for i := range 64 {
		if set>>i&1 == 1 {
			out = append(out, i+1)
		}
	}
	return out
}

// upTo are the vendors of a set, looked for a little above its largest, too.
func upTo(set interface{ Has(vendor int) bool }, largest int) []int {
	out := []int{}
	for id := range largest + 3 {
		if set.Has(id) {
			out = append(out, id)
		}
	}
	return out
}
