package builtin

import (
	"time"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/sql"
	"github.com/malgrupp/malgrupp/rules/value"
)

const hourMicros = 60 * 60 * 1_000_000

// The local functions read the event time on the clock of the segment's zone.

var _ = defineFunction(local(rules.Function{
	Name: "local.hour", Result: value.Type{Kind: value.Integer}, Circle: rules.CircleUpTo,
	Low: 0, High: 23, Outside: "hours are whole numbers from 0 to 23",
	Doc: "The hour of the event on the local clock, 0 to 23.",
}, sql.Clock.Hour, func(_, inDay int64) int64 { return inDay / hourMicros },
	FunctionExample{Of: "timestamp '2026-04-10T21:30:00Z'", Zone: "Europe/Helsinki", Result: "0"}))

var _ = defineFunction(local(rules.Function{
	Name: "local.weekday", Result: value.Type{Kind: value.Integer}, Circle: rules.CircleWithin,
	Names: []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"},
	Doc:   "The weekday of the event in the local calendar: 'mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'.",
	OfDay: func(day int64) int64 { return ((day+3)%7 + 7) % 7 }, // 1970-01-01 was a Thursday
}, sql.Clock.Weekday, nil,
	FunctionExample{Of: "timestamp '2026-04-10T21:30:00Z'", Zone: "Europe/Helsinki", Result: "5"},
	FunctionExample{Of: "timestamp '1969-12-28T12:00:00Z'", Zone: "UTC", Result: "6"}))

var _ = defineFunction(local(rules.Function{
	Name: "local.date", Result: value.Type{Kind: value.Date},
	Doc:   "The date of the event in the local calendar.",
	OfDay: func(day int64) int64 { return day },
}, sql.Clock.Day, nil,
	FunctionExample{Of: "timestamp '2026-04-09T21:30:00Z'", Zone: "Europe/Helsinki", Result: "date '2026-04-10'"}))

var _ = defineFunction(local(rules.Function{
	Name: "local.month", Result: value.Type{Kind: value.Integer}, Circle: rules.CircleWithin,
	Low: 1, High: 12, Outside: "months are whole numbers from 1 to 12",
	Doc:   "The month of the event in the local calendar, 1 to 12.",
	OfDay: func(day int64) int64 { return int64(time.Unix(day*86_400, 0).UTC().Month()) },
}, sql.Clock.Month, nil,
	FunctionExample{Of: "timestamp '2026-03-31T21:30:00Z'", Zone: "Europe/Helsinki", Result: "4"}))

// local completes a function of the wall clock, which clock writes as SQL; read gets the local day since 1970-01-01 and
// the microseconds in it. It is nil of a function of the day.
func local(f rules.Function, clock func(c sql.Clock, at string) string, read func(day, inDay int64) int64,
	examples ...FunctionExample,
) Function {
	f.Of, f.Implicit = []value.Kind{value.Timestamp}, true
	if read == nil {
		read = func(day, _ int64) int64 { return f.OfDay(day) }
	}
	return Function{
		Function: f, Examples: examples,
		Row: func(v value.Value, _ string, z *value.Zone) (value.Value, bool) {
			wall := z.Local(v.Int)
			day, inDay := wall/(24*hourMicros), wall%(24*hourMicros)
			if inDay < 0 {
				day, inDay = day-1, inDay+24*hourMicros
			}
			return value.Value{Kind: f.Result.Kind, Int: read(day, inDay)}, true
		},
		SQL: func(_ *sql.Dialect, x, _ string, c sql.Clock) string { return clock(c, x) },
	}
}
