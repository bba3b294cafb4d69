package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"github.com/malgrupp/malgrupp/pipeline"
	"github.com/malgrupp/malgrupp/pipeline/subject"
	"github.com/malgrupp/malgrupp/segments/identity"
)

func (a *app) subjectCommand() *cobra.Command {
	c := &cobra.Command{Use: "subject", Short: "What is kept about one person"}
	c.AddCommand(a.subjectShowCommand())
	return c
}

// lookupOptions are the flags of every command that looks one person up.
type lookupOptions struct {
	runOptions
	reason string
	device bool
}

func (o *lookupOptions) flags(c *cobra.Command) {
	c.Flags().StringVar(&o.knownBy, "known-by", "", "answer as of this instant (default: now)")
	c.Flags().StringVar(&o.reason, "reason", "", "why somebody wants to know; needed, and kept in the audit folder")
	c.Flags().BoolVar(&o.device, "device", false, "the subject is a device; without it, a customer")
	c.Flags().DurationVar(&o.lockTimeout, "lock-timeout", 0,
		"how long to wait for a run to end before the question is written down")
}

// lookUp prepares the job and the request of a look-up.
func (a *app) lookUp(command, who string, o lookupOptions) (*pipeline.Job, subject.Request, error) {
	r := subject.Request{Command: command, Subject: who, Reason: strings.TrimSpace(o.reason), Kind: identity.Customer}
	if o.device {
		r.Kind = identity.Device
	}
	if r.Reason == "" {
		return nil, r, usagef("--reason is missing: say why you look at one person, such as --reason 'complaint 4711'")
	}
	job, err := a.job(nil, o.runOptions)
	if err != nil {
		return nil, r, err
	}
	if r.Raw = who == "-"; r.Raw {
		r.Subject, err = a.rawID()
	}
	return job, r, err
}

// showOptions are the flags of subject show.
type showOptions struct {
	lookupOptions
	lang, request     string
	receipt, browsing bool
}

func (a *app) subjectShowCommand() *cobra.Command {
	var o showOptions
	c := &cobra.Command{
		Use: "show SUBJECT", Args: cobra.ExactArgs(1), ValidArgsFunction: cobra.NoFileCompletions,
		Short: "Everything that is kept about one person, to be given to her (GDPR article 15)",
		Long: "All that she consented to or refused, when, by which notice and with which proof, what each of that did, " +
			"what holds now and\nuntil when; the destinations that hold her, by which run, and the segments in which she " +
			"stays. Reads the consent log and\nthe state; with --browsing the event log, too: which devices are hers and " +
			"why, and which segments she is in now.\nSUBJECT is a keyed id (k1....); with - the raw id is read from standard " +
			"input, so that it lands in no history and no list of\nprocesses.\n\n" +
			"-o json is an access request with its answer in the form of the Open Data Subject Rights specification; " +
			"--receipt a consent receipt\nas JSON-LD, along ISO/IEC TS 27560.\n\n" +
			"The project must allow it (security: {allow_explain: true}). Every look is written, with its reason, to the " +
			"audit folder;\nmalgrupp runs list shows them.",
		Example: "  malgrupp subject show - --reason 'access request 12' --lang sv < id.txt",
		RunE:    func(cmd *cobra.Command, args []string) error { return a.runSubjectShow(cmd.Context(), args[0], o) },
	}
	o.flags(c)
	c.Flags().StringVar(&o.lang, "lang", "en", "language of the text: "+strings.Join(languageNames(), ", "))
	c.Flags().StringVar(&o.request, "request-id", "", "id of the request, a UUID of version 4 (default: a new one)")
	c.Flags().BoolVar(&o.receipt, "receipt", false, "print a consent receipt (JSON-LD)")
	c.Flags().BoolVar(&o.browsing, "browsing", false, "read the event log, too: devices and segments")
	return c
}

// uuid4 is a UUID of version 4, as requests and receipts are named.
var uuid4 = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

func newUUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

func (a *app) runSubjectShow(ctx context.Context, who string, o showOptions) error {
	words, ok := languages[o.lang]
	if !ok {
		return usagef("--lang is %q: use one of %s", o.lang, strings.Join(languageNames(), ", "))
	}
	if o.request == "" {
		o.request = newUUID()
	}
	if !uuid4.MatchString(o.request) {
		return usagef("--request-id is %q: want a UUID of version 4 in small letters", o.request)
	}
	job, request, err := a.lookUp("subject show", who, o.lookupOptions)
	if job != nil {
		defer job.Stores.Close()
	}
	if err != nil {
		return err
	}
	request.Browsing = o.browsing
	show := a.newProgress()
	job.Watch = show.update
	shown, err := subject.Show(ctx, job, request)
	show.stop()
	if err != nil {
		return err
	}
	if o.receipt {
		of := job.Project
		return a.printJSON(subject.NewReceipt(&shown.Looked, of.Name, o.request, of.Retention, a.now()))
	}
	return a.print(subject.NewAnswer(shown, job.Project.Name, o.request, a.now()), func(w io.Writer) {
		personWriter{w, words, job.Project.Zone}.shown(shown)
	})
}
