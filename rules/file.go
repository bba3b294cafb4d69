package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/rules/yaml"
)

// checker checks one rule.
type checker struct {
	scope     *Scope
	doc       *yaml.Document
	words     *Vocabulary
	seg       *Segment
	part      string   // match, exclude or by: where the walk is
	inSession bool     // the walk is inside a session
	ads       []string // ad platforms among the rule's destinations
	patterns  int
}

// Segment reads and checks a file of kind Segment. The segment is nil if there are errors; Errors may hold warnings
// beside a segment. References to other segments are left to Order.
func (s *Scope) Segment(src *source.Source) (*Segment, source.Findings) {
	d := yaml.Read(src)
	e, ok := d.Envelope(yaml.KindSegment)
	if !ok {
		return nil, d.Errors()
	}
	e.Top.Only(ruleKeys)
	c := s.checker(d, e.Name)
	c.seg.NameSpan = e.NameSpan
	c.metadata(e.Metadata)
	if n, ok := e.Top.Need("spec"); ok {
		c.spec(n, true)
		c.checkNames(e.Metadata)
	}
	return c.result()
}

// Spec checks the `spec` of a segment without an envelope, as suites write it. What a suite leaves out is filled in:
// purpose advertising, identity device, nothing delivered.
func (s *Scope) Spec(name string, n yaml.Node) (*Segment, source.Findings) {
	n = n.Apart()
	c := s.checker(n.Document(), name)
	c.seg.NameSpan = n.Span()
	c.spec(n, false)
	return c.result()
}

func (s *Scope) checker(d *yaml.Document, name string) *checker {
	return &checker{scope: s, doc: d, words: s.Vocabulary(), seg: &Segment{
		Name: name, Purpose: Advertising, Level: DeviceLevel, Zone: s.Zone, Source: d.Source,
	}}
}

func (c *checker) result() (*Segment, source.Findings) {
	found := c.doc.Errors()
	if found.Failed() {
		return nil, found
	}
	c.seg.Hash = c.seg.Definition()
	return c.seg, found
}

// maxReviewDays is how far ahead a review date may lie.
const maxReviewDays = 400

func (c *checker) metadata(o *yaml.Object) {
	o.Only(segmentMetadata)
	c.seg.Title, c.seg.Reason, c.seg.PlatformName = o.Text("title"), o.Text("reason"), o.Text("platform_name")
	c.seg.Tags, c.seg.RenamedFrom, c.seg.Expires = o.Texts("tags"), o.Identifier("renamed_from"), o.Date("expires")
	c.seg.Owner = owner(c.doc, o, c.scope.Contacts)
	c.seg.ReviewBy = reviewBy(c.doc, o, c.scope.AsOf)
}

// owner reads who answers for an object: a contact of the project, if they are known.
func owner(d *yaml.Document, o *yaml.Object, contacts []string) string {
	n, ok := o.Find("owner")
	if !ok {
		d.Fail("E-NO-OWNER", o.Span(), o.What()+" names no owner", source.Expected("owner: "+contactOf(contacts)))
		return ""
	}
	name, ok := n.Text()
	if ok && contacts != nil && !slices.Contains(contacts, name) {
		hints := append(source.DidYouMean(name, contacts), source.Expected(contactOf(contacts)))
		d.Fail("E-NO-OWNER", n.Span(), fmt.Sprintf("there is no contact %q", name), hints...)
	}
	return name
}

// contactOf says which contacts there are, as long as they are few.
func contactOf(contacts []string) string {
	if len(contacts) == 0 || len(contacts) > 12 {
		return "a contact of malgrupp.yaml"
	}
	return "a contact of malgrupp.yaml: " + strings.Join(contacts, ", ")
}

// reviewBy reads the date by which somebody looks at the object again; today may be zero.
func reviewBy(d *yaml.Document, o *yaml.Object, today value.CivilDate) value.CivilDate {
	n, ok := o.Need("review_by")
	if !ok {
		return 0
	}
	date, ok := n.Date()
	switch {
	case !ok || today == 0:
	case date > today+maxReviewDays:
		d.Fail("E-REVIEW", n.Span(), "the review date is too far ahead",
			source.Expected(fmt.Sprintf("at most %d days after %v: %v", maxReviewDays, today, today+maxReviewDays)))
	case date < today:
		d.Warn("W-REVIEW-DUE", n.Span(), fmt.Sprintf("the review was due on %v", date),
			source.Fix("look at the object, then set a new date"))
	}
	return date
}

// spec checks the rule itself. A whole file names purpose, identity and destinations; a suite need not.
func (c *checker) spec(n yaml.Node, whole bool) {
	o, ok := n.Object("spec")
	if !ok {
		return
	}
	keys := ruleKeys.Behind("spec")
	o.Only(keys)
	for _, key := range keys.Refused() {
		if _, ok := o.Find(key); ok {
			c.notBuilt(key, o.KeySpan(key))
		}
	}
	if whole {
		for _, key := range []string{"purpose", "identity", "deliver"} {
			o.Need(key)
		}
	}
	if n, ok := o.Find("purpose"); ok {
		if w, ok := n.Word(keys.Behind("purpose").Words...); ok {
			c.seg.Purpose = Purpose(w)
		}
	}
	if n, ok := o.Find("identity"); ok {
		if w, ok := n.Word(string(DeviceLevel), string(CustomerLevel)); ok {
			c.seg.Level = Level(w)
		}
	}
	if n, ok := o.Find("timezone"); ok {
		c.seg.Zone, _ = n.Zone()
	}
	if n, ok := o.Find("deliver"); ok {
		c.deliver(n)
	}
	c.conditions(o)
	c.population(o)
	c.checkRetention()
}

func (c *checker) conditions(o *yaml.Object) {
	if n, ok := o.Need("match"); ok {
		c.part = "match"
		c.seg.Match = c.condition(n, "match")
		c.checkAnchored(c.seg.Match)
	}
	if n, ok := o.Find("exclude"); ok {
		c.part = "exclude"
		c.seg.Exclude = c.condition(n, "exclude")
	}
}

func (c *checker) notBuilt(word string, at source.Span) {
	c.doc.Fail("E-NOT-BUILT", at, word+" is not built in this version").Missing = word
}

// deliver checks the destinations against the rule's purpose.
func (c *checker) deliver(n yaml.Node) {
	members, ok := n.List()
	if !ok {
		return
	}
	for _, member := range members {
		name, ok := member.Text()
		if !ok {
			continue
		}
		d, ok := c.scope.Destinations[name]
		if !ok {
			names := c.scope.destinationNames()
			hints := append(source.DidYouMean(name, names),
				source.Expected("a destination of malgrupp.yaml: "+strings.Join(names, ", ")))
			c.doc.Fail("E-UNKNOWN-DESTINATION", member.Span(), fmt.Sprintf("there is no destination %q", name), hints...)
			continue
		}
		if !slices.Contains(d.Purposes, c.seg.Purpose) {
			c.wrongPurpose(member.Span(), name, d)
		}
		if d.Ads {
			c.ads = append(c.ads, name)
			c.seg.ads = c.ads
		}
		c.seg.Deliver = append(c.seg.Deliver, name)
	}
	slices.Sort(c.seg.Deliver)
	c.seg.Deliver = slices.Compact(c.seg.Deliver)
}

func (c *checker) wrongPurpose(at source.Span, name string, d Destination) {
	if c.seg.Purpose == Analysis {
		c.doc.Fail("E-PURPOSE", at, "a segment for analysis is not delivered", source.Fix("deliver: []"))
		return
	}
	purposes := make([]string, len(d.Purposes))
	for i, p := range d.Purposes {
		purposes[i] = string(p)
	}
	c.doc.Fail("E-PURPOSE", at, fmt.Sprintf("%s takes no segments for %s", name, c.seg.Purpose),
		source.Expected("a destination for "+string(c.seg.Purpose)+"; "+name+" is for "+strings.Join(purposes, ", ")))
}
