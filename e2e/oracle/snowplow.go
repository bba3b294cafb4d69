package oracle

import (
	"slices"
	"strings"

	"github.com/malgrupp/malgrupp/e2e/feed"
)

// Snowplow are the segments of the project on a site under Snowplow, each after those it refers to.
func Snowplow() []*Segment { return slices.Concat(visits(), siteCampaigns(), siteCustomers()) }

func visits() []*Segment {
	everBefore := Window{All: true}
	return []*Segment{
		{Name: "readers", Uses: []string{displayDevice, mailDevice}, Match: leaf(did(within(14), nil, ">=", 3))},
		{Name: "link-followers", Uses: []string{displayDevice}, Match: leaf(of("link_click", did(within(14), nil, ">=", 1)))},
		{Name: "lingerers", Uses: []string{displayDevice}, Match: leaf(of("page_ping", did(within(7), nil, ">=", 3)))},
		{
			Name: "answered", Uses: []string{displayDevice, mailDevice},
			Match: leaf(of("consent_preferences", did(within(30), nil, ">=", 1))),
		},
		{Name: "banner-only", Uses: []string{displayDevice}, Match: all(
			leaf(of("cmp_visible", did(within(30), nil, ">=", 1))),
			leaf(of("consent_preferences", Leaf{Metric: "did_not", Within: within(30)})))},
		{
			Name: "from-google", Uses: []string{displayDevice, mailDevice},
			Match: leaf(did(everBefore, func(_ clock, r *feed.Row) Truth {
				// what mkt_source is made from
				return text(queryOf(r.URL, "utm_source"), func(s string) bool { return s == "google-ad" })
			}, ">=", 1)),
		},
		{Name: "true-base", Uses: []string{displayDevice}, Match: leaf(did(within(60), func(_ clock, r *feed.Row) Truth {
			return text(r.App, func(a string) bool { return a == "true base" })
		}, ">=", 1))},
		{Name: "lapsed", Uses: []string{displayDevice}, Match: all(
			leaf(ofAny(did(band(360, 7), nil, ">=", 1))),
			leaf(ofAny(Leaf{Metric: "did_not", Within: within(7)})))},
		{
			Name: "on-two-days", Uses: []string{displayDevice},
			Match: leaf(ofAny(metric("days", nil, everBefore, nil, ">=", 2))),
		},
	}
}

func siteCampaigns() []*Segment {
	return []*Segment{
		{
			Name: "wide-readers", Uses: []string{mailDevice}, TopCount: 3,
			TopBy: &Leaf{Metric: "max", Of: moment, Within: months(1)},
			Match: leaf(metric("distinct", pageURL, months(1), func(_ clock, r *feed.Row) Truth {
				return text(hostOf(r.URL), func(h string) bool { return strings.HasSuffix(h, "snowplowanalytics.com") })
			}, ">=", 2)),
		},
		{
			Name: "reader-campaign", Uses: []string{displayDevice, mailDevice}, Match: inSegment("readers"),
			Exclude: inSegment("link-followers"), Holdout: 2000, Salt: "march-2021", Cap: 3,
			CapBy: &Leaf{Metric: "count", Within: within(14)},
		},
	}
}

func siteCustomers() []*Segment {
	return []*Segment{
		{
			Name: "reading-customers", Customer: true, Uses: []string{displayCustomer, mailCustomer},
			Match: leaf(did(within(14), nil, ">=", 3)),
		},
		{
			Name: "answering-customers", Customer: true, Uses: []string{mailCustomer},
			Match: leaf(of("consent_preferences", did(within(30), nil, ">=", 1))),
		},
		{
			Name: "foreign-evenings", Customer: true, Uses: []string{countCustomer},
			Match: leaf(ofAny(did(months(1), func(c clock, r *feed.Row) Truth {
				return both(truth(r.Country != nil), negated(text(r.Country, func(s string) bool { return s == "GB" })),
					truth(c.at(r.Time).Hour() >= 19))
			}, ">=", 1))),
		},
	}
}
