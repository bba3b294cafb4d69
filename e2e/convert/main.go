// Command convert fills the folder data/ of the example project from the enriched e-shop log: the clicks as they are, the
// answers to the consent question as a consent log.
//
//	go run ./convert -from ../../shared/data/clickstream/eshop-2008/enriched -to eshop/data
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/malgrupp/malgrupp/e2e/feed"
)

func main() {
	from := flag.String("from", "", "folder of the enriched log: events/ and consent.csv.gz")
	to := flag.String("to", "eshop/data", "folder to fill")
	all := flag.Bool("all-granting", false, "write a consent log in which everybody grants everything, instead of the real answers")
	flag.Parse()
	if err := convert(*from, *to, *all); err != nil {
		fmt.Fprintln(os.Stderr, "convert:", err)
		os.Exit(1)
	}
}

func convert(from, to string, all bool) error {
	events := filepath.Join(from, "events")
	days, err := feed.Days(events)
	if err != nil {
		return err
	}
	if len(days) == 0 {
		return fmt.Errorf("no partitions dt=... in %s: give the folder of the enriched log with -from", events)
	}
	if err := feed.CopyDays(events, filepath.Join(to, "events"), days); err != nil {
		return err
	}
	acts, err := consent(from, all)
	if err != nil {
		return err
	}
	acts = append(acts, feed.Heartbeats(feed.Begin, feed.End)...)
	return feed.WriteConsent(filepath.Join(to, "consent"), "part-00000.parquet", acts)
}

func consent(from string, all bool) ([]feed.Event, error) {
	if !all {
		return feed.Answers(filepath.Join(from, "consent.csv.gz"))
	}
	rows, err := feed.Rows(filepath.Join(from, "events"))
	if err != nil {
		return nil, err
	}
	return feed.AllGranting(rows), nil
}
