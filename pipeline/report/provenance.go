package report

import (
	"maps"
	"slices"

	"github.com/malgrupp/malgrupp/pipeline/keys"
	"github.com/malgrupp/malgrupp/pipeline/page"
	"github.com/malgrupp/malgrupp/pipeline/record"
)

// Provenance is what went in and how somebody can check it.
type Provenance struct {
	Valid     bool               `json:"signature_valid"`
	Generated string             `json:"generated_at"`
	AsOf      string             `json:"as_of"`
	KnownBy   string             `json:"known_by"`
	Profile   string             `json:"profile,omitempty"`
	After     int64              `json:"after"`
	Previous  string             `json:"previous"`
	Key       string             `json:"idempotence_key"`
	Config    string             `json:"config_sha256"`
	Versions  map[string]string  `json:"versions"`
	Keys      keys.Fingerprints  `json:"keys"`
	Consent   record.ConsentSeen `json:"consent"`
	Inputs    []Read             `json:"inputs"`
	Outputs   []record.Output    `json:"outputs"`
	Labels    map[string]string  `json:"labels,omitempty"`
}

// Read is how much of a source was read.
type Read struct {
	Source  string `json:"source"`
	Objects int    `json:"objects"`
	Bytes   int64  `json:"bytes"`
}

func provenanceOf(in *Input) Part {
	m := in.Run.Manifest
	p := &Provenance{
		Valid: in.Run.Valid, Generated: m.GeneratedAt, AsOf: m.AsOf, KnownBy: m.KnownBy, Profile: m.Profile, After: m.After,
		Previous: m.Previous, Key: m.Key, Config: m.Config, Versions: m.Versions, Keys: m.Keys, Consent: m.Consent,
		Outputs: m.Outputs, Labels: m.Labels,
	}
	at := map[string]int{}
	for _, o := range m.Inputs {
		if _, known := at[o.Source]; !known {
			at[o.Source] = len(p.Inputs)
			p.Inputs = append(p.Inputs, Read{Source: o.Source})
		}
		r := &p.Inputs[at[o.Source]]
		r.Objects, r.Bytes = r.Objects+1, r.Bytes+o.Size
	}
	return p
}

func (p *Provenance) tell(w *words) []page.Block {
	t := &page.Table{Caption: w.say("Where this comes from"), Head: []string{w.say("What"), w.say("Value")}}
	add := func(what, value string) {
		if value != "" {
			t.Rows = append(t.Rows, []page.Cell{page.C(what), {Text: value, Code: true}})
		}
	}
	signed := w.say("fits: this project's signing key has signed it")
	if !p.Valid {
		signed = w.say("DOES NOT FIT")
	}
	add(w.say("Signature of the record"), signed)
	add(w.say("Generated"), p.Generated)
	add(w.say("As of"), p.AsOf)
	add(w.say("Known by"), p.KnownBy)
	add(w.say("Profile"), p.Profile)
	add(w.say("Comes after marker"), w.number(p.After))
	add(w.say("SHA-256 of that marker's line"), p.Previous)
	add(w.say("Consent log until"), p.Consent.Watermark)
	add(w.say("Looked at again until"), p.Consent.RecheckWatermark)
	add(w.say("Settings (SHA-256)"), p.Config)
	add(w.say("Idempotence key"), p.Key)
	for _, name := range slices.Sorted(maps.Keys(p.Versions)) {
		add(w.say("Version of %s", name), p.Versions[name])
	}
	add(w.say("Signing key (fingerprint)"), p.Keys.Signing)
	add(w.say("Recipients (fingerprint)"), p.Keys.Recipients)
	for _, name := range slices.Sorted(maps.Keys(p.Labels)) {
		add(name, p.Labels[name])
	}
	read := &page.Table{
		Caption: w.say("What was read"), Head: []string{w.say("Source"), w.say("Objects"), w.say("Size")},
	}
	for _, r := range p.Inputs {
		read.Rows = append(read.Rows, []page.Cell{
			page.C(r.Source), page.N(w.number(int64(r.Objects))), page.N(w.size(r.Bytes)),
		})
	}
	out := []page.Block{t, read}
	if len(p.Outputs) > 0 {
		files := &page.Table{Caption: w.say("What was published"), Head: []string{w.say("Object"), "SHA-256"}}
		for _, o := range p.Outputs {
			object := page.C(string(o.Root) + "/" + o.Name)
			files.Rows = append(files.Rows, []page.Cell{object, {Text: o.SHA256, Code: true}})
		}
		out = append(out, page.Fold{Line: files.Caption, Blocks: []page.Block{files}})
	}
	return append(out, page.Text{Words: w.say("malgrupp audit verify checks the whole record; malgrupp runs show " +
		"prints it.")})
}
