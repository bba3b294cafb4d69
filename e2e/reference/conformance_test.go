package reference_test

import (
	"fmt"
	"maps"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v4"

	"github.com/malgrupp/malgrupp/e2e/reference"
)

// vectors opens a file of the vectors folder.
func vectors(t *testing.T, name string, into any) {
	t.Helper()
	dir := os.Getenv("MALGRUPP_VECTORS")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared")
	}
	data, err := os.ReadFile(filepath.Join(dir, name))
	if os.IsNotExist(err) {
		t.Skipf("%s is not there: set MALGRUPP_VECTORS to the folder of the vectors", name)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(data, into); err != nil {
		t.Fatal(err)
	}
}

type suiteCase struct {
	ID          string
	Rule        yaml.Node
	Segments    map[string]yaml.Node
	Users       map[string]suiteUser
	AsOf        string `yaml:"as_of"`
	KnownBy     string `yaml:"known_by"`
	DataFrom    string `yaml:"data_from"`
	ExpectError string `yaml:"expect_error"`
}

type suiteUser struct {
	Events []map[string]string
	Expect string
	Ledger *struct {
		LastQualified  string `yaml:"last_qualified"`
		SameDefinition bool   `yaml:"same_definition"`
	}
}

func TestTheReferenceDecidesEveryCaseOfTheConformanceSuiteAsItSays(t *testing.T) {
	var suite struct {
		Defaults suiteCase
		Cases    []suiteCase
	}
	vectors(t, "rules/conformance.yaml", &suite)
	verdicts := 0
	for _, c := range suite.Cases {
		if c.ExpectError != "" {
			continue
		}
		t.Run(c.ID, func(t *testing.T) {
			name := strings.ToLower(c.ID)
			rules := map[string]*reference.Rule{name: parse(t, c.Rule)}
			for other, spec := range c.Segments {
				rules[other] = parse(t, spec)
			}
			got := c.world(t, suite.Defaults, name).Outcomes(rules)[name]
			want := map[string]string{}
			for id, u := range c.Users {
				want[id] = u.Expect
				if got[id] == "" {
					got[id] = "out" // no row of his counts
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			verdicts += len(want)
		})
	}
	if verdicts < 100 {
		t.Errorf("only %d verdicts were compared", verdicts)
	}
}

func parse(t *testing.T, spec yaml.Node) *reference.Rule {
	t.Helper()
	text, err := yaml.Marshal(&spec)
	if err != nil {
		t.Fatal(err)
	}
	rule, err := reference.ParseRule(string(text))
	if err != nil {
		t.Fatal(err)
	}
	if rule.Identity == "" {
		rule.Identity = "device"
	}
	return rule
}

// world is what a case says, with the suite's defaults.
func (c *suiteCase) world(t *testing.T, defaults suiteCase, name string) *reference.World {
	t.Helper()
	either := func(own, common string) int64 {
		if own != "" {
			return instant(t, own)
		}
		return instant(t, common)
	}
	clock, err := reference.NewClock("Europe/Helsinki")
	if err != nil {
		t.Fatal(err)
	}
	w := &reference.World{
		AsOf: either(c.AsOf, defaults.AsOf), DataFrom: either(c.DataFrom, defaults.DataFrom), Clock: clock,
		SessionGap: 30 * reference.Minute, MaxSkew: 5 * reference.Minute, Dedupe: 7 * reference.Day,
		Stays: map[string]map[string]int64{name: {}},
	}
	w.KnownBy = w.AsOf
	if c.KnownBy != "" {
		w.KnownBy = instant(t, c.KnownBy)
	}
	for _, id := range slices.Sorted(maps.Keys(c.Users)) {
		u := c.Users[id]
		for _, e := range u.Events {
			w.Rows = append(w.Rows, row(t, id, len(w.Rows), e))
		}
		if u.Ledger != nil && u.Ledger.SameDefinition {
			w.Stays[name][id] = instant(t, u.Ledger.LastQualified)
		}
	}
	return w
}

func row(t *testing.T, user string, n int, e map[string]string) reference.Row {
	t.Helper()
	r := reference.Row{
		At: instant(t, e["t"]), ID: fmt.Sprint("row-", n), Event: e["e"], Device: user, Customer: e["cust"],
		Session: e["sid"], Values: map[string]any{},
	}
	r.Received = r.At
	for key, value := range e {
		switch key {
		case "r":
			r.Received = instant(t, value)
		case "id":
			r.ID = value
		case "dev":
			r.Device = value
		case "amount":
			r.Values[key], _ = new(big.Rat).SetString(value)
		case "t", "e", "cust", "sid":
		default:
			r.Values[key] = value
		}
	}
	return r
}

func instant(t *testing.T, text string) int64 {
	t.Helper()
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		t.Fatal(err)
	}
	return at.UnixMicro()
}
