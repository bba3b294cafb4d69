package project

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/yaml"
)

func (p *Project) destinations(top section, platforms Platforms) {
	all := top.sub("destinations")
	var names []yaml.Node
	for _, l := range all.layers {
		for _, k := range l.object.Keys() {
			if !slices.ContainsFunc(names, func(n yaml.Node) bool { return n.Name() == k.Name() }) {
				names = append(names, k)
			}
		}
	}
	slices.SortFunc(names, func(a, b yaml.Node) int { return strings.Compare(a.Name(), b.Name()) })
	for _, k := range names {
		if !destinationForm.MatchString(k.Name()) {
			top.file.doc.Fail("E-NAME", k.Span(), fmt.Sprintf("BAD_PURPOSE: %q cannot be a destination's name", k.Name()),
				expected("up to 32 small letters, digits, - and _, a letter first"))
			continue
		}
		d := p.destination(all.sub(k.Name()), k.Name(), platforms)
		if len(d.Send) > 0 && p.Identifiers == nil {
			top.need("identifiers", `{url: "contact_keys/"}, for destination `+d.Name)
		}
		p.oneVendor(d, all.sub(k.Name()))
		p.Destinations = append(p.Destinations, d)
	}
}

func (p *Project) destination(s section, name string, platforms Platforms) Destination {
	kind, ok := s.kind(platforms)
	s.keys = rules.DestinationKeys
	if ok {
		s.keys = kind.keys(platforms.Profiles)
	}
	s.only()
	d := Destination{
		Name: name, Enabled: s.flag("enabled", true), MinSize: s.whole("min_size", 0),
		Activate: s.activate(name),
	}
	if !ok {
		return d
	}
	d.Type, d.Own, d.Account = kind.Type, kind.Own, s.account(kind)
	d.Batch, d.Lists = s.sub("batch").batch(), s.sub("lists").numbers(kind)
	if kind.Described {
		d.Form = s.formed(platforms)
		d.Send = d.Form.sends()
	} else {
		d.Send = s.send(kind)
	}
	s.sameProfiles(d, platforms, p.Identifiers)
	d.agreement(s)
	d.Vendor = s.vendor()
	if !kind.Own {
		d.Waits = s.word("acknowledge", "published") == "file"
	}
	return d
}

// activate reads which consents a destination needs: one, or several that must all be granted.
func (s section) activate(name string) []string {
	n, profile, ok := s.find("activate")
	out := []string{name}
	if ok && n.IsList() {
		out, _ = n.Texts()
	} else if ok {
		out[0], _ = n.Text()
	}
	s.note("activate", strings.Join(out, ", "), n, profile)
	for _, consent := range out {
		if !destinationForm.MatchString(consent) {
			s.file.doc.Fail("E-NAME", n.Span(), fmt.Sprintf("BAD_PURPOSE: %q cannot be the name of a consent", consent),
				expected("up to 32 small letters, digits, - and _"))
		}
	}
	if len(out) == 0 {
		n.Wrong("the name of a consent, or a list of at least one")
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// kind reads the type of a destination.
func (s section) kind(platforms Platforms) (Kind, bool) {
	n, profile, ok := s.find("type")
	if !ok {
		s.need("type", "file_csv")
		return Kind{}, false
	}
	t, isText := n.Text()
	if !isText {
		return Kind{}, false
	}
	var types []string
	for _, k := range platforms.Kinds {
		types = append(types, k.Type)
	}
	if _, ok := n.Word(types...); !ok {
		return Kind{}, false
	}
	s.note("type", t, n, profile)
	return platforms.Kinds[slices.Index(types, t)], true
}

// account reads the platform account that the lists belong to.
func (s section) account(kind Kind) string {
	n, _, ok := s.find("account")
	if !ok || kind.Account == nil {
		return ""
	}
	account := s.text("account", "")
	if want := kind.Account(account); want != "" {
		s.file.doc.Fail("E-TYPE", n.Span(), fmt.Sprintf("%saccount is %q", s.path, account), expected(want))
	}
	return account
}

// send reads which identifiers the destination is sent.
func (s section) send(kind Kind) []string {
	if len(kind.Send) == 0 {
		return nil
	}
	send := s.texts("send", kind.Usual)
	n, _, ok := s.find("send")
	if !ok {
		return send
	}
	have := 0
	for i, column := range send {
		if !slices.Contains(kind.Send, column) || slices.Contains(send[:i], column) {
			s.file.doc.Fail("E-TYPE", n.Span(), fmt.Sprintf("%q cannot be sent to %s, or is named twice", column, kind.Type),
				expected("some of "+strings.Join(kind.Send, ", ")))
		}
		if slices.Contains(kind.Together, column) {
			have++
		}
	}
	switch {
	case len(send) == 0:
		s.file.doc.Fail("E-TYPE", n.Span(), "the destination would be sent nothing",
			expected("some of "+strings.Join(kind.Send, ", ")))
	case have > 0 && have < len(kind.Together):
		s.file.doc.Fail("E-TYPE", n.Span(), kind.Type+" takes an address whole or not at all",
			expected("all of "+strings.Join(kind.Together, ", ")+", or none"))
	}
	return send
}

// formed reads the form of lists and says what is wrong with it.
func (s section) formed(platforms Platforms) *Form {
	f := s.sub("form").form()
	if f == nil {
		s.need("form", "{file: csv, profile: pinterest.v1, columns: [{name: email, of: email}]}")
		return &Form{}
	}
	if why := platforms.Wrong(f); why != "" && len(f.Columns) > 0 {
		n, _, _ := s.find("form")
		s.file.doc.Fail("E-TYPE", n.Span(), s.path+"form: "+why, expected("see docs/how-to/generic-file.md"))
	}
	return f
}

// sameProfiles refuses a column of hashes that were made with another profile than the platform's: they would never
// match (docs/platforms.md, Common rules).
func (s section) sameProfiles(d Destination, platforms Platforms, ids *Identifiers) {
	if ids == nil {
		return
	}
	for _, column := range d.Send {
		if made, hashed := ids.Hashed[column]; hashed && !platforms.Accepts(d, column, made) {
			n, _, _ := s.find("type")
			s.file.doc.Fail("E-TYPE", n.Span(),
				fmt.Sprintf("%s would be sent hashes of %s that were made with %s and can never match there", d.Name, column, made),
				expected("the column plain, or another destination, or send: without "+column))
		}
	}
}

// agreement reads the processing agreement. The bank's own pages need none: nobody is handed over.
func (d *Destination) agreement(s section) {
	proc := s.sub("processor")
	if !proc.written() {
		if !d.Own {
			s.need("processor", "{agreement: DPA-2026-01, expires: 2027-06-30}")
		}
		return
	}
	proc.only()
	d.Agreement = proc.required("agreement", "DPA-2026-01")
	if n, profile, ok := proc.find("expires"); ok {
		d.Expires, _ = n.Date()
		proc.note("expires", d.Expires, n, profile)
	} else {
		proc.need("expires", "2027-06-30")
	}
}

// hashedForm is how a column says that its values are hashes, and of which profile.
var hashedForm = regexp.MustCompile(`^sha256_hex\(([a-z0-9]+\.v[0-9]+)\)$`)

// attributes reads where the table is that profile conditions look at.
func (p *Project) attributes(s section) {
	if !s.written() {
		return
	}
	s.only()
	p.Attributes = &Attributes{
		URL: folder(s.required("url", `"customer_attributes/"`)), Schema: s.text("schema", "customer-attributes"),
	}
}

// identifiers reads where the contact keys are and in which form.
func (p *Project) identifiers(s section, platforms Platforms) {
	if !s.written() {
		return
	}
	s.only()
	p.Identifiers = &Identifiers{URL: folder(s.required("url", `"contact_keys/"`)), Hashed: map[string]string{}}
	p.Identifiers.Country = setting(s, "default_country", "", func(n yaml.Node) (string, bool) {
		country, ok := n.Text()
		if ok && !platforms.Country(country) {
			s.file.doc.Fail("E-TYPE", n.Span(), fmt.Sprintf("%q is not a country code", country),
				expected("a code of ISO 3166-1 such as FI"))
		}
		return country, ok
	})
	forms := s.sub("columns")
	forms.only()
	for _, column := range platforms.Columns {
		n, _, ok := forms.find(column)
		if !ok {
			continue
		}
		form := forms.text(column, "plain")
		hashed := hashedForm.FindStringSubmatch(form)
		switch {
		case form == "plain":
		case hashed == nil || !slices.Contains(platforms.Profiles, hashed[1]):
			s.file.doc.Fail("E-TYPE", n.Span(), fmt.Sprintf("column %s is %q", column, form),
				expected("plain, or sha256_hex(PROFILE) with one of "+strings.Join(platforms.Profiles, ", ")))
		default:
			p.Identifiers.Hashed[column] = hashed[1]
		}
	}
}
