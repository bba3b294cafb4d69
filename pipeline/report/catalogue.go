package report

import "github.com/malgrupp/malgrupp/pipeline/page"

func catalogueOf(in *Input) Part { return nil }

var _ = page.C
