package main

import (
	"context"
	"slices"

	"github.com/malgrupp/malgrupp/pipeline/load"
	"github.com/malgrupp/malgrupp/pipeline/preview"
	"github.com/malgrupp/malgrupp/rules/lint"
	"github.com/malgrupp/malgrupp/rules/source"
)

// checkData adds what the logs say of a project whose rules are right.
func (a *app) checkData(ctx context.Context, loaded *load.Loaded, o validateOptions) error {
	today, err := a.today(o.asOf)
	if err != nil {
		return err
	}
	in, err := a.inputs(loaded, o.asOf, o.knownBy)
	if err != nil {
		return err
	}
	defer in.Stores.Close()
	show := a.newProgress()
	in.Watch = show.update
	facts, err := preview.Facts(ctx, in, preview.FactsOptions{Days: o.days})
	show.stop()
	if err != nil {
		return err
	}
	files := make([]*source.Source, len(loaded.Segments))
	for i, s := range loaded.Segments {
		files[i] = s.Source
	}
	found := lint.Allow(lint.Data(loaded.Scope(today), loaded.Segments, facts), files, today)
	// of two that say the same the first stays, and it knows the logs
	loaded.Findings = slices.Concat(found, loaded.Findings).Sorted()
	return nil
}
