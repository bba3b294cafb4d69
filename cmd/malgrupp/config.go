package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/malgrupp/malgrupp/pipeline/project"
)

func (a *app) configCommand() *cobra.Command {
	c := &cobra.Command{Use: "config", Short: "The project's settings"}
	var origin bool
	show := &cobra.Command{
		Use: "show", Short: "Every setting in force; with --origin also where it was set", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			loaded, err := a.checked("")
			if err != nil {
				return err
			}
			doc := struct {
				Schema   string            `json:"schema"`
				Settings []project.Setting `json:"settings"`
			}{"malgrupp.config/v1", loaded.Project.Settings}
			return a.print(doc, func(w io.Writer) {
				for _, s := range doc.Settings {
					if origin {
						fmt.Fprintf(w, "%-40s %-32s %s\n", s.Key, s.Value, s.Origin)
					} else {
						fmt.Fprintf(w, "%-40s %s\n", s.Key, s.Value)
					}
				}
			})
		},
	}
	show.Flags().BoolVar(&origin, "origin", false,
		"name the file and line, the profile or the default behind each setting")
	c.AddCommand(show)
	return c
}
