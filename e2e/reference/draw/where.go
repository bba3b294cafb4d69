package draw

import (
	"fmt"
	"strings"
)

// where draws a where in so many of a hundred.
func (w *writer) where(percent int) string {
	if !w.chance(percent) {
		return ""
	}
	return fmt.Sprintf("where: %q", w.expression(2))
}

func (w *writer) expression(depth int) string {
	if depth == 0 || w.chance(60) {
		return w.test()
	}
	switch w.under(5) {
	case 0:
		return "not (" + w.expression(depth-1) + ")"
	case 1, 2:
		return "(" + w.expression(depth-1) + " or " + w.expression(depth-1) + ")"
	}
	return w.expression(depth-1) + " and " + w.expression(depth-1)
}

// test draws a test of one column.
func (w *writer) test() string {
	not := one(w.dice, "", "", "not ")
	order := one(w.dice, "=", "!=", "<", "<=", ">", ">=")
	equal := one(w.dice, "=", "=", "!=")
	product := w.quoted("mortgage", "card", "savings", "car loan", "none")
	amount := one(w.dice, "-5", "0.1", "0.3", "10", "100.25", "0.125")
	switch w.under(19) {
	case 0, 1, 2:
		return "product " + equal + " " + product
	case 3:
		return "product " + not + "in (" + product + ", " + w.quoted("mortgage", "card") + ")"
	case 4:
		return one(w.dice, "product", "campaign", "amount", "premium", "due") + " is " + not + "null"
	case 5:
		return "campaign " + order + " " + w.quoted("", "spring", "SPRING", "it's", "a%b")
	case 6:
		return "lower(campaign) " + equal + " " + w.quoted("spring", "älä osta", "")
	case 7:
		return "length(campaign) " + order + " " + one(w.dice, "0", "3", "6", "8")
	case 8:
		return one(w.dice, "campaign", "page", "product") + " " + not + one(w.dice, "starts_with", "ends_with", "contains") +
			" " + w.quoted("/lainat", "s", "%", "card", "x", "")
	case 9:
		return one(w.dice, "product", "page") + " " + not + "matches " +
			w.quoted("(car|mort).*", "/lainat.*", "card", "[a-z ]+")
	case 10:
		return one(w.dice, "host(page) = 'bank.example'", "host(page) is null", "host(page) = '[::1]'", "path(page) = '/'",
			"path(page) starts_with '/lainat'", "path(page) != '/a'")
	case 11:
		return "query_param(page, 'gclid') " + one(w.dice, "is null", "is not null", "= ''", "= '7'", "!= '7'")
	case 12:
		return "amount " + order + " " + amount
	case 13:
		return "amount " + not + one(w.dice, "between 0.1 and "+amount, "in (0.2, "+amount+")")
	case 14:
		return one(w.dice, "visits", "score") + " " + order + " " + one(w.dice, "-2", "0", "0.5", "1", "1.25", "3")
	case 15:
		return one(w.dice, "premium", "premium is true", "premium is not true", "premium is false", "premium = false",
			"not premium")
	case 16:
		return one(w.dice, "due "+order+" timestamp '2026-03-30T00:00:00Z'", "born "+order+" date '1990-01-02'",
			"born "+not+"in (date '1990-01-01', date '2026-03-30')")
	case 17:
		return one(w.dice, "local.hour "+order+" "+one(w.dice, "0", "3", "12"),
			"local.month "+equal+" "+one(w.dice, "3", "10"), "local.weekday "+not+"in ('sat', 'sun')", "local.weekday = 'mon'")
	}
	day := one(w.dice, "2026-03-28", "2026-03-29", "2026-10-25", "2026-04-14", "2026-10-24")
	return "local.date " + order + " date '" + day + "'"
}

func (w *writer) quoted(texts ...string) string {
	return "'" + strings.ReplaceAll(one(w.dice, texts...), "'", "''") + "'"
}
