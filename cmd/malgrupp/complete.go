package main

import "github.com/spf13/cobra"

// completeSegments offers the names of the project's segments to the shell.
func (a *app) completeSegments(_ *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	loaded, err := a.load("")
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	var names []string
	for _, s := range loaded.Segments {
		names = append(names, s.Name)
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}
