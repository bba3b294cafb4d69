package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/malgrupp/malgrupp/pipeline"
	"github.com/malgrupp/malgrupp/pipeline/record"
	"github.com/malgrupp/malgrupp/pipeline/sample"
)

func (a *app) demoCommand() *cobra.Command {
	var o sample.DemoOptions
	var dir string
	c := &cobra.Command{
		Use: "demo", Short: "An invented bank, from logs to lists, in a folder of its own", Args: cobra.NoArgs,
		Long: "Makes forty days of browsing logs of an invented bank (web, app and a partner's site) with consent, " +
			"withdrawals and logins,\nruns six segments over them and leaves a project with its own keys that every other " +
			"command can go on with.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.runDemo(cmd.Context(), dir, o)
		},
	}
	c.Flags().StringVar(&dir, "dir", "demo", "folder for the project")
	c.Flags().IntVar(&o.Users, "users", 20000, "how many people")
	c.Flags().IntVar(&o.Days, "days", 40, "how many days, ending today")
	c.Flags().Uint64Var(&o.Seed, "seed", 1, "another seed is another bank")
	c.Flags().BoolVar(&o.Force, "force", false, "replace a demo that is already there")
	return c
}

func (a *app) runDemo(ctx context.Context, dir string, o sample.DemoOptions) error {
	o.Now = a.now()
	story := a.out
	if a.asJSON() {
		story = a.err // standard output is the run's document alone
	}
	fmt.Fprintf(story, "1. making %d days of logs for %d people in %s\n", o.Days, o.Users, dir)
	start := a.now()
	if err := sample.Demo(ctx, dir, o); err != nil {
		return usageError{err}
	}
	fmt.Fprintf(story, "   done in %s\n\n", a.now().Sub(start).Round(100*time.Millisecond))
	a.project = dir
	if !a.asJSON() {
		fmt.Fprintf(story, "2. malgrupp -C %s validate\n", dir)
		if err := a.runValidate(ctx, nil, validateOptions{}); err != nil {
			return err
		}
	}
	fmt.Fprintf(story, "\n3. malgrupp -C %s run\n", dir)
	if err := a.runJob(ctx, nil, runOptions{}, pipeline.Run); err != nil {
		if e, ok := err.(outcome); !ok || e.code != exitPartial.code { // small demos hold lists under the floor
			return err
		}
	}
	if err := a.tell(ctx, story, dir); err != nil {
		return err
	}
	page, err := a.makeReport(ctx, "", reportOptions{lang: "en", catalogue: true})
	if err != nil {
		return err
	}
	fmt.Fprintf(story, "\nThe report of this run, a page for the browser:\n  %s\n", page.file)
	return nil
}

// tell says where the lists are, how to open one and what to try next.
func (a *app) tell(ctx context.Context, w io.Writer, dir string) error {
	lines, _, err := a.lines(ctx)
	if err != nil {
		return err
	}
	list := ""
	if i := slices.IndexFunc(lines[0].Manifest.Outputs, func(o record.Output) bool {
		return filepath.Ext(o.Name) == ".age"
	}); i >= 0 {
		list = filepath.Join(dir, "out", filepath.FromSlash(lines[0].Manifest.Outputs[i].Name))
	}
	binary := os.Args[0]
	fmt.Fprintf(w, `
The lists are in %[1]s, encrypted to keys/recipients.txt. To open one:
  go run filippo.io/age/cmd/age@v1.3.2 -d -i %[2]s %[3]s | grep .

Three things to try:
  %[4]s -C %[5]s explain app-savers-3plus      what a rule means, in words
  %[4]s -C %[5]s test                          the tests of the rules
  %[4]s -C %[5]s run                           a second run: nothing to do
`, filepath.Join(dir, "out", "lists"), filepath.Join(dir, "keys", "list.key"), list, binary, dir)
	return nil
}
