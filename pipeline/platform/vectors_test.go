package platform

import (
	"bytes"
	"encoding/csv"
	"slices"
	"strings"
	"testing"

	"github.com/malgrupp/malgrupp/pipeline/identifier"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/segments"
)

// vector is a row of the platforms' vectors: what becomes of a stored value on its way into a list.
type vector struct {
	line            int
	profile, field  string
	value, sent     string
	region, refusal string
}

func platformVectors(t *testing.T) (out []vector) {
	t.Helper()
	rows, err := csv.NewReader(bytes.NewReader(paper(t, "vectors.csv"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range rows[1:] {
		v := vector{line: i + 2, profile: r[1], field: r[2], value: r[3], sent: r[5]}
		if region, ok := strings.CutPrefix(r[7], "region="); ok {
			v.region = region[:2]
		}
		_, v.refusal, _ = strings.Cut(r[7], "REJECT ")
		out = append(out, v)
	}
	return out
}

// TestEveryVectorHoldsFromTheStoredRowToTheWrittenList drives the vectors of fields that a column holds through all
// types of their profile. A part of an address stands in a row whose other parts are good.
func TestEveryVectorHoldsFromTheStoredRowToTheWrittenList(t *testing.T) {
	a := audience(t, []string{"c1"}, rules.CustomerLevel)
	driven := map[string]int{}
	for _, v := range platformVectors(t) {
		for _, p := range tested() {
			if p.Profile != v.profile {
				continue
			}
			for i := range p.Parts {
				if s, row, ok := v.source(p, &p.Parts[i]); ok {
					driven[p.Type]++
					s.Contacts = plainTable(rules.CustomerLevel, "", someone{"c1", []Contact{row}})
					v.check(t, s, a)
				}
			}
		}
	}
	t.Log(driven)
}

// source says how a vector's value gets into a part: its column in a row, and what is sent.
func (v vector) source(p *Platform, part *Part) (s Source, row Contact, ok bool) {
	i := slices.IndexFunc(fields[:], func(f identifier.Field) bool { return f.String() == v.field })
	device := v.field == "idfa" || v.field == "aaid"
	c := Column(max(i, 0))
	if device {
		c = MAID
		row[MAIDOS] = map[string]string{"idfa": "ios", "aaid": "android"}[v.field]
	} else if i < 0 {
		return s, row, false // a part of a birth date, a first letter: no column holds them
	}
	s = Source{Platform: p, Part: part, Send: []Column{c}, Consent: "list:ads:customer"}
	switch {
	case slices.ContainsFunc(part.Takes, func(f identifier.Field) bool { return f.String() == v.field }):
	case c == BirthDate && part.BirthParts:
		return s, row, false // TestABirthDateIsThreeForMeta
	case !slices.Contains(p.Send, c):
		return s, row, false
	case slices.Contains(part.Address, c) && !part.Whole:
	case slices.Contains(part.Address, c):
		s.Send = part.Address
		row[FirstName], row[LastName], row[PostalCode], row[Country] = "Aino", "Virtanen", "00100", "FI"
	default:
		return s, row, false
	}
	if v.region != "" {
		row[Country] = v.region
	}
	row[c] = v.value
	return s, row, true
}

func (v vector) check(t *testing.T, s Source, a *segments.Audience) {
	t.Helper()
	_, records, dropped := told(t, a, s)
	if v.refusal != "" {
		// A cell without text is no value: there is nothing to refuse.
		if n := dropped.Values[Value{v.field, v.refusal}]; len(records) != 0 || dropped.People != 1 ||
			(v.value != "") != (n == 1) {
			t.Errorf("line %d in %s: %v is told, dropped %v; want nothing and %s", v.line, s.Platform.Type, records,
				dropped.Values, v.refusal)
		}
		return
	}
	word := v.field
	if word == "idfa" || word == "aaid" {
		word = "maid"
	}
	if len(records) != 1 {
		t.Errorf("line %d in %s: %d records, dropped %v", v.line, s.Platform.Type, len(records), dropped.Values)
		return
	}
	values := records[0][word]
	if receiverOf(t, s.Platform, s.Part).places {
	} else if at := slices.IndexFunc(s.Part.Address, func(c Column) bool { return fields[c].String() == word }); at >= 0 {
		values = strings.Split(records[0]["address"][0], ",")[at : at+1]
	}
	if !slices.Equal(values, []string{v.sent}) || len(dropped.Values) != 0 {
		t.Errorf("line %d in %s: %q is told, dropped %v; want %q", v.line, s.Platform.Type, values, dropped.Values, v.sent)
	}
}
