package e2e_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/malgrupp/malgrupp/e2e/feed"
	"github.com/malgrupp/malgrupp/pipeline/project"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/segments/consent"
)

// openedBy says which of our purposes speaks of one of Snowplow's scopes.
var openedBy = map[string]string{"statistics": "measure", "preferences": "profile", "marketing": "activate:display"}

// standing is where every device stands on every purpose when all answers are in.
type standing map[string]map[string]consent.Span // by device and purpose

// ledger folds the consent log as the program does.
func (s *tables) ledger(t *testing.T, c setting) standing {
	t.Helper()
	p := s.load(t, c).Project
	last := s.moments[len(s.moments)-1]
	purposes := must(consent.NewPurposes(feed.Activations))(t)
	policy := &consent.Policy{
		Now: instant(t, last[1]), Retention: project.Micros(p.Retention),
		MaxConsentAge: project.Micros(p.Consent.MaxConsentAge), Purposes: purposes,
		MinNotice: slices.Repeat([]int32{int32(p.Consent.MinNotice["profile"])}, purposes.Len()),
	}
	events := map[string][]consent.Event{}
	for _, a := range must(s.Answers(s.from))(t) {
		events[a.Subject] = append(events[a.Subject], consent.Event{
			At: a.At, Pattern: must(purposes.Pattern(a.Purpose))(t), Notice: int32(a.Notice),
			Action: must(consent.ParseAction(a.Action))(t), Trusted: true,
		})
	}
	out := standing{}
	for device, of := range events {
		out[device] = map[string]consent.Span{}
		for i := range purposes.Len() {
			timeline := consent.NewMachine(policy, nil).Fold(of, i)
			out[device][purposes.Name(i)] = timeline.At(policy.Now)
		}
	}
	return out
}

func (s standing) grants(device, purpose string) bool {
	return s[device][purpose].State == consent.Granting
}

// answers compares what each device answered last, how often, and how many of its events that lets somebody use for
// ads.
func (s *tables) answers(t *testing.T) {
	t.Helper()
	const table = "consent users"
	for _, u := range s.table(t, "consent_users") {
		who, scopes := short(u["domain_userid"]), strings.Split(u["last_consent_scopes"], ", ")
		seen, said := whole(t, u["cmp_events"]), whole(t, u["consent_events"])
		s.theirs.add(table, who, "cmp_visible", seen)
		s.theirs.add(table, who, "consent_preferences", said)
		for scope := range openedBy {
			if slices.Contains(scopes, scope) {
				s.theirs[fact{table, who, scope}] = "yes"
			}
		}
		if slices.Contains(scopes, "marketing") {
			s.theirs.add(table, who, "events for ads", seen+said)
		}
	}
	s.theirs.add("consent log", "all", "events", len(s.table(t, "consent_log")))
	for _, event := range []string{"cmp_visible", "consent_preferences"} {
		for device, n := range s.counts(t, everybody, question{event: event, level: rules.DeviceLevel}, most) {
			s.ours[fact{table, short(device), event}] = n
			s.ours.add("consent log", "all", "events", whole(t, n))
		}
	}
	ledger := s.ledger(t, asked)
	for device := range ledger {
		for scope, purpose := range openedBy {
			if ledger.grants(device, purpose) {
				s.ours[fact{table, short(device), scope}] = "yes"
			}
		}
	}
	for device, n := range s.counts(t, asked, question{event: "any", level: rules.DeviceLevel, ads: true}, most) {
		s.ours[fact{table, short(device), "events for ads"}] = n
	}
}

// scopes compares how many of those who were asked with the newest wording agree to each scope.
func (s *tables) scopes(t *testing.T) {
	t.Helper()
	for _, scope := range s.table(t, "consent_scope_status") {
		s.theirs.add("scope status", "newest wording", scope["scope"], whole(t, scope["total_consent"]))
	}
	ledger := s.ledger(t, setting{answers, "second-notice", false})
	for device := range ledger {
		for scope, purpose := range openedBy {
			if ledger.grants(device, purpose) {
				s.ours.add("scope status", "newest wording", scope, 1)
			}
		}
	}
}

// totals compares what became of those who answered last under each wording.
func (s *tables) totals(t *testing.T) {
	t.Helper()
	for _, version := range s.table(t, "consent_totals") {
		who := "version " + strings.TrimSuffix(version["consent_version"], ".0")
		for theirs, what := range map[string]string{
			"total_visitors": "visitors", "allow": "allow", "denied": "denied", "withdrawn": "withdrawn", "expired": "expired",
		} {
			s.theirs.add("consent totals", who, what, whole(t, version[theirs]))
		}
	}
	newest := map[string]feed.Event{}
	for _, a := range must(s.Answers(s.from))(t) {
		newest[a.Subject] = a // the oldest come first
	}
	ledger := s.ledger(t, asked)
	for device, a := range newest {
		who := fmt.Sprintf("version %d", a.Notice)
		s.ours.add("consent totals", who, "visitors", 1)
		s.ours.add("consent totals", who, ledger.verdict(device), 1)
	}
}

// verdict is one word on a device: what holds for any of its purposes, the friendlier first.
func (s standing) verdict(device string) string {
	reasons := map[consent.Reason]bool{}
	for purpose, span := range s[device] {
		if purpose == "partner_data" {
			continue // nobody is asked for it
		}
		if span.State == consent.Granting {
			return "allow"
		}
		reasons[span.Reason] = true
	}
	switch {
	case reasons[consent.Withdrawn]:
		return "withdrawn"
	case reasons[consent.Denied]:
		return "denied"
	}
	return "expired"
}
