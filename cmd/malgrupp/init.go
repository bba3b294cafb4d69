package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/malgrupp/malgrupp/pipeline/keys"
	"github.com/malgrupp/malgrupp/pipeline/sample"
)

func (a *app) initCommand() *cobra.Command {
	var template, protected string
	var force bool
	c := &cobra.Command{
		Use: "init [DIR]", Short: "Make a new project with its own keys", Args: cobra.MaximumNArgs(1),
		Long: "Writes malgrupp.yaml, schemas/, segments/, value-sets/, tests/ and keys/. Point the sources in " +
			"malgrupp.yaml at your exports and\nname your columns in schemas/; malgrupp validate --data says what is still " +
			"missing.\n\n--protected says who must never be targeted, whatever they consent to: minors, people under " +
			"guardianship. Only you can know\nwhether there is such a list, so it has no default.",
		Example: "  malgrupp init my-bank --protected s3://bank-consent/protected.parquet\n" +
			"  malgrupp init my-bank --protected none",
		RunE: func(_ *cobra.Command, args []string) error {
			dir := a.project
			if len(args) == 1 {
				dir = args[0]
			}
			return a.runInit(dir, sample.InitOptions{Template: template, Protected: protected, Now: a.now(), Force: force})
		},
	}
	c.Flags().StringVar(&template, "template", "minimal",
		"minimal, or bank: sixteen segments that banks ask for, with tests that notice every small change of them")
	c.Flags().StringVar(&protected, "protected", "", "none, or the place of the list of people who must never be targeted")
	c.Flags().BoolVar(&force, "force", false,
		"write into a folder that already holds a project; keys are never overwritten")
	return c
}

func (a *app) runInit(dir string, o sample.InitOptions) error {
	if o.Protected == "" {
		return usagef("--protected is missing: give the place of the list of people who must never be targeted (minors, " +
			"guardianship), or none if there is none")
	}
	if err := sample.Init(dir, o); err != nil {
		return usageError{err}
	}
	keyDir := filepath.Join(dir, "keys")
	if _, err := os.Stat(filepath.Join(keyDir, "master.key")); err != nil {
		if err := keys.Generate(keyDir); err != nil {
			return usageError{err}
		}
	}
	doc := struct {
		Schema string `json:"schema"`
		Dir    string `json:"dir"`
	}{"malgrupp.init/v1", dir}
	return a.print(doc, func(w io.Writer) {
		fmt.Fprintf(w,
			"made a project in %s\nnext: put your logs where malgrupp.yaml says, then\n  malgrupp -C %s validate --data\n"+
				"  malgrupp -C %s plan\n", dir, dir, dir)
	})
}
