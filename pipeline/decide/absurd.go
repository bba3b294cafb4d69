package decide

import (
	"fmt"
	"slices"
	"strings"

	"github.com/malgrupp/malgrupp/pipeline/fault"
	"github.com/malgrupp/malgrupp/pipeline/shown"
	"github.com/malgrupp/malgrupp/rules"
)

// absurdShare is how many rows of a source may hold an impossible value, one in so many: they are left out and counted.
// More are no accidents of single rows but a wrong unit, zone or column, and what is left would be a random part of the
// log.
const absurdShare = 100

// absurd refuses a source that was read and holds too many impossible values. The share is taken of all its rows that
// were read; in a row group that its statistics ruled out, texts were not decoded and are not judged.
func (s *Source) absurd() error {
	c := &s.Counts
	bad := c.Invalid + c.Oversized
	if absurdShare*bad <= c.Rows {
		return nil
	}
	var found []string
	if c.Invalid > 0 {
		found = append(found,
			fmt.Sprintf("%s rows without a time, or with one before 1990 or after now, in %s", shown.Count(c.Invalid),
				s.eventTime()))
	}
	if c.Oversized > 0 {
		slices.Sort(s.oversizedIn)
		found = append(found,
			fmt.Sprintf("%s rows with a text above 64 KiB or a list above 1,000 entries in %s", shown.Count(c.Oversized),
				strings.Join(slices.Compact(s.oversizedIn), ", ")))
	}
	return fault.BadInput("ABSURD_VALUES",
		fmt.Sprintf("read source %s: about %d %% of its %s rows hold an impossible value, expected at most 1 %%: %s",
			s.Name, max(1, (100*bad+c.Rows/2)/c.Rows), shown.Count(c.Rows), strings.Join(found, "; ")),
		"compare unit, zone and path of the column with the export (docs/how-to/schemas.md), or have the export corrected")
}

// doubtful refuses a source whose rows are what no log of events is: more copies than events, or events that all lie
// ahead of their arrival. A role was given to the wrong column, and what is left would be a random part of the log.
func (s *Source) doubtful() error {
	c := &s.Counts
	if c.Wanted+c.Copies+c.Skewed < shown.Floor {
		return nil
	}
	switch {
	case c.Copies > c.Wanted+c.Skewed && !s.CopiesExpected:
		id, _ := s.Schema.WithRole(rules.RoleEventID)
		return fault.BadInput("MOSTLY_COPIES",
			fmt.Sprintf("read source %s: of the rows that rules want more repeat the event id of another row (column %s) than "+
				"do not", s.Name, id.Name),
			"give the role event_id to a column that tells events apart; if the log really holds each event several times, say "+
				"copies: expected for the source")
	case c.Skewed > 0 && c.Wanted+c.Copies == 0:
		at, _ := s.Schema.WithRole(rules.RoleReceivedAt)
		return fault.BadInput("ALL_SKEWED",
			fmt.Sprintf("read source %s: every row that rules want happened after it was received: %s against %s", s.Name,
				s.eventTime(), at.Name),
			"compare the zones and units of the two columns, and which of several times has which role")
	}
	return nil
}

// eventTime names the column with that role, as the schema and as the file call it.
func (s *Source) eventTime() string {
	for _, c := range s.Schema.Columns {
		if c.Role != rules.RoleEventTime {
			continue
		}
		if c.From != "" && c.From != c.Name {
			return fmt.Sprintf("event_time (column %s, from %s)", c.Name, c.From)
		}
		return fmt.Sprintf("event_time (column %s)", c.Name)
	}
	return "event_time"
}
