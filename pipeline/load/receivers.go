package load

import (
	"fmt"
	"slices"
	"strings"

	"github.com/malgrupp/malgrupp/pipeline/platform"
	"github.com/malgrupp/malgrupp/pipeline/project"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/value"
)

// Receiver is a destination of the project with what goes there and what is wrong with that.
type Receiver struct {
	project.Destination
	Platform *platform.Platform
	Segments []*rules.Segment
	Findings []ReceiverFinding
}

// ReceiverFinding is something that will not work at a destination (Broken), or that somebody should look at.
type ReceiverFinding struct {
	Broken bool
	Text   string
}

// expiresSoon is how many days before its end an agreement is worth a word.
const expiresSoon = 30

// matchedShare: platforms count the people they match, about 40 % of those sent at worst (docs/platforms.md,
// Deliveries).
const matchedShare = 40

// Receivers looks at every destination of a checked project, without asking anybody: agreements against today, sizes
// against what the platform wants, identifiers against the segments' level, names against each other. now is
// microseconds UTC.
func Receivers(l *Loaded, now int64) []Receiver {
	today := l.Project.Zone.Day(now)
	var out []Receiver
	for _, d := range l.Project.Destinations {
		r := Receiver{Destination: d}
		r.Platform, _ = platform.For(d) // the project was checked
		for _, s := range l.Segments {
			if slices.Contains(s.Deliver, d.Name) {
				r.Segments = append(r.Segments, s)
			}
		}
		r.checkAgreement(today)
		r.checkSegments(l)
		out = append(out, r)
	}
	checkAccounts(out)
	return out
}

func (r *Receiver) broken(format string, args ...any) {
	r.Findings = append(r.Findings, ReceiverFinding{true, fmt.Sprintf(format, args...)})
}

func (r *Receiver) warn(format string, args ...any) {
	r.Findings = append(r.Findings, ReceiverFinding{false, fmt.Sprintf(format, args...)})
}

func (r *Receiver) checkAgreement(today value.CivilDate) {
	switch left := int(r.Expires - today); {
	case r.Own:
	case left < 0:
		r.broken("agreement %s ran out on %s: nobody is added any more; renew it and set processor: expires", r.Agreement,
			r.Expires)
	case left <= expiresSoon:
		r.warn("agreement %s runs out on %s, in %d days", r.Agreement, r.Expires, left)
	}
	if !r.Enabled {
		r.warn("it is switched off (enabled: false): everybody it holds is removed")
	}
	if r.Platform.Account != nil && r.Account == "" {
		r.warn("no account is named: two segments with one name on one account would not be noticed")
	}
}

func (r *Receiver) checkSegments(l *Loaded) {
	if r.Platform.Lasting != "" {
		r.warn("no file removes anybody here: %s", r.Platform.Lasting)
	}
	if len(r.Segments) == 0 {
		r.warn("no segment is delivered here")
	}
	for _, s := range r.Segments {
		if n := r.Platform.TooLong(PlatformName(s)); n > 0 {
			r.broken("the name %q of segment %s is %d characters longer than %s takes: set platform_name", PlatformName(s),
				s.Name, n, r.Type)
		}
		if r.Platform.Numbered != "" && r.Lists[s.Name] == "" {
			r.warn("lists: has no number for segment %s: %s", s.Name, r.Platform.Numbered)
		}
		if r.Platform.Devices && s.Level == rules.CustomerLevel {
			r.broken("segment %s is of customers, and %s is told ids of devices alone: make it identity: device", s.Name, r.Type)
		}
		if r.Platform.Identifies() && s.Level == rules.DeviceLevel && !slices.Contains(r.Send, platform.MAID.String()) {
			r.broken("segment %s is of devices, and of a device only its advertising id is handed over, which is not sent "+
				"here: add maid to send, or make it identity: customer", s.Name)
		}
		if least := l.Project.Least(r.Destination, s.MinSize); least*matchedShare/100 < r.Platform.Minimum {
			r.warn("segment %s may go out with %d people; %s uses a list from %d matched people on: min_size: %d is on the "+
				"safe side",
				s.Name, least, r.Type, r.Platform.Minimum, r.Platform.Minimum*100/matchedShare)
		}
	}
}

// PlatformName is what a platform knows a segment by.
func PlatformName(s *rules.Segment) string {
	if s.PlatformName != "" {
		return s.PlatformName
	}
	return s.Name
}

// checkAccounts finds names that two lists of one account would share, however they come there: types of one platform
// that match people by identifiers begin with its word. (Adform takes ids of several kinds into one segment.)
func checkAccounts(receivers []Receiver) {
	seen := map[string]string{}
	for i := range receivers {
		r := &receivers[i]
		if r.Account == "" {
			continue
		}
		whose := r.Type
		if r.Platform.Identifies() {
			whose, _, _ = strings.Cut(r.Type, "_")
		}
		for _, s := range r.Segments {
			key := whose + "\t" + strings.ReplaceAll(r.Account, "-", "") + "\t" + PlatformName(s)
			if other := seen[key]; other != "" {
				r.broken("segment %s and %s are both called %q on account %s", s.Name, other, PlatformName(s), r.Account)
			}
			seen[key] = s.Name + " of " + r.Name
		}
	}
}
