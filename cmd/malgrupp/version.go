package main

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/malgrupp/malgrupp/rules/value"
)

// versions names the program and what its results could depend on.
func versions() map[string]string {
	v := map[string]string{"malgrupp": version, "go": runtime.Version(), "tzdata": value.TZVersion()}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, m := range info.Deps {
			switch m.Path {
			case "github.com/parquet-go/parquet-go":
				v["parquet-go"] = m.Version
			case "github.com/apache/arrow/go/v15":
				v["arrow"] = m.Version
			}
		}
	}
	return v
}

// versionWords are what people are told of the versions.
func versionWords() string {
	v := versions()
	return fmt.Sprintf("%s (%s, tzdata %s)", v["malgrupp"], v["go"], v["tzdata"])
}

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Version of the program, its toolchain and its time zone database", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			v := versions()
			doc := struct {
				Schema   string            `json:"schema"`
				Versions map[string]string `json:"versions"`
			}{"malgrupp.version/v1", v}
			return a.print(doc, func(w io.Writer) { fmt.Fprintln(w, "malgrupp", versionWords()) })
		},
	}
}
