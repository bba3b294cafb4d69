package main

import (
	"github.com/malgrupp/malgrupp/pipeline/subject"
	"github.com/malgrupp/malgrupp/segments"
)

var english = &language{
	kinds:    map[string]string{"device": "device", "customer": "customer"},
	title:    "What is kept about you (%s %s)",
	known:    "As known on %s %s.",
	asked:    "Shown because: %s.",
	now:      "Your consent now",
	states:   map[subject.State]string{subject.Grant: "yes", subject.Deny: "no", subject.None: "no consent"},
	since:    "since %s",
	until:    "until %s unless you confirm it",
	epoch:    "what happened from %s on may be used",
	said:     "What you decided, oldest first",
	silent:   "Nothing is on record.",
	recorded: "recorded %s by %s",
	notice:   "notice %d",
	evidence: "proof %s",
	tc:       "with a TC string",
	kept:     "kept for good",
	places:   "Who was told about you",
	place:    "%s, for segment %s: added on %s by run %s, identifiers: %d",
	leaving:  "%s, for segment %s: told on %s by run %s to remove you, not yet confirmed, identifiers: %d",
	nowhere:  "Nobody holds you at the moment.",
	unread:   "Not told: this answer is about a day gone by.",
	stays:    "Segments in which you stay for a while",
	stay:     "%s: since %s, last qualified on %s",
	joined:   "Who counts as the same person",
	one:      "%s %s: yes, because of logins from %s to %s, %d day(s) with one, and nobody else's",
	other: "%s %s: no, though there were logins from %s to %s, %d day(s) with one: others log in there, " +
		"too, or too many devices are used",
	apart:    "Nobody: devices and customers are not joined.",
	nobody:   "Nobody: no login is on record.",
	segments: "Segments you are in now",
	segment:  "%s (%s): %s",
	none:     "None.",
	unasked:  "not used: nobody asks this purpose",
	unheard:  "What your browser itself sends on each visit, such as a privacy signal, was not looked at for this answer.",
	rights:   "You may withdraw consent or object at any time; that takes effect with the next run.",
	actions: map[string]string{
		"grant": "you said yes", "deny": "you said no", "withdraw": "you withdrew consent", "object": "you objected",
		"lift": "you took your objection back", "erase": "you asked to be erased",
		"gpc":     "your browser sent a privacy signal",
		"browser": "your browser or device refused", "state": "your choice in the consent dialogue",
		"forget": "you were forgotten at your request",
	},
	effects: map[string]string{
		"opened": "consent began", "renewed": "consent was confirmed", "void": "does not count", "ended": "consent ended",
		"denied": "refused", "lifted": "the objection ended", "expired": "consent ended by age",
		"nothing": "changed nothing",
	},
	reasons: map[string]string{
		"ERASED": "you asked to be erased", "SUPPRESSED": "you are on a list of people who must not be used",
		"OBJECTED": "you objected", "GPC": "your browser sent a privacy signal",
		"BROWSER_SETTING": "your browser or device refused", "WITHDRAWN": "you withdrew consent", "DENIED": "you said no",
		"EXPIRED": "consent ended by age", "GRANT_WILDCARD": "a consent to everything at once is none",
		"UNTRUSTED_GRANT": "it came from a source that may not record consent", "FUTURE_GRANT": "it is dated in the future",
		"NOTICE_OLD": "it answers a notice that is too old", "NO_RECORD": "nothing is on record",
		"TC_REPLAY": "it is an earlier choice that was sent again after you had said no",
	},
	tcReason: "the TC string does not say yes (%s)",
	purposes: map[string]string{
		"measure": "statistics", "profile": "choosing ads and content by what you visited",
		"link": "joining your visits with your customership and devices", "partner_data": "visits to partners' sites",
		"*": "everything", "activate:*": "telling any platform",
	},
	activate: "telling %s",
	outcomes: map[segments.Outcome]string{
		segments.In: "in", segments.Control: "in the control group, not delivered",
		segments.Undecided: "not known, data are missing",
		segments.Wait:      "not yet decided", segments.Capped: "not in, others came first",
		segments.Withheld: "in, but the list is too small to be delivered",
	},
}
