package project

import (
	"fmt"
	"slices"
	"strings"

	"github.com/malgrupp/malgrupp/rules/yaml"
)

// Publisher says which purposes of a TC string's publisher segment a purpose of ours rests on; all of them must be
// granted.
type Publisher struct{ Purposes, Custom []int }

// Vendor is what a destination is in the IAB's global vendor list. The zero Vendor is none: TC strings say nothing of
// the destination.
type Vendor struct {
	ID       int
	Purposes []int
	// Interests reports whether legitimate interest is accepted for the purposes for which the list lets it be,
	// Acknowledged by whom and when.
	Interests    bool
	Acknowledged string
}

// What a vendor needs unless the project says more: storing, making a profile and selecting by it. Google's list is of
// its own help page (support.google.com/admanager/answer/9999955).
var (
	anyVendor = []int{1, 3, 4}
	google    = []int{1, 2, 3, 4, 7, 9, 10}
)

const googleID = 755

// byInterest are the purposes for which Google and others may name legitimate interest. For 3 to 6 nobody may (TCF
// policies since 2023), and 1 always takes consent.
var byInterest = []int{2, 7, 9, 10}

// InterestPurposes are those of the vendor's purposes for which legitimate interest is accepted.
func (v Vendor) InterestPurposes() (out []int) {
	for _, p := range v.Purposes {
		if v.Interests && slices.Contains(byInterest, p) {
			out = append(out, p)
		}
	}
	return out
}

// tcf reads what the publisher's segment of TC strings carries, and how signals on rows are heard.
func (c *Consent) tcf(s section) {
	c.RowTCSource = s.text("row_tc_source", "cmp")
	c.GPCDenies = s.texts("gpc_denies", []string{"partner_data", "activate:*"})
	c.BrowserDenies = s.texts("browser_denies", []string{"profile", "link", "partner_data", "activate:*"})
	of := s.sub("tcf")
	of.only()
	c.TCF = map[string]Publisher{}
	for _, purpose := range of.keys.Built() {
		p := of.sub(purpose)
		if !p.written() {
			continue
		}
		p.only()
		own := Publisher{p.wholes("publisher_purposes", nil), p.wholes("custom_purposes", nil)}
		if len(own.Purposes)+len(own.Custom) == 0 {
			n, _, _ := of.find(purpose)
			s.file.doc.Fail("E-TYPE", n.Span(), fmt.Sprintf("%stcf.%s names no purpose of the string", s.path, purpose),
				expected("publisher_purposes: [1, 3], or custom_purposes: [1]"))
		}
		c.TCF[purpose] = own
	}
}

// vendor reads what a destination is to TC strings.
func (s section) vendor() Vendor {
	v := Vendor{ID: s.whole("vendor", 0)}
	usual := anyVendor
	if v.ID == googleID {
		usual = google
	}
	if v.ID == 0 {
		for _, key := range []string{"tcf_purposes", "accept_legitimate_interest", "li_acknowledged_by"} {
			if n, _, ok := s.find(key); ok {
				s.file.doc.Fail("E-TYPE", n.Span(), s.path+key+" is said of a destination that is no vendor",
					expected("vendor: and the destination's number in the global vendor list"))
			}
		}
		return v
	}
	v.Purposes = s.wholes("tcf_purposes", usual)
	if n, _, _ := s.find("tcf_purposes"); len(v.Purposes) == 0 {
		n.Wrong("at least one purpose, such as [1, 3, 4]")
	}
	v.Interests, v.Acknowledged = s.flag("accept_legitimate_interest", false), s.text("li_acknowledged_by", "")
	if n, _, _ := s.find("accept_legitimate_interest"); v.Interests && v.Acknowledged == "" {
		s.file.doc.Fail("E-TYPE", n.Span(), "LI_NEEDS_ACK: legitimate interest is accepted and nobody says so by name",
			expected(`li_acknowledged_by: "NAME, 2026-04-01"`))
	}
	return v
}

// oneVendor refuses two destinations that share a consent and are not the same to TC strings.
func (p *Project) oneVendor(d Destination, s section) {
	for _, o := range p.Destinations {
		shared := slices.IndexFunc(d.Activate, func(consent string) bool { return slices.Contains(o.Activate, consent) })
		if shared >= 0 && !(o.Vendor.ID == d.Vendor.ID && slices.Equal(o.Vendor.Purposes, d.Vendor.Purposes) &&
			o.Vendor.Interests == d.Vendor.Interests) {
			n, _, found := s.find("vendor")
			if !found {
				n, _, _ = s.find("type")
			}
			s.file.doc.Fail("E-TYPE", n.Span(),
				fmt.Sprintf("%s and %s share the consent activate:%s and mean different things to TC strings", o.Name, d.Name,
					d.Activate[shared]), expected("the same vendor, tcf_purposes and accept_legitimate_interest, or another activate"))
		}
	}
}

// wholes is a list of whole numbers within the bounds of the key.
func (s section) wholes(key string, def []int) []int {
	each := s.keys.Behind(key).Each
	return setting(s, key, def, func(n yaml.Node) (out []int, ok bool) {
		list, ok := n.List()
		for _, item := range list {
			i, good := item.Int(each.Low, each.High)
			if good && slices.Contains(out, i) {
				s.file.doc.Fail("E-TYPE", item.Span(), fmt.Sprintf("%s%s names %d twice", s.path, key, i))
			}
			out, ok = append(out, i), ok && good
		}
		return out, ok
	})
}

// denied checks the purposes that a signal denies; the names of destinations' consents are known by now.
func (p *Project) denied(s section, key string, purposes []string) {
	for _, name := range purposes {
		dest, activation := strings.CutPrefix(name, "activate:")
		known := slices.Contains([]string{"measure", "profile", "link", "partner_data", "activate:*"}, name) ||
			activation && slices.ContainsFunc(p.Destinations, func(d Destination) bool {
				return slices.Contains(d.Activate, dest)
			})
		if !known {
			n, _, _ := s.find(key)
			s.file.doc.Fail("E-TYPE", n.Span(), fmt.Sprintf("BAD_PURPOSE: %s%s names %q", s.path, key, name),
				expected("measure, profile, link, partner_data, activate:* or activate: with a destination's consent"))
		}
	}
}
