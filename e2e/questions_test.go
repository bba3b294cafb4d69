package e2e_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/malgrupp/malgrupp/rules"
)

// question asks the engine something that a rule can say about each subject: who did EVENT, where WHERE, so many TIMES.
type question struct {
	event, where string
	level        rules.Level
	times        string // such as "exactly: 3"
	ads          bool   // as of those who may be advertised to
	// the column that where speaks of, if no rule may: it is put into the rule behind the checker's back
	means string
}

// rule is the question as a segment.
func (q question) rule(name string) string {
	purpose, deliver, where := "analysis", "", ""
	if q.ads {
		purpose, deliver = "advertising", "display"
	}
	if q.where != "" {
		where = "\n    where: " + q.where
	}
	return fmt.Sprintf(`apiVersion: malgrupp/v1
kind: Segment
metadata: {name: %s, title: %s, owner: team-site, review_by: 2021-12-31}
spec:
  purpose: %s
  identity: %s
  match:
    did: %s%s
    within: all
    %s
  deliver: [%s]
`, name, name, purpose, q.level, q.event, where, q.times, deliver)
}

// ask puts questions to the engine, in place of the example's own segments, and returns who fits each.
func (x *example) ask(t *testing.T, c setting, questions []question) [][]string {
	t.Helper()
	folder := filepath.Join(x.dir, "segments")
	check(t, os.RemoveAll(folder))
	check(t, os.Mkdir(folder, 0o755))
	for i, q := range questions {
		name := fmt.Sprintf("q-%04d", i)
		check(t, os.WriteFile(filepath.Join(folder, name+".yaml"), []byte(q.rule(name)), 0o644))
	}
	last := x.moments[len(x.moments)-1]
	l := x.load(t, c)
	for _, segment := range l.Segments {
		if q := questions[numberOf(t, segment)]; q.means != "" {
			segment.Match.Where.(*rules.Test).Term.Column = q.means
		}
	}
	e := evaluate(t, l, instant(t, last[0]), instant(t, last[1]))
	out := make([][]string, len(questions))
	for i := range e.Audiences {
		out[numberOf(t, e.Audiences[i].Segment())] = slices.Collect(e.Audiences[i].Members())
	}
	return out
}

// numberOf is which question a segment asks.
func numberOf(t *testing.T, s *rules.Segment) (number int) {
	t.Helper()
	_, err := fmt.Sscanf(s.Name, "q-%04d", &number)
	check(t, err)
	return number
}

// counts asks how often each subject did an event, up to a limit, and returns who did it at all.
func (x *example) counts(t *testing.T, c setting, q question, limit int) map[string]string {
	t.Helper()
	var questions []question
	for n := 1; n <= limit; n++ {
		q.times = fmt.Sprintf("exactly: %d", n)
		questions = append(questions, q)
	}
	out := map[string]string{}
	for i, who := range x.ask(t, c, questions) {
		for _, id := range who {
			out[strings.Clone(id)] = fmt.Sprint(i + 1)
		}
	}
	return out
}
