package e20

import (
	"fmt"
	"math/rand/v2"
	"os"

	"github.com/malgrupp/malgrupp/pipeline/parquet"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/value"
)

// How many there are of each.
const (
	eventNames = 15
	pages      = 5_000
	sections   = 10
	folders    = 8 // of a section
	sites      = 5
	campaigns  = 200
)

var apps = []string{"web", "ios", "android", "tablet"}

// The words of the log, each in one form.
func eventName(i int) string { return fmt.Sprintf("event_%02d", i) }
func site(i int) string      { return fmt.Sprintf("site%d.bank.example", i) }

// page is a page by its rank: section and folder do not depend on how often it is read.
func page(i int) string {
	return fmt.Sprintf("%s%s/page-%04d", section(i%sections), folder(i/sections%folders), i)
}

func section(i int) string { return fmt.Sprintf("/section-%d", i) }
func folder(i int) string  { return fmt.Sprintf("/folder-%02d", i) }

func words(n int, word func(int) string) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = word(i)
	}
	return out
}

func eventColumns(ids bool) []rules.Column {
	text, at := value.Type{Kind: value.Text}, value.Type{Kind: value.Timestamp}
	columns := []rules.Column{
		{Name: "event_time", Type: at},
		{Name: "event_name", Type: text},
		{Name: "device_id", Type: text},
		{Name: "customer_id", Type: text, Optional: true},
		{Name: "page_path", Type: text},
		{Name: "site", Type: text},
		{Name: "app", Type: text},
		{Name: "campaign", Type: text, Optional: true},
		{Name: "value", Type: value.Type{Kind: value.Decimal, Precision: 18, Scale: 2}, Optional: true},
	}
	if ids {
		columns = append(columns, rules.Column{Name: "event_id", Type: text}, rules.Column{Name: "received_at", Type: at})
	}
	return columns
}

// row is one row: numbers that its words have.
type row struct {
	at, received                             int64
	event, device, page, site, app, campaign int32 // campaign: -1 for none
	customer                                 bool
	cents                                    int64 // 0: no value
	id                                       uint64
}

// rowDice are the chances that rows are made with.
type rowDice struct {
	chance
	device, page *rand.Zipf
}

func (e *log) dice(day int) *rowDice {
	c := newChance()
	c.put(hash(e.Seed, rowLabel, uint64(day)))
	return &rowDice{
		chance: c,
		device: rand.NewZipf(c.Rand, 1.05, 50, uint64(e.Devices-1)),
		page:   rand.NewZipf(c.Rand, 1.2, 5, pages-1),
	}
}

func (e *log) roll(d *rowDice, at int64) row {
	r := row{
		at: at, event: int32(d.exponential(eventNames)), device: int32(d.device.Uint64()), page: int32(d.page.Uint64()),
		site: int32(d.IntN(sites)), app: int32(d.IntN(len(apps))), campaign: -1,
	}
	if d.percent(10) {
		r.campaign = int32(d.IntN(campaigns))
	}
	r.customer = e.customers[r.device] != "" && d.IntN(3) == 0
	if d.percent(20) {
		r.cents = int64(d.between(1, 500_00))
	}
	if e.IDs {
		r.id = d.Uint64()
		r.received = at + int64(d.Uint64N(uint64(minuteMicros)))
	}
	return r
}

// exponential is a number below n; each third one is e times rarer.
func (d *rowDice) exponential(n int) int {
	for {
		if i := int(d.ExpFloat64() * 3); i < n {
			return i
		}
	}
}

// blockRows is how many rows are handed to the writer at once.
const blockRows = 1 << 15

// writeEvents writes a day's partition, its rows evenly spread over the day.
func (e *log) writeEvents(root *os.Root, day int) error {
	number := e.first + int64(day)
	rows := e.rowsOf(day)
	columns := eventColumns(e.IDs)
	return writeTable(root, partFile("events", number), columns, func(w *parquet.Writer) error {
		d := e.dice(day)
		block := e.newBlock(columns)
		step := dayMicros / int64(max(rows, 1))
		for i := range rows {
			at := number*dayMicros + int64(i)*step + int64(d.Uint64N(uint64(max(step, 1))))
			r := e.roll(d, at)
			block.add(&r)
			if e.IDs && d.IntN(200) == 0 {
				r.received += 30 * secondMicros
				block.add(&r)
			}
			if block.rows >= blockRows || i == rows-1 {
				if err := block.writeTo(w); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// eventBlock gathers rows as columns.
type eventBlock struct {
	log    *log
	rows   int
	values []parquet.Values // in the order of eventColumns
}

func (e *log) newBlock(columns []rules.Column) *eventBlock {
	b := &eventBlock{log: e, values: make([]parquet.Values, len(columns))}
	for i, dictionary := range [][]string{
		1: words(eventNames, eventName), 2: e.devices, 3: e.customers, 4: words(pages, page), 5: words(sites, site), 6: apps,
		7: words(campaigns, func(i int) string { return fmt.Sprintf("campaign-%03d", i) }),
	} {
		b.values[i].Dictionary = dictionary
	}
	return b
}

func (b *eventBlock) add(r *row) {
	v := b.values
	v[0].Ints = append(v[0].Ints, r.at)
	for i, code := range [...]int32{
		1: r.event, 2: r.device, 3: r.device, 4: r.page, 5: r.site, 6: r.app, 7: max(r.campaign, 0),
	} {
		if i > 0 {
			v[i].Codes = append(v[i].Codes, code)
		}
	}
	v[3].Null = append(v[3].Null, !r.customer)
	v[7].Null = append(v[7].Null, r.campaign < 0)
	v[8].Ints = append(v[8].Ints, r.cents)
	v[8].Null = append(v[8].Null, r.cents == 0)
	if b.log.IDs {
		v[9].Text = append(v[9].Text, idText(r.id))
		v[10].Ints = append(v[10].Ints, r.received)
	}
	b.rows++
}

// writeTo hands the rows to the writer and empties the block.
func (b *eventBlock) writeTo(w *parquet.Writer) error {
	err := w.Write(b.rows, b.values)
	for i := range b.values {
		v := &b.values[i]
		v.Ints, v.Codes, v.Text, v.Null = v.Ints[:0], v.Codes[:0], v.Text[:0], v.Null[:0]
	}
	b.rows = 0
	return err
}
