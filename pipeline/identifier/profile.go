// Package identifier turns a stored value of a person (an address, a number, a name) into exactly what one ad platform
// matches on.
//
// In come a value, the field it is, the country it belongs to where that is known, and a profile: what one platform
// asks for, as a declaration. Out comes what is sent, or the reason why nothing is. The package does not know file
// formats, batches, members or consent, and it keeps nothing.
//
// A profile never changes: what a platform holds was made with one, and only the same one finds it again. A change of
// behaviour is a new profile beside the old. Mended is only what was sent for nobody, or for somebody else
// (docs/platforms.md, Mended profiles).
package identifier

import (
	"slices"
	"strings"
)

// A Profile is what one platform wants to be sent of a person. It is read only and may be shared.
type Profile struct {
	id     string
	fields declaration
}

// A declaration holds a rule for each field that a platform takes.
type declaration [fieldCount]rule

// A rule says how a value is written and how the written form is sent. Rules are compared with ==.
type rule struct {
	form form
	sent sending
}

// A form writes clean texts the way a platform wants them before they are hashed. It appends to dst; with a reason
// other than Accepted, what it appended means nothing. Forms are small values that compare with ==.
type form interface {
	append(dst []byte, text, country string) ([]byte, Reason)
}

// The profiles, sorted by id.
var profiles = []*Profile{
	{"adform.v1", declaration{
		IDFA: {uuid{}, plain},
		AAID: {uuid{}, plain},
	}},
	{"criteo.v1", declaration{
		Email: {email{}, sha256Hex},
	}},
	{"dv360.v1", declaration{
		Email:      {email{white: deleted, local: gmailBothDomains}, sha256Hex},
		Phone:      {phone{plus: true}, sha256Hex},
		GivenName:  {name{white: deleted}, sha256Hex},
		FamilyName: {name{white: deleted}, sha256Hex},
		Country:    {country{}, plain},
		PostalCode: {postalCode{}, plain},
		IDFA:       {uuid{upper: true}, plain},
		AAID:       {uuid{}, plain},
	}},
	{"google.v1", declaration{
		Email:      {email{white: deleted, local: gmailBothDomains}, sha256Hex},
		Phone:      {phone{plus: true}, sha256Hex},
		GivenName:  {name{}, sha256Hex},
		FamilyName: {name{}, sha256Hex},
		Country:    {country{}, plain},
		PostalCode: {postalCode{}, plain},
		IDFA:       {uuid{upper: true}, plain},
		AAID:       {uuid{}, plain},
	}},
	{"linkedin.v1", declaration{
		Email: {email{white: deleted}, sha256Hex},
		AAID:  {uuid{}, plain},
	}},
	{"meta.v1", declaration{
		Email:        {email{trimDots: true}, sha256Hex},
		Phone:        {phone{}, sha256Hex},
		GivenName:    {name{bare: true}, sha256Hex},
		FamilyName:   {name{bare: true}, sha256Hex},
		FirstInitial: {name{bare: true, initial: true}, sha256Hex},
		Country:      {country{lower: true}, sha256Hex},
		PostalCode:   {postalCode{short: true}, sha256Hex},
		City:         {city{}, sha256Hex},
		BirthDate:    {birthDate{}, sha256Hex},
		BirthYear:    {birthYear{}, sha256Hex},
		BirthMonth:   {birthMonth{}, sha256Hex},
		BirthDay:     {birthDay{}, sha256Hex},
		Gender:       {gender{}, sha256Hex},
		IDFA:         {uuid{}, plain},
		AAID:         {uuid{}, plain},
	}},
	{"microsoft.v1", declaration{
		Email: {email{white: deleted}, sha256Hex},
	}},
	{"pinterest.v1", declaration{
		Email: {email{}, sha256Hex},
		Phone: {phone{}, sha256Hex},
	}},
	{"reddit.v1", declaration{
		Email: {email{local: lettersAndDigits}, sha256Hex},
	}},
	{"snapchat.v1", declaration{
		Email: {email{}, sha256Hex},
		Phone: {phone{}, sha256Hex},
		IDFA:  {uuid{}, sha256Hex},
		AAID:  {uuid{}, sha256Hex},
	}},
	{"tiktok.v1", declaration{
		Email: {email{white: deleted}, sha256Hex},
		Phone: {phone{plus: true}, sha256Hex},
		IDFA:  {uuid{}, sha256Hex},
		AAID:  {uuid{}, sha256Hex},
	}},
	{"uid2.v1", declaration{
		Email: {email{local: gmailOneDomain}, sha256Base64},
		Phone: {phone{plus: true}, sha256Base64},
	}},
	{"x.v1", declaration{
		Email:  {email{}, sha256Hex},
		Phone:  {phone{plus: true}, sha256Hex},
		IDFA:   {uuid{}, sha256Hex},
		AAID:   {uuid{}, sha256Hex},
		Handle: {handle{}, sha256Hex},
	}},
}

// Profiles returns all profiles, sorted by id.
func Profiles() []*Profile { return slices.Clone(profiles) }

// ProfileOf returns the profile of an id such as "google.v1".
func ProfileOf(id string) (*Profile, bool) {
	i, ok := slices.BinarySearchFunc(profiles, id, func(p *Profile, id string) int { return strings.Compare(p.id, id) })
	if !ok {
		return nil, false
	}
	return profiles[i], true
}

// ID returns the profile's name and version, as manifests and holdings record it.
func (p *Profile) ID() string { return p.id }

// Takes reports whether the platform is sent f at all.
func (p *Profile) Takes(f Field) bool { return p.fields[f].form != nil }

// Hashes reports whether f is sent as a hash: such a field may also come from a column of hashes (AppendHash).
func (p *Profile) Hashes(f Field) bool { return p.Takes(f) && p.fields[f].sent != plain }

// SameFor reports whether a hash of f that was made with p is what o sends: both declare f, hashed, in the same words.
func (p *Profile) SameFor(o *Profile, f Field) bool {
	return p.Hashes(f) && p.fields[f] == o.fields[f]
}

// Append appends to dst what is sent for a plain value: normalised, and hashed where the profile says so. The country
// is an ISO 3166-1 code in upper case or ""; it serves phones in national form and postal codes. If the reason is not
// Accepted, dst comes back as it was. Behind its length dst may hold traces of the value: it is as secret as the input.
func (p *Profile) Append(dst []byte, f Field, value, country string) ([]byte, Reason) {
	out, reason := p.appendNormal(dst, f, value, country)
	if reason != Accepted {
		return dst, reason
	}
	return p.fields[f].sent.seal(out, len(dst)), Accepted
}

// Normal returns what Append would hash: the normal form of a plain value. It serves tests and people who want to
// know what a platform sees.
func (p *Profile) Normal(f Field, value, country string) (string, Reason) {
	out, reason := p.appendNormal(nil, f, value, country)
	if reason != Accepted {
		return "", reason
	}
	return string(out), Accepted
}

// AppendHash appends to dst what is sent for a value that is a hash already, in hex, made with a profile that is
// SameFor f. Upper case and white space around it are forgiven.
func (p *Profile) AppendHash(dst []byte, f Field, value string) ([]byte, Reason) {
	if !p.Hashes(f) {
		return dst, NotTaken
	}
	return p.fields[f].sent.appendHash(dst, value)
}

// appendNormal is the one place where normal forms come from: no form sees what is not UTF-8, and an empty one never
// gets further.
func (p *Profile) appendNormal(dst []byte, f Field, value, country string) ([]byte, Reason) {
	if !p.Takes(f) {
		return dst, NotTaken
	}
	text, ok := clean(value)
	if !ok {
		return dst, BadUTF8
	}
	out, reason := p.fields[f].form.append(dst, text, country)
	if reason == Accepted && len(out) == len(dst) {
		return dst, Empty
	}
	return out, reason
}
