package sample

import (
	"fmt"
	"strings"

	"github.com/malgrupp/malgrupp/pipeline/parquet"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/value"
)

// click is one row of the bank's own log.
type click struct {
	id               uint64
	at, received     int64 // microseconds UTC
	name, channel    string
	device, customer string
	path, referrer   string
	product          string
	cents            int64
}

func clickLog() *log[click] {
	text, at := value.Type{Kind: value.Text}, value.Type{Kind: value.Timestamp}
	return &log[click]{
		outbox: outbox[click]{}, folder: "events",
		arrival: func(c *click) int64 { return c.received },
		columns: []rules.Column{
			{Name: "event_id", Type: text},
			{Name: "event_time", Type: at},
			{Name: "received_at", Type: at},
			{Name: "event_name", Type: text},
			{Name: "device_id", Type: text},
			{Name: "customer_id", Type: text, Optional: true},
			{Name: "channel", Type: text},
			{Name: "product", Type: text, Optional: true},
			{Name: "amount", Type: value.Type{Kind: value.Decimal, Precision: 18, Scale: 2}, Optional: true},
			{Name: "referrer", Type: text, Optional: true},
			{Name: "page_path", Type: text, Optional: true},
		},
		values: func(rows []click) []parquet.Values {
			return []parquet.Values{
				textOf(rows, false, func(c *click) string { return idText(c.id) }),
				numberOf(rows, false, func(c *click) int64 { return c.at }),
				numberOf(rows, false, func(c *click) int64 { return c.received }),
				textOf(rows, false, func(c *click) string { return c.name }),
				textOf(rows, false, func(c *click) string { return c.device }),
				textOf(rows, true, func(c *click) string { return c.customer }),
				textOf(rows, false, func(c *click) string { return c.channel }),
				textOf(rows, true, func(c *click) string { return c.product }),
				numberOf(rows, true, func(c *click) int64 { return c.cents }),
				textOf(rows, true, func(c *click) string { return c.referrer }),
				textOf(rows, true, func(c *click) string { return c.path }),
			}
		},
	}
}

// listing is one row of the partner's log.
type listing struct {
	id           uint64
	at, received int64
	name, device string
	city         string
	cents        int64
}

func listingLog() *log[listing] {
	text, at := value.Type{Kind: value.Text}, value.Type{Kind: value.Timestamp}
	return &log[listing]{
		outbox: outbox[listing]{}, folder: "partner",
		arrival: func(l *listing) int64 { return l.received },
		columns: []rules.Column{
			{Name: "id", Type: text},
			{Name: "ts", Type: at},
			{Name: "delivered_at", Type: at},
			{Name: "action", Type: text},
			{Name: "bank_visitor_id", Type: text},
			{Name: "city", Type: text, Optional: true},
			{Name: "price_eur", Type: value.Type{Kind: value.Decimal, Precision: 18, Scale: 2}, Optional: true},
		},
		values: func(rows []listing) []parquet.Values {
			return []parquet.Values{
				textOf(rows, false, func(l *listing) string { return idText(l.id) }),
				numberOf(rows, false, func(l *listing) int64 { return l.at }),
				numberOf(rows, false, func(l *listing) int64 { return l.received }),
				textOf(rows, false, func(l *listing) string { return l.name }),
				textOf(rows, false, func(l *listing) string { return l.device }),
				textOf(rows, true, func(l *listing) string { return l.city }),
				numberOf(rows, true, func(l *listing) int64 { return l.cents }),
			}
		},
	}
}

func idText(id uint64) string { return fmt.Sprintf("%016x", id) }

// day lets one person live through one local day: which logs see him, where, and in what order.
func (b *bank) day(number int, midnight int64, weekend bool) {
	p := &b.people[number]
	place := hash(b.seed, dayLabel, uint64(number), uint64(midnight))
	c := b.chance
	c.put(place)
	b.nextID = mix(place)
	if p.devices[web] != "" && (p.topics[homes] && c.percent(12) || c.percent(1)) {
		b.browseHomes(p, midnight+b.clock())
	}
	if c.percent(p.visits) {
		b.visit(p, b.channel(p), midnight+b.clock(), b.cameFrom())
	}
	if p.evenings && c.percent(30) {
		at := 18*hourMicros + int64(c.IntN(int(5*hourMicros)))
		if weekend {
			at -= 8 * hourMicros
		}
		b.visit(p, app, midnight+at, "")
	}
}

// clock is a time of day in the rhythm of hours.
func (b *bank) clock() int64 {
	left := b.chance.IntN(1000)
	for hour, share := range hours {
		if left -= share; left < 0 {
			return int64(hour)*hourMicros + int64(b.chance.IntN(int(hourMicros)))
		}
	}
	return dayMicros - 1
}

// channel is where a person goes for this visit.
func (b *bank) channel(p *person) int {
	if p.devices[web] == "" || p.devices[app] != "" && b.chance.percent(50) {
		return app
	}
	return web
}

func (b *bank) cameFrom() string {
	switch n := b.chance.IntN(100); {
	case n < 30:
		return b.chance.pick(searches)
	case n < 36:
		return b.chance.pick(neighbours)
	}
	return ""
}

// browseHomes is a visit to the partner's site, which may lead on to the bank.
func (b *bank) browseHomes(p *person, at int64) {
	c := b.chance
	device := p.devices[web]
	city := c.pick(cities)
	b.list(listing{at: at, name: "homes_searched", device: device, city: city})
	for range c.between(1, 8) {
		at += int64(c.between(8, 150)) * secondMicros
		price := int64(c.between(90, 700)) * 1000_00
		b.list(listing{at: at, name: "listing_viewed", device: device, city: city, cents: price})
	}
	if c.percent(35) {
		from := fmt.Sprintf("%sasunto/%d", homesSite, c.between(100_000, 999_999))
		b.visit(p, web, at+int64(c.between(5, 600))*secondMicros, from)
	}
}

// visit is one session at the bank: some pages, perhaps a login on the way, perhaps a price, perhaps an application.
func (b *bank) visit(p *person, channel int, at int64, from string) {
	if at < b.first*dayMicros {
		return // before the log begins
	}
	c := b.chance
	step := click{at: at, device: p.devices[channel], channel: channelNames[channel]}
	b.answers(deviceKind, step.device, at)
	do := func(name string, more func(*click)) {
		row := step
		row.name = name
		if more != nil {
			more(&row)
		}
		b.click(row)
		step.at += int64(c.between(4, 110)) * secondMicros
	}
	if channel == app {
		do("app_open", nil)
		from = ""
	}
	do("session_start", func(r *click) { r.referrer = from })
	t := &topics[b.interest(p, from)]
	pages := c.between(2, 6)
	login := -1
	if p.customer != "" && (channel == app || c.percent(40)) {
		login = c.IntN(pages)
	}
	deepest := 0
	for i := range pages {
		if i == login {
			b.answers(customerKind, p.customer, step.at)
			step.customer = p.customer
			do("login", nil)
		}
		page := c.IntN(len(t.pages))
		if i < 2 {
			page = min(i, len(t.pages)-1) // in by the front door
		}
		deepest = max(deepest, page)
		do("page_view", func(r *click) { r.path = t.pages[page] })
	}
	b.finish(t, deepest == len(t.pages)-1, do)
}

// finish is what a visit comes to.
func (b *bank) finish(t *topic, deep bool, do func(string, func(*click))) {
	c := b.chance
	var euro int64
	ask := func(r *click) { r.product, r.cents, r.path = t.product, euro*100, t.pages[len(t.pages)-1] }
	if t.priced && deep {
		for range c.between(1, 3) {
			euro = int64(t.least + t.step*c.IntN((t.most-t.least)/t.step+1))
			do("calculator_used", ask)
		}
	}
	if t.product != "" && deep && c.percent(t.applies) {
		do("application_submitted", ask)
	}
}

// interest is the topic of one visit: whoever comes from a home for sale asks for a loan, everybody else looks twice
// for something he cares about.
func (b *bank) interest(p *person, from string) int {
	if strings.HasPrefix(from, homesSite) {
		return homes
	}
	for range 2 {
		if t := b.chance.IntN(len(topics)); t != generalTopic && p.topics[t] {
			return t
		}
	}
	return generalTopic
}

// click sends a row to the log, some of them late and a few of them twice.
func (b *bank) click(r click) {
	r.id = b.rowID()
	r.received = r.at + b.delay()
	b.clicks.add(r.received, r)
	if b.chance.IntN(1000) < 5 {
		r.received += 30 * secondMicros
		b.clicks.add(r.received, r)
	}
}

// list sends a row to the partner's log.
func (b *bank) list(r listing) {
	if r.at < b.first*dayMicros {
		return // before the log begins
	}
	r.id = b.rowID()
	r.received = r.at + b.delay()
	b.listings.add(r.received, r)
}

func (b *bank) rowID() uint64 {
	b.nextID++
	return hash(b.seed, idLabel, b.nextID)
}

// delay is how long a row takes to arrive: nearly always less than a minute, now and then days.
func (b *bank) delay() int64 {
	longest := minuteMicros
	switch n := b.chance.IntN(10_000); {
	case n >= 9_990:
		longest = 20 * dayMicros
	case n >= 9_900:
		longest = 3 * dayMicros
	case n >= 9_500:
		longest = 6 * hourMicros
	}
	return int64(b.chance.Uint64N(uint64(longest)))
}
