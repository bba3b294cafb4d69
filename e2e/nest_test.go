package e2e_test

import (
	"bytes"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/malgrupp/malgrupp/e2e/feed"
)

// How many say no, and how many agree to everything.
const (
	canaryCount = 10_000
	agreed      = 400
)

// canary is somebody with a device and a customer id. Every id, in every input, has a part that nobody else's has.
type canary struct {
	number                           int
	no                               string // how she says no; "": she agrees
	part, device, customer, ad       string
	email, phone, note, session, row string
}

// noes are the ways of saying no. Each of the devices and customers says it that can.
var noes = []string{
	"never asked", "denied", "withdrawn", "objected", "erased", "suppressed", "protected", "expired", "gpc", "browser",
	"string in the log", "string on a row", "old notice", "untrusted", "ahead", "wildcard", "for statistics alone",
	"device withdrew", "customer withdrew",
}

func newCanary(dice *rand.Rand, number int, no string) *canary {
	const letters = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
	draw := func() string {
		b := make([]byte, 9)
		for i := range b {
			b[i] = letters[dice.IntN(len(letters))]
		}
		return string(b)
	}
	part := draw() + "+" + draw()
	return &canary{
		number: number, no: no, part: part, device: "D/" + part, customer: "C:" + part, email: part + "@Home.example",
		phone: fmt.Sprintf("+358%011d", dice.Int64N(1e11)), note: "N?" + part, session: "S~" + part, row: "E=" + part,
		ad: fmt.Sprintf("%08x-%04x-4%03x-8%03x-%012x", dice.Uint32(), dice.IntN(1<<16), dice.IntN(1<<12),
			dice.IntN(1<<12), dice.Int64N(1<<48)),
	}
}

// trace files all of a canary's ids.
func (c *canary) trace(f *traces) {
	f.add(c.number, "part", c.part[:9])
	f.add(c.number, "part", c.part[10:])
	for _, id := range []string{c.device, c.customer, c.note, c.session, c.row, c.ad} {
		f.addID(c.number, id)
	}
	f.addID(c.number, c.email, strings.ToLower(c.email))
	f.addID(c.number, c.phone, c.phone[1:])
}

// nest is a project with every type of destination, in which canaries live.
type nest struct {
	dir                   string
	people                []*canary
	midnight              int64 // as_of
	night                 int
	acts                  []feed.Event // that are to be delivered
	suppressed, protected []feed.Listed
	said                  bytes.Buffer // by all commands
	finder                *traces
	forgotten             map[int]bool
	found                 map[string]map[int]map[string]int // by file, then person: how often in which spelling
}

const (
	nestDay  = 24 * 3600 * 1_000_000
	nestHour = nestDay / 24
)

func newNest(t *testing.T) *nest {
	t.Helper()
	dice := rand.New(rand.NewPCG(20261201, 1))
	n := &nest{dir: t.TempDir(), finder: newTraces(), forgotten: map[int]bool{}}
	n.midnight = time.Now().UTC().Truncate(24 * time.Hour).UnixMicro()
	for i := range canaryCount + agreed {
		no := ""
		if i < canaryCount {
			no = noes[i%len(noes)]
		}
		c := newCanary(dice, i, no)
		n.people = append(n.people, c)
		c.trace(n.finder)
	}
	check(t, os.CopyFS(n.dir, os.DirFS(filepath.Join("testdata", "nest"))))
	speakingSchema(t, "eshop", n.dir)
	old := must(os.ReadFile(filepath.Join(n.dir, "segments", "sale-devices.yaml")))(t)
	check(t, os.WriteFile(filepath.Join(n.dir, "old.yaml"), bytes.Replace(old, []byte("14d"), []byte("3d"), 1), 0o644))
	for _, c := range n.people {
		n.answers(c)
	}
	n.tables(t)
	writeLists(t, filepath.Join(n.dir, "data"), n.suppressed, n.protected)
	return n
}

// tables writes what the bank knows beside the logs.
func (n *nest) tables(t *testing.T) {
	t.Helper()
	type customer struct {
		ID     string `parquet:"customer_id"`
		Region string `parquet:"region"`
		Note   string `parquet:"note"`
	}
	type key struct {
		Type   string `parquet:"subject_type"`
		ID     string `parquet:"subject_id"`
		Email  string `parquet:"email"`
		Phone  string `parquet:"phone"`
		Ad     string `parquet:"maid"`
		System string `parquet:"maid_os"`
	}
	var customers []customer
	var keys []key
	for _, c := range n.people {
		customers = append(customers, customer{c.customer, []string{"north", "south"}[c.number%4/3], c.note})
		keys = append(keys, key{Type: "customer", ID: c.customer, Email: c.email, Phone: c.phone},
			key{Type: "device", ID: c.device, Ad: c.ad, System: []string{"ios", "android"}[c.number%2]})
	}
	writeTable(t, filepath.Join(n.dir, "data", "customers", "part.parquet"), customers)
	writeTable(t, filepath.Join(n.dir, "data", "contact_keys", "part.parquet"), keys)
}

// nothing is a TC string of now that agrees to nothing.
func (n *nest) nothing() string {
	return feed.TCString(feed.Choices{
		Created: n.midnight - nestDay, Updated: n.midnight - nestDay, Policy: 5, Publisher: true, CustomPurposes: 1,
		Disclosed: []int{feed.DisplayVendor},
	})
}

// say files an act of somebody, some days before as_of.
func (n *nest) say(kind, id, action, purpose string, days int, change ...func(*feed.Event)) {
	at := n.midnight - int64(days)*nestDay
	e := feed.Event{
		ID: fmt.Sprint("a", len(n.acts), "-", id), Kind: kind, Subject: id, Action: action, Purpose: purpose, At: at,
		Recorded: at, Source: "cmp", Notice: 2,
	}
	for _, f := range change {
		f(&e)
	}
	n.acts = append(n.acts, e)
}

// answers files what a canary answered.
func (n *nest) answers(c *canary) {
	who := [][2]string{{"device", c.device}, {"customer", c.customer}}
	grant := func(of [2]string, days int, change ...func(*feed.Event)) {
		for _, p := range []string{"measure", "profile", "link", "activate:all"} {
			n.say(of[0], of[1], "grant", p, days, change...)
		}
	}
	for _, of := range who {
		customer := of[0] == "customer"
		switch c.no {
		case "never asked":
		case "":
			grant(of, 20)
		case "denied":
			n.say(of[0], of[1], "deny", "*", 20)
		case "withdrawn", "objected", "erased":
			grant(of, 20)
			action := map[string]string{"withdrawn": "withdraw", "objected": "object", "erased": "erase"}[c.no]
			n.say(of[0], of[1], action, "*", 3)
		case "suppressed", "protected":
			grant(of, 20)
			list := map[string]*[]feed.Listed{"suppressed": &n.suppressed, "protected": &n.protected}[c.no]
			*list = append(*list, feed.Listed{Kind: of[0], Subject: of[1], Purpose: "*"})
		case "expired":
			grant(of, 395)
		case "gpc", "browser", "string on a row": // a device alone can say it; the customer was never asked
			if !customer {
				grant(of, 20)
			}
		case "string in the log":
			grant(of, 20)
			n.say(of[0], of[1], "state", "*", 1, func(e *feed.Event) { e.TC = n.nothing() })
		case "old notice":
			grant(of, 20, func(e *feed.Event) { e.Notice = 1 })
		case "untrusted":
			grant(of, 20, func(e *feed.Event) { e.Source = "import" })
		case "ahead":
			grant(of, 20, func(e *feed.Event) { e.At = n.midnight + 5*nestDay })
		case "wildcard":
			n.say(of[0], of[1], "grant", "*", 20)
			n.say(of[0], of[1], "grant", "activate:*", 20)
		case "for statistics alone":
			n.say(of[0], of[1], "grant", "measure", 20)
		case "device withdrew":
			if customer {
				n.say(of[0], of[1], "grant", "profile", 20)
				n.say(of[0], of[1], "grant", "link", 20)
				continue
			}
			grant(of, 20)
			n.say(of[0], of[1], "withdraw", "*", 3)
		case "customer withdrew":
			grant(of, 20)
			if customer {
				n.say(of[0], of[1], "withdraw", "*", 3)
			}
		}
	}
}

// deliver is what the exporters bring in a night: everybody looks at two pages, logged in.
func (n *nest) deliver(t *testing.T) {
	t.Helper()
	n.night++
	now := time.Now().Add(-2 * time.Second).UnixMicro()
	yes, empty := true, n.nothing()
	var rows []feed.Row
	for _, c := range n.people {
		if c.no == "" && n.night == 1 && c.number%10 == 0 {
			continue // comes on the second night
		}
		for k := range 2 {
			customer, session, price := c.customer, c.session, int32(k)
			r := feed.Row{
				ID: fmt.Sprint(c.row, n.night, k), Time: n.midnight - nestDay + int64(n.night)*nestHour + int64(k),
				Event: "page_view", Received: now - nestHour, Platform: "web", Device: c.device, Customer: &customer,
				Session: &session,
				URL:     "https://shop.example/sale/P1?p=" + fmt.Sprint(k), Price: &price,
			}
			// As in a real log, most of a row is wanted by no rule: so rows are kept for the next night.
			sum := sha512.Sum512([]byte(fmt.Sprint("agent", c.number, n.night, k)))
			agent := hex.EncodeToString(sum[:])
			r.Agent = &agent
			r.Received = max(r.Received, r.Time)
			switch c.no {
			case "gpc":
				r.GPC = &yes
			case "browser":
				r.Browser = &yes
			case "string on a row":
				r.TC = &empty
			}
			rows = append(rows, r)
		}
	}
	object := fmt.Sprintf("night-%d.parquet", n.night)
	check(t, feed.WriteDisturbed(filepath.Join(n.dir, "data", "events"), object, rows, true))
	n.acts = append(n.acts, feed.Event{
		ID: fmt.Sprint("beat", n.night), Action: "heartbeat", At: now, Recorded: now, Source: "exporter",
	})
	if n.night == 2 {
		for _, c := range n.people {
			if c.no == "" && c.number%20 == 1 {
				n.say("device", c.device, "withdraw", "*", 0)
				n.say("customer", c.customer, "withdraw", "*", 0)
			}
		}
	}
	check(t, feed.WriteConsent(filepath.Join(n.dir, "data", "consent"), object, n.acts))
	n.acts = nil
}

// do runs a command of the program as it is shipped; everything that it prints is kept, and what it writes lies below
// the project's folder, temporary files and what it logs as well.
func (n *nest) do(t *testing.T, input string, args ...string) string {
	t.Helper()
	for _, dir := range []string{"home", "tmp"} {
		check(t, os.MkdirAll(filepath.Join(n.dir, dir), 0o755))
	}
	always := []string{"-C", n.dir, "--log-file", filepath.Join(n.dir, "log.txt"), "-vv"}
	c := exec.Command(program, append(always, args...)...)
	c.Env = []string{
		"HOME=" + filepath.Join(n.dir, "home"), "TMPDIR=" + filepath.Join(n.dir, "tmp"),
		"PATH=" + os.Getenv("PATH"), "TZ=UTC",
	}
	c.Stdin = strings.NewReader(input)
	out, err := c.CombinedOutput()
	n.said.Write(out)
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || !slices.Contains([]int{3, 12}, exit.ExitCode())) {
		t.Errorf("malgrupp %s ended with %v:\n%.1500s", strings.Join(args, " "), err, out)
	}
	return string(out)
}
