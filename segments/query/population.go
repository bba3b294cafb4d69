package query

import (
	"fmt"
	"math/big"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/sql"
	"github.com/malgrupp/malgrupp/rules/value"
)

func segmentTable(i int) string { return fmt.Sprint("segment", i+1) }

// segment decides one segment up to who stays: what others refer to.
func (w *writer) segment(i int) {
	s := &w.segments[i]
	columns := []string{"v.subject", s.match + " AS matched"}
	excluded := fmt.Sprint(sql.False)
	if s.exclude != "" {
		excluded = s.exclude
	}
	columns = append(columns, excluded+" AS excluded", ranked(s.top)+" AS top_value", ranked(s.cap)+" AS cap_value")
	var joins []string
	for _, r := range s.refers {
		joins = append(joins, fmt.Sprintf("LEFT JOIN %s ON %s.subject = v.subject", segmentTable(r), segmentTable(r)))
	}
	last := w.with("segment "+s.Name, fmt.Sprint("judged", i+1), selection{
		columns: columns, from: "verdicts AS v", joins: joins,
	}.String())
	last = w.with("", fmt.Sprint("decided", i+1), selection{
		columns: []string{
			"subject", sql.All("matched", sql.Not("excluded")) + " AS verdict", "excluded", "top_value", "cap_value",
		}, from: last,
	}.String())
	beyond := "FALSE"
	if s.Top != nil {
		last = w.rank(last, fmt.Sprint("topped", i+1), s.Name, fmt.Sprintf("verdict = %d", sql.True), "top_value")
		beyond = fmt.Sprintf("verdict = %d AND place > %s", sql.True, w.share(s.Top))
	}
	stays := "FALSE"
	from := last + " AS q"
	if w.stays() && s.Stay != (value.Duration{}) {
		from += fmt.Sprintf(" LEFT JOIN %[1]s ON %[1]s.subject = q.subject", keptTable(i))
		stays = fmt.Sprintf("%s.subject IS NOT NULL AND excluded = %d", keptTable(i), sql.False)
	}
	w.with("", segmentTable(i), selection{
		columns: []string{
			"q.subject",
			fmt.Sprintf("CASE WHEN %s THEN %d WHEN %s THEN %d ELSE verdict END AS verdict", stays, sql.True, beyond, sql.False),
			fmt.Sprintf("%s AND NOT (%s) AS beyond", beyond, stays), "cap_value",
		}, from: from,
	}.String())
}

// ranked is a value that ranks, or none.
func ranked(value string) string {
	if value == "" {
		return "CAST(NULL AS BIGINT)"
	}
	return value
}

// rank numbers those for whom a condition holds, the highest value first, then by a hash of segment and id, then by id.
func (w *writer) rank(from, name, segment, condition, value string) string {
	hash := w.with("", name+"_ties", selection{
		columns: []string{
			"*",
			fmt.Sprintf("CASE WHEN %s THEN substr(%s, 1, 16) END AS tie", condition, w.d.Hash(w.d.Quote(segment), "subject")),
		}, from: from,
	}.String())
	return w.with("", name, selection{
		columns: []string{
			"*",
			fmt.Sprintf("row_number() OVER (PARTITION BY %s ORDER BY %s DESC NULLS LAST, tie, subject) AS place", condition,
				value),
			fmt.Sprintf("count(CASE WHEN %s THEN 1 END) OVER () AS qualified", condition),
		}, from: hash,
	}.String())
}

// share is how many top keeps: a number, or a part of those who qualify, rounded up.
func (w *writer) share(t *rules.Top) string {
	if t.Count > 0 {
		return fmt.Sprint(t.Count)
	}
	whole := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(t.Percent.Scale+2)), nil)
	return w.d.FloorDiv(fmt.Sprintf("(qualified * %d + %d)", t.Percent.Int, whole.Int64()-1), whole.Int64())
}

// outcome takes the last steps of the segment that is asked about: exclusive, holdout, cap and minimum size.
func (w *writer) outcome(i int) {
	s := &w.segments[i]
	in := fmt.Sprintf("s.verdict = %d", sql.True)
	var joins []string
	for r := range w.segments {
		if rival := w.segments[r].Exclusive; rival != nil && s.Exclusive != nil && rival.Group == s.Exclusive.Group &&
			rival.Priority < s.Exclusive.Priority {
			joins = append(joins,
				fmt.Sprintf("LEFT JOIN %[1]s ON %[1]s.subject = s.subject AND %[1]s.verdict = %[2]d", segmentTable(r), sql.True))
			in += fmt.Sprintf(" AND %s.subject IS NULL", segmentTable(r))
		}
	}
	columns := []string{
		"s.subject",
		fmt.Sprintf("CASE WHEN s.verdict <> %d THEN s.verdict WHEN %s THEN %d ELSE %d END AS verdict", sql.True, in, sql.True,
			sql.False), "s.beyond", "s.cap_value",
	}
	if s.Holdout != nil {
		columns = append(columns, as(w.d.Hash(w.d.Quote(s.Holdout.Salt), "s.subject"), "draw"))
	}
	last := w.with("", "candidates", selection{columns: columns, from: segmentTable(i) + " AS s", joins: joins}.String())
	control := "FALSE"
	if s.Holdout != nil {
		control = fmt.Sprintf("verdict = %d AND %s < %d", sql.True, w.d.Bucket("draw"), bucketLimit(s.Holdout.Percent))
	}
	last = w.with("", "drawn", selection{
		columns: []string{"subject", "verdict", "beyond", "cap_value", control + " AS control"}, from: last,
	}.String())
	over := "FALSE"
	if s.Cap != nil {
		last = w.rank(last, "limited", s.Name, fmt.Sprintf("verdict = %d AND NOT control", sql.True), "cap_value")
		over = fmt.Sprintf("verdict = %d AND NOT control AND place > %d", sql.True, s.Cap.Count)
	}
	last = w.with("", "settled", selection{columns: []string{"subject", fmt.Sprintf("CASE WHEN beyond OR %s THEN "+
		"'capped' WHEN control THEN 'control' WHEN verdict = %d THEN 'in' WHEN verdict = %d THEN 'wait' WHEN verdict = %d "+
		"THEN 'unknown' END AS verdict", over, sql.True, sql.Wait, sql.Unknown)}, from: last}.String())
	final := "verdict"
	if s.MinSize > 0 {
		final = fmt.Sprintf("CASE WHEN verdict = 'in' AND count(CASE WHEN verdict = 'in' THEN 1 END) OVER () < %d THEN "+
			"'withheld' ELSE verdict END AS verdict", s.MinSize)
	}
	w.with("what becomes of everybody", "outcome", selection{columns: []string{"subject", final}, from: last}.String())
}

// bucketLimit is the first of the 10,000 buckets that a percentage does not draw.
func bucketLimit(percent value.Number) int64 {
	unit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(percent.Scale)), nil)
	limit := new(big.Int).Mul(big.NewInt(percent.Int), big.NewInt(100))
	return limit.Add(limit, unit).Sub(limit, big.NewInt(1)).Div(limit, unit).Int64()
}
