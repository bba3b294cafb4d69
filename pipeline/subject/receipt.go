package subject

import (
	"fmt"
	"strings"
	"time"

	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/segments/consent"
)

// node is an object of JSON-LD; its keys are written in byte order.
type node map[string]any

// Receipt is a receipt of what a subject consented to: a consent record for each purpose that it spoke about, with the
// fields of ISO/IEC TS 27560 as the terms of the W3C Data Privacy Vocabulary that the guide gives them. It is a summary
// of its own profile (dct:conformsTo): what only the controller knows (addresses, the text and language of notices,
// where data lie, where rights are exercised) is not in it (docs/how-to/subject-requests.md).
//
// https://w3id.org/dpv/guides/consent-27560, source: https://github.com/w3c/dpv/blob/master/guides/consent-27560.html
type Receipt node

// NewReceipt makes the receipt of that id, a UUID of version 4, at an instant. Rows are kept for retention.
func NewReceipt(l *Looked, controller, id string, retention value.Duration, at time.Time) Receipt {
	who := "urn:malgrupp:" + l.Subject
	records := []node{}
	for i := range l.Purposes {
		p := &l.Purposes[i]
		if len(p.Steps) == 0 {
			continue
		}
		records = append(records, node{
			"@type": "dpv:ConsentRecord", "dct:identifier": id + "/" + p.Purpose,
			"dpv:hasDataSubject":    node{"@id": who},
			"dpv:hasDataController": controller,
			"dpv:hasProcess":        process(p.Purpose, retention),
			"dpv:hasConsentStatus":  statuses(p, l.Events),
		})
	}
	return Receipt{
		"@context": node{
			"dpv": "https://w3id.org/dpv#", "pd": "https://w3id.org/dpv/pd#",
			"eu-gdpr": "https://w3id.org/dpv/legal/eu/gdpr#", "dct": "http://purl.org/dc/terms/",
			"skos": "http://www.w3.org/2004/02/skos/core#",
			"rdf":  "http://www.w3.org/1999/02/22-rdf-syntax-ns#", "schema": "https://schema.org/",
		},
		"@id": "urn:uuid:" + id, "@type": "dpv:ConsentReceipt",
		"dct:conformsTo": "malgrupp.receipt/v1", "dpv:hasIdentifier": id,
		"dct:created": at.UTC().Format(time.RFC3339), "dct:publisher": controller,
		"dct:valid": value.FormatTimestamp(int64(l.KnownBy)), "schema:recipient": "dpv:DataSubject",
		"dpv:hasEntity": []node{
			{"@id": who, "@type": "dpv:DataSubject", "dpv:hasIdentifier": l.Subject},
			{"@type": "dpv:DataController", "dpv:hasIdentifier": controller, "dpv:hasName": controller},
		},
		"dpv:hasRecordOfActivity": records,
	}
}

// process says what a purpose of ours is in the terms of the vocabulary.
func process(purpose string, retention value.Duration) node {
	n := node{
		"@type": "dpv:Process", "dpv:hasLegalBasis": "eu-gdpr:A6-1-a", "dpv:hasPersonalData": "pd:BrowsingBehavior",
		"dpv:hasStorageCondition": node{"@type": "dpv:StorageDuration", "dpv:hasDuration": isoDuration(retention)},
	}
	broader, does := "dpv:TargetedAdvertising", "dpv:Profiling"
	switch purpose {
	case "measure":
		broader, does = "dpv:ServiceUsageAnalytics", "dpv:Analyse"
	case "link":
		does = "dpv:Combine"
	case "partner_data":
		n["dpv:hasDataSource"] = "dpv:ThirdPartyDataSource"
	}
	if to, ok := strings.CutPrefix(purpose, "activate:"); ok {
		does, n["dpv:hasRecipient"] = "dpv:Disclose", to
	}
	n["dpv:hasProcessing"] = does
	n["dpv:hasPurpose"] = node{"@type": "dpv:Purpose", "skos:broader": broader, "dct:title": purpose}
	return n
}

// isoDuration writes a number of days.
func isoDuration(d value.Duration) string { return fmt.Sprintf("P%dD", d.N) }

// statusOf are the vocabulary's states of consent for effects; those that are missing change none.
var statusOf = map[consent.Effect]string{
	consent.Opens: "dpv:ConsentGiven", consent.Renews: "dpv:RenewedConsentGiven", consent.Ends: "dpv:ConsentWithdrawn",
	consent.Refuses: "dpv:ConsentRefused", consent.RunsOut: "dpv:ConsentExpired", consent.Voids: "dpv:ConsentInvalidated",
}

// statuses are the events of a purpose.
func statuses(p *Purpose, events []Event) []node {
	out := []node{}
	for _, s := range p.Steps {
		status, ok := statusOf[s.Effect]
		if !ok {
			continue
		}
		n := node{"@type": status, "dpv:isIndicatedAtTime": s.At, "dpv:isIndicatedBy": "dpv:DataSubject"}
		if s.Reason != "" {
			n["dct:description"] = s.Reason
		}
		if s.Effect == consent.RunsOut || s.Effect == consent.Voids {
			n["dpv:isIndicatedBy"] = "dpv:DataController"
		}
		if s.Effect == consent.Opens || s.Effect == consent.Renews {
			n["@type"] = []string{status, "dpv:ExpressedConsent"}
			n["dpv:hasDuration"] = node{"@type": "dpv:UntilTimeDuration", "rdf:value": s.Until}
		}
		if s.Event >= 0 {
			e := &events[s.Event]
			n["dpv:hasIndicationMethod"], n["dct:identifier"] = e.Source, e.ID
			if e.Notice != 0 {
				n["dpv:hasNotice"] = node{"@type": "dpv:ConsentNotice", "schema:version": e.Notice}
			}
			if e.Evidence != "" {
				n["dct:source"] = e.Evidence
			}
		}
		out = append(out, n)
	}
	return out
}
