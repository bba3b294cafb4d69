// Command convert fills the folder data/ of an example project from its real log: the events as they are, the answers
// to the consent question as a consent log.
//
//	go run ./convert -log eshop -from "$MALGRUPP_VECTORS/data/clickstream/eshop-2008/enriched"
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/malgrupp/malgrupp/e2e/feed"
)

func main() {
	name := flag.String("log", "eshop", "which log: "+strings.Join(names(), ", "))
	from := flag.String("from", "", "folder of the log, as its project's README describes it")
	to := flag.String("to", "", "folder to fill (default LOG/data)")
	all := flag.Bool("all-granting", false, "write a consent log in which everybody grants everything, instead of the "+
		"real answers")
	flag.Parse()
	if err := convert(*name, *from, *to, *all); err != nil {
		fmt.Fprintln(os.Stderr, "convert:", err)
		os.Exit(1)
	}
}

func convert(name, from, to string, all bool) error {
	for _, l := range feed.Logs() {
		if l.Name != name {
			continue
		}
		if to == "" {
			to = filepath.Join(l.Name, "data")
		}
		return l.Fill(from, to, all)
	}
	return fmt.Errorf("no log is called %q, expected one of %s", name, strings.Join(names(), ", "))
}

func names() (out []string) {
	for _, l := range feed.Logs() {
		out = append(out, l.Name)
	}
	return out
}
