package platform

import (
	"slices"
	"strings"

	"github.com/malgrupp/malgrupp/pipeline/identifier"
)

// fields are the identifiers that columns hold; that of a device id depends on its system.
var fields = [columns]identifier.Field{
	Email: identifier.Email, Phone: identifier.Phone, FirstName: identifier.GivenName, LastName: identifier.FamilyName,
	Country: identifier.Country, PostalCode: identifier.PostalCode, City: identifier.City, BirthDate: identifier.BirthDate,
	Gender: identifier.Gender,
}

// joiner makes the entries of one list: all rows of a member, normalised and hashed, in an order that does not depend
// on that of the rows.
type joiner struct {
	contacts *Contacts
	profile  *identifier.Profile
	part     *Part
	customer bool
	sent     [columns]bool
	single   []Column // columns that are identifiers of their own
	address  bool
	maker    entryMaker
}

func newJoiner(s Source, customer bool) *joiner {
	profile, _ := identifier.ProfileOf(s.Platform.Profile) // the conformance suite asks that every platform's exists
	j := &joiner{contacts: s.Contacts, profile: profile, part: s.Part, customer: customer}
	for _, c := range s.Send {
		j.sent[c] = true
	}
	if !customer {
		return j // of a device only its own advertising id is handed over, never a customer's contact key
	}
	for _, c := range Columns() {
		if j.sent[c] && c != MAID && slices.Contains(s.Part.Takes, fields[c]) {
			j.single = append(j.single, c)
		}
	}
	parts := 0
	for _, c := range s.Part.Address {
		if j.sent[c] {
			parts++
		}
	}
	j.address = s.Part.complete(parts)
	return j
}

// complete reports whether so many parts of an address are one.
func (p *Part) complete(parts int) bool { return parts > 0 && (parts == len(p.Address) || !p.Whole) }

// together is how many members' entries are made as one text, of which each is a part: a thousand small texts cost more
// than a large one.
const together = 512

// people returns the members who have an entry, and what was dropped.
func (j *joiner) people(ids []string) (out []person, d Dropped) {
	out = make([]person, 0, len(ids))
	var text []byte
	var ends [together]int
	for some := range slices.Chunk(ids, together) {
		text = text[:0]
		for i, id := range some {
			text = j.entry(text, id, &d)
			ends[i] = len(text)
		}
		whole, from := string(text), 0
		for i, id := range some {
			if ends[i] > from {
				out = append(out, person{id, whole[from:ends[i]]})
			} else {
				d.People++
			}
			from = ends[i]
		}
	}
	return out, d
}

// entry appends a member's entry. A bad value is dropped alone and counted; a member left with none has no entry.
func (j *joiner) entry(dst []byte, id string, d *Dropped) []byte {
	rows := j.contacts.of[kindOf(j.customer)][id]
	j.maker.reset()
	for i := range rows {
		row := &rows[i]
		country := j.contacts.countryOf(row)
		for _, c := range j.single {
			j.one(fields[c], c, row, country, d)
		}
		if j.address {
			j.nameAndAddress(row, country, d)
		}
		if j.sent[MAID] {
			j.deviceID(row, d)
		}
	}
	for _, over := range j.maker.order(j.part) {
		d.count(over.word(), overLimit, 1)
	}
	if len(j.maker.spans) == 0 {
		d.count("", noneKnown, 1)
	}
	return j.maker.text(dst)
}

// one adds one value, if the row has it and it is good.
func (j *joiner) one(f identifier.Field, c Column, row *Contact, country string, d *Dropped) {
	start := len(j.maker.values)
	if row[c] != "" && j.append(f, c, row[c], country, d) {
		j.maker.add(span{field: f, start: start})
	}
}

// append normalises a value behind the others; a bad one is counted.
func (j *joiner) append(f identifier.Field, c Column, value, country string, d *Dropped) bool {
	var out []byte
	var reason identifier.Reason
	switch {
	case j.contacts.forms[c].Hashed:
		out, reason = j.profile.AppendHash(j.maker.values, f, value)
	case c == BirthDate && j.part.BirthParts:
		out, reason = j.birth(value)
	default:
		out, reason = j.profile.Append(j.maker.values, f, value, country)
	}
	if reason != identifier.Accepted {
		d.count(f.String(), reason.String(), 1)
		return false
	}
	j.maker.values = out
	return true
}

// birth appends year, month and day of a birth date, with colons between.
func (j *joiner) birth(value string) ([]byte, identifier.Reason) {
	day, reason := j.profile.Normal(identifier.BirthDate, value, "")
	if reason != identifier.Accepted {
		return nil, reason
	}
	out, _ := j.profile.Append(j.maker.values, identifier.BirthYear, day[:4], "")
	out, _ = j.profile.Append(append(out, ':'), identifier.BirthMonth, day[4:6], "")
	return j.profile.Append(append(out, ':'), identifier.BirthDay, day[6:], "")
}

// nameAndAddress adds name and address of a row as one identifier: its good parts at their places, commas between them,
// unless the platform takes only whole ones. Those name a country, so it may be that of the table.
func (j *joiner) nameAndAddress(row *Contact, country string, d *Dropped) {
	start := len(j.maker.values)
	parts := 0
	for i, c := range j.part.Address {
		value := row[c]
		if c == Country && value == "" && j.part.Whole {
			value = country
		}
		if i > 0 {
			j.maker.values = append(j.maker.values, ',')
		}
		if j.sent[c] && value != "" && j.append(fields[c], c, value, country, d) {
			parts++
		}
	}
	if !j.part.complete(parts) {
		j.maker.values = j.maker.values[:start]
		return
	}
	j.maker.add(span{address: true, start: start})
}

// deviceID adds the advertising id of the system that the row names.
func (j *joiner) deviceID(row *Contact, d *Dropped) {
	if row[MAID] == "" {
		return
	}
	var f identifier.Field
	switch strings.ToLower(strings.TrimSpace(row[MAIDOS])) {
	case "ios":
		f = identifier.IDFA
	case "android":
		f = identifier.AAID
	default:
		d.count(MAID.String(), unknownOS, 1)
		return
	}
	if slices.Contains(j.part.Takes, f) {
		j.one(f, MAID, row, "", d)
	}
}
