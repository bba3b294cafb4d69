package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/malgrupp/malgrupp/pipeline/keys"
)

func (a *app) secretCommand() *cobra.Command {
	c := &cobra.Command{Use: "secret", Short: "The project's keys"}
	var dir string
	keygen := &cobra.Command{
		Use: "keygen", Short: "Make a set of keys", Args: cobra.NoArgs,
		Long: "Writes master.key, state.key, signing.key, recipients.txt and list.key. list.key opens lists: give it to " +
			"whoever receives\nthem and take it away from the job. Back up master.key: keyed ids cannot be made again " +
			"without it. Nothing is overwritten.",
		RunE: func(*cobra.Command, []string) error {
			if err := keys.Generate(dir); err != nil {
				return usageError{err}
			}
			doc := struct {
				Schema string `json:"schema"`
				Dir    string `json:"dir"`
			}{"malgrupp.keygen/v1", dir}
			return a.print(doc, func(w io.Writer) {
				fmt.Fprintf(w, "keys are in %s; list.key opens lists and does not belong to the job\n", dir)
			})
		},
	}
	keygen.Flags().StringVar(&dir, "dir", "keys", "folder for the keys")
	c.AddCommand(keygen)
	return c
}
