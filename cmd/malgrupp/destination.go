package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/malgrupp/malgrupp/pipeline/load"
	"github.com/malgrupp/malgrupp/pipeline/platform"
)

func (a *app) destinationCommand() *cobra.Command {
	c := &cobra.Command{Use: "destination", Short: "Who receives lists, and in which form; nothing here asks the network"}
	c.AddCommand(
		&cobra.Command{
			Use: "types", Short: "What each platform takes", Args: cobra.NoArgs,
			Long: "Every destination type: its files, the identifiers it can be sent (those in brackets only where send: " +
				"names them), the profile they\nare normalised by, and how many matched people the platform wants.",
			RunE: func(*cobra.Command, []string) error { return a.runDestinationTypes() },
		},
		&cobra.Command{
			Use: "list", Short: "The project's destinations and what is delivered there", Args: cobra.NoArgs,
			RunE: func(*cobra.Command, []string) error { return a.runDestinationList() },
		},
		&cobra.Command{
			Use: "check [NAME]", Short: "Whether agreements, sizes, identifiers and names hold", Args: cobra.MaximumNArgs(1),
			Long: "Looks at destinations without asking anybody: agreements that ran out, lists too small for the platform, " +
				"device segments where no\ndevice id is sent, names that two lists of one account share. Names that platforms " +
				"switch off are found by validate, which this\ncommand runs first. Exit code 12 if something will not work.",
			RunE: func(_ *cobra.Command, args []string) error { return a.runDestinationCheck(args) },
		},
	)
	return c
}

// typeDoc is a destination type as JSON.
type typeDoc struct {
	Type    string   `json:"type"`
	Doc     string   `json:"doc"`
	Files   []string `json:"files"`
	Profile string   `json:"profile,omitempty"`
	Send    []string `json:"send"`  // identifiers it can be sent; empty: the subject's own id
	Usual   []string `json:"usual"` // those it is sent unless send: says otherwise
	Minimum int      `json:"minimum"`
	// Removals says how people leave where no file removes them.
	Removals string    `json:"removals,omitempty"`
	Requests *batchDoc `json:"requests,omitempty"` // of lists that are requests
}

// batchDoc is how many rows a request has, and may have.
type batchDoc struct {
	Rows int `json:"rows"`
	Most int `json:"most"`
}

func typeDocs() []typeDoc {
	var out []typeDoc
	for _, p := range platform.Types() {
		t := typeDoc{
			Type: p.Type, Doc: p.Doc, Profile: p.Profile, Minimum: p.Minimum, Send: words(p.Send), Usual: words(p.Usual),
		}
		t.Removals = p.Lasting
		if p.Batch.Rows > 0 {
			t.Requests = &batchDoc{p.Batch.Rows, p.Most.Rows}
		}
		parts := p.Parts
		if p.Described {
			parts = make([]platform.Part, 1)
		}
		for _, part := range parts {
			name := "SEGMENT"
			if p.Merged {
				name = "LEVEL"
			}
			if part.Name != "" {
				name += "." + part.Name
			}
			actions := "{adds,removes,snapshot}"
			if p.Lasting != "" {
				actions = "{adds,snapshot}"
			}
			t.Files = append(t.Files, name+"."+actions+"."+p.Ext)
		}
		out = append(out, t)
	}
	return out
}

func words(columns []platform.Column) []string {
	out := []string{}
	for _, c := range columns {
		out = append(out, c.String())
	}
	return out
}

func (a *app) runDestinationTypes() error {
	doc := struct {
		Schema string    `json:"schema"`
		Types  []typeDoc `json:"types"`
	}{"malgrupp.destination-types/v1", typeDocs()}
	return a.print(doc, func(w io.Writer) {
		for i, t := range doc.Types {
			if i > 0 {
				fmt.Fprintln(w)
			}
			fmt.Fprintf(w, "%s\n  %s\n  files: %s\n", t.Type, t.Doc, strings.Join(t.Files, ", "))
			if t.Requests != nil {
				fmt.Fprintf(w, "  requests of %d rows, at most %d\n", t.Requests.Rows, t.Requests.Most)
			}
			if t.Removals != "" {
				fmt.Fprintln(w, "  removals:", t.Removals)
			}
			if len(t.Send) == 0 {
				fmt.Fprintln(w, "  sent: the id as collected")
				continue
			}
			var sent []string
			for _, c := range t.Send {
				if !slices.Contains(t.Usual, c) {
					c = "[" + c + "]"
				}
				sent = append(sent, c)
			}
			fmt.Fprintf(w, "  sent: %s   (profile %s)\n", strings.Join(sent, " "), cmp.Or(t.Profile, "of the form"))
			if t.Minimum > 0 {
				fmt.Fprintf(w, "  the platform uses a list from %d matched people on\n", t.Minimum)
			}
		}
	})
}

// receiverDoc is a destination of the project as JSON.
type receiverDoc struct {
	Name      string       `json:"name"`
	Type      string       `json:"type"`
	Account   string       `json:"account,omitempty"`
	Consent   string       `json:"consent"` // what people must have granted
	Send      []string     `json:"send"`
	Agreement string       `json:"agreement,omitempty"`
	Expires   string       `json:"expires,omitempty"`
	Enabled   bool         `json:"enabled"`
	Segments  []string     `json:"segments"`
	Findings  []findingDoc `json:"findings"`
}

type findingDoc struct {
	Severity string `json:"severity"` // error or warning
	Text     string `json:"text"`
}

func (a *app) receivers() ([]receiverDoc, error) {
	loaded, err := a.checked("")
	if err != nil {
		return nil, err
	}
	docs := []receiverDoc{}
	for _, r := range load.Receivers(loaded, a.now().UnixMicro()) {
		d := receiverDoc{
			Name: r.Name, Type: r.Type, Account: r.Account, Consent: "profile", Send: append([]string{}, r.Send...),
			Enabled: r.Enabled, Segments: []string{}, Findings: []findingDoc{},
		}
		if !r.Own {
			d.Consent = "activate:" + strings.Join(r.Activate, ", activate:")
			d.Agreement, d.Expires = r.Agreement, r.Expires.String()
		}
		for _, s := range r.Segments {
			d.Segments = append(d.Segments, s.Name)
		}
		for _, f := range r.Findings {
			severity := "warning"
			if f.Broken {
				severity = "error"
			}
			d.Findings = append(d.Findings, findingDoc{severity, f.Text})
		}
		docs = append(docs, d)
	}
	return docs, nil
}

func (a *app) runDestinationList() error {
	docs, err := a.receivers()
	if err != nil {
		return err
	}
	return a.printReceivers(docs, func(w io.Writer) {
		t := newTable(w, "destination", "type", "account", "consent", "sent", "agreement", "until", "segments")
		for _, d := range docs {
			sent := strings.Join(d.Send, " ")
			if sent == "" {
				sent = "id as collected"
			}
			t.AppendRow(table.Row{
				d.Name, d.Type, d.Account, d.Consent, sent, d.Agreement, d.Expires, strings.Join(d.Segments, " "),
			})
		}
		t.Render()
	})
}

func (a *app) printReceivers(docs []receiverDoc, text func(w io.Writer)) error {
	doc := struct {
		Schema       string        `json:"schema"`
		Destinations []receiverDoc `json:"destinations"`
	}{"malgrupp.destinations/v1", docs}
	return a.print(doc, text)
}

func (a *app) runDestinationCheck(names []string) error {
	docs, err := a.receivers()
	if err != nil {
		return err
	}
	if len(names) > 0 {
		docs = slices.DeleteFunc(docs, func(d receiverDoc) bool { return d.Name != names[0] })
		if len(docs) == 0 {
			return usagef("there is no destination %q: see malgrupp destination list", names[0])
		}
	}
	broken := 0
	err = a.printReceivers(docs, func(w io.Writer) {
		for _, d := range docs {
			fmt.Fprintf(w, "%s (%s, %s)", d.Name, d.Type, plural(len(d.Segments), "segment"))
			if len(d.Findings) == 0 {
				fmt.Fprint(w, ": ok")
			}
			fmt.Fprintln(w)
			for _, f := range d.Findings {
				fmt.Fprintf(w, "  %s: %s\n", f.Severity, f.Text)
			}
		}
	})
	for _, d := range docs {
		for _, f := range d.Findings {
			if f.Severity == "error" {
				broken++
			}
		}
	}
	if err == nil && broken > 0 {
		return outcome{exitCheck, fmt.Sprintf("%d things will not work", broken)}
	}
	return err
}
