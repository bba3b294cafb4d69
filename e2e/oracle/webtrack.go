package oracle

import (
	"slices"
	"strings"
	"time"

	"github.com/malgrupp/malgrupp/e2e/feed"
)

func onHost(hosts ...string) func(clock, *feed.Row) Truth {
	return func(_ clock, r *feed.Row) Truth {
		return text(hostOf(r.URL), func(h string) bool { return slices.Contains(hosts, h) })
	}
}

func survey(_ clock, r *feed.Row) Truth {
	return text(hostOf(r.URL),
		func(h string) bool { return strings.HasSuffix(h, ".decipherinc.com") || strings.Contains(h, "survey") })
}

func weekend(d time.Weekday) bool { return d == time.Saturday || d == time.Sunday }

func onPlatform(p string) func(clock, *feed.Row) Truth {
	return func(_ clock, r *feed.Row) Truth { return truth(r.Platform == p) }
}

func frontPage(_ clock, r *feed.Row) Truth { return truth(pathOf(r.URL) == "/") }

func visit(r *feed.Row) Cell {
	if r.Session == nil {
		return Cell{Null: true}
	}
	return Cell{Text: *r.Session}
}

// Webtrack are the segments of the project on a panel's web tracking, each after those it refers to.
func Webtrack() []*Segment { return slices.Concat(readers(), panelCampaigns(), panelists()) }

func readers() []*Segment {
	return []*Segment{
		{
			Name: "film-fans", Uses: []string{displayDevice, mailDevice},
			Match: leaf(did(within(14), onHost("www.youtube.com", "www.netflix.com", "www.hulu.com"), ">=", 20)),
		},
		{
			Name: "wide-shoppers", Uses: []string{displayDevice},
			Match: leaf(metric("distinct", pageURL, within(30), onHost("www.amazon.com"), ">=", 10)),
		},
		{
			Name: "night-owls", Uses: []string{displayDevice},
			Match: leaf(metric("days", nil, months(1), func(c clock, r *feed.Row) Truth {
				return truth(c.at(r.Time).Hour() < 5)
			}, ">=", 3)),
		},
		{Name: "office-hours", Uses: []string{displayDevice}, Match: leaf(did(within(14), func(c clock, r *feed.Row) Truth {
			t := c.at(r.Time)
			return truth(9 <= t.Hour() && t.Hour() <= 16 && !weekend(t.Weekday()))
		}, ">", 100))},
		{
			Name: "just-here", Uses: []string{displayDevice, mailDevice},
			Match: leaf(ofAny(did(Window{From: Ago{Hours: 36}}, nil, ">=", 1))),
		},
		{Name: "lapsed", Uses: []string{displayDevice}, Match: all(
			leaf(ofAny(did(band(120, 30), nil, ">=", 5))),
			leaf(ofAny(Leaf{Metric: "did_not", Within: within(30)})))},
		{
			Name: "survey-takers", Uses: []string{mailDevice}, TopCount: 2,
			TopBy: &Leaf{Metric: "days", Where: survey, Within: within(56)}, Match: leaf(did(within(56), survey, ">=", 5)),
		},
	}
}

func panelCampaigns() []*Segment {
	march := func(from, before int) Window {
		return Window{
			Since: time.Date(2019, 3, from, 0, 0, 0, 0, time.UTC),
			Till:  time.Date(2019, 3, before, 0, 0, 0, 0, time.UTC),
		}
	}
	return []*Segment{
		{Name: "summer-clocks", Uses: []string{displayDevice}, Match: anyOf(
			leaf(did(march(10, 12), func(c clock, r *feed.Row) Truth {
				return truth(c.at(r.Time).Hour() >= 18)
			}, ">=", 1)),
			leaf(metric("days", nil, march(8, 13), nil, ">=", 2)))},
		{Name: "deep-readers", Uses: []string{displayDevice}, Match: all(
			leaf(did(within(30), func(c clock, r *feed.Row) Truth {
				return both(negated(frontPage(c, r)), negated(onHost("outlook.live.com")(c, r)))
			}, ">=", 50)),
			leaf(Leaf{Metric: "did_not", Within: within(30), Where: func(_ clock, r *feed.Row) Truth {
				return truth(strings.HasPrefix(r.URL, "chrome-extension:") || strings.HasPrefix(r.URL, "file:"))
			}}))},
		{
			Name: "film-campaign", Uses: []string{displayDevice, mailDevice}, Match: inSegment("film-fans"),
			Exclude: anyOf(inSegment("night-owls"), leaf(did(within(7), func(c clock, r *feed.Row) Truth {
				return both(onHost("www.amazon.com")(c, r), truth(len([]rune(r.URL)) > 25))
			}, ">=", 30))),
			Holdout: 4000, Salt: "spring-2019", Cap: 3, CapBy: &Leaf{Metric: "max", Of: moment, Within: within(14)},
		},
	}
}

func panelists() []*Segment {
	return []*Segment{
		{Name: "both-screens", Customer: true, Uses: []string{displayCustomer, mailCustomer}, Match: all(
			leaf(did(within(60), onPlatform("app"), ">=", 10)), leaf(did(within(60), onPlatform("web"), ">=", 10)))},
		{Name: "phone-first", Customer: true, Uses: []string{mailCustomer}, Match: all(
			leaf(did(within(30), onPlatform("app"), ">=", 20)), leaf(did(within(30), onPlatform("web"), "<=", 400)))},
		{
			Name: "regulars", Customer: true, Uses: []string{displayCustomer, mailCustomer},
			Match: leaf(metric("days", nil, within(30), nil, ">=", 5)), TopShare: 60,
			TopBy: &Leaf{Metric: "distinct", Of: pageURL, Within: within(30)}, Holdout: 2000, Salt: "regulars-2019",
		},
		{Name: "long-visits", Customer: true, Uses: []string{countCustomer}, Match: atLeastOf(2,
			leaf(ofAny(metric("count", nil, within(30), func(_ clock, r *feed.Row) Truth { return truth(r.Session != nil) },
				">=", 500))),
			leaf(ofAny(metric("distinct", visit, within(30), nil, ">=", 20))),
			leaf(ofAny(metric("days", nil, within(60),
				func(c clock, r *feed.Row) Truth { return truth(weekend(c.at(r.Time).Weekday())) }, ">=", 3))))},
	}
}
