package main

import (
	"bufio"
	"context"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/malgrupp/malgrupp/pipeline"
	"github.com/malgrupp/malgrupp/pipeline/record"
	"github.com/malgrupp/malgrupp/pipeline/why"
	"github.com/malgrupp/malgrupp/rules/source"
)

// whyOptions are the flags of why.
type whyOptions struct {
	runOptions
	reason string
}

func (a *app) whyCommand() *cobra.Command {
	var o whyOptions
	c := &cobra.Command{
		Use: "why SEGMENT SUBJECT", Aliases: []string{"why-not"},
		Short: "Why one person is in a segment or not: every condition, its events, and when that changes by itself",
		Long: "Decides like a run and follows one customer or device through it: what each condition is, which events it " +
			"looked at, which one\ndecides, which rows were hidden, and the next instant at which the answer changes though " +
			"nothing happens.\nSUBJECT is a keyed id (k1....); with - the raw id is read from standard input, so that it " +
			"lands in no history and no list of\nprocesses. Only rows are named that the consent for the segment's use " +
			"covers; pages and ids of people are not shown.\n\n" +
			"The project must allow it (security: {allow_explain: true}). Every question is written, with its reason, to the " +
			"audit folder;\nmalgrupp runs list shows them.",
		Example: "  malgrupp why loan-visitors - --reason 'complaint 4711' < id.txt",
		Args:    cobra.ExactArgs(2),
		ValidArgsFunction: func(cmd *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
			if len(args) == 0 {
				return a.completeSegments(cmd, args, word)
			}
			return nil, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error { return a.runWhy(cmd.Context(), args[0], args[1], o) },
	}
	o.instants(c)
	c.Flags().StringVar(&o.reason, "reason", "", "why somebody wants to know; needed, and kept in the audit folder")
	c.Flags().DurationVar(&o.lockTimeout, "lock-timeout", 0,
		"how long to wait for a run to end before the question is written down")
	return c
}

func (a *app) runWhy(ctx context.Context, segment, subject string, o whyOptions) error {
	answer, job, err := a.askWhy(ctx, segment, subject, o)
	if err != nil {
		return err
	}
	doc := struct {
		Schema string `json:"schema"`
		*why.Answer
	}{"malgrupp.why/v1", answer}
	return a.print(doc, func(w io.Writer) { writeAnswer(w, answer, job.Project.Zone) })
}

// askWhy puts the question to the pipeline.
func (a *app) askWhy(ctx context.Context, segment, subject string, o whyOptions) (*why.Answer, *pipeline.Job, error) {
	if strings.TrimSpace(o.reason) == "" {
		return nil, nil, usagef("--reason is missing: say why you look at one person, such as --reason 'complaint 4711'")
	}
	job, err := a.job(nil, o.runOptions)
	if err != nil {
		return nil, nil, err
	}
	defer job.Stores.Close()
	q := record.Question{Segment: segment, Subject: subject, Reason: strings.TrimSpace(o.reason)}
	raw := subject == "-"
	if raw {
		if q.Subject, err = a.rawID(); err != nil {
			return nil, nil, err
		}
	}
	show := a.newProgress()
	job.Watch = show.update
	answer, err := why.Ask(ctx, job, q, raw)
	show.stop()
	return answer, job, err
}

// longestLine is how much of standard input a raw id may be.
const longestLine = 4096

// rawID reads the one line of standard input.
func (a *app) rawID() (string, error) {
	lines := bufio.NewScanner(io.LimitReader(a.in, longestLine))
	id := ""
	for lines.Scan() {
		line := strings.TrimSpace(strings.TrimPrefix(lines.Text(), source.ByteOrderMark))
		switch {
		case line == "":
		case id != "":
			return "", usagef("standard input has more than one id: ask about one person at a time")
		default:
			id = line
		}
	}
	return id, lines.Err()
}
