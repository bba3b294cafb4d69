package oracle

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/malgrupp/malgrupp/e2e/feed"
)

// The columns that metrics read.
func price(r *feed.Row) Cell {
	if r.Price == nil {
		return Cell{Null: true}
	}
	return Cell{Number: int64(*r.Price)}
}
func pageURL(r *feed.Row) Cell { return Cell{Text: r.URL} }
func moment(r *feed.Row) Cell  { return Cell{Number: r.Time} }

// The tests that several rules share.
func below(department string) func(clock, *feed.Row) Truth {
	return func(_ clock, r *feed.Row) Truth { return truth(strings.HasPrefix(pathOf(r.URL), "/"+department+"/")) }
}

func onSale(_ clock, r *feed.Row) Truth { return truth(strings.Contains(r.URL, "/sale/")) }

func within(days int) Window              { return Window{From: Ago{Days: days}} }
func band(from, to int) Window            { return Window{From: Ago{Days: from}, To: Ago{Days: to}} }
func months(n int) Window                 { return Window{From: Ago{Months: n}} }
func local(m time.Month, d int) time.Time { return time.Date(2008, m, d, 0, 0, 0, 0, time.UTC) }

func did(w Window, where func(clock, *feed.Row) Truth, op string, bound int64) Leaf {
	return Leaf{Metric: "did", Within: w, Where: where, Op: op, Bound: bound}
}

func metric(fn string, of func(*feed.Row) Cell, w Window, where func(clock, *feed.Row) Truth, op string,
	bound int64,
) Leaf {
	return Leaf{Metric: fn, Of: of, Within: w, Where: where, Op: op, Bound: bound}
}

// ofAny makes a condition take every event.
func ofAny(l Leaf) Leaf { return of(anyEvent, l) }

// of makes a condition take another event than a page view.
func of(event string, l Leaf) Leaf { l.Event = event; return l }

// The uses that lists of the example ask for.
const (
	displayDevice   = "list:display:device"
	mailDevice      = "list:mail:device"
	displayCustomer = "list:display:customer"
	mailCustomer    = "list:mail:customer"
	countCustomer   = "segment:customer"
)

// Shop are the segments of the example project, each after those it refers to.
func Shop() []*Segment { return slices.Concat(visitors(), campaigns(), customers()) }

func visitors() []*Segment {
	return []*Segment{
		{
			Name: "trouser-fans", Uses: []string{displayDevice, mailDevice},
			Match: leaf(did(within(30), below("trousers"), ">=", 5)),
		},
		{Name: "sale-hunters", Uses: []string{displayDevice}, Match: leaf(did(within(28), func(c clock, r *feed.Row) Truth {
			return both(onSale(c, r), number(r.Price, func(p int32) bool { return 30 <= p && p <= 45 }))
		}, ">", 2))},
		{
			Name: "evening-weekend", Uses: []string{displayDevice},
			Match: leaf(metric("days", nil, within(30), func(c clock, r *feed.Row) Truth {
				t := c.at(r.Time)
				return truth(t.Hour() >= 18 || t.Weekday() == time.Saturday || t.Weekday() == time.Sunday)
			}, ">=", 2)),
		},
		{Name: "lapsed", Uses: []string{displayDevice}, Match: all(
			leaf(ofAny(did(band(90, 30), nil, ">=", 3))),
			leaf(ofAny(Leaf{Metric: "did_not", Within: within(30)})))},
		{Name: "new-visitors", Uses: []string{displayDevice, mailDevice}, Match: all(
			leaf(did(within(7), nil, ">=", 1)),
			leaf(Leaf{Metric: "did_not", Within: band(97, 7)}))},
		{Name: "dear-taste", Uses: []string{displayDevice}, Match: all(
			leaf(metric("avg", price, within(30), nil, ">=", 45)),
			not(leaf(did(within(30), func(_ clock, r *feed.Row) Truth {
				return either(number(r.Price, func(p int32) bool { return p < 25 }), truth(r.Price == nil))
			}, ">=", 1))),
			leaf(metric("count", nil, within(30), nil, ">=", 3)))},
		{
			Name: "explorers", Uses: []string{displayDevice},
			Match: leaf(metric("distinct", pageURL, months(1), func(c clock, r *feed.Row) Truth {
				return negated(onSale(c, r))
			}, ">=", 10)),
		},
		{
			Name: "most-engaged", Uses: []string{displayDevice}, TopShare: 10,
			TopBy: &Leaf{Metric: "days", Within: months(2)},
			Match: leaf(did(months(1), func(_ clock, r *feed.Row) Truth { return truth(strings.ToLower(r.Platform) == "web") },
				">=", 1)),
		},
		{Name: "two-departments", Uses: []string{displayDevice, mailDevice}, Match: atLeastOf(2,
			leaf(did(within(30), below("trousers"), ">=", 3)), leaf(did(within(30), below("skirts"), ">=", 3)),
			leaf(did(within(30), below("blouses"), ">=", 3)), leaf(did(within(30), onSale, ">=", 3)))},
		{
			Name: "app-abroad", Uses: []string{displayDevice},
			Match: leaf(did(Window{All: true}, func(_ clock, r *feed.Row) Truth {
				home := text(r.Country, func(c string) bool { return c == "c29" || c == "c9" })
				return both(truth(r.Platform == "app"), truth(r.Country != nil), negated(home))
			}, ">=", 1)),
		},
	}
}

var deepPage = regexp.MustCompile(`^(?:https://shop\.example/(skirts|blouses)/[BC][0-9]+\?p=[2-5])$`)

func campaigns() []*Segment {
	spring := Window{Since: local(4, 28), Till: local(5, 12)}
	middle := band(45, 3)
	return []*Segment{
		{
			Name: "trouser-campaign", Uses: []string{displayDevice, mailDevice}, Match: inSegment("trouser-fans"),
			Exclude: anyOf(inSegment("sale-hunters"), leaf(did(within(14), func(_ clock, r *feed.Row) Truth {
				return both(text(queryOf(r.URL, "p"), func(p string) bool { return p == "5" }),
					number(r.Price, func(p int32) bool { return p > 60 }))
			}, ">=", 1))),
			Holdout: 1000, Salt: "summer-2008", Cap: 150, CapBy: &Leaf{Metric: "max", Of: moment, Within: within(30)},
		},
		{Name: "may-holiday", Uses: []string{displayDevice}, Match: anyOf(
			leaf(did(spring, func(c clock, r *feed.Row) Truth {
				d := c.date(r.Time)
				return truth(local(5, 1).Unix()/86400 <= d && d <= local(5, 4).Unix()/86400)
			}, ">=", 2)),
			leaf(did(Window{Since: local(5, 10), Till: local(5, 12)}, func(c clock, r *feed.Row) Truth {
				return truth(c.at(r.Time).Hour() < 12)
			}, ">=", 1)))},
		{
			Name: "second-pagers", Uses: []string{displayDevice},
			Match: leaf(did(Window{From: Ago{Hours: 70}}, func(_ clock, r *feed.Row) Truth {
				return both(text(hostOf(r.URL), func(h string) bool { return h == "shop.example" }),
					text(queryOf(r.URL, "p"), func(p string) bool { return p != "1" }))
			}, ">=", 2)),
		},
		{Name: "deep-skirts", Uses: []string{displayDevice}, Match: leaf(did(within(56), func(_ clock, r *feed.Row) Truth {
			return truth(deepPage.MatchString(r.URL) && strings.HasSuffix(r.URL, "=2"))
		}, "=", 2))},
		{Name: "small-basket", Uses: []string{mailDevice}, Match: all(
			leaf(metric("sum", price, middle, nil, "<=", 200)), leaf(metric("min", price, middle, nil, "<", 30)),
			leaf(metric("max", price, middle, nil, "<=", 57)), leaf(did(middle, nil, ">=", 2)))},
	}
}

func customers() []*Segment {
	atLeast38 := func(c clock, r *feed.Row) Truth {
		return both(below("blouses")(c, r), number(r.Price, func(p int32) bool { return p >= 38 }))
	}
	priced := func(_ clock, r *feed.Row) Truth { return truth(r.Price != nil) }
	return []*Segment{
		{
			Name: "loyal-customers", Customer: true, Uses: []string{displayCustomer, mailCustomer},
			Match: leaf(metric("days", nil, within(90), nil, ">=", 2)),
		},
		{
			Name: "blouse-customers", Customer: true, Uses: []string{displayCustomer, mailCustomer},
			Match: leaf(did(within(60), atLeast38, ">=", 2)),
		},
		{
			Name: "blouse-mailing", Customer: true, Uses: []string{mailCustomer}, Match: inSegment("blouse-customers"),
			Exclude:  leaf(did(within(60), nil, ">=", 40)),
			TopCount: 400, TopBy: &Leaf{Metric: "distinct", Of: pageURL, Within: within(60)},
			Holdout: 1250, Salt: "blouse-2008", Cap: 250,
			CapBy: &Leaf{Metric: "sum", Of: price, Where: priced, Within: within(60)},
		},
		{
			Name: "rare-domain", Customer: true, Uses: []string{mailCustomer},
			Match: leaf(did(within(90), func(_ clock, r *feed.Row) Truth {
				return text(r.Country, func(c string) bool { return c == "c27" || c == "c12" })
			}, ">=", 1)),
		},
		{Name: "heavy-sessions", Customer: true, Uses: []string{countCustomer}, Match: all(
			leaf(ofAny(metric("count", nil, within(60), func(_ clock, r *feed.Row) Truth {
				return both(truth(r.Session != nil), text(r.Session, func(s string) bool { return len([]rune(s)) >= 4 }))
			}, ">=", 12))),
			leaf(did(within(60),
				func(_ clock, r *feed.Row) Truth { return number(r.Price, func(p int32) bool { return p > 70 }) }, "<=", 4)))},
	}
}
