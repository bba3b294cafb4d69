package project

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/rules/yaml"
)

var destinationForm = regexp.MustCompile(rules.DestinationForm)

func days(n int) value.Duration { return value.Duration{N: n, Unit: value.Day} }

// Read checks a project file and lays a profile over it ("" for none). All findings are returned at once.
func Read(src *source.Source, profile string, platforms Platforms) (*Project, source.Findings) {
	f := &file{doc: yaml.Read(src)}
	e, ok := f.doc.Envelope(yaml.KindProject)
	if !ok {
		return nil, f.doc.Errors()
	}
	keys := Shape(platforms)
	e.Metadata.Only(keys.Behind("metadata"))
	p := &Project{Name: e.Name, Profile: profile, Text: f.doc.Source}
	top := section{file: f, layers: f.layers(e.Top, profile), keys: rules.SettingKeys(platforms.destination(),
		platforms.columns())}
	top.only(keys.Built()...)
	p.general(top)
	p.Sources = sources(top, p.Zone)
	p.consent(top.sub("consent"))
	p.identity(top.sub("identity"))
	p.keys(top.sub("keys"))
	p.places(top)
	p.limits(top)
	p.identifiers(top.sub("identifiers"), platforms)
	p.attributes(top.sub("profiles_of_customers"))
	p.destinations(top, platforms)
	p.Topics, _, _ = top.find("topics")
	p.Statistics, _, _ = top.find("statistics")
	p.denied(top.sub("consent"), "gpc_denies", p.Consent.GPCDenies)
	p.denied(top.sub("consent"), "browser_denies", p.Consent.BrowserDenies)
	p.Settings = f.settings
	return p, f.doc.Errors()
}

// layers returns the file's own object with the profile's on top of it.
func (f *file) layers(top *yaml.Object, profile string) []layer {
	own, _ := f.doc.Root().Object("the project")
	n, written := top.Find("profiles")
	if !written {
		if profile != "" {
			f.doc.Fail("E-UNKNOWN-PROFILE", top.Span(), fmt.Sprintf("there is no profile %q", profile),
				source.Hint{Label: source.LabelExpected, Text: "a section profiles: in the file"})
		}
		return []layer{{object: own}}
	}
	all, ok := n.Object("profiles")
	if !ok {
		return []layer{{object: own}}
	}
	var out []layer
	var names []string
	for _, key := range all.Keys() {
		names = append(names, key.Name())
		value, _ := all.Find(key.Name())
		if o, ok := value.Object("profile " + key.Name()); ok && key.Name() == profile {
			out = append(out, layer{object: o, origin: "profile " + profile})
		}
	}
	if profile != "" && !slices.Contains(names, profile) {
		f.doc.Fail("E-UNKNOWN-PROFILE", n.Span(), fmt.Sprintf("there is no profile %q", profile),
			source.Hint{Label: source.LabelExpected, Text: "one of " + strings.Join(names, ", ")})
	}
	return append(out, layer{object: own})
}

func (p *Project) general(s section) {
	n, profile, ok := s.find("timezone")
	if !ok {
		s.need("timezone", "Europe/Helsinki")
		p.Zone, _ = value.LoadZone("UTC")
	} else if z, ok := n.Zone(); ok {
		p.Zone = z
		s.note("timezone", z.Name(), n, profile)
	} else {
		p.Zone, _ = value.LoadZone("UTC")
	}
	p.Retention = s.duration("retention", days(395))
	if rn, _, ok := s.find("retention"); ok && Micros(p.Retention) > Micros(days(761)) {
		s.file.doc.Fail("E-RANGE", rn.Span(), "RETENTION_TOO_LONG: rows are kept longer than 25 months",
			expected("at most 761d"))
	}
	p.MaxClockSkew = s.duration("max_clock_skew", value.Duration{N: 5, Unit: value.Minute})
	p.SessionGap = s.duration("session_gap", value.Duration{N: 30, Unit: value.Minute})
	if contacts := s.sub("contacts"); contacts.written() {
		for _, l := range contacts.layers {
			for _, k := range l.object.Keys() {
				p.Contacts = append(p.Contacts, k.Name())
				if v, _ := l.object.Find(k.Name()); v.Present() {
					if o, ok := v.Object("contact " + k.Name()); ok {
						o.Only(contacts.keys.Behind(k.Name()))
					}
				}
			}
		}
		slices.Sort(p.Contacts)
		p.Contacts = slices.Compact(p.Contacts)
	} else {
		s.need("contacts", "{team: {email: team@bank.example}}")
	}
}

func expected(text string) source.Hint { return source.Hint{Label: source.LabelExpected, Text: text} }

// Micros is a duration in microseconds; days are 24 hours, as everywhere in retention, consent and identity.
func Micros(d value.Duration) int64 {
	unit := map[value.Unit]int64{
		value.Second: 1e6, value.Minute: 60e6, value.Hour: 3600e6, value.Day: 24 * 3600e6, value.Week: 7 * 24 * 3600e6,
		value.Month: 30 * 24 * 3600e6,
	}[d.Unit]
	return int64(d.N) * unit
}

func sources(top section, zone *value.Zone) []Source {
	n, profile, ok := top.find("sources")
	if !ok {
		top.need("sources", `[{name: web, url: "events/", schema: web-app-events, partition: "dt="}]`)
		return nil
	}
	list, _ := n.List()
	var out []Source
	for i, item := range list {
		o, ok := item.Object(fmt.Sprintf("sources[%d]", i))
		if !ok {
			continue
		}
		s := section{
			path: fmt.Sprintf("sources[%d].", i), layers: []layer{{object: o, origin: profile}}, file: top.file,
			keys: top.keys.Behind("sources").Each,
		}
		s.only()
		src := Source{
			Name: s.required("name", "web"), URL: s.required("url", `"events/"`), Schema: s.required("schema", "web-app-events"),
			GapsEmpty:   s.word("gaps", "uncovered") == "empty",
			Complete:    Complete(s.word("complete", string(Listed), string(Manifest))),
			OnBadObject: BadObject(s.word("on_bad_object", string(Stop))),
		}
		if day := setting(s, "covers_from", 0, yaml.Node.Date); day != 0 {
			src.CoversFrom = zone.Midnight(day)
		}
		src.Expect = expect(s.sub("expect"))
		src.CopiesExpected = s.word("copies", "few") == "expected"
		if src.Complete == Manifest {
			v, _, _ := s.find("complete")
			s.file.doc.Fail("E-NOT-BUILT", v.Span(), "complete: manifest is not built in this version",
				expected("listed or success")).Missing = "complete: manifest"
		}
		src.Partition = partition(s, "none")
		src.Partner = origin(s)
		src.Dedupe = dedupe(s)
		if slices.ContainsFunc(out, func(o Source) bool { return o.Name == src.Name }) {
			s.file.doc.Fail("E-DUPLICATE-NAME", item.Span(), fmt.Sprintf("two sources are called %q", src.Name))
		}
		out = append(out, src)
	}
	if len(out) == 0 {
		top.need("sources", `[{name: web, url: "events/", schema: web-app-events, partition: "dt="}]`)
	}
	return out
}

// expect reads {by: 06:00, every: 1d}.
func expect(s section) (e Expect) {
	s.only()
	e.By = setting(s, "by", 0, func(n yaml.Node) (int64, bool) {
		text, isText := n.Text()
		at, ok := value.ParseTime(value.TimeOfDay, text)
		if isText && !ok {
			s.file.doc.Fail("E-TYPE", n.Span(), fmt.Sprintf("%sby is %q", s.path, text), expected("a time of day such as 06:00"))
		}
		return at.Int, ok
	})
	e.Every = s.duration("every", value.Duration{})
	return e
}

// partition reads "dt=", none, or {key, of, zone}.
func partition(s section, def string) Partition {
	utc, _ := value.LoadZone("UTC")
	n, profile, written := s.find("partition")
	p := Partition{Key: def, Zone: utc}
	if !written || n.IsText() {
		if written {
			p.Key, _ = n.Text()
		}
		s.note("partition", p.Key, n, profile)
		if p.Key == "none" {
			return Partition{}
		}
	} else {
		sub := s.sub("partition")
		sub.only()
		p.Key = sub.required("key", `"dt="`)
		p.Event = sub.word("of", "arrival") == "event"
		p.Zone = sub.zone("zone", utc)
	}
	if bad := badPattern(p.Key); p.Key != "" && bad != "" {
		s.file.doc.Fail("E-TYPE", n.Span(), fmt.Sprintf("partition is %q: %s", p.Key, bad),
			expected(`"dt=" for folders such as dt=2026-04-01, a pattern such as "{yyyy}/{MM}/{dd}", or none`))
	}
	return p
}

// origin returns the site of a partner, "" for the bank's own log.
func origin(s section) string {
	text := s.text("origin", "own")
	if text == "own" {
		return ""
	}
	site, partner := strings.CutPrefix(text, "partner:")
	if !partner || site == "" {
		n, _, _ := s.find("origin")
		s.file.doc.Fail("E-TYPE", n.Span(), fmt.Sprintf("origin is %q", text),
			expected("own, or partner: and the site, such as partner:homes.example"))
	}
	return site
}

func dedupe(s section) value.Duration {
	n, profile, ok := s.find("dedupe")
	if !ok {
		s.note("dedupe", "within 7d", n, "")
		return days(7)
	}
	if n.IsText() {
		if w, ok := n.Word("none"); ok {
			s.note("dedupe", w, n, profile)
		}
		return value.Duration{}
	}
	sub := s.sub("dedupe")
	sub.only()
	return sub.duration("within", days(7))
}

func (p *Project) consent(s section) {
	c := &p.Consent
	s.only()
	c.URL = s.required("url", `"consent/"`)
	c.Partition = partition(s, "dt=")
	c.MaxFeedAge = feedAge(s)
	c.MaxConsentAge = s.duration("max_consent_age", days(390))
	if n, _, ok := s.find("max_consent_age"); ok && Micros(c.MaxConsentAge) > Micros(days(395)) {
		s.file.doc.Fail("E-RANGE", n.Span(), "CONSENT_AGE_TOO_LONG: a grant is used for longer than 13 months",
			expected("at most 395d"))
	}
	c.TrustedSources = s.texts("trusted_sources", []string{"cmp", "bank_ui", "call_centre"})
	c.Map = consentMap(s, c)
	c.MinNotice = map[string]int{}
	notice := s.sub("min_notice_version")
	notice.only()
	for _, purpose := range notice.keys.Built() {
		c.MinNotice[purpose] = notice.whole(purpose, 0)
	}
	c.tcf(s)
	c.OwnGrant = s.flag("require_customer_grant", false)
	if _, _, ok := s.find("suppression"); ok {
		c.Suppression = p.list(s, "suppression")
	}
	switch n, profile, ok := s.find("protected"); {
	case !ok:
		s.need("protected", "none, or the URL of the list of people who must never be targeted")
	case n.IsText() && n.Value() == "none":
		s.note("protected", "none", n, profile)
	default:
		c.Protected = p.list(s, "protected")
	}
}

// feedAge reads {limit, reason}, or the limit alone: whoever relies on consent of more than three days ago says why.
func feedAge(s section) value.Duration {
	def, most := value.Duration{N: 26, Unit: value.Hour}, days(3)
	n, _, written := s.find("max_feed_age")
	if written && n.IsObject() {
		sub := s.sub("max_feed_age")
		sub.only()
		sub.required("reason", `"the exporter rests at weekends, agreed with the DPO on 2026-04-01"`)
		return sub.duration("limit", def)
	}
	age := s.duration("max_feed_age", def)
	if Micros(age) > Micros(most) {
		s.file.doc.Warn("W-FEED-AGE", n.Span(), "consent.max_feed_age is more than 72 hours, and nobody says why",
			expected(`{limit: `+age.String()+`, reason: "why, and who agreed"}`))
	}
	return age
}

func (p *Project) list(s section, key string) *List {
	n, profile, _ := s.find(key)
	if n.IsText() {
		url, _ := n.Text()
		s.note(key, url, n, profile)
		return &List{URL: url, MaxAge: p.Consent.MaxFeedAge}
	}
	sub := s.sub(key)
	sub.only()
	return &List{
		URL: sub.required("url", `"suppression.parquet"`), MaxAge: sub.duration("max_age", p.Consent.MaxFeedAge),
		MayShrink: sub.percent("may_shrink", 0),
	}
}

func (p *Project) identity(s section) {
	s.only()
	p.Identity = Identity{
		Linked:         s.word("attach", "off") == "linked",
		AttachWindow:   s.stricter("attach_window", days(30), false),
		SharedWindow:   s.stricter("shared_window", days(90), true),
		KioskCustomers: s.whole("kiosk_customers", 5),
		MaxDevices:     s.whole("max_devices", 20),
		Blocked:        s.texts("blocked", nil),
	}
}

// stricter is a duration that may only be made stricter than its default: shorter, or longer where longer means that
// fewer rows are joined.
func (s section) stricter(key string, def value.Duration, longer bool) value.Duration {
	d := s.duration(key, def)
	if n, _, ok := s.find(key); ok && (longer && Micros(d) < Micros(def) || !longer && Micros(d) > Micros(def)) {
		bound := "at most "
		if longer {
			bound = "at least "
		}
		s.file.doc.Fail("E-RANGE", n.Span(), fmt.Sprintf("%s%s is laxer than identity allows", s.path, key),
			expected(bound+def.String()))
	}
	return d
}

func (p *Project) keys(s section) {
	s.only()
	p.Keys = Keys{
		State:      s.required("state", `"file:keys/state.key"`),
		Recipients: s.required("recipients", `"file:keys/recipients.txt"`),
		Signing:    s.required("signing", `"file:keys/signing.key"`), Mounted: s.flag("mounted", false),
		Master: map[int]string{},
	}
	n, profile, ok := s.find("master")
	switch {
	case !ok:
		s.need("master", `"file:keys/master.key"`)
	case n.IsText():
		p.Keys.Master[1], _ = n.Text()
		s.note("master", p.Keys.Master[1], n, profile)
	default:
		if o, ok := n.Object("keys.master"); ok {
			for k, v := range o.Fields() {
				var no int
				if _, err := fmt.Sscanf(k.Name(), "%d", &no); err != nil || no < 1 || fmt.Sprint(no) != k.Name() {
					s.file.doc.Fail("E-TYPE", k.Span(), fmt.Sprintf("%q is not a key number", k.Name()), expected("1, 2, ..."))
					continue
				}
				p.Keys.Master[no], _ = v.Text()
				s.note("master."+k.Name(), p.Keys.Master[no], v, profile)
			}
		}
	}
}

func (p *Project) places(top section) {
	out := top.sub("output")
	out.only()
	p.Output = folder(out.required("url", `"out/"`))
	p.State = folder(out.text("state", p.Output+"state/"))
	p.MaxListAge = out.duration("max_list_age", days(7))
	audit := top.sub("audit")
	audit.only()
	p.Audit = folder(audit.text("url", p.Output+"audit/"))
	p.Head = folder(audit.text("head", ""))
}

// folder returns the URL with a slash at its end.
func folder(url string) string {
	if url == "" || strings.HasSuffix(url, "/") || strings.Contains(url, "?") {
		return url
	}
	return url + "/"
}

func (p *Project) limits(top section) {
	g := top.sub("guards")
	g.only()
	p.Guards = Guards{
		MinAudience: g.atLeast50("min_audience"), ReportK: g.atLeast50("report_k"),
		MaxChange: g.percent("max_change", 50), MaxSize: g.whole("max_size", 0),
		HoldFirst: g.word("first", "send") == "hold", StopAll: g.word("on_stop", "continue") == "fail",
	}
	l := top.sub("limits")
	l.only()
	p.Limits = Limits{
		Chunk: int64(l.whole("chunk_mib", 256)) << 20,
		Page:  int64(l.whole("page_mib", 64)) << 20,
	}
	sec := top.sub("security")
	sec.only()
	p.Security = Security{
		FileRoots: sec.texts("file_roots", nil), AllowPrivateEndpoint: sec.flag("allow_private_endpoint", false),
		AllowExplain: sec.flag("allow_explain", false), Endpoints: map[string]string{},
	}
	e := sec.sub("endpoints")
	e.only()
	for _, scheme := range e.keys.Built() {
		if _, _, ok := e.find(scheme); ok {
			p.Security.Endpoints[scheme] = e.text(scheme, "")
		}
	}
}

// percent is a whole share such as 50%.
func (s section) percent(key string, def int) int {
	text := s.text(key, fmt.Sprintf("%d%%", def))
	share, ok := strings.CutSuffix(text, "%")
	if n, err := strconv.Atoi(share); ok && err == nil && n >= min(def, 1) && n < 10000 {
		return n
	}
	n, _, _ := s.find(key)
	s.file.doc.Fail("E-TYPE", n.Span(), fmt.Sprintf("%s%s is %q", s.path, key, text), expected("a share such as 50%"))
	return def
}

// atLeast50 is a floor that may be raised, never lowered.
func (s section) atLeast50(key string) int {
	v := setting(s, key, 50, func(n yaml.Node) (int, bool) { return n.Int(0, s.keys.Behind(key).High) })
	if n, _, ok := s.find(key); ok && v < 50 {
		s.file.doc.Fail("E-RANGE", n.Span(), fmt.Sprintf("K_TOO_SMALL: %s%s is %d", s.path, key, v), expected("50 or more"))
	}
	return v
}
