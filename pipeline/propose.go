package pipeline

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/malgrupp/malgrupp/rules"
)

// Proposal is a schema guessed from names, types and values, or why there can be none.
type Proposal struct {
	Name    string   `json:"name,omitempty"`
	Text    string   `json:"text,omitempty"`    // a file of kind EventSchema that validate accepts
	Problem string   `json:"problem,omitempty"` // set where Text is not
	Remarks []string `json:"remarks,omitempty"` // what a person has to look at
}

// known are names that columns of a role have in usual logs, the surest first, in small letters with _ between words.
var known = []struct {
	role  rules.Role
	kinds []rules.Kind
	names []string
}{
	{rules.RoleEventTime, []rules.Kind{rules.Timestamp}, []string{
		"event_time", "event_timestamp", "derived_tstamp", "event_tstamp", "event_ts", "event_datetime", "event_at", "occurred_at", "occurred", "original_timestamp",
		"client_timestamp", "client_time", "timestamp", "time_stamp", "tstamp", "ts", "time", "datetime", "date_time", "hit_time", "visit_time", "request_time",
		"timestamp_col", "created_at", "collector_tstamp", "dvce_created_tstamp", "event_date",
	}},
	{rules.RoleReceivedAt, []rules.Kind{rules.Timestamp}, []string{
		"received_at", "collector_tstamp", "received_time", "receive_time", "received", "server_received_at", "arrived_at", "arrival_time", "ingested_at",
		"ingestion_time", "ingest_time", "server_timestamp", "server_time", "server_upload_time", "load_tstamp", "loaded_at", "inserted_at",
	}},
	{rules.RoleEventID, []rules.Kind{rules.Text, rules.Integer}, []string{
		"event_id", "event_uuid", "insert_id", "message_id", "hit_id", "request_id", "uuid", "id",
	}},
	{rules.RoleEventName, []rules.Kind{rules.Text}, []string{
		"event_name", "event", "event_type", "event_action", "action", "hit_type", "activity", "name", "type",
	}},
	{rules.RoleDevice, []rules.Kind{rules.Text, rules.Integer}, []string{
		"device_id", "domain_userid", "user_pseudo_id", "client_id", "cookie_id", "visitor_id", "anonymous_id", "browser_id", "installation_id", "install_id",
		"app_instance_id", "fullvisitorid", "full_visitor_id", "amplitude_id", "distinct_id", "device_uuid", "network_userid", "cookie", "panelist_id",
	}},
	{rules.RoleCustomer, []rules.Kind{rules.Text, rules.Integer}, []string{
		"customer_id", "user_id", "customer", "customer_number", "customer_no", "client_number", "account_id", "member_id", "userid", "login_id", "crm_id",
	}},
	{rules.RoleSession, []rules.Kind{rules.Text, rules.Integer}, []string{
		"session_id", "domain_sessionid", "ga_session_id", "visit_id", "session", "sessionid", "source_session",
	}},
	{rules.RoleSeq, []rules.Kind{rules.Integer}, []string{"seq", "sequence", "sequence_number", "hit_number", "event_index", "batch_event_index"}},
}

// signals are names of columns in which a browser or a consent dialogue may have said no.
var signals = []string{"gpc", "sec_gpc", "global_privacy_control", "dnt", "do_not_track", "browser_deny", "tc_string", "tcstring", "gdpr_consent", "consent"}

// timely reports whether a path is named like a time.
func timely(path string) bool {
	for word := range strings.SplitSeq(strings.ReplaceAll(snake(path), ".", "_"), "_") {
		switch word {
		case "time", "ts", "tstamp", "timestamp", "at", "datetime", "epoch", "date", "millis", "micros":
			return true
		}
	}
	return false
}

// proposed is a column of a proposal.
type proposed struct {
	seen   *seen
	column rules.Column // From and Param as a schema writes them; Name is the one that rules use
	remark string
}

// mostColumns keeps a proposal within the size that a file may have.
const mostColumns = 400

// propose guesses a schema from everything seen.
func (l *look) propose(name string, in *Inspection) Proposal {
	p := Proposal{Name: name, Remarks: l.remarks}
	var columns []*proposed
	for _, s := range l.columns {
		c, why := l.candidate(s)
		switch {
		case why != "":
			p.Remarks = append(p.Remarks, fmt.Sprintf("left out: %s: %s", Printable(s.path), why))
		case len(columns) == mostColumns:
			p.Remarks = append(p.Remarks, fmt.Sprintf("left out: columns after the first %d", mostColumns))
			c = nil
		}
		if c != nil && len(columns) < mostColumns {
			columns = append(columns, c)
		}
	}
	for _, list := range in.Crowded {
		p.Remarks = append(p.Remarks, fmt.Sprintf("left out: %s: it has too many different keys for names; say param(...) for those that rules need", Printable(list)))
	}
	assignRoles(columns)
	if p.Problem = lacking(columns); p.Problem != "" {
		return p
	}
	p.Remarks = append(p.Remarks, remarksOn(columns)...)
	nameColumns(columns)
	p.Text = proposalText(p, columns, in)
	return p
}

// plainPath is the form of a path that a schema can write.
var plainPath = regexp.MustCompile(`^[^\s(),'"\\]+$`)

// candidate makes a column of a schema from what was seen, or says why there can be none.
func (l *look) candidate(s *seen) (*proposed, string) {
	c := &proposed{seen: s, column: s.column}
	t := &c.column.Type
	switch {
	case s.list && l.readsList(s.path):
		return nil, "" // its keys are columns
	case s.fault != "":
		return nil, s.fault
	case s.list:
		return nil, "a list, of which rules can name only keys and values"
	case s.column.Name == "":
		return nil, "a type that rules do not have (" + s.typ + ")"
	case t.Kind == rules.Decimal && (t.Scale < 0 || t.Scale > t.Precision):
		return nil, "a decimal of more places than rules have"
	case c.column.Param == "" && (!plainPath.MatchString(s.path) || Printable(s.path) != s.path):
		return nil, "a name that a schema cannot write: rename it in the export"
	}
	if unit := s.unit(); unit != "" {
		t.Kind, c.column.Unit = rules.Timestamp, unit
		c.remark = "whole numbers that look like " + unit + " since 1970"
	}
	if c.column.INT96 != "" {
		c.remark = "INT96 names no zone; UTC is a guess"
	}
	if c.column.Zone != "" {
		c.remark = "the file names no zone; UTC is a guess"
	}
	c.column.Optional = s.nulls > 0 || s.rows == 0 || s.objects < l.objects || c.column.Param != ""
	return c, ""
}

// readsList reports whether a leaf belongs to a key-value list whose keys were found or are too many.
func (l *look) readsList(leaf string) bool {
	below := func(list string) bool { return strings.HasPrefix(leaf, list+".") }
	return slices.ContainsFunc(l.crowded, below) || slices.ContainsFunc(l.columns, func(s *seen) bool { return s.column.Param != "" && below(s.column.From) })
}

// assignRoles gives each role to the column with the surest name, a whole path before the last part of one.
func assignRoles(columns []*proposed) {
	for _, k := range known {
		var best *proposed
		rank := 2 * len(k.names)
		for _, c := range columns {
			if c.column.Role != rules.RoleNone || !slices.Contains(k.kinds, c.column.Type.Kind) {
				continue
			}
			if at := nameRank(c.own(), k.names); at < rank {
				best, rank = c, at
			}
		}
		if best == nil && k.role == rules.RoleEventTime {
			if best = onlyTime(columns); best != nil {
				best.remark = strings.TrimPrefix(best.remark+"; the only time there is", "; ")
			}
		}
		if best == nil {
			continue
		}
		best.column.Role = k.role
		switch k.role {
		case rules.RoleEventTime, rules.RoleEventName, rules.RoleDevice:
			best.column.Optional = false
		}
		if rank > 0 && rank%2 == 1 {
			best.remark = strings.TrimPrefix(best.remark+"; the role is a guess", "; ")
		}
	}
}

// own is the name that a column has of itself: its path, or its key.
func (c *proposed) own() string {
	if c.column.Param != "" {
		return snake(c.column.Param)
	}
	return snake(c.seen.path)
}

// nameRank says how sure a name is, 0 the surest; odd where only its last part is known.
func nameRank(name string, names []string) int {
	if at := slices.Index(names, strings.ReplaceAll(name, ".", "_")); at >= 0 {
		return 2 * at
	}
	if at := slices.Index(names, name[strings.LastIndexByte(name, '.')+1:]); at >= 0 {
		return 2*at + 1
	}
	return 2 * len(names)
}

// onlyTime is the one column that holds a time; nil if there are several, or none.
func onlyTime(columns []*proposed) (only *proposed) {
	for _, c := range columns {
		if c.column.Type.Kind != rules.Timestamp {
			continue
		}
		if only != nil {
			return nil
		}
		only = c
	}
	return only
}

// lacking says which of the roles that a schema needs nobody plays.
func lacking(columns []*proposed) string {
	var missing []string
	for _, need := range []struct {
		role rules.Role
		what string
	}{
		{rules.RoleEventTime, "when an event happened (a timestamp, or an integer named like one; times kept as text are not read)"},
		{rules.RoleEventName, "what happened (a text named event_name, event, event_type, action or the like)"},
		{rules.RoleDevice, "on which device (a text or number named device_id, client_id, cookie_id, visitor_id or the like)"},
	} {
		if !slices.ContainsFunc(columns, func(c *proposed) bool { return c.column.Role == need.role }) {
			missing = append(missing, need.what)
		}
	}
	if missing == nil {
		return ""
	}
	return "no column says " + strings.Join(missing, ", nor ")
}

// remarksOn are about columns as a whole.
func remarksOn(columns []*proposed) (out []string) {
	for _, c := range columns {
		if own := c.own(); slices.Contains(signals, strings.ReplaceAll(own, ".", "_")) || slices.Contains(signals, own[strings.LastIndexByte(own, '.')+1:]) {
			out = append(out, fmt.Sprintf("%s may hold a refusal: rows are not asked for consent, so export it to the consent log", Printable(c.seen.path)))
		}
	}
	for _, role := range []struct {
		role rules.Role
		lack string
	}{
		{rules.RoleEventID, "no event id was recognised: copies of an event will count as several"},
		{rules.RoleReceivedAt, "no time of arrival was recognised: an old day cannot be computed again exactly"},
		{rules.RoleCustomer, "no customer was recognised: there can be no customer segments"},
	} {
		if !slices.ContainsFunc(columns, func(c *proposed) bool { return c.column.Role == role.role }) {
			out = append(out, role.lack)
		}
	}
	return out
}

// nameColumns finds the names that rules will use, each once.
func nameColumns(columns []*proposed) {
	taken := map[string]bool{}
	for _, c := range columns {
		name := ruleName(c.own())
		if taken[name] && c.column.Slot != "" {
			name += "_" + c.column.Slot
		}
		for n, free := 2, name; taken[name]; n++ {
			name = fmt.Sprintf("%s_%d", free, n)
		}
		taken[name] = true
		c.column.Name = name
	}
}

// ruleName makes a name that rules take from a path in small letters.
func ruleName(path string) string {
	parts := strings.Split(path, ".")
	for i, part := range parts {
		part = strings.Map(func(r rune) rune {
			if r == '_' || r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
				return r
			}
			return '_'
		}, part)
		if part == "" || part[0] >= '0' && part[0] <= '9' {
			part = "_" + part
		}
		parts[i] = part
	}
	name := strings.Join(parts, ".")
	if !nameable(name) {
		return name + "_"
	}
	return name
}

// nameable asks the reader of schemas whether a column may have the name; the words of the language are no names.
func nameable(name string) bool {
	_, found := rules.ParseSchema(&rules.Source{Text: schemaHead("some-name") + "    " + name + ": {type: text}\n"})
	return !slices.ContainsFunc(found, func(e *rules.Error) bool { return e.Code == "E-NAME" })
}

// snake writes eventTime and Event-Time as event_time; dots between parts stay.
func snake(name string) string {
	var b strings.Builder
	before := rune('_')
	for _, r := range name {
		switch {
		case r == '-' || r == ' ':
			r = '_'
		case unicode.IsUpper(r) && (unicode.IsLower(before) || unicode.IsDigit(before)):
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
		before = r
	}
	return b.String()
}

// Printable replaces what could steer a terminal or spoil a file: names and paths come from files that nobody checked.
func Printable(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) && r != unicode.ReplacementChar {
			return r
		}
		return '?'
	}, text)
}

var notInNames = regexp.MustCompile(`[^a-z0-9]+`)

// schemaName is the name given, or one from the last folder of the place that is neither a partition nor an object.
func schemaName(given, place string) string {
	if given != "" {
		return given
	}
	place, _, _ = strings.Cut(place, "?")
	for dir := strings.TrimSuffix(place, "/"); dir != "." && dir != "/"; dir = path.Dir(dir) {
		name := strings.Trim(notInNames.ReplaceAllString(strings.ToLower(path.Base(dir)), "-"), "-")
		if strings.Contains(path.Base(dir), "=") || strings.Contains(path.Base(dir), ".") || len(name) < 3 || name[0] < 'a' {
			continue
		}
		if name = name[:min(len(name), 60)]; !strings.HasPrefix(name, shippedPrefix) {
			return strings.TrimRight(name, "-")
		}
	}
	return "event-log"
}
