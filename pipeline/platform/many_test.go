package platform

import (
	"errors"
	"fmt"
	"testing"

	"github.com/malgrupp/malgrupp/rules"
)

// Members' entries are made many at a time: of 1,300, by one worker, each has its own and nobody else's, and those
// without one are left out alone.
func TestAmongManyEveryoneHasAnEntryOfHerOwn(t *testing.T) {
	const many = 1300
	var people []someone
	for i := range many {
		p := someone{id: fmt.Sprintf("c%04d", i)}
		if i%500 != 499 { // nothing is known of these
			p.rows = []Contact{{Email: fmt.Sprintf("person%d@example.com", i)}}
		}
		people = append(people, p)
	}
	s := source("meta_csv", "", []Column{Email}, nil)
	s.Workers = 1
	got, dropped := entriesBySubject(t, s, people)
	if len(got) != many-2 || dropped.People != 2 || dropped.Values[Value{"", noneKnown}] != 2 {
		t.Errorf("%d have an entry, %d have none: %v", len(got), dropped.People, dropped.Values)
	}
	for _, p := range []int{0, 1, together - 1, together, together + 1, 2 * together, many - 1} {
		alone, _ := entriesBySubject(t, s, people[p:p+1])
		if id := people[p].id; got[id] != alone[id] || alone[id] == "" {
			t.Errorf("the entry of %s is %q, alone it is %q", id, got[id], alone[id])
		}
	}
}

// narrow takes so many bytes and no more.
type narrow int

func (n *narrow) Write(b []byte) (int, error) {
	if len(b) > int(*n) {
		return 0, errBroken
	}
	*n -= narrow(len(b))
	return len(b), nil
}

// A disk may be full at any byte of a list: it is never said to be written.
func TestAWriteThatFailsInTheMiddleIsAnError(t *testing.T) {
	each(t, func(t *testing.T, p *Platform, part *Part) {
		s := Source{Platform: p, Part: part, Send: p.Send, Consent: "list:ads:customer"}
		var people []someone
		for i := range 600 {
			people = append(people, someone{fmt.Sprintf("c%03d", i), []Contact{goodRow(i % 90)}})
		}
		s.Contacts = plainTable(rules.CustomerLevel, "", people...)
		l := inOrder(t, s, Adds, people)
		whole := len(written(t, part, l))
		for from := 0; from < whole; from += max(1, whole/50) {
			left := narrow(from)
			if err := part.Write(&left, l); !errors.Is(err, errBroken) {
				t.Fatalf("a disk takes %d of %d bytes, and the error is %v", from, whole, err)
			}
		}
	})
}
