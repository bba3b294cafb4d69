package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/malgrupp/malgrupp/rules/source"
)

func (a *app) explainCodeCommand() *cobra.Command {
	return &cobra.Command{
		Use: "explain-code CODE", Short: "What a diagnostic, a refusal reason, a feed code or an input code means",
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: cobra.FixedCompletions(source.Codes(), cobra.ShellCompDirectiveNoFileComp),
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				for _, code := range source.Codes() {
					fmt.Fprintln(a.out, code)
				}
				return nil
			}
			page, ok := source.Explain(strings.ToUpper(args[0]))
			if !ok {
				return usagef("there is no code %q: malgrupp explain-code lists all of them", args[0])
			}
			doc := struct {
				Schema string `json:"schema"`
				Code   string `json:"code"`
				Page   string `json:"page"`
			}{"malgrupp.code/v1", strings.ToUpper(args[0]), page}
			return a.print(doc, func(w io.Writer) { fmt.Fprintf(w, "%s\n\n%s\n", doc.Code, page) })
		},
	}
}
