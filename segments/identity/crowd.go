package identity

// Crowd counts different people by hashes of their ids (Spread). Up to crowdMost are counted one by one; of more a
// share, that is halved as they come, so that a Crowd takes little memory however many there are. Who is in the share
// depends on the people alone, so the count is the same whoever met whom in whatever order. The zero Crowd is empty.
type Crowd struct {
	halved uint // how often
	last   uint64
	met    map[uint64]struct{}
}

const crowdMost = 4096

// Add counts somebody by Spread of her id; 0 is nobody.
func (c *Crowd) Add(who uint64) {
	if who == c.last || !c.draws(who) {
		return
	}
	if c.last = who; c.met == nil {
		c.met = map[uint64]struct{}{}
	}
	c.met[who] = struct{}{}
	c.thin()
}

// draws reports whether somebody is in the share.
func (c *Crowd) draws(who uint64) bool { return who>>(64-c.halved) == 0 }

// thin halves the share until few enough are in it.
func (c *Crowd) thin() {
	for len(c.met) > crowdMost {
		c.halved++
		for who := range c.met {
			if !c.draws(who) {
				delete(c.met, who)
			}
		}
	}
}

// Union takes in whom another one counted.
func (c *Crowd) Union(o *Crowd) {
	c.halved = max(c.halved, o.halved)
	for who := range c.met {
		if !c.draws(who) {
			delete(c.met, who)
		}
	}
	for who := range o.met {
		c.Add(who)
	}
}

// Drawn is how many different people are in the share, and for how many each of them stands.
func (c *Crowd) Drawn() (people, each int) { return len(c.met), 1 << c.halved }
