package query

import (
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/sql"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/segments/consent"
)

// The consent of a use as tables: what people said becomes stretches of grant and of denial for each subject and
// purpose, and these the instant from which on the rows of a device, alone or with a customer logged in, may be used.
// It is the state machine of consent.Machine and consent.Policy.Epoch (docs/consent.md, Epochs), said without steps.

// partnerData is asked beside the purposes of the use for rows from partners' sites.
const partnerData = "partner_data"

func (w *writer) consent() {
	w.said()
	w.acts()
	w.people()
	w.allowed()
}

// partners reports whether some log is a partner's.
func (w *writer) partners() bool {
	return slices.ContainsFunc(w.q.Sources, func(s EventTable) bool { return s.Partner })
}

// said are the events of the log that speak about a purpose of the use, as lift (0), grant (1), denial (2) or objection
// (3). A word that is unknown may be a denial, and counts as one.
func (w *writer) said() {
	purposes := w.q.Use.Purposes
	if w.partners() {
		purposes = append(slices.Clone(purposes), consent.PartnerData)
	}
	asked := make([]string, len(purposes))
	for i, p := range purposes {
		name := w.q.Policy.Purposes.Name(p)
		notice := int32(0)
		if p < len(w.q.Policy.MinNotice) {
			notice = w.q.Policy.MinNotice[p]
		}
		asked[i] = fmt.Sprintf("(%s, %s, %d)", w.d.Quote(name),
			strings.ToUpper(fmt.Sprint(strings.HasPrefix(name, "activate:"))), notice)
	}
	w.with("the purposes that are asked, and from which version of the notice on a grant counts", "asked",
		"  SELECT * FROM (VALUES "+strings.Join(asked, ", ")+") AS t(purpose, activation, notice)")
	trusted := make([]string, len(w.q.Trusted))
	for i, t := range w.q.Trusted {
		trusted[i] = w.d.Quote(t)
	}
	is := "source IN (" + strings.Join(trusted, ", ") + ")"
	if len(trusted) == 0 {
		is = "FALSE"
	}
	now := w.q.Policy.Now
	log := selection{columns: []string{
		"subject_type AS level", as(w.d.Trim("subject_id"), "id"), "action", "purpose AS about", "source",
		"coalesce(notice_version, 0) AS version", as(w.d.Micros(w.d.Ident("at")), "said_at"),
		as(w.d.Micros("recorded_at"), "recorded"),
	}, from: w.q.Tables.Consent}.String()
	w.with("what was recorded by known_by about them", "said", selection{
		columns: []string{
			"a.purpose", "l.level", "l.id",
			fmt.Sprintf("CASE WHEN l.action IN ('lift', 'grant') THEN l.said_at ELSE least(l.said_at, %d) END AS said_at", now),
			"l.action = 'erase' AS erases",
			fmt.Sprintf("CASE WHEN l.action = 'lift' THEN CASE WHEN l.%[1]s AND l.said_at <= %[2]d THEN 0 END\n      WHEN "+
				"l.action = 'grant' THEN CASE WHEN l.about = a.purpose AND l.%[1]s AND l.said_at <= %[2]d AND l.version >= "+
				"a.notice THEN 1 END\n      WHEN l.action = 'object' THEN 3 ELSE 2 END AS kind", is, now),
		},
		from: "(\n" + indented(log) + "\n  ) AS l CROSS JOIN asked AS a",
		where: []string{
			fmt.Sprintf("l.recorded < %d", now), "l.action <> 'heartbeat'",
			"(l.about IN (a.purpose, '*') OR l.about = 'activate:*' AND a.activation OR l.action = 'erase')",
		},
	}.String())
}

// acts turns events into stretches. At one instant a lift comes first, then grants, then denials. While an objection
// stands, grants do not count; it closes an open grant, and what was denied below it stays denied.
func (w *writer) acts() {
	subject := "PARTITION BY purpose, level, id ORDER BY "
	w.with("in their order", "ordered", selection{
		columns: []string{
			"*", "row_number() OVER (" + subject + "said_at, CASE WHEN kind = 3 THEN 2 ELSE kind END) AS n",
		}, from: "said", where: []string{"kind IS NOT NULL"},
	}.String())
	so := func(kind string) string {
		return "coalesce(max(CASE WHEN kind = " + kind + " THEN n END) OVER (" + subject + "n ROWS BETWEEN UNBOUNDED " +
			"PRECEDING AND CURRENT ROW), 0)"
	}
	w.with("a grant counts unless an objection stands", "effective", selection{
		columns: []string{"*", "kind = 1 AND " + so("3") + " <= " + so("0") + " AS grants"}, from: "ordered",
	}.String())
	next := func(condition string) string {
		return "min(CASE WHEN " + condition + " THEN said_at END) OVER (" + subject + "n ROWS BETWEEN 1 FOLLOWING AND " +
			"UNBOUNDED FOLLOWING)"
	}
	w.with("what ends each of them", "acts", selection{
		columns: []string{
			"*", as(next("kind >= 2"), "denied_at"), as(next("grants"), "granted_at"), as(next("kind = 0"), "lifted_at"),
		}, from: "effective",
	}.String())
	w.with("stretches of grant, each up to its age or the next denial", "granted", selection{
		columns: []string{
			"purpose", "level", "id", "said_at AS since",
			fmt.Sprintf("least(said_at + %d, coalesce(denied_at, said_at + %d)) AS until", w.q.Policy.MaxConsentAge,
				w.q.Policy.MaxConsentAge),
		},
		from: "acts", where: []string{"grants"},
	}.String())
	denied := selection{
		columns: []string{
			"purpose", "level", "id", "CASE WHEN erases THEN NULL WHEN kind = 3 THEN lifted_at ELSE granted_at END AS until",
		}, from: "acts", where: []string{"kind >= 2"},
	}.String()
	for _, list := range [][2]string{{"suppressed", w.q.Tables.Suppression}, {"protected", w.q.Tables.Protected}} {
		if list[1] != "" {
			denied += "\n  UNION ALL\n" + w.forbidden(list[0], list[1])
		}
	}
	w.with("stretches of denial; one without end stands now", "denied", denied)
}

// forbidden are the people of a list, denied without end. Without a purpose they are from all, be it missing or the
// column: a name that the list does not have is looked up outside of it.
func (w *writer) forbidden(name, table string) string {
	inner := selection{columns: []string{"subject_type", "subject_id", "purpose"}, from: table}.String()
	list := w.with("the list of "+name+" people; one without purposes means all", name+"_people", selection{
		columns: []string{
			"l.*",
		}, from: "(SELECT '' AS purpose) AS every CROSS JOIN LATERAL (\n" + indented(inner) + "\n  ) AS l",
	}.String())
	return selection{
		columns: []string{
			"a.purpose", "l.subject_type AS level", as(w.d.Trim("l.subject_id"), "id"), "CAST(NULL AS BIGINT) AS until",
		},
		from:  list + " AS l CROSS JOIN asked AS a",
		where: []string{"(coalesce(l.purpose, '') IN ('', '*', a.purpose) OR l.purpose = 'activate:*' AND a.activation)"},
	}.String()
}

// people are the devices that rows are of, each alone or with the customer logged in, and whoever is known by a record
// alone.
func (w *writer) people() {
	people := selection{columns: []string{"DISTINCT device", "customer"}, from: "wanted"}.String()
	customer := w.q.Use.Customer
	record := func(from string) {
		columns := []string{"id AS device", "'' AS customer"}
		if customer {
			columns = []string{"'' AS device", "id AS customer"}
		}
		people += "\n  UNION\n" + selection{columns: columns, from: from}.String()
	}
	if w.stays() {
		w.with("who qualified at an earlier run", qualifiers, selection{
			columns: []string{
				as(w.d.Ident("segment"), "segment_name"), as(w.d.Ident("use"), "use_name"), as(w.d.Trim("subject"), "id"),
				as(w.d.Micros("last_qualified"), "qualified_at"), "definition",
			}, from: w.q.Tables.Stay,
		}.String())
		record(qualifiers)
	}
	if w.profiled() {
		w.with("customers with attributes", profiles, selection{
			columns: w.profileColumns, from: w.q.Tables.Attributes, where: []string{w.profileWhere},
		}.String())
		record(profiles)
	}
	w.with("whose rows they are: a device, alone or with the customer logged in ('': nobody)", "owners", people)
	w.with("whose ids stand for somebody", "people", selection{
		columns: []string{"*"}, from: "owners", where: []string{
			"(device = '' OR NOT (" + w.blocked("device") + "))", "(customer = '' OR NOT (" + w.blocked("customer") + "))",
		},
	}.String())
}

// allowed is from when on the rows of people may be used: a denial of either level wins, then a grant of either; the
// grants of both together must reach from then to now without a break.
func (w *writer) allowed() {
	level := func(name string) string {
		return selection{
			columns: []string{"device", "customer", "'" + name + "' AS level", name + " AS id"}, from: "people", where: []string{
				name + " <> ''",
			},
		}.String()
	}
	w.with("the levels that are asked for each of them", "levels", level("device")+"\n  UNION ALL\n"+level("customer"))
	w.with("their stretches of grant, and how far those before reach", "reaches", selection{
		columns: []string{
			"p.device", "p.customer", "g.purpose", "g.since", "g.until",
			"max(g.until) OVER (PARTITION BY p.device, p.customer, g.purpose ORDER BY g.since ROWS BETWEEN UNBOUNDED " +
				"PRECEDING AND 1 PRECEDING) AS reached",
		},
		from: "levels AS p JOIN granted AS g ON g.level = p.level AND g.id = p.id", where: []string{"g.since < g.until"},
	}.String())
	by := []string{"device", "customer", "purpose"}
	w.with("the unbroken run of grants that contains now", "epochs", selection{
		columns: append(slices.Clone(by), "max(CASE WHEN reached IS NULL OR since > reached THEN since END) AS since"),
		from:    "reaches", group: by, having: fmt.Sprintf("max(until) > %d", w.q.Policy.Now),
	}.String())
	w.with("until when they were denied, and whether they are", "barred", selection{
		columns: []string{
			"p.device", "p.customer", "d.purpose", "max(d.until) AS until", "count(*) - count(d.until) AS standing",
		},
		from: "levels AS p JOIN denied AS d ON d.level = p.level AND d.id = p.id", group: []string{
			"p.device", "p.customer", "d.purpose",
		},
	}.String())
	since := "CASE WHEN b.until > e.since THEN b.until ELSE e.since END"
	columns := []string{"e.device", "e.customer", "max(" + since + ") AS since"}
	having := fmt.Sprintf("count(*) = %d", len(w.q.Use.Purposes))
	if w.partners() { // their rows ask one purpose more
		own := "CASE WHEN e.purpose <> '" + partnerData + "' THEN "
		columns = []string{
			"e.device", "e.customer", "max(" + own + since + " END) AS since",
			fmt.Sprintf("CASE WHEN count(*) = %d THEN max(%s) END AS partner_since", len(w.q.Use.Purposes)+1, since),
		}
		having = fmt.Sprintf("count(%s1 END) = %d", own, len(w.q.Use.Purposes))
	}
	w.with("from when on their rows may be used: every purpose is granted now", "allowed", selection{
		columns: columns,
		from: "epochs AS e LEFT JOIN barred AS b ON b.device = e.device AND b.customer = e.customer AND b.purpose = " +
			"e.purpose",
		where: []string{"coalesce(b.standing, 0) = 0"}, group: []string{"e.device", "e.customer"}, having: having,
	}.String())
}

// admitted are the rows that may be used, and the records beside them.
func (w *writer) admitted() {
	subject, since, oldest := "w.device", "a.since", w.q.Policy.Now-w.q.Policy.Retention
	if w.q.Use.Customer {
		subject = "w.customer"
	}
	if w.partners() {
		since = "CASE WHEN w.partner THEN a.partner_since ELSE a.since END"
	}
	w.with("rows of consent, then and now, within retention", sql.Admitted, selection{
		columns: []string{subject + " AS subject", "w.*"},
		from:    "wanted AS w JOIN allowed AS a ON a.device = w.device AND a.customer = w.customer",
		where:   []string{"w.happened >= " + since, "w.happened >= " + sql.Integer(oldest)},
	}.String())
	record := "allowed AS a JOIN %s AS r ON a.device = r.id AND a.customer = ''"
	if w.q.Use.Customer {
		record = "allowed AS a JOIN %s AS r ON a.device = '' AND a.customer = r.id"
	}
	if w.profiled() {
		columns := []string{"r.id AS subject"}
		for _, c := range slices.Sorted(maps.Keys(w.attributes)) {
			columns = append(columns, "r."+w.column(c))
		}
		w.with("customers with their attributes", sql.Attributes, selection{
			columns: columns, from: fmt.Sprintf(record, profiles),
		}.String())
	}
	asOf := w.q.Times.AsOf
	if w.stays() {
		w.with("earlier qualifiers whose consent holds since before then", "lasting", selection{
			columns: []string{
				"r.id AS subject", "r.segment_name", "r.qualified_at", "r.definition",
			}, from: fmt.Sprintf(record, qualifiers),
			where: []string{
				"r.use_name = " + w.d.Quote(w.q.Use.Name), "r.qualified_at >= a.since", "r.qualified_at >= " + sql.Integer(oldest),
			},
		}.String())
		for i, s := range w.q.Segments {
			if s.Stay != (value.Duration{}) {
				w.with("who stays in "+s.Name, keptTable(i), selection{
					columns: []string{"DISTINCT subject"}, from: "lasting",
					where: []string{
						"segment_name = " + w.d.Quote(s.Name), "definition = " + w.d.Quote(hex.EncodeToString(s.Hash[:])),
						fmt.Sprintf("%d < %s", asOf,
							w.d.Clock(s.Zone, asOf-sql.Length(s.Stay), asOf+sql.Length(s.Stay)).Later("qualified_at", s.Stay)),
					},
				}.String())
			}
		}
	}
}

// The tables of records.
const (
	qualifiers = "earlier_qualifiers"
	profiles   = "profiles"
)

func keptTable(segment int) string { return fmt.Sprint("kept", segment+1) }

// records are the tables that name people of whom no row may be admitted.
func (w *writer) records() (out []string) {
	if w.profiled() {
		out = append(out, sql.Attributes)
	}
	for i, s := range w.q.Segments {
		if w.stays() && s.Stay != (value.Duration{}) {
			out = append(out, keptTable(i))
		}
	}
	return out
}

// stays reports whether a record of earlier qualifiers matters and is there.
func (w *writer) stays() bool {
	return w.q.Tables.Stay != "" &&
		slices.ContainsFunc(w.q.Segments, func(s *rules.Segment) bool { return s.Stay != (value.Duration{}) })
}

// profiled reports whether some condition looks at customers' attributes.
func (w *writer) profiled() bool {
	for _, s := range w.q.Segments {
		for c := range s.Conditions() {
			if c.Is().Takes == rules.TakesWhere {
				return true
			}
		}
	}
	return false
}
