package platform

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/malgrupp/malgrupp/pipeline/identifier"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/segments"
)

// someone is an invented person and her rows as the bank stores them.
type someone struct {
	id   string
	rows []Contact
}

// levelOf is a level that a platform is told of.
func levelOf(p *Platform) rules.Level {
	if p.Devices {
		return rules.DeviceLevel
	}
	return rules.CustomerLevel
}

// filed puts the rows of people into a table.
func filed(c *Contacts, level rules.Level, people ...someone) *Contacts {
	for _, p := range people {
		for _, row := range p.rows {
			c.Add(level == rules.CustomerLevel, p.id, row)
		}
	}
	return c
}

// plainTable is a table of plain columns.
func plainTable(level rules.Level, country string, people ...someone) *Contacts {
	return filed(NewContacts(nil, country), level, people...)
}

func ids(people []someone) (out []string) {
	for _, p := range people {
		out = append(out, p.id)
	}
	return out
}

// source is how a type's part is told about people in a table.
func source(kind, part string, send []Column, c *Contacts) Source {
	p, _ := Of(kind)
	in, _ := p.Part(part)
	return Source{Platform: p, Part: in, Send: send, Contacts: c, Consent: "list:ads:customer"}
}

// told is who of an audience a part is told about, what it is told, and what was dropped.
func told(t testing.TB, a *segments.Audience, s Source) (adds Additions, records []record, dropped Dropped) {
	t.Helper()
	adds, dropped = Members(a, s)
	l := List{Segment: "savers", Action: Adds, Consent: s.Consent, Send: s.Send, Entries: adds.Entries()}
	return adds, receive(t, s, written(t, s.Part, l)), dropped
}

// receive reads what a part was told of people; by places they are read as one.
func receive(t testing.TB, s Source, list []byte) []record {
	t.Helper()
	r := receiverOf(t, s.Platform, s.Part)
	records := r.read(t, s.Part.Name, Adds, list)
	if r.places && len(records) > 1 {
		return []record{union(records)}
	}
	return records
}

// written are the bytes of a list.
func written(t rapid.TB, part *Part, l List) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := part.Write(&out, l); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// rowOf draws a row whose good values belong to person n alone, untidy as stored ones are; each may be missing.
func rowOf(t *rapid.T, n, r int) (row Contact) {
	letters := string(rune('a'+n)) + string(rune('a'+r))
	for c, value := range map[Column]string{
		Email:     fmt.Sprintf(" Person.%s@Example.COM\u200b", letters),
		Phone:     fmt.Sprintf("040-12%02d 5%02d", n, r),
		FirstName: "AINO " + letters, LastName: " Mäkelä-" + letters,
		Country: "fi", PostalCode: fmt.Sprintf("FI-%03d%02d", n, r), City: "Jyväskylä " + letters,
		BirthDate: fmt.Sprintf("19%02d-02-%02d", 10+n, 1+r), Gender: "Female",
		MAID:   fmt.Sprintf("{38400000-8CF0-11bd-b23e-0000000%02d0%02d}", n, r),
		MAIDOS: []string{"iOS ", "android"}[(n+r)%2],
	} {
		if c == MAIDOS || rapid.Bool().Draw(t, c.String()) {
			row[c] = value
		}
	}
	return row
}

// drawPeople draws people with up to three rows each.
func drawPeople(t *rapid.T) (out []someone) {
	for n := range rapid.IntRange(0, 6).Draw(t, "people") {
		p := someone{id: fmt.Sprintf("c%d", n)}
		for r := range rapid.IntRange(0, 3).Draw(t, "rows") {
			p.rows = append(p.rows, rowOf(t, n, r))
		}
		out = append(out, p)
	}
	return out
}

// drawSend draws which identifiers a destination is sent, as the project file allows: columns that belong together come
// together, and at least one is sent.
func drawSend(t *rapid.T, p *Platform) (out []Column) {
	address := rapid.Bool().Draw(t, "address")
	for _, c := range p.Send {
		if slices.Contains(p.Together(), c) {
			if address {
				out = append(out, c)
			}
		} else if rapid.Bool().Draw(t, "send "+c.String()) {
			out = append(out, c)
		}
	}
	if len(out) == 0 {
		return p.Usual
	}
	return out
}

// expected is what a part is to be told about a person whose values are all good: words and values, each once, sorted.
func expected(s Source, level rules.Level, p someone) record {
	out := record{}
	for _, row := range p.rows {
		for word, value := range expectedOf(s, level, row) {
			if !slices.Contains(out[word], value) {
				out[word] = append(out[word], value)
			}
		}
	}
	for _, values := range out {
		slices.Sort(values)
	}
	if most := s.Part.Addresses; most > 0 && len(out["address"]) > most {
		out["address"] = out["address"][:most]
	}
	return out
}

func expectedOf(s Source, level rules.Level, row Contact) map[string]string {
	out := map[string]string{}
	profile, _ := identifier.ProfileOf(s.Platform.Profile)
	sent := func(f identifier.Field, c Column) string {
		return sentValue(profile, s.Part, f, row[c])
	}
	for _, c := range s.Send {
		f, word := fields[c], fields[c].String()
		if c == MAID {
			f, word = identifier.AAID, "maid"
			if strings.TrimSpace(strings.ToLower(row[MAIDOS])) == "ios" {
				f = identifier.IDFA
			}
		}
		if row[c] != "" && slices.Contains(s.Part.Takes, f) && (level == rules.CustomerLevel || c == MAID) {
			out[word] = sent(f, c)
		}
	}
	if s.Part.Whole && row[Country] == "" {
		row[Country] = "FI" // the table's
	}
	var address []string
	missing := 0
	for _, c := range s.Part.Address {
		value := ""
		if row[c] != "" && slices.Contains(s.Send, c) {
			value = sent(fields[c], c)
		} else {
			missing++
		}
		address = append(address, value)
	}
	if level == rules.CustomerLevel && missing < len(address) && (missing == 0 || !s.Part.Whole) {
		out["address"] = strings.Join(address, ",")
	}
	return out
}

// partly is an address of a type's first part with one value alone.
func partly(kind string, column Column, value string) string {
	p, _ := Of(kind)
	all := make([]string, len(p.Parts[0].Address))
	all[slices.Index(p.Parts[0].Address, column)] = value
	return strings.Join(all, ",")
}

// union joins the records of one person: words and values, each once, sorted.
func union(records []record) record {
	out := record{}
	for _, r := range records {
		for word, values := range r {
			for _, v := range values {
				if !slices.Contains(out[word], v) {
					out[word] = append(out[word], v)
				}
			}
		}
	}
	for _, values := range out {
		slices.Sort(values)
	}
	return out
}

func sorted(values ...string) []string {
	slices.Sort(values)
	return values
}
