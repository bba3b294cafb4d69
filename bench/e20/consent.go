package e20

import (
	"cmp"
	"os"
	"slices"

	"github.com/malgrupp/malgrupp/pipeline/decide"
	"github.com/malgrupp/malgrupp/pipeline/parquet"
	"github.com/malgrupp/malgrupp/rules"
)

// deviceAnswer is what a device said, as days from the first one on which anybody was asked; -1: never.
type deviceAnswer struct{ grant, withdrawal int16 }

func (e *log) answered() []deviceAnswer {
	out := make([]deviceAnswer, e.Devices)
	c := newChance()
	for i := range out {
		c.put(hash(e.Seed, consentLabel, uint64(i)))
		out[i] = deviceAnswer{-1, -1}
		said := c.IntN(100)
		if said >= 70 {
			continue
		}
		out[i].grant = int16(c.IntN(leadDays + e.Days))
		if said < 8 {
			out[i].withdrawal = int16(c.between(int(out[i].grant), leadDays+e.Days-1))
		}
	}
	return out
}

// writeConsent writes what was said on one day: three grants for a device, or one withdrawal of everything, and the
// sign of life that the exporter gives every full hour. Grants come in the first half of a day and withdrawals in the
// second.
func (e *log) writeConsent(root *os.Root, day int64) error {
	var said []statement
	number := int16(day - e.first + leadDays)
	say := func(device int, action, purpose string, at int64) {
		id := hash(e.Seed, consentLabel, uint64(device), textNumber(action+purpose))
		said = append(said, statement{at: at, id: id, subject: e.devices[device], action: action, purpose: purpose})
	}
	for i, a := range e.answers {
		at := day*dayMicros + int64(i)*int64(secondMicros)%(dayMicros/2)
		if a.grant == number {
			say(i, "grant", "profile", at)
			say(i, "grant", "link", at)
			say(i, "grant", "activate:bench", at)
		}
		if a.withdrawal == number {
			say(i, "withdraw", "*", at+dayMicros/2)
		}
	}
	for hour := range int64(24) {
		at := day*dayMicros + hour*hourMicros
		said = append(said, statement{at: at, id: hash(e.Seed, heartbeatLabel, uint64(at)), action: "heartbeat"})
	}
	slices.SortStableFunc(said, func(a, b statement) int { return cmp.Compare(a.at, b.at) })
	return writeTable(root, partFile("consent", day), consentColumns(), func(w *parquet.Writer) error {
		return w.Write(len(said), statementValues(said))
	})
}

// statement is one row of the consent log; a heartbeat has neither subject nor purpose.
type statement struct {
	at                       int64
	id                       uint64
	subject, action, purpose string
}

// consentColumns are those of a consent log, which are null in heartbeats where they are about somebody.
func consentColumns() []rules.Column {
	columns := decide.ConsentColumns()
	for i := range columns {
		switch columns[i].Name {
		case "subject_type", "subject_id", "purpose":
			columns[i].Optional = true
		}
	}
	return columns
}

// statementValues are the rows as columns, in the order of consentColumns.
func statementValues(said []statement) []parquet.Values {
	text := func(of func(s *statement) string) (v parquet.Values) {
		for i := range said {
			v.Text = append(v.Text, of(&said[i]))
			v.Null = append(v.Null, v.Text[i] == "")
		}
		return v
	}
	number := func(of func(s *statement) int64) (v parquet.Values) {
		for i := range said {
			v.Ints = append(v.Ints, of(&said[i]))
			v.Null = append(v.Null, v.Ints[i] == 0)
		}
		return v
	}
	about := func(person, nobody string) func(*statement) string {
		return func(s *statement) string {
			if s.subject == "" {
				return nobody
			}
			return person
		}
	}
	at := func(s *statement) int64 { return s.at }
	return []parquet.Values{
		text(func(s *statement) string { return idText(s.id) }),
		text(about("device", "")),
		text(func(s *statement) string { return s.subject }),
		text(func(s *statement) string { return s.action }),
		text(func(s *statement) string { return s.purpose }),
		number(at),
		number(at),
		text(about("cmp", "exporter")),
		number(func(s *statement) int64 {
			if s.subject == "" {
				return 0
			}
			return 1
		}),
		text(func(*statement) string { return "" }), // no tc_string
		text(func(*statement) string { return "" }), // no evidence
	}
}
