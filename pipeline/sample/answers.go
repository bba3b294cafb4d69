package sample

import (
	"github.com/malgrupp/malgrupp/pipeline/decide"
	"github.com/malgrupp/malgrupp/pipeline/parquet"
)

// answer is one row of the consent log; a heartbeat has neither kind nor subject nor purpose.
type answer struct {
	id                                     uint64
	kind, subject, action, purpose, source string
	at, recorded                           int64
	notice                                 int64
	proof                                  uint64 // 0: none is stored
}

const (
	deviceKind   = "device"
	customerKind = "customer"
)

// everyPurpose is what somebody who allows everything allows; destinations are granted by name.
var everyPurpose = []string{"profile", "link", "activate:files", "measure", "partner_data"}

func answerLog() *log[answer] {
	columns := decide.ConsentColumns()
	for i := range columns {
		switch columns[i].Name {
		case "subject_type", "subject_id", "purpose":
			columns[i].Optional = true // null in heartbeats
		}
	}
	return &log[answer]{
		outbox: outbox[answer]{}, folder: "consent", columns: columns,
		arrival: func(a *answer) int64 { return a.recorded },
		values: func(rows []answer) []parquet.Values {
			return []parquet.Values{
				textOf(rows, false, func(a *answer) string { return idText(a.id) }),
				textOf(rows, true, func(a *answer) string { return a.kind }),
				textOf(rows, true, func(a *answer) string { return a.subject }),
				textOf(rows, false, func(a *answer) string { return a.action }),
				textOf(rows, true, func(a *answer) string { return a.purpose }),
				numberOf(rows, false, func(a *answer) int64 { return a.at }),
				numberOf(rows, false, func(a *answer) int64 { return a.recorded }),
				textOf(rows, false, func(a *answer) string { return a.source }),
				numberOf(rows, true, func(a *answer) int64 { return a.notice }),
				textOf(rows, true, func(*answer) string { return "" }), // no tc_string
				textOf(rows, true, func(a *answer) string {
					if a.proof == 0 {
						return ""
					}
					return idText(a.proof)
				}),
			}
		},
	}
}

// heartbeats adds the sign of life that the exporter gives every full hour.
func heartbeats(l *log[answer], seed uint64, day int64) {
	for hour := range int64(24) {
		at := day*dayMicros + hour*hourMicros
		l.add(at, answer{
			id: hash(seed, heartbeatLabel, uint64(at)), action: "heartbeat", at: at, recorded: at, source: "exporter",
		})
	}
}

// answers lets a subject decide when he is first asked, just before the first row, and change his mind later.
func (b *bank) answers(kind, subject string, at int64) {
	if b.asked[subject] {
		return
	}
	b.asked[subject] = true
	c := newChance()
	c.put(hash(b.seed, consentLabel, textNumber(subject)))
	say := b.speaker(c, kind, subject)
	allowed := b.firstAnswer(c, say, at-secondMicros)
	if len(allowed) == 0 {
		return
	}
	later := func() int64 { return at + int64(c.between(1, 30))*dayMicros + int64(c.IntN(int(dayMicros))) }
	switch n := c.IntN(100); {
	case n < 8: // withdraws, and one in four comes back
		gone := later()
		say("withdraw", gone, "*")
		if c.percent(25) {
			say("grant", gone+5*dayMicros, allowed...)
		}
	case n < 9: // objects to advertising, and half of them lift it again
		gone := later()
		say("object", gone, "activate:*")
		if c.percent(50) {
			say("lift", gone+3*dayMicros, "activate:*")
		}
	case n < 14: // confirms what he said
		say("grant", later(), allowed...)
	}
}

// firstAnswer is what a banner or an adviser hears; it returns what was granted. One in ten does not answer at all.
func (b *bank) firstAnswer(c chance, say func(action string, at int64, purposes ...string),
	at int64,
) (allowed []string) {
	switch n := c.IntN(100); {
	case n < 60:
		allowed = everyPurpose
	case n < 68:
		allowed = everyPurpose[:3] // the bank's own pages, no partner
	case n < 78:
		allowed = []string{"measure"}
	case n < 90:
		say("deny", at, "*")
	}
	say("grant", at, allowed...)
	return allowed
}

// speaker writes what one subject says into the consent log, a row for each purpose.
func (b *bank) speaker(c chance, kind, subject string) func(action string, at int64, purposes ...string) {
	source := "cmp"
	if kind == customerKind {
		source = c.pick([]string{"bank_ui", "bank_ui", "call_centre"})
	}
	said := uint64(0)
	return func(action string, at int64, purposes ...string) {
		recorded := max(at+int64(c.between(1, 20))*secondMicros, b.first*dayMicros)
		for _, purpose := range purposes {
			said++
			id := hash(b.seed, consentLabel, textNumber(subject), said)
			b.consents.add(recorded, answer{
				id: id, kind: kind, subject: subject, action: action, purpose: purpose, source: source,
				at: at, recorded: recorded, notice: 2, proof: mix(id),
			})
		}
	}
}

// textNumber turns an id into a number to mix.
func textNumber(text string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(text) {
		h = (h ^ uint64(text[i])) * 1099511628211
	}
	return h
}
