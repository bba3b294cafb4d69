package main

import (
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/malgrupp/malgrupp/pipeline/subject"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/segments"
)

// language is how a person is told what is kept about her. Formats take the words that the English ones name.
type language struct {
	kinds    map[string]string // device, customer
	title    string            // kind, keyed id
	known    string            // time, zone
	asked    string            // reason
	now      string
	states   map[subject.State]string
	since    string // time
	until    string // time
	epoch    string // time
	said     string
	silent   string
	recorded string // time, source
	notice   string // version
	evidence string // id
	tc       string
	kept     string
	places   string
	place    string // destination, segment, time, run, identifiers
	leaving  string // the same
	nowhere  string
	unread   string
	stays    string
	stay     string // segment, first time, last time
	joined   string
	one      string // kind, keyed id, first login, last login, days
	other    string // the same
	apart    string
	nobody   string
	segments string
	segment  string // segment, use, outcome
	none     string
	unasked  string
	unheard  string
	rights   string

	actions  map[string]string
	effects  map[string]string
	reasons  map[string]string
	tcReason string // code
	purposes map[string]string
	activate string // destination
	outcomes map[segments.Outcome]string
}

// languages are those in which a person can be told, by code; each has a file of its own.
var languages = map[string]*language{"en": english, "sv": swedish, "fi": finnish}

func languageNames() []string { return slices.Sorted(maps.Keys(languages)) }

// purpose says what a purpose of the log is.
func (l *language) purpose(name string) string {
	if to, ok := strings.CutPrefix(name, "activate:"); ok && to != "*" {
		return fmt.Sprintf(l.activate, to)
	}
	if text, ok := l.purposes[name]; ok {
		return text
	}
	return name
}

// reason says a reason in words, with its code.
func (l *language) reason(code string) string {
	if text, ok := l.reasons[code]; ok {
		return text
	}
	return fmt.Sprintf(l.tcReason, code)
}

// personWriter tells a person in a language, with times of one zone.
type personWriter struct {
	io.Writer
	words *language
	zone  *value.Zone
}

func (w personWriter) at(i subject.Instant) string {
	if i == 0 {
		return "-"
	}
	return clockText(int64(i), w.zone)
}

func (w personWriter) line(format string, parts ...any) { fmt.Fprintf(w, format+"\n", parts...) }

func (w personWriter) shown(s *subject.Shown) {
	l := w.words
	w.line(l.title, l.kinds[s.Kind], s.Subject)
	w.line(l.known, w.at(s.KnownBy), w.zone.Name())
	w.line(l.asked, s.Reason)
	w.consents(&s.Consents, "")
	if s.Unheard {
		w.line("\n%s", l.unheard)
	}
	w.places(s)
	w.identity(s)
	w.line("\n%s", l.rights)
}

// consents tells where somebody stands and what was said.
func (w personWriter) consents(c *subject.Consents, indent string) {
	l := w.words
	w.line("\n%s%s", indent, l.now)
	for i := range c.Purposes {
		p := &c.Purposes[i]
		parts := []string{l.states[p.State]}
		if p.State != subject.Grant {
			parts = append(parts, l.reason(p.Reason.String()))
		}
		for _, t := range []struct {
			format string
			at     subject.Instant
		}{{l.since, p.Since}, {l.until, p.Until}, {l.epoch, p.Epoch}} {
			if t.at != 0 && (t.at != p.Since || t.format == l.since) {
				parts = append(parts, fmt.Sprintf(t.format, w.at(t.at)))
			}
		}
		w.line("%s  %s: %s", indent, l.purpose(p.Purpose), strings.Join(parts, ", "))
	}
	w.line("\n%s%s", indent, l.said)
	if len(c.Events) == 0 {
		w.line("%s  %s", indent, l.silent)
	}
	for i := range c.Events {
		w.event(c, i, indent)
	}
	for i := range c.Purposes {
		for _, s := range c.Purposes[i].Steps {
			if s.Event < 0 {
				w.line("%s  %s  %s: %s", indent, w.at(s.At), l.purpose(c.Purposes[i].Purpose), l.effects[string(s.Effect)])
			}
		}
	}
}

// event tells one event, and for each purpose what it did.
func (w personWriter) event(c *subject.Consents, number int, indent string) {
	l, e := w.words, &c.Events[number]
	parts := []string{fmt.Sprintf(l.recorded, w.at(e.Recorded), logText(e.Source))}
	if e.Recorded == 0 {
		parts = slices.DeleteFunc([]string{logText(e.Source)}, func(s string) bool { return s == "" })
	}
	if e.Notice != 0 {
		parts = append(parts, fmt.Sprintf(l.notice, e.Notice))
	}
	if e.Evidence != "" {
		parts = append(parts, fmt.Sprintf(l.evidence, logText(e.Evidence)))
	}
	if e.TCString {
		parts = append(parts, l.tc)
	}
	if e.Kept {
		parts = append(parts, l.kept)
	}
	w.line("%s  %s  %s: %s (%s)", indent, w.at(e.At), l.actions[e.Action], l.purpose(e.Purpose), strings.Join(parts, "; "))
	done := map[string][]string{}
	for i := range c.Purposes {
		for _, s := range c.Purposes[i].Steps {
			if s.Event != number {
				continue
			}
			did := l.effects[string(s.Effect)]
			if s.Effect == "void" {
				did += " (" + l.reason(s.Reason) + ")"
			}
			done[did] = append(done[did], l.purpose(c.Purposes[i].Purpose))
		}
	}
	for _, did := range slices.Sorted(maps.Keys(done)) {
		if did == l.effects["nothing"] {
			continue
		}
		if len(done) == 1 && len(done[did]) == 1 {
			w.line("%s    - %s", indent, did)
			continue
		}
		w.line("%s    - %s: %s", indent, did, strings.Join(done[did], ", "))
	}
	if len(done) == 0 {
		w.line("%s    - %s", indent, l.unasked)
	}
}

// places tells who was told about somebody.
func (w personWriter) places(s *subject.Shown) {
	l := w.words
	w.line("\n%s", l.places)
	switch {
	case !s.StateRead:
		w.line("  %s", l.unread)
	case len(s.Places) == 0:
		w.line("  %s", l.nowhere)
	}
	for _, p := range s.Places {
		format := l.place
		if p.Action != "add" {
			format = l.leaving
		}
		w.line("  "+format, p.Destination, path.Join(p.Segment, p.Part), w.at(p.At), p.Run, p.Identifiers)
	}
	if len(s.Stays) > 0 {
		w.line("\n%s", l.stays)
	}
	for _, k := range s.Stays {
		w.line("  "+l.stay, k.Segment, w.at(k.Entered), w.at(k.Last))
	}
}

// identity tells who counts as the same person and why, and the segments of now: both take the event log.
func (w personWriter) identity(s *subject.Shown) {
	l := w.words
	if !s.Browsing {
		return
	}
	w.line("\n%s", l.joined)
	switch {
	case !s.Linked:
		w.line("  %s", l.apart)
	case len(s.Joined) == 0:
		w.line("  %s", l.nobody)
	}
	for i := range s.Joined {
		j := &s.Joined[i]
		format := l.other
		if j.One {
			format = l.one
		}
		w.line("  "+format, l.kinds[j.Kind], j.Subject, w.at(j.First), w.at(j.Last), j.Days)
		if j.Consents != nil {
			w.consents(j.Consents, "    ")
		}
	}
	w.line("\n%s", l.segments)
	if len(s.Segments) == 0 {
		w.line("  %s", l.none)
	}
	for _, m := range s.Segments {
		w.line("  "+l.segment, m.Segment, m.Use, l.outcomes[m.Outcome])
	}
}
