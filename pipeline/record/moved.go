package record

import (
	"slices"

	"github.com/malgrupp/malgrupp/pipeline/folder"
)

// Moved is what is no longer as the last accepted run had it.
type Moved struct {
	Rules    map[string]string `json:"rules"` // text that a changed rule had then, "" of a new one
	Settings bool              `json:"settings"`
	Objects  map[string]int    `json:"objects"`      // by source: read now and not by the last run
	Consent  int64             `json:"consent_rows"` // how many rows longer the consent log is
}

// Since compares a run with the last accepted one before it; nil if there was none.
func Since(last, now *Manifest) *Moved {
	if last == nil {
		return nil
	}
	m := &Moved{
		Rules: map[string]string{}, Objects: map[string]int{}, Settings: last.Config != now.Config,
		Consent: now.Consent.Rows - last.Consent.Rows,
	}
	for name, hash := range now.Rules {
		if last.Rules[name] != hash {
			m.Rules[name] = last.Texts[name]
		}
	}
	known := map[folder.Input]bool{}
	for _, o := range last.Inputs {
		known[o] = true
	}
	for _, o := range now.Inputs {
		if !known[o] && slices.ContainsFunc(now.Sources, func(s SourceCount) bool { return s.Name == o.Source }) {
			m.Objects[o.Source]++
		}
	}
	return m
}
