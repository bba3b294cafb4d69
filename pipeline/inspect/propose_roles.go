package inspect

import (
	"fmt"
	"slices"
	"strings"

	"github.com/malgrupp/malgrupp/pipeline/shown"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/value"
)

// known are names that columns of a role have in usual logs, the surest first, in small letters with _ between words.
var known = []struct {
	role  rules.Role
	kinds []value.Kind
	names []string
}{
	{rules.RoleEventTime, []value.Kind{value.Timestamp}, []string{
		"event_time", "event_timestamp", "derived_tstamp", "event_tstamp", "event_ts", "event_datetime", "event_at",
		"occurred_at", "occurred", "timestamp", "original_timestamp", "client_timestamp", "client_time", "time_stamp",
		"tstamp", "ts", "time", "datetime", "date_time", "hit_time", "visit_time", "request_time",
		"timestamp_col", "created_at", "collector_tstamp", "dvce_created_tstamp", "event_date",
	}},
	{rules.RoleReceivedAt, []value.Kind{value.Timestamp}, []string{
		"received_at", "collector_tstamp", "received_time", "receive_time", "received", "server_received_at", "arrived_at",
		"arrival_time", "ingested_at", "ingestion_time", "ingest_time", "server_timestamp", "server_time",
		"server_upload_time", "load_tstamp", "loaded_at", "inserted_at",
	}},
	{rules.RoleEventID, []value.Kind{value.Text, value.Integer}, []string{
		"event_id", "event_uuid", "insert_id", "message_id", "hit_id", "request_id", "uuid", "id",
	}},
	{rules.RoleEventName, []value.Kind{value.Text}, []string{
		"event_name", "event", "event_type", "event_action", "action", "hit_type", "activity", "name", "type",
	}},
	{rules.RoleDevice, []value.Kind{value.Text, value.Integer}, []string{
		"device_id", "domain_userid", "user_pseudo_id", "client_id", "cookie_id", "visitor_id", "anonymous_id", "browser_id",
		"installation_id", "install_id", "app_instance_id", "fullvisitorid", "full_visitor_id", "amplitude_id", "distinct_id",
		"device_uuid", "network_userid", "cookie", "panelist_id",
	}},
	{rules.RoleCustomer, []value.Kind{value.Text, value.Integer}, []string{
		"customer_id", "user_id", "customer", "customer_number", "customer_no", "client_number", "account_id", "member_id",
		"userid", "login_id", "crm_id",
	}},
	{rules.RoleSession, []value.Kind{value.Text, value.Integer}, []string{
		"session_id", "domain_sessionid", "ga_session_id", "visit_id", "session", "sessionid", "source_session",
	}},
	{
		rules.RoleSeq,
		[]value.Kind{value.Integer},
		[]string{"seq", "sequence", "sequence_number", "hit_number", "event_index", "batch_event_index"},
	},
}

// signals are names of columns in which a browser or a consent dialogue may have said no.
var signals = []string{
	"gpc", "sec_gpc", "global_privacy_control", "dnt", "do_not_track", "browser_deny", "tc_string", "tcstring",
	"gdpr_consent", "consent",
}

// roleOrder is the place of a role's column in a proposal; columns without one come last.
func roleOrder(role rules.Role) int {
	for i, k := range known {
		if k.role == role {
			return i
		}
	}
	return len(known)
}

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

// assignRoles gives each role to the column with the surest name, a whole path before the last part of one, and says
// what speaks for it. It returns what spoke against others.
func assignRoles(columns []*proposed) (against []string) {
	for _, k := range known {
		var best *proposed
		rank := 2 * len(k.names)
		for _, c := range columns {
			if c.column.Role != rules.RoleNone || !slices.Contains(k.kinds, c.column.Type.Kind) {
				continue
			}
			at := nameRank(c.own(), k.names)
			if at < 2*len(k.names) && k.role == rules.RoleEventID && !c.seen.unique() {
				against = append(against, fmt.Sprintf("%s is no event id: %d of %d values repeat an earlier one",
					Printable(c.seen.path), c.seen.repeats, c.seen.told))
				continue
			}
			if at < rank {
				best, rank = c, at
			}
		}
		why := "by its name"
		if best == nil && k.role == rules.RoleEventTime {
			if best = onlyTime(columns); best != nil {
				why = "the only time there is"
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
		if rank%2 == 1 {
			why = "by the end of its name"
		}
		best.say(fmt.Sprintf("%s is a guess %s%s", k.role, why, best.evidence(k.role, columns)))
	}
	return against
}

// fewRepeats is the share of an id's values, in percent, that copies of events may repeat.
const fewRepeats = 10

// unique reports whether a column could be the id of an event: hardly a value comes twice.
func (s *seen) unique() bool { return 100*s.repeats <= fewRepeats*s.told }

// say adds to what stands behind the column.
func (c *proposed) say(text string) {
	if c.remark != "" {
		c.remark += "; "
	}
	c.remark += text
}

// evidence is what else speaks for a role, or what could have it, too.
func (c *proposed) evidence(role rules.Role, columns []*proposed) string {
	switch s := c.seen; role {
	case rules.RoleEventTime:
		return c.otherTimes(columns)
	case rules.RoleEventID:
		return fmt.Sprintf("; values that repeat an earlier one: %d of %d", s.repeats, s.told)
	case rules.RoleDevice, rules.RoleCustomer, rules.RoleSession:
		return fmt.Sprintf("; different values: %s in %s rows, %s without", shown.Count(s.told-s.repeats),
			shown.Count(s.rows),
			shown.Count(s.nulls))
	case rules.RoleEventName:
		return fmt.Sprintf("; different values: %d", s.told-s.repeats)
	}
	return ""
}

// otherTimes names the times beside the one of the event. Where a collector wrote what the device's clock said beside a
// time that it corrected, the corrected one is the event's.
func (c *proposed) otherTimes(columns []*proposed) string {
	var others []string
	corrected := false
	for _, o := range columns {
		if o != c && o.column.Type.Kind == value.Timestamp {
			others = append(others, Printable(o.seen.path))
			corrected = corrected || c.own() == "timestamp" && o.own() == "original_timestamp"
		}
	}
	switch {
	case len(others) == 0:
		return ""
	case corrected:
		return " (corrected for the device's clock); other times: " + strings.Join(others, ", ")
	}
	return "; other times: " + strings.Join(others, ", ")
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
		if c.column.Type.Kind != value.Timestamp {
			continue
		}
		if only != nil {
			return nil
		}
		only = c
	}
	return only
}
