package subject

import "time"

// Answer is an access request with what it comes to, in the form of the Open Data Subject Rights specification, version
// 1.0: request and status in one document, with the results inside instead of behind a results_url. Who sends it to
// whom, and what signs it, is not of this document.
//
// https://github.com/opengdpr/OpenDSR/blob/master/specification.md (sections 5, 7 and 8)
type Answer struct {
	Schema     string     `json:"schema"`
	APIVersion string     `json:"api_version"`
	Regulation string     `json:"regulation"`
	Controller string     `json:"controller_id"`
	ID         string     `json:"subject_request_id"`
	Type       string     `json:"subject_request_type"`
	Identities []Identity `json:"subject_identities"`
	Received   string     `json:"received_time"`
	Expected   string     `json:"expected_completion_time"`
	Status     string     `json:"request_status"`
	Count      int        `json:"results_count"` // events of the consent log, destinations, stays
	Results    *Shown     `json:"results"`
}

// Identity is how the specification names a subject. The value is the keyed id, whose raw one whoever asked has.
type Identity struct {
	Type   string `json:"identity_type"`
	Value  string `json:"identity_value"`
	Format string `json:"identity_format"`
}

// NewAnswer is the answer to a request of that id, a UUID of version 4, received and fulfilled at an instant.
func NewAnswer(s *Shown, controller, id string, at time.Time) *Answer {
	now := at.UTC().Format(time.RFC3339)
	kind := "controller_customer_id"
	if s.Kind == "device" {
		kind = "malgrupp_device_id" // the specification lists no ids of browsers; a processor's own bear its name
	}
	return &Answer{
		Schema: "malgrupp.subject-access/v1", APIVersion: "1.0", Regulation: "gdpr", Controller: controller, ID: id,
		Type: "access", Identities: []Identity{{kind, s.Subject, "raw"}}, Received: now, Expected: now,
		Status: "completed", Count: len(s.Events) + len(s.Places) + len(s.Stays), Results: s,
	}
}
