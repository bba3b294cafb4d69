package identity

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.yaml.in/yaml/v4"
)

type vectorCase struct {
	ID, Note   string
	AsOf       string   `yaml:"as_of"`
	LinkDenied []string `yaml:"link_denied"`
	Events     []struct {
		Row, At, Device string
		Customer        *string
	}
	Expect struct {
		Rows    map[string]struct{ Owner, Reason string }
		Devices map[string]string
		Star    map[string][]string
	}
}

const none = ^Number(0)

func TestOwnersClassesAndStarsAreThoseOfThePaper(t *testing.T) {
	root := os.Getenv("MALGRUPP_VECTORS")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared")
	}
	b, err := os.ReadFile(filepath.Join(root, "consent", "identity-cases.yaml"))
	if err != nil {
		t.Skipf("vectors are not there (set MALGRUPP_VECTORS): %v", err)
	}
	var file struct{ Cases []vectorCase }
	if err := yaml.Unmarshal(b, &file); err != nil {
		t.Fatal(err)
	}
	rows := 0
	for _, c := range file.Cases {
		t.Run(c.ID, func(t *testing.T) { rows += len(c.Events); judgeCase(t, c) })
	}
	if len(file.Cases) == 0 || rows == 0 {
		t.Error("no cases were read")
	}
}

// numbers files ids as they come.
type numbers struct {
	of    map[string]Number
	names []string
}

func (n *numbers) number(kind, id string) Number {
	key := kind + ":" + Normalise(id)
	x, ok := n.of[key]
	if !ok {
		x = Number(len(n.names))
		n.of[key] = x
		n.names = append(n.names, Normalise(id))
	}
	return x
}

func judgeCase(t *testing.T, c vectorCase) {
	n := &numbers{of: map[string]Number{}}
	now := micros(t, c.AsOf)
	var logins []Login
	for _, e := range c.Events {
		if Blocked(Normalise(e.Device)) {
			continue
		}
		d := n.number("device", e.Device)
		if e.Customer != nil && !Blocked(Normalise(*e.Customer)) {
			logins = append(logins, Login{d, n.number("customer", *e.Customer), micros(t, e.At)})
		}
	}
	star := NewStar(logins, len(n.names), now, DefaultLimits())
	for _, e := range c.Events {
		want, ok := c.Expect.Rows[e.Row]
		if !ok {
			t.Fatalf("the case says nothing about row %s", e.Row)
		}
		owner, reason := ownerOf(star, n, c, now, e.Device, e.Customer, micros(t, e.At))
		if owner != want.Owner || reason != want.Reason {
			t.Errorf("row %s: %s %s, want %s %s", e.Row, owner, reason, want.Owner, want.Reason)
		}
	}
	for id, want := range c.Expect.Devices {
		got := []string{"none", "exclusive", "shared", "kiosk"}[star.Class(n.number("device", id))]
		if got != want {
			t.Errorf("device %s is %s, want %s", id, got, want)
		}
	}
	for key, customer := range n.of {
		id, ok := strings.CutPrefix(key, "customer:")
		if !ok {
			continue
		}
		var got []string
		for _, d := range star.Devices(customer) {
			got = append(got, n.names[d])
		}
		slices.Sort(got)
		if diff := cmp.Diff(c.Expect.Star[id], got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("star of %s: %s", id, diff)
		}
	}
}

// ownerOf is the ownership table with the rows that need ids and now in front.
func ownerOf(s *Star, n *numbers, c vectorCase, now int64, device string, customer *string,
	at int64,
) (owner, reason string) {
	switch {
	case at > now:
		return "nobody", "ROW_FUTURE"
	case Blocked(Normalise(device)):
		return "nobody", "BLOCKED_DEVICE"
	case customer != nil && Blocked(Normalise(*customer)):
		return "nobody", "BLOCKED_CUSTOMER"
	}
	who := none
	if customer != nil {
		who = n.number("customer", *customer)
	}
	o := s.Owner(n.number("device", device), who, none, at, func(Number) bool {
		return !slices.Contains(c.LinkDenied, device)
	})
	own := "device:" + Normalise(device)
	switch o.How {
	case OwnLogin:
		return "customer:" + n.names[o.Customer], "OWN_LOGIN"
	case ByAttachment:
		return "customer:" + n.names[o.Customer], "ATTACHED"
	case InKiosk:
		return "nobody", "KIOSK"
	case CustomerSetAside:
		return "nobody", "TOO_MANY_DEVICES"
	case OnSharedDevice:
		return "nobody", "SHARED_ANON"
	case WithoutLogin:
		return own, "NO_LOGIN"
	case WithoutLaterLogin:
		return own, "NO_LATER_LOGIN"
	case OwnerSetAside:
		return own, "TOO_MANY_DEVICES"
	}
	return own, "LINK_MISSING"
}

func micros(t *testing.T, s string) int64 {
	t.Helper()
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(fmt.Errorf("case has a bad time: %w", err))
	}
	return at.UnixMicro()
}
