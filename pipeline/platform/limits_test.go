package platform

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/malgrupp/malgrupp/pipeline/identifier"
	"github.com/malgrupp/malgrupp/pipeline/project"
	"github.com/malgrupp/malgrupp/rules"
)

// limits are what platforms say of themselves, as far as they do.
type limits struct {
	minimum, name       int
	usual, most         project.Batch
	fileRows, fileBytes int
}

func TestLimitsAreThoseThatPlatformsPublish(t *testing.T) {
	for kind, want := range map[string]limits{
		"google_data_manager": {
			minimum: 100, usual: project.Batch{Rows: 10_000}, most: project.Batch{Rows: 10_000},
		},
		"tiktok_mapping": {
			minimum: 1_000, name: 128, usual: project.Batch{Rows: 1_000}, most: project.Batch{Rows: 1_000},
		},
		"google_customer_match_csv": {minimum: 100},
		"meta_csv":                  {minimum: 100},
		"meta_custom_audience":      {minimum: 100, usual: project.Batch{Rows: 5_000}, most: project.Batch{Rows: 10_000}},
		"snapchat": {
			minimum: 1_000, name: 375, usual: project.Batch{Rows: 100_000}, most: project.Batch{Rows: 100_000},
		},
		"tiktok":             {minimum: 1_000, name: 128, fileBytes: 45_000_000},
		"tiktok_single":      {minimum: 1_000, name: 128, fileBytes: 45_000_000},
		"linkedin":           {minimum: 300, usual: project.Batch{Rows: 5_000}, most: project.Batch{Rows: 5_000}},
		"linkedin_csv":       {minimum: 300, fileRows: 300_000, fileBytes: 20_000_000},
		"microsoft":          {minimum: 300, name: 128, fileRows: 1_000_000, fileBytes: 100_000_000},
		"adform":             {fileBytes: 100_000_000},
		"adform_first_party": {fileBytes: 100_000_000},
		"uid2": {
			usual: project.Batch{Rows: 5_000, Bytes: 1_000_000}, most: project.Batch{Rows: 5_000, Bytes: 1_000_000},
		},
		"trade_desk": {minimum: 1_500},
	} {
		p, ok := Of(kind)
		if !ok {
			t.Fatalf("there is no type %s", kind)
		}
		got := limits{minimum: p.Minimum, name: p.NameLength, usual: p.Batch, most: p.Most}
		got.fileRows, got.fileBytes = want.fileRows, want.fileBytes
		if got != want {
			t.Errorf("%s has %+v, want %+v", kind, got, want)
		}
		for i := range p.Parts {
			part := &p.Parts[i]
			if (part.PerFile > 0) != (want.fileBytes > 0) || want.fileRows > 0 && part.PerFile > want.fileRows {
				t.Errorf("%s takes %d rows a file", kind, part.PerFile)
			}
			if n := largest(t, p, part); n > want.fileBytes && want.fileBytes > 0 {
				t.Errorf("%s: a file of the widest rows is %d bytes, more than %d", kind, n, want.fileBytes)
			}
		}
	}
}

// largest is how many bytes the largest file of a part has: rows of widest people, as many as a file takes.
func largest(t *testing.T, p *Platform, part *Part) int {
	t.Helper()
	const some = 100
	l := List{
		Segment: strings.Repeat("s", 63), Action: Adds, Consent: "list:ads:customer", Send: p.Send, Number: "123456789012",
	}
	for i := range some {
		entry := fmt.Sprintf("fp.%032d", i)
		if p.Identifies() {
			entry = widest(p, part, i)
		}
		if p.Merged {
			entry += "\t" + strings.Repeat("s", 63)
		}
		l.Entries = append(l.Entries, entry)
	}
	rows := 0
	for _, entry := range l.Entries {
		rows += 1 + strings.Count(entry, "\t")
	}
	return len(written(t, part, l)) * part.PerFile / rows
}

// widest is an entry of one person with many identifiers of one kind, and one of each other that a part takes: in a
// table, that is the most for each.
func widest(p *Platform, part *Part, i int) string {
	var words []string
	profile, _ := identifier.ProfileOf(p.Profile)
	for n, f := range part.Takes {
		for k := range max(1, 50*(1-n)) {
			value := sum(fmt.Sprint(p.Type, f, i, k))
			if !profile.Hashes(f) {
				value = fmt.Sprintf("38400000-8cf0-11bd-%04d-%012d", k, i)
			}
			words = append(words, f.String()+"="+value)
		}
	}
	return strings.Join(words, "\t")
}

// many are entries of one identifier each, in byte order.
func many(part *Part, n int) (out []string) {
	word := "email"
	if len(part.Takes) > 0 {
		word = part.Takes[0].String()
	}
	for i := range n {
		out = append(out, word+"="+sum(fmt.Sprint(i)))
	}
	slices.Sort(out)
	return out
}

// requests are the identifiers of each request of a list.
func requests(t *testing.T, list []byte) (out [][]string) {
	t.Helper()
	for line := range bytes.Lines(list) {
		if !json.Valid(line) {
			t.Fatal("a request is no JSON")
		}
		var in []string
		for text := range bytes.SplitSeq(line, []byte{'"'}) {
			if len(text) == 64 {
				in = append(in, string(text))
			}
		}
		out = append(out, in)
	}
	return out
}

func TestARequestHoldsAsManyAsItMayAndNotOneMore(t *testing.T) {
	each(t, func(t *testing.T, p *Platform, part *Part) {
		if p.Batch.Rows == 0 || p.Ext != "jsonl" || !p.Identifies() {
			t.Skip("has no requests")
		}
		n := p.Batch.Rows
		entries := many(part, 2*n+1)
		counts := map[int][]int{0: nil, 1: {1}, n: {n}, n + 1: {n, 1}}
		if n < 50_000 {
			counts[n-1], counts[2*n+1] = []int{n - 1}, []int{n, n, 1}
		}
		for count, want := range counts {
			for _, action := range []Action{Adds, Removes} {
				l := List{Segment: "savers", Action: action, Consent: "list:ads:customer", Entries: entries[:count], Send: p.Usual}
				var got []int
				var all []string
				for _, r := range requests(t, written(t, part, l)) {
					got = append(got, len(r))
					all = append(all, r...)
				}
				var told []string
				for _, e := range l.Entries {
					_, value, _ := strings.Cut(e, "=")
					told = append(told, value)
				}
				if !slices.Equal(got, want) || !slices.Equal(all, told) {
					t.Errorf("%d people are requests of %v, want %v, with everybody once and in order", count, got, want)
				}
			}
		}
	})
}

// TestDefect19BatchesByCountAlone: a request has no more bytes than it may, and would have more with one person more.
func TestDefect19BatchesByCountAlone(t *testing.T) {
	each(t, func(t *testing.T, p *Platform, part *Part) {
		if p.Batch.Rows == 0 || p.Ext != "jsonl" || !p.Identifies() {
			t.Skip("has no requests")
		}
		entries := many(part, 3_000)
		for _, most := range []int{20_000, 20_001, 60_000} {
			l := List{
				Segment: "savers", Action: Adds, Consent: "list:ads:customer", Entries: entries, Send: p.Usual,
				Batch: project.Batch{Rows: 2_999, Bytes: most},
			}
			list := written(t, part, l)
			lines := bytes.Split(bytes.TrimSuffix(list, []byte("\n")), []byte("\n"))
			each := (len(lines[0]) - len(lines[len(lines)-1])) / max(1, len(requests(t, lines[0])[0])-
				len(requests(t, lines[len(lines)-1])[0]))
			for i, line := range lines {
				if len(line) > most || i < len(lines)-1 && len(line)+2*each < most {
					t.Fatalf("request %d of %d has %d bytes, it may have %d and a person takes %d", i+1, len(lines), len(line),
						most, each)
				}
			}
		}
		l := List{
			Segment: "savers", Action: Adds, Consent: "list:ads:customer", Entries: entries, Send: p.Usual,
			Batch: project.Batch{Bytes: 50},
		}
		if err := part.Write(&bytes.Buffer{}, l); err == nil || strings.Contains(err.Error(), entries[0][6:]) {
			t.Errorf("somebody who fits into no request is written: %v", err)
		}
	})
}

// TestRequestsAreCutToTheByte: what is round the rows counts as if it were as long as it can get.
func TestRequestsAreCutToTheByte(t *testing.T) {
	items := slices.Values([][]byte{[]byte("aaa"), []byte("bb"), []byte("cccc")})
	for _, c := range []struct {
		batch project.Batch
		wrap  framing
		want  string // "": an error
	}{
		{project.Batch{}, plainFrame, "[aaa,bb,cccc]\n"},
		{project.Batch{Rows: 3}, plainFrame, "[aaa,bb,cccc]\n"},
		{project.Batch{Rows: 2}, plainFrame, "[aaa,bb]\n[cccc]\n"},
		{project.Batch{Rows: 1}, plainFrame, "[aaa]\n[bb]\n[cccc]\n"},
		{project.Batch{Bytes: 13}, plainFrame, "[aaa,bb,cccc]\n"},
		{project.Batch{Bytes: 12}, plainFrame, "[aaa,bb]\n[cccc]\n"},
		{project.Batch{Bytes: 8}, plainFrame, "[aaa,bb]\n[cccc]\n"},
		{project.Batch{Bytes: 7}, plainFrame, "[aaa]\n[bb]\n[cccc]\n"},
		{project.Batch{Bytes: 6}, plainFrame, "[aaa]\n[bb]\n[cccc]\n"},
		{project.Batch{Bytes: 5}, plainFrame, ""},
		{project.Batch{Rows: 2, Bytes: 7}, plainFrame, "[aaa]\n[bb]\n[cccc]\n"},
		{project.Batch{Bytes: 22}, sessionFrame, "1.false[aaa]\n2.false[bb]\n3.true[cccc]\n"}, // room for 2147483648.false
		{project.Batch{Bytes: 21}, sessionFrame, ""},
		{project.Batch{Bytes: 24}, sessionFrame, "1.false[aaa,bb]\n2.true[cccc]\n"},
	} {
		var out bytes.Buffer
		err := writeBodies(&out, c.batch, items, c.wrap)
		if (err != nil) != (c.want == "") || err == nil && out.String() != c.want {
			t.Errorf("%+v: %q, %v; want %q", c.batch, out.String(), err, c.want)
		}
	}
	var out bytes.Buffer
	err := writeBodies(&out, project.Batch{Rows: 1}, slices.Values([][]byte(nil)), plainFrame)
	if err != nil || out.Len() > 0 {
		t.Errorf("nobody is a request: %q, %v", out.String(), err)
	}
}

func plainFrame(int, bool) (head, tail string) { return "[", "]" }

func sessionFrame(seq int, last bool) (head, tail string) {
	return fmt.Sprintf("%d.%t[", seq, last), "]"
}

func TestAFileHoldsAsManyRowsAsItMayAndNotOneMore(t *testing.T) {
	part := &Part{PerFile: 4}
	if all := (&Part{}).Volumes(List{Entries: many(part, 9)}); len(all) != 1 || len(all[0].Entries) != 9 {
		t.Errorf("a list of any size is %d files", len(all))
	}
	one, two, five := "email=a", "email=b\tphone=c", "email=d\temail=e\temail=f\temail=g\temail=h"
	for _, c := range []struct {
		entries []string
		want    [][]string
	}{
		{nil, [][]string{nil}},
		{[]string{one, one, one, one}, [][]string{{one, one, one, one}}},
		{[]string{one, one, one, one, one}, [][]string{{one, one, one, one}, {one}}},
		{[]string{one, two, two}, [][]string{{one, two}, {two}}},
		{[]string{two, two, one}, [][]string{{two, two}, {one}}},
		{[]string{five, one}, [][]string{{five}, {one}}}, // nobody is torn apart
		{[]string{one, five}, [][]string{{one}, {five}}},
	} {
		var got [][]string
		for i, l := range part.Volumes(List{Segment: "savers", Entries: c.entries}) {
			if l.Volume != i || l.Segment != "savers" {
				t.Errorf("volume %d says %d of %s", i, l.Volume, l.Segment)
			}
			got = append(got, l.Entries)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%q in files of four rows (-want +got):\n%s", c.entries, diff)
		}
	}
}

// TestNothingIsToldTwiceWhereARequestIsOfOneKind: what two people share stands once, also in a file of many.
func TestNothingIsToldTwiceWhereARequestIsOfOneKind(t *testing.T) {
	for _, kind := range []string{"snapchat", "tiktok_single", "microsoft", "uid2", "trade_desk"} {
		p, _ := Of(kind)
		for i := range p.Parts {
			part := &p.Parts[i]
			word := part.Takes[0].String()
			l := List{Segment: "savers", Action: Adds, Consent: "list:ads:customer", Send: p.Send}
			want := map[string]int{}
			for n := range 3_000 {
				shared := sum(fmt.Sprint("family", n/3))
				l.Entries = append(l.Entries, fmt.Sprintf("%s=%s\t%s=%s", word, shared, word, sum(fmt.Sprint(n))))
				want[shared], want[sum(fmt.Sprint(n))] = 1, 1
			}
			got := map[string]int{}
			apart := func(r rune) bool { return strings.ContainsRune("\",\r\n", r) }
			for text := range bytes.FieldsFuncSeq(written(t, part, l), apart) {
				if len(text) == 64 {
					got[string(text)]++
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s %s: how often each is told (-want +got):\n%.500s", kind, part.Name, diff)
			}
			whole := len(written(t, part, l))
			for _, left := range []narrow{0, narrow(whole / 2), narrow(whole - 1)} {
				if err := part.Write(&left, l); !errors.Is(err, errBroken) {
					t.Errorf("%s %s: a full disk is %v", kind, part.Name, err)
				}
			}
		}
	}
}

// TestNoIdentifierStandsInThePlaceOfAnother: of people with every set of identifiers that there is, each has each of
// hers where only that kind stands.
func TestNoIdentifierStandsInThePlaceOfAnother(t *testing.T) {
	each(t, func(t *testing.T, p *Platform, part *Part) {
		if !p.Identifies() {
			t.Skip("sends no identifiers")
		}
		var people []someone
		for set := range 1 << len(p.Send) {
			row := Contact{MAIDOS: []string{"ios", "android"}[set%2]}
			for i, c := range p.Send {
				if set>>i&1 == 1 {
					row[c] = goodRow(set % 600)[c]
				}
			}
			if row[MAID] != "" {
				row[MAID] = fmt.Sprintf("38400000-8cf0-11bd-b23e-%012d", set)
			}
			people = append(people, someone{fmt.Sprintf("c%04d", set), []Contact{row}})
		}
		known := places(t, p, part)
		kinds := map[string]string{} // what each value is
		s := Source{Platform: p, Part: part, Send: p.Send, Consent: "list:ads:customer"}
		s.Contacts = plainTable(rules.CustomerLevel, "FI", people...)
		adds, _ := Members(audience(t, ids(people), rules.CustomerLevel), s)
		for _, entry := range adds.Entries() {
			for word, values := range apart(part, recordOf(entry)) {
				for _, v := range values {
					if identifying.MatchString(v) && !strings.HasPrefix(word, "birth") {
						kinds[v] = word
					}
				}
			}
		}
		l := List{Segment: "savers", Action: Adds, Consent: s.Consent, Send: s.Send, Entries: adds.Entries()}
		found := map[string]bool{}
		for _, r := range readPlaces(t, p, known, written(t, part, l)) {
			for place, values := range r {
				if kind := kinds[values[0]]; kind != "" && kind != place {
					t.Fatalf("%s stands where %s belongs", kind, place)
				}
				found[values[0]] = true
			}
		}
		for value, kind := range kinds {
			if !found[value] {
				t.Fatalf("a %s is in no place", kind)
			}
		}
	})
}

func TestNobodyIsAddedAnywhereWhomNobodyAsked(t *testing.T) {
	each(t, func(t *testing.T, p *Platform, part *Part) {
		if !p.Ads {
			t.Skip("asks for no consent to be targeted")
		}
		for _, action := range []Action{Adds, Snapshot, Removes} {
			var out bytes.Buffer
			err := part.Write(&out, List{Segment: "savers", Action: action, Entries: many(part, 3)})
			if (err == nil) != (action == Removes) || err != nil && out.Len() > 0 {
				t.Errorf("%s: %v, %d bytes", action, err, out.Len())
			}
		}
	})
}

func TestABirthDateIsThreeForMeta(t *testing.T) {
	for birth, want := range map[string][]string{
		"1984-03-07": {sum("1984"), sum("03"), sum("07")}, "20000229": {sum("2000"), sum("02"), sum("29")}, "2001-02-29": nil,
	} {
		s := source("meta_custom_audience", "", []Column{Email, BirthDate, Gender},
			plainTable(customers, "FI", someone{"c1", []Contact{{Email: "liv@example.com", BirthDate: birth, Gender: "f"}}}))
		adds, _ := Members(audience(t, []string{"c1"}, customers), s)
		var got struct {
			Session map[string]any
			Payload struct {
				Schema []string
				Data   [][]string
			}
		}
		strictly(t, written(t, s.Part, List{Action: Adds, Consent: s.Consent, Send: s.Send, Entries: adds.Entries()}), &got)
		if diff := cmp.Diff([]string{"EMAIL", "DOBY", "DOBM", "DOBD", "GEN"}, got.Payload.Schema); diff != "" {
			t.Error(diff)
		}
		if want == nil {
			want = []string{"", "", ""}
		}
		row := slices.Concat([]string{sum("liv@example.com")}, want, []string{sum("f")})
		if diff := cmp.Diff([][]string{row}, got.Payload.Data); diff != "" {
			t.Errorf("%s:\n%s", birth, diff)
		}
	}
	p, _ := Of("meta_custom_audience")
	if p.Accepts("birth_date", "meta.v1") || !p.Accepts("email", "meta.v1") {
		t.Error("a hash of a whole birth date is taken apart, or one of an address is not taken")
	}
}
