package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/malgrupp/malgrupp/pipeline/fault"
	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/segments/consent"
)

func (a *app) explainCodeCommand() *cobra.Command {
	return &cobra.Command{
		Use: "explain-code CODE", Short: "What a diagnostic, a refusal reason, a feed code or an input code means",
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: cobra.FixedCompletions(codes(), cobra.ShellCompDirectiveNoFileComp),
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				for _, code := range codes() {
					fmt.Fprintln(a.out, code)
				}
				return nil
			}
			page, ok := explainCode(strings.ToUpper(args[0]))
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

func explainCode(code string) (string, bool) {
	if page, ok := source.Explain(code); ok {
		return page, true
	}
	if page, ok := consent.Explain(code); ok {
		return page, true
	}
	return fault.Explain(code)
}

func codes() []string {
	all := slices.Concat(source.Codes(), consent.Codes(), fault.Codes())
	slices.Sort(all)
	return all
}
