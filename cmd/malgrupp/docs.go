package main

import (
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

func (a *app) docsCommand() *cobra.Command {
	c := &cobra.Command{Use: "docs", Short: "The reference manual, made from the program itself"}
	var dir string
	markdown := &cobra.Command{
		Use: "markdown", Short: "A Markdown page for every command", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.writePages(cmd.Root(), dir, func(root *cobra.Command) error { return doc.GenMarkdownTree(root, dir) })
		},
	}
	man := &cobra.Command{
		Use: "man", Short: "A man page for every command", Args: cobra.NoArgs,
		Long: "Writes a man page for every command. Their date is today, or that of SOURCE_DATE_EPOCH if it is set.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			header := &doc.GenManHeader{Section: "1", Source: "malgrupp " + version, Manual: "malgrupp"}
			return a.writePages(cmd.Root(), dir, func(root *cobra.Command) error { return doc.GenManTree(root, header, dir) })
		},
	}
	for _, sub := range []*cobra.Command{markdown, man} {
		sub.Flags().StringVar(&dir, "dir", "docs/reference", "folder for the pages; it is made if it is not there")
	}
	functions := &cobra.Command{
		Use: "functions", Short: "Verbs, metrics, operators and functions of the rule language, in Markdown",
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			writeLanguage(a.out)
			return nil
		},
	}
	keys := &cobra.Command{
		Use: "keys", Short: "The keys of every file of a project, in Markdown", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			writeKeys(a.out)
			return nil
		},
	}
	c.AddCommand(markdown, man, functions, keys)
	return c
}

// writePages writes pages that are the same on every machine and every day.
func (a *app) writePages(root *cobra.Command, dir string, write func(*cobra.Command) error) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return usagef("make the folder for the pages: %w", err)
	}
	root.DisableAutoGenTag = true
	// The default is the number of processors of the machine at hand.
	if f := root.PersistentFlags().Lookup("workers"); f != nil {
		f.DefValue = "0"
		f.Usage += " (default: one for each processor)"
	}
	if err := write(root); err != nil {
		return usagef("write the pages: %w", err)
	}
	return a.print(struct {
		Schema string `json:"schema"`
		Dir    string `json:"dir"`
	}{"malgrupp.docs/v1", dir}, func(w io.Writer) { fmt.Fprintf(w, "the pages are in %s\n", dir) })
}
