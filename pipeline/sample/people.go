package sample

import "fmt"

// person is somebody who visits the invented bank. What he is does not change while the log lasts.
type person struct {
	devices  [2]string // by channel; "" where he does not use it
	customer string    // "" for somebody who never logs in
	visits   int       // chance of a visit on a day, in percent
	evenings bool      // opens the app in the evening and at weekends
	topics   [generalTopic]bool
}

// The channels, and how the log calls them.
const (
	web = iota
	app
)

var channelNames = [...]string{web: "web", app: "app"}

// people makes everybody: a third are customers who log in, and a third have two devices.
func people(seed uint64, n int) []person {
	out := make([]person, n)
	c := newChance()
	for i := range out {
		id := uint64(i)
		c.put(hash(seed, personLabel, id))
		p := &out[i]
		uses := c.IntN(100)
		if uses < 85 {
			p.devices[web] = fmt.Sprintf("w-%016x", hash(seed, deviceLabel, id, web))
		}
		if uses >= 50 {
			p.devices[app] = fmt.Sprintf("a-%016x", hash(seed, deviceLabel, id, app))
		}
		if c.percent(35) {
			p.customer = fmt.Sprintf("c-%010d", hash(seed, customerLabel, id)%1e10)
		}
		switch kind := c.IntN(100); {
		case kind < 50:
			p.visits = 18
		case kind < 85:
			p.visits = 55
		default:
			p.visits = 97
		}
		p.evenings = p.devices[app] != "" && c.percent(35)
		for t := range p.topics {
			p.topics[t] = c.percent(topics[t].share)
		}
	}
	return out
}
